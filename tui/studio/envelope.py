"""The outline of a sound: its lowest and highest samples, fast for any stretch and any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FINE = 64
"""Samples of a block of the finest level: 3 ms, less than a column ever shows."""
COARSER = 16
"""Blocks of a level that make one of the next."""
LEVELS = 4


class Envelope:
    """Takes 16-bit samples as they come; each level keeps extremes of ever longer blocks, so that
    an hour is drawn from as few numbers as a second. For one thread at a time."""

    def __init__(self) -> None:
        self._left = b""
        """Samples that do not fill a block yet."""
        self._levels: list[_Level] = []

    def add(self, pcm: bytes) -> None:
        import numpy as np

        if not self._levels:
            self._levels = [_Level() for _ in range(LEVELS)]
        pcm = self._left + pcm
        whole = len(pcm) // (2 * FINE) * 2 * FINE
        self._left = pcm[whole:]
        if whole:
            blocks = np.frombuffer(pcm[:whole], "<i2").reshape(-1, FINE)
            self._grow(0, blocks.min(axis=1), blocks.max(axis=1))

    def columns(
        self, count: int, first: int, last: int
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Lowest and highest of each of `count` equal columns between two samples; 0 where there
        is nothing.

        return   two of [count]
        """
        import numpy as np

        low, high = np.zeros(count, np.int16), np.zeros(count, np.int16)
        if not self._levels or last <= first or not count:
            return low, high
        width = (last - first) / count
        level, size = 0, FINE
        while level + 1 < LEVELS and size * COARSER * 2 <= width:
            level, size = level + 1, size * COARSER
        chosen = self._levels[level]
        edges = (first + np.arange(count + 1) * width) / size
        begins = edges[:-1].astype(np.int64)
        ends = np.maximum(np.ceil(edges[1:]).astype(np.int64), begins + 1)
        there = int(np.searchsorted(begins, chosen.count))
        if there:
            ends = np.minimum(ends[:there], chosen.count)
            bounds = np.stack([begins[:there], ends], axis=1).ravel()
            # Pairs of begin and end; what lies between two pairs is computed and left out.
            pairs = np.minimum(bounds, chosen.count)
            low[:there] = np.minimum.reduceat(chosen.low[: chosen.count + 1], pairs)[::2]
            high[:there] = np.maximum.reduceat(chosen.high[: chosen.count + 1], pairs)[::2]
        return low, high

    def _grow(self, at: int, low: NDArray[np.int16], high: NDArray[np.int16]) -> None:
        """Add to a level, and to the next what that makes of it."""
        level = self._levels[at]
        level.add(low, high)
        if at + 1 == len(self._levels):
            return
        done = self._levels[at + 1].count
        more = level.count // COARSER - done
        if more:
            part = slice(done * COARSER, (done + more) * COARSER)
            self._grow(
                at + 1,
                level.low[part].reshape(-1, COARSER).min(axis=1),
                level.high[part].reshape(-1, COARSER).max(axis=1),
            )


class _Level:
    """Two arrays that grow, always with one zero behind what is there."""

    def __init__(self) -> None:
        import numpy as np

        self.count = 0
        self.low = np.zeros(1024, np.int16)
        self.high = np.zeros(1024, np.int16)

    def add(self, low: NDArray[np.int16], high: NDArray[np.int16]) -> None:
        import numpy as np

        end = self.count + len(low)
        if end + 1 > len(self.low):
            room = np.zeros(2 * end + 1, np.int16)
            for name in ("low", "high"):
                grown = room.copy()
                grown[: self.count] = getattr(self, name)[: self.count]
                setattr(self, name, grown)
        self.low[self.count : end], self.high[self.count : end] = low, high
        self.count = end
