"""One stretch of a sound replaced by another, everything else left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ttm.audio import WIDTH, Audio, SampleFormat


def spliced(blocks: Iterable[Audio], first: int, last: int, other: Audio) -> Iterator[Audio]:
    """The blocks with `other` in place of their samples from `first` up to `last`.

    `other` has their rate and sample format.
    """
    at, done = 0, False
    for block in blocks:
        width, end = WIDTH[block.sample_format], at + block.samples
        before = block.pcm[: max(0, first - at) * width]
        if before:
            yield replace(block, pcm=before)
        if end >= first and not done:
            done = True
            yield other
        if after := block.pcm[max(0, last - at) * width :]:
            yield replace(block, pcm=after)
        at = end
    if not done:
        yield other


def fitted(blocks: Iterable[Audio], rate: int, form: SampleFormat, gain: float = 1.0) -> Audio:
    """All of the blocks as one, at that rate and in that sample format, times `gain`.

    Raises ValueError where there are none.
    """
    parts = [block for block in blocks if block.pcm]
    if not parts:
        raise ValueError("no sound")
    whole = Audio(b"".join(part.pcm for part in parts), parts[0].rate, parts[0].sample_format)
    if whole.rate != rate or gain != 1:
        import numpy as np
        import soxr

        samples = whole.numpy() * np.float32(gain)
        if whole.rate != rate:
            samples = soxr.resample(samples, whole.rate, rate)
        whole = Audio(samples.astype("<f4").clip(-1, 1).tobytes(), rate, "f32")
    if whole.sample_format == form:
        return whole
    if form == "s16":
        return Audio(whole.s16(), rate)
    return Audio(whole.numpy().astype("<f4").tobytes(), rate, "f32")
