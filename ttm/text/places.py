"""Which line and column an offset of the original is, when what is spoken has other lines."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from ttm.text.traced import Traced


class Places:
    """Remembers where lines begin, from the last place that was asked for on."""

    def __init__(self) -> None:
        self._starts = array("q", [0])
        self._dropped = 0

    def pass_over(self, piece: Traced) -> None:
        """Take note of the line ends, `\\n` each, in a clean piece of the original."""
        text = piece.text
        at = text.find("\n")
        while at >= 0:
            self._starts.append(piece.origin(at) + 1)
            at = text.find("\n", at + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an original offset."""
        before = max(1, bisect_left(self._starts, offset + 1))
        return self._dropped + before, offset - self._starts[before - 1] + 1

    def between(self, first: int, last: int) -> tuple[int, ...]:
        """Offsets after `first`, up to `last`, at which lines begin."""
        since = bisect_left(self._starts, first + 1)
        return tuple(self._starts[since : bisect_left(self._starts, last + 1)])

    def forget(self, offset: int) -> None:
        """No place before this one will be asked for."""
        past = bisect_left(self._starts, offset + 1) - 1
        if past > 0:
            del self._starts[:past]
            self._dropped += past
