"""Audio: samples with their rate. Only the standard library at import; numpy inside functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ttm.speech import Timing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SampleFormat = Literal["s16", "f32"]
"""`s16`: signed 16-bit, little-endian. `f32`: float32 in [-1, 1], little-endian."""

WIDTH: dict[SampleFormat, int] = {"s16": 2, "f32": 4}
"""Bytes a sample."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A stretch of mono sound. Kept as bytes, so that passing 16-bit sound on costs no numpy."""

    pcm: bytes
    """The samples, little-endian, in `sample_format`."""
    rate: int
    """Hertz."""
    sample_format: SampleFormat = "s16"
    timings: tuple[Timing, ...] = ()
    """What was said where in this stretch, if the engine knows."""
    codes: tuple[int, ...] = ()
    """What this stretch was decoded from, one number a frame: the codes of the first codebook, from
    an engine that has them."""
    cut: bool = False
    """Ends where the engine stopped a speech that did not end by itself."""

    @property
    def samples(self) -> int:
        return len(self.pcm) // WIDTH[self.sample_format]

    @property
    def seconds(self) -> float:
        return self.samples / self.rate

    def numpy(self) -> NDArray[np.float32]:
        """The samples as float32 in [-1, 1], shape [S]."""
        import numpy as np

        if self.sample_format == "f32":
            return np.frombuffer(self.pcm, "<f4").astype(np.float32, copy=False)
        return np.frombuffer(self.pcm, "<i2").astype(np.float32) / np.float32(32768)

    def s16(self) -> bytes:
        """The samples as signed 16-bit little-endian bytes, clipped."""
        if self.sample_format == "s16":
            return self.pcm
        import numpy as np

        scaled = np.rint(self.numpy() * np.float32(32768))
        return bytes(np.clip(scaled, -32768, 32767).astype("<i2").data)


def silence(seconds: float, rate: int, sample_format: SampleFormat = "s16") -> Audio:
    """`seconds` of digital silence."""
    return Audio(bytes(round(seconds * rate) * WIDTH[sample_format]), rate, sample_format)
