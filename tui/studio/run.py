"""A tape being played from one place at one tempo."""

from __future__ import annotations

import contextlib
import threading
from typing import Protocol

from ttm.audio import Audio
from ttm.audio.stretch import Stretcher
from ttm.config import PlaybackSettings
from ttm.errors import TtmError
from ttm.narration.queue import Command, Place, speaker_queue
from ttm.playback import Loudspeaker, Player
from tui.studio.tape import Tape

BLOCK = 0.25
"""Seconds that are read from the tape at once."""
LOOK = 0.2
"""Seconds between two looks at a tape that grows slowly."""


class Owner(Protocol):
    """Who plays it; see Transport."""

    settings: PlaybackSettings

    @property
    def speed(self) -> float: ...

    def loudspeaker(self) -> Loudspeaker: ...

    def place(self) -> Place | None: ...

    def told(self, run: Run, state: str) -> None: ...

    def failed(self, run: Run, failure: TtmError) -> None: ...

    def commanded(self, command: Command) -> None: ...


class Run:
    """A tape being played from one place at one tempo, in a thread of its own."""

    def __init__(
        self, owner: Owner, tape: Tape, at: int, until: int | None, place: Place | None
    ) -> None:
        self._owner = owner
        self._tape = tape
        self._start = at
        self._until = until
        self._speed = owner.speed
        self._player: Player | None = None
        self._place = place
        self._admitted = place is not None
        self._kept = False
        self._over = self._paused = False
        self._lock = threading.Lock()
        """Around the player, which may be told to pause or to end before it is there."""
        self._thread = threading.Thread(target=self._play, name="playback-feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def position(self) -> int:
        """The sample of the tape that is heard."""
        if (player := self._player) is None:
            return self._start
        at = self._start + round(player.position * self._speed)
        return min(at, self._until or self._tape.samples, self._tape.samples)

    def pause(self) -> None:
        """Raises DeviceError."""
        with self._lock:
            self._paused = True
            if self._player:
                self._player.pause()
        self._mark("paused")

    def resume(self) -> None:
        """Raises DeviceError."""
        with self._lock:
            self._paused = False
            if self._player:
                self._player.resume()
        self._mark("speaking")

    def end(self, *, keep: bool) -> Place | None:
        """Silent at once; the turn that it had, if it is to be kept."""
        with self._lock:
            self._over, self._kept = True, keep
            if self._player:
                self._player.abort()
        self._tape.wake()
        place = self._place
        if place and not self._admitted:
            with contextlib.suppress(OSError):  # it waits for its turn
                queue = speaker_queue()
                queue.tell("stop", [e for e in queue.entries() if e.number == place.number])
        self._thread.join()
        return place if keep and self._admitted else None

    def _mark(self, state: str) -> None:
        if place := self._place:
            with contextlib.suppress(OSError):
                speaker_queue().mark(place.number, "paused" if state == "paused" else "speaking")

    def _play(self) -> None:
        try:
            # Where nothing can be heard at all, nobody needs to wait for it.
            loudspeaker = self._owner.loudspeaker()
            if self._place is None and (place := self._owner.place()):
                self._place = place
                if self._over or not place.wait():
                    self._owner.commanded("stop")
                    return
                self._admitted = True
                place.listen(self._owner.commanded, self._progress)
            self._feed(loudspeaker)
        except TtmError as failure:
            if not self._over:
                self._owner.failed(self, failure)
        finally:
            if self._place and not (self._kept and self._admitted):
                self._place.close()
                self._place = None

    def _feed(self, loudspeaker: Loudspeaker) -> None:
        tape, at = self._tape, self._start
        stretcher: Stretcher | None = None
        while not self._over:
            if not tape.wait(at, LOOK):
                continue
            most = round(BLOCK * tape.rate) if tape.rate else 0
            if self._until is not None:
                most = min(most, self._until - at)
            pcm = tape.read(at, most) if most > 0 else b""
            if not pcm:
                break
            if stretcher is None:
                stretcher = Stretcher(tape.rate, self._speed)
                self._open(loudspeaker)
            at += len(pcm) // 2
            self._write(stretcher.write(Audio(pcm, tape.rate)))
        if stretcher is not None and not self._over:
            self._write(stretcher.finish())
        if (player := self._player) is not None and not self._over:
            player.close()
        if not self._over:
            self._owner.told(self, "over")

    def _open(self, loudspeaker: Loudspeaker) -> None:
        player = Player(loudspeaker, self._tape.rate, self._owner.settings, total=self._left)
        with self._lock:
            self._player = player
            if self._over:
                player.abort()
            elif self._paused:
                player.pause()
        self._owner.told(self, "playing")

    def _write(self, audio: Audio) -> None:
        if audio.pcm and self._player is not None and not self._over:
            self._player.write(audio)

    def _progress(self) -> tuple[float, float | None]:
        tape = self._tape
        rate = max(1, tape.rate)
        return self.position / rate, tape.seconds if tape.ended else None

    def _left(self) -> float:
        """Seconds that there will be to hear from the start of this run on."""
        tape = self._tape
        before = self._start / max(1, tape.rate)
        until = tape.total if self._until is None else self._until / max(1, tape.rate)
        return max(0.0, until - before) / self._speed
