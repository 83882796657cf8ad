"""Player programs that the machine already has, fed through a pipe."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Sequence

from ttm.child import Child, death
from ttm.errors import DeviceError, UsageError
from ttm.playback.feed import WIDTH
from ttm.playback.loudspeaker import INSTEAD, Loudspeaker, Source

PLAYERS = (
    "paplay --raw --format=s16le --channels=1 --rate={rate}",
    "aplay -q -t raw -f S16_LE -c 1 -r {rate}",
    "play -q -t raw -e signed -b 16 -c 1 -r {rate} -",
    "ffplay -loglevel error -nodisp -autoexit -f s16le -ar {rate} -i -",
)
"""Commands that play raw 16-bit mono sound from their standard input, the best first."""

BLOCK = 16_384
"""Bytes that are written to a player in one go."""


class Program:
    """A player's command; `{rate}` in its words stands for the sample rate in Hertz."""

    name = "command"

    def __init__(self, words: Sequence[str], because: str = "") -> None:
        self._words = tuple(words)
        self._because = because

    @property
    def about(self) -> str:
        """`paplay`, and why it is not something better."""
        return self._words[0] + (f", as {self._because}" if self._because else "")

    def ready(self) -> Loudspeaker:
        return self

    def devices(self) -> list[str]:
        raise UsageError(
            f"the player {self._words[0]} has its own choice of a device",
            "Name one in its command, with playback.player",
        )

    def open(self, rate: int, source: Source) -> ProgramStream:
        return ProgramStream(self._words, rate, source)


def find(setting: str, because: str = "") -> Program:
    """The player of `playback.player`: a command, or for `auto` the best that is here.

    `because`: why it is looked for. Raises DeviceError when there is none.
    """
    if setting != "auto":
        words = shlex.split(setting)
        if shutil.which(words[0]) is None:
            raise DeviceError(
                f"the player '{words[0]}' of playback.player cannot be found", INSTEAD
            )
        return Program(words)
    for command in PLAYERS:
        words = shlex.split(command)
        if shutil.which(words[0]):
            return Program(words, because)
    looked = ", ".join(command.partition(" ")[0] for command in PLAYERS)
    why = f"{because}, and " if because else ""
    raise DeviceError(f"{why}no audio player was found (looked for {looked})", INSTEAD)


class ProgramStream:
    """A running player, and the thread that writes to it."""

    lazy = False

    def __init__(self, command: Sequence[str], rate: int, source: Source) -> None:
        words = [word.replace("{rate}", str(rate)) for word in command]
        self._name = os.path.basename(words[0])
        self._rate = rate
        self._source = source
        self._failure: DeviceError | None = None
        self._finished = self._closed = False
        self._written = 0
        self._began: float | None = None
        self._stopped: float | None = None
        reading, self._pipe = os.pipe()
        try:
            self._child = Child(words, stdin=reading)
        except OSError as failure:
            os.close(self._pipe)
            raise DeviceError(f"cannot run {words[0]}: {failure.strerror}", INSTEAD) from failure
        finally:
            os.close(reading)
        self._writer = threading.Thread(target=self._write, name="player", daemon=True)

    def start(self) -> None:
        if self._stopped is not None:
            self._signal(signal.SIGCONT)
            if self._began is not None:
                self._began += time.monotonic() - self._stopped
            self._stopped = None
        if self._writer.ident is None:
            self._writer.start()

    def stop(self) -> None:
        """It stops taking sound; what it has passed on may still be heard."""
        if self._stopped is None:
            self._signal(signal.SIGSTOP)
            self._stopped = time.monotonic()

    def close(self) -> None:
        self._closed = True
        if self._child.alive:
            self._child.kill()
        if self._writer.ident is not None:
            self._writer.join()
        elif self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    @property
    def heard(self) -> int:
        """By the clock, from the first sample on: a program does not tell."""
        if self._began is None:
            return 0
        now = self._stopped or time.monotonic()
        return min(self._written, round((now - self._began) * self._rate))

    @property
    def finished(self) -> bool:
        return self._finished

    @property
    def failure(self) -> DeviceError | None:
        return self._failure

    @property
    def beat(self) -> None:
        return None

    def _write(self) -> None:
        left = False
        try:
            while block := self._source.wait():
                if self._began is None:
                    self._began = time.monotonic()
                for i in range(0, len(block), BLOCK):
                    self._written += _written(self._pipe, block[i : i + BLOCK]) // WIDTH
        except BrokenPipeError:
            left = True
        except Exception as bug:
            self._failure = DeviceError(f"playback failed ({type(bug).__name__})", INSTEAD)
        finally:
            os.close(self._pipe)
            self._pipe = -1
        status = None
        while status is None:
            status = self._child.wait(3600)
        if (status or left) and not self._closed:
            self._failure = self._failed(status)
        self._finished = True

    def _failed(self, status: int) -> DeviceError:
        words = self._child.last_words().splitlines()
        reason = words[-1] if words else death(status) if status else "it stopped too early"
        return DeviceError(f"the player {self._name} failed: {reason}", INSTEAD)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)


def _written(pipe: int, block: bytes) -> int:
    view = memoryview(block)
    while view:
        view = view[os.write(pipe, view) :]
    return len(block)
