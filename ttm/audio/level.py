"""Louder, softer, without its edges: small changes to one stretch of sound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ttm.audio import WIDTH, Audio
from ttm.speech import Timing

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


def fade(audio: Audio, seconds: float, at: Literal["start", "end", "both"] = "both") -> Audio:
    """`audio` rising from, or falling to, silence in `seconds`, at most its own length."""
    length = min(audio.samples, round(seconds * audio.rate))
    if length <= 0:
        return audio
    import numpy as np

    ramp = np.arange(length, dtype=np.float32) / np.float32(length)
    samples = audio.numpy().copy()
    if at in ("start", "both"):
        samples[:length] *= ramp
    if at in ("end", "both"):
        samples[-length:] *= ramp[::-1]
    return like(audio, samples)


def trim_silence(audio: Audio, threshold: float | None = None) -> Audio:
    """`audio` without the silence before its first and after its last sound; timings move along.

    Silence is what stays below `threshold` dBFS; without one, exact digital zeros, which are
    found without numpy.
    """
    width = WIDTH[audio.sample_format]
    if threshold is None:
        body = audio.pcm.lstrip(b"\0")
        first = (len(audio.pcm) - len(body)) // width
        last = -(-len(audio.pcm.rstrip(b"\0")) // width)
    else:
        import numpy as np

        loud = np.flatnonzero(np.abs(audio.numpy()) >= 10 ** (threshold / 20))
        first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, 0)
    if first >= last:
        first = last = 0
    start, end = first / audio.rate, last / audio.rate
    return replace(
        audio,
        pcm=audio.pcm[first * width : last * width],
        timings=tuple(_moved(one, start, end) for one in audio.timings),
    )


def _moved(timing: Timing, start: float, end: float) -> Timing:
    """`timing` in what is left of the sound from `start` to `end`, in seconds."""
    at, until = (min(max(second, start), end) - start for second in (timing.at, timing.until))
    return replace(timing, at=at, until=until)


def like(audio: Audio, samples: NDArray[np.float32], scale: float = 1.0) -> Audio:
    """`samples` in the format of `audio`, its timings multiplied by `scale`."""
    pcm = samples.astype("<f4").tobytes()
    if audio.sample_format == "s16":
        pcm = Audio(pcm, audio.rate, "f32").s16()
    timings = audio.timings
    if scale != 1:
        timings = tuple(replace(one, at=one.at * scale, until=one.until * scale) for one in timings)
    return replace(audio, pcm=pcm, timings=timings)
