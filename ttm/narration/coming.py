"""What the wanted voice says, made in a thread of its own while another one is heard."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ttm.audio import Audio
from ttm.narration.report import Report
from ttm.playback.headstart import EVIDENCE, HeadStart

AHEAD = 30.0
"""Seconds of sound that are kept at most, beyond what a slow model needs."""
MEASURED = 0.5
"""Seconds of sound before anybody is to hear it: less has no loudness."""
PATIENCE = 1.0
"""Seconds that its thread is given to end; one that waits for more text does not."""
LOOK = 0.1
"""Seconds between two looks at whether this has come to its end."""


class Spoken(Protocol):
    """A narration, here or elsewhere."""

    report: Report

    def __iter__(self) -> Iterator[Audio]: ...


class Source(Protocol):
    """Where the wanted voice comes from; every call is from one thread."""

    @property
    def restarts(self) -> bool:
        """Whether it can begin anywhere; another one always begins with the text."""
        ...

    def narrate(self, place: int) -> tuple[Spoken, int]:
        """What it says from this chunk on, and with which character of the text it begins."""
        ...


@dataclass(slots=True)
class Piece:
    """The sound of a chunk, and of the pause before it."""

    start: int
    """First character of the original text: where the piece before it ended, until that is told."""
    end: int | None = None
    """One past the last; None while it is being made."""
    blocks: list[Audio] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(block.seconds for block in self.blocks)


class Coming:
    """Begins at once. `open` loads the model and says where its voice comes from; `total` is how
    many seconds the text lasts from a character on, as far as is known.

    `next`, the first chunk that nobody speaks yet, is kept by whoever speaks meanwhile.
    """

    def __init__(
        self,
        open: Callable[[], Source],
        head_start: float,
        total: Callable[[int], float | None],
    ) -> None:
        self.next = 0
        self.loaded = False
        """Whether it is known who speaks, and that they can."""
        self.failure: BaseException | None = None
        self.report: Report | None = None
        self.dropped = 0
        """Chunks that somebody else has said."""
        self.since = 0.0
        """Seconds of its narration that nobody hears, known once it is taken."""
        self._open, self._head_start, self._total = open, head_start, total
        self._changed = threading.Condition()
        self._pieces: deque[Piece] = deque()
        self._begins = 0
        """The chunk that it began with."""
        self._passed = 0.0
        """Seconds that were made and are no longer here."""
        self._pace: HeadStart | None = None
        self._again: int | None = None
        self._restarts = False
        self._over = self._whole = False
        self._thread = threading.Thread(target=self._run, name="ttm-coming", daemon=True)
        self._thread.start()

    # For the thread of who is heard meanwhile.

    def ready(self, start: int) -> bool:
        """Whether it can be heard from this character on, and then without a stop."""
        with self._changed:
            self._drop(start)
            if not self._pieces or self._pieces[0].start < start or self._pace is None:
                return False
            queued = sum(piece.seconds for piece in self._pieces)
            if self._whole:
                return True
            if queued < MEASURED and self._pieces[0].end is None:
                return False
            return self._pace.due(queued, self._passed, time.monotonic())

    @property
    def slowness(self) -> float | None:
        """Seconds of making for a second of sound, of one that is too slow to catch up with who is
        heard and could begin elsewhere; else None."""
        with self._changed:
            if not self._restarts or self._begins > self.next or self._pace is None:
                return None
            factor = self._pace.factor
            enough = self._pace.seconds > EVIDENCE
            return factor if enough and factor is not None and factor > 1 else None

    def again(self, place: int) -> None:
        """Begin with this chunk instead."""
        with self._changed:
            self._again = place
            self._changed.notify_all()

    def wait(self) -> None:
        """Until it is loaded, or has failed."""
        with self._changed:
            while not (self.loaded or self.failure or self._over):
                self._changed.wait(LOOK)

    def taken(self, start: int) -> Iterator[tuple[Audio, bool]]:
        """All of it from this character on as it comes, and whether each is the first of a chunk.

        Raises what loading and speaking raise.
        """
        begun, fresh = False, True
        while True:
            with self._changed:
                while not self._over:
                    if not begun:
                        self._drop(start)
                    front = self._pieces[0] if self._pieces else None
                    if front and (begun or front.start >= start):
                        if front.blocks:
                            break
                        if front.end is not None:
                            self._pieces.popleft()
                            fresh = True
                            continue
                    if self.failure:
                        raise self.failure
                    if self._whole:
                        return
                    self._changed.wait(LOOK)
                if self._over:
                    return
                if not begun:
                    begun, self.since = True, self._passed
                audio = self._pieces[0].blocks.pop(0)
                self._passed += audio.seconds
                self._changed.notify_all()
            yield audio, fresh
            fresh = False

    def waiting(self) -> list[Audio]:
        """What is there to be taken."""
        with self._changed:
            return [block for piece in self._pieces for block in piece.blocks]

    def end(self, close: Callable[[], None]) -> None:
        """End it; `close` is called, again where it has to be, to end what it waits for."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        deadline = time.monotonic() + PATIENCE
        while self._thread.is_alive() and time.monotonic() < deadline:
            close()
            self._thread.join(LOOK / 4)
        close()

    def _drop(self, start: int) -> None:
        """Let go of what was said up to this character."""
        while self._pieces:
            piece = self._pieces[0]
            if piece.end is None or piece.end > start or piece.start >= start:
                return
            self._pieces.popleft()
            self._passed += piece.seconds
            self.dropped += 1
            self._changed.notify_all()

    # In its own thread.

    def _run(self) -> None:
        try:
            source = self._open()
            with self._changed:
                self.loaded, self._restarts = True, source.restarts
                self._again = self.next
                self._changed.notify_all()
            while not (self._over or self._whole):
                with self._changed:
                    place, self._again = self._again or 0, None
                    self._begins = place
                    self._pieces.clear()
                    self.dropped, self._passed = 0, 0.0
                self._make(source, place)
        except BaseException as failure:  # whoever takes it hears of that
            self.failure = failure
        finally:
            with self._changed:
                self._changed.notify_all()

    def _make(self, source: Source, place: int) -> None:
        began = time.monotonic()
        spoken, start = source.narrate(place)
        self.report = spoken.report
        self._pace = HeadStart(self._head_start, lambda: self._total(start), began)
        self._pieces.append(Piece(start))
        said = iter(spoken)
        with contextlib.closing(said):  # type: ignore[type-var]
            for audio in said:
                if not self._kept(audio):
                    return
        with self._changed:
            self._whole = self._again is None

    def _kept(self, audio: Audio) -> bool:
        """Keep this; False when no more is wanted."""
        with self._changed:
            assert self._pace is not None
            if audio.pcm:
                silent = not audio.pcm.strip(b"\0")
                self._pace.came(audio.seconds, time.monotonic(), silent=silent)
            piece = self._pieces[-1]
            piece.blocks.append(audio)
            for timing in audio.timings:
                if timing.kind == "sentence":
                    piece.start, piece.end = timing.start, timing.end
                    self._pieces.append(Piece(timing.end))
            self._changed.notify_all()
            while not self._over and self._again is None and self._plenty():
                self._changed.wait(LOOK)
                self._pace.asked(time.monotonic())
            return not self._over and self._again is None

    def _plenty(self) -> bool:
        assert self._pace is not None
        needed = self._pace.needed(self._passed)
        queued = sum(piece.seconds for piece in self._pieces)
        return queued > AHEAD + (needed if needed < float("inf") else 0.0)
