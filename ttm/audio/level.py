"""Louder, softer, without its edges: small changes to one stretch of sound."""

from __future__ import annotations

import array
import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ttm.audio import Audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def gain(audio: Audio, decibels: float) -> tuple[Audio, int]:
    """`audio` louder (or, below 0, softer), and how many samples had to be clipped."""
    if not decibels:
        return audio, 0
    import numpy as np

    louder = audio.numpy() * np.float32(10 ** (decibels / 20))
    # The highest 16-bit sample is one step below 1.
    highest = np.float32(32767.5 / 32768 if audio.sample_format == "s16" else 1)
    clipped = int(np.count_nonzero((louder < -1) | (louder > highest)))
    return like(audio, louder.clip(-1, 1)), clipped


def finite(audio: Audio) -> bool:
    """Whether every sample is a number: one NaN or Inf spoils the sum, without numpy's import."""
    return audio.sample_format == "s16" or math.isfinite(sum(_samples(audio)))


def fade(audio: Audio, seconds: float, at: Literal["start", "end", "both"] = "both") -> Audio:
    """`audio` rising from, or falling to, silence in `seconds`, at most its own length.

    Without numpy, whose import takes longer than a few milliseconds of fade in plain Python.
    """
    length = min(audio.samples, round(seconds * audio.rate))
    if length <= 0:
        return audio
    whole = audio.sample_format == "s16"
    samples = _samples(audio)
    for i in range(length):
        for place in (i,) * (at != "end") + (-1 - i,) * (at != "start"):
            faded = samples[place] * i / length
            samples[place] = round(faded) if whole else faded
    if sys.byteorder == "big":
        samples.byteswap()
    return replace(audio, pcm=samples.tobytes())


def like(audio: Audio, samples: NDArray[np.float32], scale: float = 1.0) -> Audio:
    """`samples` in the format of `audio`, its timings multiplied by `scale`."""
    pcm = samples.astype("<f4").tobytes()
    if audio.sample_format == "s16":
        pcm = Audio(pcm, audio.rate, "f32").s16()
    timings = audio.timings
    if scale != 1:
        timings = tuple(replace(one, at=one.at * scale, until=one.until * scale) for one in timings)
    return replace(audio, pcm=pcm, timings=timings)


def _samples(audio: Audio) -> array.array[Any]:
    """The samples in the machine's own byte order."""
    samples: array.array[Any] = array.array("h" if audio.sample_format == "s16" else "f", audio.pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
