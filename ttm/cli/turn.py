"""One's turn to be heard, and what others ask of whoever has it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from ttm.cli.request import Request
from ttm.cli.source import at_hand, length
from ttm.errors import DeviceError
from ttm.narration.queue import Command, Place, speaker_queue
from ttm.playback import Player


class Turn:
    """A place in the speaker queue for a command that plays; without one, where there is no folder
    for it, everybody plays at once.

    Raises SpeakerBusy.
    """

    def __init__(
        self,
        *,
        channel: str,
        priority: int,
        interrupt: bool,
        model: str,
        voice: str,
        characters: int | None,
    ) -> None:
        self.stopped = False
        """Whether somebody asked for silence."""
        self.why = ""
        """Why there is no place."""
        self._player: Player | None = None
        self._end: Callable[[], None] = lambda: None
        self._place: Place | None = None
        about = {"channel": channel, "priority": priority, "model": model, "voice": voice}
        try:
            queue = speaker_queue()
            self._place = queue.join("cli", interrupt=interrupt, characters=characters, **about)
        except OSError as failure:
            self.why = f"nobody else knows that this plays: {failure.strerror or failure}"

    def wait(self) -> bool:
        """Wait for it; False when somebody asked for silence before it came."""
        if self._place is None:
            return True
        self.stopped = not self._place.wait()
        if not self.stopped:
            self._place.listen(self._heard, self._progress)
        return not self.stopped

    def follow(self, player: Player, end: Callable[[], None]) -> None:
        """Who plays now; `end` ends what makes the sound, once nobody wants to hear it."""
        self._player, self._end = player, end
        if self.stopped:  # before there was a player
            player.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._place:
            self._place.close()

    def _progress(self) -> tuple[float, float | None]:
        return self._player.progress if self._player else (0.0, None)

    def _heard(self, command: Command) -> None:
        player = self._player
        try:
            if command == "stop":
                self.stopped = True
                if player:
                    player.abort()
                self._end()
            elif player and command == "pause":
                player.pause()
            elif player:
                player.resume()
        except DeviceError:  # whoever writes to it hears of that as well
            return


def turn_of(request: Request, model: str, voice: str) -> Turn:
    """A place for what this voice of a model is to speak. Raises SpeakerBusy."""
    at = at_hand(request.words, request.files)
    return Turn(
        channel=request.channel,
        priority=request.priority,
        interrupt=request.interrupt,
        model=model,
        voice=voice,
        characters=length(request.words, request.files) if at else None,
    )
