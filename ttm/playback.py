"""The loudspeaker: sound goes to a player program that the machine already has."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence

from ttm.audio import Audio
from ttm.child import Child, death
from ttm.errors import DeviceError

PLAYERS = (
    "paplay --raw --format=s16le --channels=1 --rate={rate}",
    "aplay -q -t raw -f S16_LE -c 1 -r {rate}",
    "play -q -t raw -e signed -b 16 -c 1 -r {rate} -",
    "ffplay -loglevel error -nodisp -autoexit -f s16le -ar {rate} -i -",
)
"""Commands that play raw 16-bit mono sound from their standard input, the best first."""

INSTEAD = "Write a file instead with -o FILE.wav"


def find_player(setting: str) -> Sequence[str]:
    """The player's command as words; `{rate}` stands for the sample rate in Hertz.

    `setting` is `playback.player`: `auto`, `none`, or a command.

    Raises DeviceError when there is none.
    """
    if setting == "none":
        raise DeviceError("playback is switched off (playback.player is none)", INSTEAD)
    if setting != "auto":
        words = shlex.split(setting)
        if shutil.which(words[0]) is None:
            raise DeviceError(
                f"the player '{words[0]}' of playback.player cannot be found", INSTEAD
            )
        return words
    for command in PLAYERS:
        words = shlex.split(command)
        if shutil.which(words[0]):
            return words
    looked = ", ".join(command.partition(" ")[0] for command in PLAYERS)
    raise DeviceError(f"no audio player was found (looked for {looked})", INSTEAD)


class Player:
    """A running player. Raises DeviceError when it fails, and when it leaves early."""

    def __init__(self, command: Sequence[str], rate: int) -> None:
        words = [word.replace("{rate}", str(rate)) for word in command]
        self._name = os.path.basename(words[0])
        reading, self._pipe = os.pipe()
        try:
            self._child = Child(words, stdin=reading)
        except OSError as failure:
            os.close(self._pipe)
            raise DeviceError(f"cannot run {words[0]}: {failure.strerror}", INSTEAD) from failure
        finally:
            os.close(reading)

    def write(self, audio: Audio) -> None:
        """Waits while the player has enough to play."""
        view = memoryview(audio.s16())
        try:
            while view:
                view = view[os.write(self._pipe, view) :]
        except BrokenPipeError:
            raise self._failed(self._child.wait(5) or 0) from None

    def close(self) -> None:
        """Wait until all of it was heard."""
        os.close(self._pipe)
        self._pipe = -1
        status = None
        while status is None:
            status = self._child.wait(3600)
        if status:
            raise self._failed(status)

    def abort(self) -> None:
        """Fall silent at once; may be called at any time."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._child.alive:
            self._child.kill()

    def _failed(self, status: int) -> DeviceError:
        words = self._child.last_words().splitlines()
        reason = words[-1] if words else death(status) if status else "it stopped too early"
        return DeviceError(f"the player {self._name} failed: {reason}", INSTEAD)
