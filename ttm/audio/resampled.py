"""Sound of one rate made another, block by block."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ttm.audio import Audio

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Resampled:
    """Brings the blocks of one sound to a rate, as 16-bit samples and without a seam between them;
    what has that rate stays as it is."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hertz."""
        self._rate = rate
        self._stream: Any = None
        self._last: Audio | None = None

    def block(self, audio: Audio) -> Audio:
        """The next block; a few milliseconds of it may come with the one after."""
        if audio.rate == self._rate:
            return audio
        self._last = audio
        return self._resampled(audio, audio.numpy(), last=False)

    def end(self) -> Audio | None:
        """What is still in it."""
        if self._last is None:
            return None
        import numpy as np

        none = replace(self._last, timings=())
        return self._resampled(none, np.empty(0, np.float32), last=True)

    def _resampled(self, audio: Audio, samples: NDArray[Any], *, last: bool) -> Audio:
        import soxr

        if self._stream is None:
            self._stream = soxr.ResampleStream(audio.rate, self._rate, 1, dtype="float32")
        made = self._stream.resample_chunk(samples, last=last).clip(-1, 1)
        pcm = made.astype("<f4").tobytes()
        return replace(
            audio, pcm=Audio(pcm, self._rate, "f32").s16(), rate=self._rate, sample_format="s16"
        )
