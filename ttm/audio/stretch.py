"""Faster or slower speech at the same pitch: WSOLA.

W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for
high quality time-scale modification of speech", ICASSP 1993.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttm.audio import Audio
from ttm.audio.level import like
from ttm.errors import UsageError
from ttm.speech import RATE_MAX, RATE_MIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HOP = 0.010
"""Seconds between the starts of two output frames; frames are two hops long, and overlap by one."""
SEARCH = 0.008
"""Seconds that a frame may be taken earlier or later than its place: 16 ms hold a whole period
of the deepest voices, 62 Hz."""


def stretch(audio: Audio, factor: float) -> Audio:
    """`audio` spoken `factor` times as fast: 2 halves its length, 0.5 doubles it.

    Raises UsageError for a factor outside 0.25 to 4.
    """
    if not RATE_MIN <= factor <= RATE_MAX:
        raise UsageError(f"a tempo of {factor:g} is not between {RATE_MIN:g} and {RATE_MAX:g}")
    if factor == 1 or not audio.pcm:
        return audio
    import numpy as np

    length = max(1, round(audio.samples / factor))
    weaver = _Weaver(audio.rate, factor)
    woven = np.concatenate([weaver.weave(audio.numpy()), weaver.rest()])
    return like(audio, woven[:length], 1 / factor)


class Stretcher:
    """The same for sound that comes piece by piece, without a seam between the pieces.

    `factor` from 0.25 to 4; 1 passes everything on at once. Timings are left out.
    """

    def __init__(self, rate: int, factor: float) -> None:
        self._rate = rate
        self._weaver = _Weaver(rate, factor) if factor != 1 else None
        self._came = self._made = 0
        """Samples so far."""

    def write(self, audio: Audio) -> Audio:
        """What is certain once this has come too, as 16-bit samples; maybe nothing yet."""
        if self._weaver is None:
            return Audio(audio.s16(), self._rate)
        self._came += audio.samples
        return self._as_sound(self._weaver.weave(audio.numpy()))

    def finish(self) -> Audio:
        """The rest."""
        if self._weaver is None or not self._came:
            return Audio(b"", self._rate)
        left = max(1, round(self._came / self._weaver.factor)) - self._made
        return self._as_sound(self._weaver.rest()[: max(0, left)])

    def _as_sound(self, samples: NDArray[np.float32]) -> Audio:
        self._made += len(samples)
        return Audio(Audio(samples.astype("<f4").tobytes(), self._rate, "f32").s16(), self._rate)


class _Weaver:
    """Each frame is taken from where it best continues the frame before."""

    def __init__(self, rate: int, factor: float) -> None:
        self.factor = factor
        self._hop, self._search = max(8, round(HOP * rate)), max(4, round(SEARCH * rate))
        self._x: NDArray[np.float32] | None = None
        """What may be needed again, from sample `_from` of the padded sound on."""
        self._from = 0
        self._start = self._search
        self._tail: NDArray[np.float32] | None = None
        """The second half of the frame before."""
        self._index = 1
        """Of the next frame."""

    def weave(self, more: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is certain after these; all that is woven, in order, is the result.

        more     [S]
        return   [S / factor] over all calls
        """
        import numpy as np

        hop, search, frame = self._hop, self._search, 2 * self._hop
        # Zeros before, so that no frame reaches past an edge.
        before = np.zeros(search, np.float32) if self._x is None else self._x
        self._x = np.concatenate([before, more])
        there = self._from + len(self._x)
        window = _window(frame)
        out: list[NDArray[np.float32]] = []
        if self._tail is None:
            if there < self._start + frame:
                return np.zeros(0, np.float32)
            first = self._cut(self._start, frame)
            out.append(first[:hop].copy())
            self._tail = first[hop:] * window[hop:]
        while True:
            earliest = round(self._index * hop * self.factor)
            if max(earliest + frame + 2 * search, self._start + hop + frame) > there:
                break
            # What would follow the frame before, had it not been cut off, and where it may be.
            natural = self._cut(self._start + hop, frame)
            region = self._cut(earliest, frame + 2 * search)
            energy = np.concatenate([[0.0], np.cumsum(np.square(region, dtype=np.float64))])
            likeness = np.correlate(region, natural, "valid")
            norm = np.sqrt(np.maximum(energy[frame:] - energy[:-frame], 1e-9))
            self._start = earliest + int(np.argmax(likeness / norm))
            chosen = window * self._cut(self._start, frame)
            out.append(self._tail + chosen[:hop])
            self._tail = chosen[hop:]
            self._index += 1
        needed = min(round(self._index * hop * self.factor), self._start + hop)
        self._x = self._x[needed - self._from :]
        self._from = needed
        return np.concatenate(out) if out else np.zeros(0, np.float32)

    def rest(self) -> NDArray[np.float32]:
        """What follows where only silence does, at least to the end of the sound."""
        import numpy as np

        margin = 2 * self._search + 4 * self._hop
        return self.weave(np.zeros(margin + round(2 * self._hop * self.factor), np.float32))

    def _cut(self, start: int, length: int) -> NDArray[np.float32]:
        assert self._x is not None
        return self._x[start - self._from : start - self._from + length]


def _window(frame: int) -> NDArray[np.float32]:
    import numpy as np

    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(frame) + 0.5) / frame)
    return window.astype(np.float32)
