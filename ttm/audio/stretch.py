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
    length = max(1, round(audio.samples / factor))
    hop = max(8, round(HOP * audio.rate))
    search = max(4, round(SEARCH * audio.rate))
    return like(audio, _wsola(audio.numpy(), factor, length, hop, search), 1 / factor)


def _wsola(
    samples: NDArray[np.float32], factor: float, length: int, hop: int, search: int
) -> NDArray[np.float32]:
    """`length` samples, each frame taken from where it best continues the frame before.

    samples  [S]
    return   [length]
    """
    import numpy as np

    frame = 2 * hop
    frames = -(-length // hop)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(frame) + 0.5) / frame)).astype(np.float32)
    # Zeros around, so that no frame reaches past an edge.
    x = np.pad(samples, (search, 2 * frame + 2 * search))
    energy = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64))])
    out = np.zeros((frames + 1) * hop, np.float32)
    start = search
    out[:frame] = x[start : start + frame]
    out[hop:frame] *= window[hop:]
    for index in range(1, frames):
        # What would follow the frame before, had it not been cut off, and where it may be found.
        natural = x[start + hop : start + hop + frame]
        earliest = min(round(index * hop * factor), len(samples))
        region = x[earliest : earliest + frame + 2 * search]
        likeness = np.correlate(region, natural, "valid")
        at = slice(earliest, earliest + len(likeness))
        norm = np.sqrt(np.maximum(energy[frame:][at] - energy[at], 1e-9))
        start = earliest + int(np.argmax(likeness / norm))
        out[index * hop : index * hop + frame] += window * x[start : start + frame]
    return out[:length]
