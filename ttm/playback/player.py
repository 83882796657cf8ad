"""Plays a narration while it is being made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ttm.audio import Audio
from ttm.audio.level import fade
from ttm.config import PlaybackSettings
from ttm.errors import DeviceError
from ttm.playback.feed import WIDTH, Feed
from ttm.playback.headstart import BUFFER, HeadStart
from ttm.playback.loudspeaker import INSTEAD, Loudspeaker

AHEAD = 30.0
"""Seconds of sound that are queued at most, beyond what a slow model needs."""
POLL = 0.02
"""Seconds between two looks at a device; it tells nobody, as its callback must not wait."""
STALLED = 5.0
"""Seconds awake without a callback after which the device is taken to be gone. PulseAudio's dummy
output has been seen to take nothing for 2 s."""
FADE = 0.003
"""Seconds over which sound that breaks off falls to silence, and rises after it."""


class Player:
    """Sound that is heard while it is being written.

    `write` and `close` are for one thread; `pause`, `resume`, `abort` and what is told may be
    used from any. `total()` is how many seconds will have been written in the end, as far as is
    known, and `live` says that the text for more may have to be waited for.

    Raises DeviceError, as `write` and `close` do.
    """

    def __init__(
        self,
        loudspeaker: Loudspeaker,
        rate: int,
        settings: PlaybackSettings,
        *,
        total: Callable[[], float | None] = lambda: None,
        live: bool = False,
    ) -> None:
        self.rate = rate
        """Hertz."""
        self.underruns = 0
        """How often the sound came too late; each was heard as silence."""
        self.volume = settings.volume
        """Decibels; at most 0. May be changed at any time."""
        self._applied = self.volume
        self._lead = round(settings.lead / 1000 * rate)
        self._tail = round(settings.tail / 1000 * rate)
        self._fade = round(FADE * rate)
        self._feed = Feed(kept=round(BUFFER * rate))
        self._start = HeadStart(settings.head_start, total, time.monotonic(), live=live)
        self._held = True
        """Nothing is played before enough is there."""
        self._rising = False
        self._last = bytes(WIDTH)
        self._content = 0
        """Samples that were written."""
        self._paused = self._started = self._ended = self._closed = self._told = False
        self._failure: DeviceError | None = None
        self._lock = threading.Lock()
        """Around what is done to the stream; its callback takes no part in it."""
        self._watch: threading.Thread | None = None
        if self._lead:
            self._feed.put(bytes(self._lead * WIDTH))
        self._stream = loudspeaker.open(rate, self)
        if not self._stream.lazy:
            self._begin()

    # What the narration does.

    def write(self, audio: Audio) -> None:
        """Waits while enough is queued."""
        if self._closed:
            return
        self._check()
        now = time.monotonic()
        pcm = audio.s16()
        self._content += len(pcm) // WIDTH
        self._feed.put(pcm)
        self._start.came(audio.seconds, now, silent=not pcm.strip(b"\0"))
        if not self._started:
            if not self._paused and self._due():
                self._begin()
            elif self._watch is None:
                # A thread, since whoever writes may wait for more text for as long as it likes.
                self._watch = threading.Thread(target=self._await, name="playback", daemon=True)
                self._watch.start()
        polls = 0
        while self.queued > self._most() and not self._closed:
            polls = self._wait(polls)
        self._start.asked(time.monotonic())

    def moment(self, polls: int) -> int:
        """Let a moment pass before more is written, on purpose: that says nothing of the pace at
        which it is made. Takes and returns how many there were in which the device took nothing."""
        polls = self._wait(polls)
        self._start.asked(time.monotonic())
        return polls

    def close(self) -> None:
        """Wait until all of it was heard, and give the device back."""
        if self._tail:
            self._feed.put(bytes(self._tail * WIDTH))
        self._ended = True
        if not self._started and not self._paused and not self._closed:
            self._begin()
        polls = 0
        while not self._stream.finished and not self._closed:
            polls = self._wait(polls)
        self._check()
        self._end()

    # What anybody may do.

    def pause(self) -> None:
        """Fall silent; `resume` goes on with what was not heard. Raises DeviceError."""
        with self._lock:
            self._paused = True
            if self._started and not self._closed:
                self._stream.stop()

    def resume(self) -> None:
        """Raises DeviceError."""
        with self._lock:
            self._paused = False
            if self._started and not self._closed:
                self._stream.start()
                return
        if self._ended or self._due():
            self._begin()

    def abort(self) -> None:
        """Fall silent at once and give the device back; what is written after that is not heard."""
        self._end()

    @property
    def position(self) -> int:
        """The sample that is heard: those handed to the device, less what it has not played yet
        by its size and the clock."""
        return max(0, min(self._stream.heard - self._lead, self._content))

    @property
    def progress(self) -> tuple[float, float | None]:
        """Seconds that were heard, and that there are in all once the last of it was written."""
        return self.position / self.rate, self._content / self.rate if self._ended else None

    def notice(self) -> str:
        """Once, why nothing is heard yet, when that takes a while."""
        if self._told or not self._held:
            return ""
        sentence = self._start.sentence(self.queued, self._played)
        self._told = bool(sentence)
        return sentence

    # What the stream takes; see Source.

    def pull(self, frames: int) -> bytes:
        """As Source has it."""
        if self._held and not self._released():
            return b""
        feed = self._feed
        if self._ended:
            return self._played_as(feed.take(frames))
        out = feed.take(frames)
        missing = frames - len(out) // WIDTH
        out = self._played_as(out)
        if missing:
            self.underruns += 1
            self._held = self._rising = True
            out += _falling(self._last, min(missing, self._fade))
        return out

    def wait(self, *, whole: bool = False) -> bytes:
        """As Source has it."""
        while not self._closed:
            if not self._held or self._released():
                queued = self._feed.queued
                if not whole or self._ended:
                    out = self._feed.take(queued)
                else:
                    out = self._feed.take_sentence()
                if out or self._ended:
                    return self._played_as(out)
            time.sleep(POLL / 2)
        return b""

    @property
    def taken(self) -> int:
        """As Source has it."""
        return self._feed.taken

    @property
    def drained(self) -> bool:
        """As Source has it."""
        return self._ended and not self._feed.queued

    def put_back(self, samples: int) -> None:
        """As Source has it."""
        self._feed.put_back(samples)

    @property
    def queued(self) -> float:
        """Seconds that are there to be played."""
        silent = max(0, self._lead - self._feed.taken)
        return (self._feed.queued - silent) / self.rate

    # What holds it together.

    @property
    def _played(self) -> float:
        """Seconds that were played."""
        return max(0, self._feed.taken - self._lead) / self.rate

    def _most(self) -> float:
        """Seconds that may be queued."""
        needed = self._start.needed(self._played)
        return AHEAD + (needed if needed < float("inf") else 0.0)

    def _due(self) -> bool:
        return self._ended or self._start.due(self.queued, self._played, time.monotonic())

    def _released(self) -> bool:
        self._held = not self._due()
        return not self._held

    def _played_as(self, pcm: bytes) -> bytes:
        """At the volume that is wanted, and without a click after a silence."""
        before, self._applied = self._applied, self.volume
        if before or self._applied:
            pcm = _scaled(pcm, before, self._applied)
        if self._rising and pcm:
            self._rising = False
            edge = self._fade * WIDTH
            pcm = fade(Audio(pcm[:edge], self.rate), FADE, "start").pcm + pcm[edge:]
        self._last = pcm[-WIDTH:] or self._last
        return pcm

    def _begin(self) -> None:
        """Start the stream, once."""
        with self._lock:
            if not (self._started or self._closed):
                self._stream.start()
                self._started = True

    def _await(self) -> None:
        """Start the stream when it is due."""
        try:
            while not (self._started or self._closed):
                if not self._paused and self._due():
                    self._begin()
                time.sleep(POLL)
        except DeviceError as failure:
            self._failure = failure

    def _wait(self, polls: int) -> int:
        """A moment; how many there were since the device last took anything."""
        self._check()
        beat = self._stream.beat
        time.sleep(POLL)
        # Moments are counted and not the time: this process may have been stopped meanwhile.
        if self._paused or not self._started or beat is None or beat != self._stream.beat:
            return 0
        if polls * POLL > STALLED:
            raise DeviceError("the loudspeaker takes no more sound", INSTEAD)
        return polls + 1

    def _check(self) -> None:
        if failure := self._failure or self._stream.failure:
            raise failure

    def _end(self) -> None:
        self._closed = True
        with self._lock:
            self._stream.close()
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join()


def _scaled(pcm: bytes, before: float, after: float) -> bytes:
    """Softer by `after` dB; from `before` it gets there within this block."""
    import numpy as np

    one, other = 10 ** (before / 20), 10 ** (after / 20)
    samples = np.frombuffer(pcm, "<i2")
    factors = np.linspace(one, other, len(samples), dtype=np.float32)
    return bytes(np.rint(samples * factors).astype("<i2").data)


def _falling(last: bytes, samples: int) -> bytes:
    """So many samples that go from the last one played down to silence."""
    level = int.from_bytes(last, "little", signed=True)
    steps = (level * i // samples for i in range(samples - 1, -1, -1))
    return b"".join(each.to_bytes(WIDTH, "little", signed=True) for each in steps)
