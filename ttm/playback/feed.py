"""Samples on their way from the thread that makes them to the one that plays them."""

from __future__ import annotations

from collections import deque

WIDTH = 2
"""Bytes a sample: signed 16-bit mono."""


class Feed:
    """A queue of sound for one thread that puts and one that takes.

    There is no lock in it, so that a device's callback never waits for a thread that the
    scheduler has stopped: each counter has one writer, and deque's ends are atomic. Sizes are in
    samples.
    """

    def __init__(self, kept: int = 0) -> None:
        """`kept`: so many of the samples last taken can be had again."""
        self._blocks: deque[bytes] = deque()
        self._rest = memoryview(b"")
        self._kept = kept * WIDTH
        self._recent = b""
        self.put_in = 0
        """Samples that were ever put in."""
        self.taken = 0
        """Samples that were taken out."""

    @property
    def queued(self) -> int:
        return self.put_in - self.taken

    def put(self, pcm: bytes) -> None:
        self._blocks.append(pcm)
        self.put_in += len(pcm) // WIDTH

    def take(self, most: int) -> bytes:
        """As many as there are, `most` at most."""
        left = min(most, self.queued) * WIDTH
        parts = []
        while left > 0:
            if not self._rest:
                self._rest = memoryview(self._blocks.popleft())
            part = self._rest[:left]
            self._rest = self._rest[len(part) :]
            left -= len(part)
            parts.append(part)
        out = b"".join(parts)
        self.taken += len(out) // WIDTH
        if self._kept:
            self._recent = (self._recent + out)[-self._kept :]
        return out

    def take_sentence(self) -> bytes:
        """All up to a block that is silent from end to end, as pauses are; b"" without one."""
        found = next((i for i, b in enumerate(tuple(self._blocks)) if not b.strip(b"\0")), None)
        if found is None:
            return b""
        size = len(self._rest) + sum(len(self._blocks[i]) for i in range(found + 1))
        return self.take(size // WIDTH)

    def put_back(self, samples: int) -> None:
        """Have the samples last taken once more, as far as they are kept. While nobody takes."""
        size = min(samples * WIDTH, len(self._recent))
        if size <= 0:
            return
        self._rest = memoryview(self._recent[-size:] + bytes(self._rest))
        self._recent = self._recent[:-size]
        self.taken -= size // WIDTH
