"""Loudness as people hear it: ITU-R BS.1770-4, integrated, with both gates, in LUFS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHANNELS_MAX = 8
"""The recommendation weighs speakers around a listener; beyond these it says nothing."""

SURROUND: dict[int, tuple[float, ...]] = {
    5: (1, 1, 1, 1.41, 1.41),
    6: (1, 1, 1, 0, 1.41, 1.41),  # the fourth is the subwoofer, which does not count
}
"""Weights by number of channels; elsewhere each counts the same."""


class Loudness:
    """A meter that is fed blocks."""

    def __init__(self, rate: int, channels: int) -> None:
        import numpy as np

        self._rate = rate
        # The filter's memory fades by 100 dB in 0.1 s; a power of two keeps the transform fast.
        self._size = 1 << (rate // 4).bit_length()
        self._response = np.fft.rfft(_impulse(rate, self._size), 2 * self._size)
        self._weights = np.array(SURROUND.get(channels, (1.0,) * channels))
        self._before = np.zeros((self._size, channels))
        self._power = np.empty(0)
        self._seen = 0
        self._steps: list[float] = []

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples.

        samples  [S, C]
        """
        import numpy as np

        for at in range(0, len(samples), self._size):
            block = samples[at : at + self._size]
            both = np.concatenate([self._before, block])
            self._before = both[-self._size :]
            spectrum = np.fft.rfft(both, 2 * self._size, axis=0) * self._response[:, None]
            weighted = np.fft.irfft(spectrum, 2 * self._size, axis=0)
            heard = weighted[self._size : self._size + len(block)]
            self._add(np.square(heard) @ self._weights)

    def _add(self, power: NDArray[np.float64]) -> None:
        """Sum power over steps of a tenth of a second; what is left waits for the next block."""
        import numpy as np

        self._power = np.concatenate([self._power, power])
        first = len(self._steps)
        whole = (self._seen + len(self._power)) * 10 // self._rate
        if whole > first:
            edges = [step * self._rate // 10 - self._seen for step in range(first, whole + 1)]
            sums = np.add.reduceat(self._power[: edges[-1]], edges[:-1])
            self._steps += (sums / np.diff(edges)).tolist()
            self._power = self._power[edges[-1] :]
            self._seen += edges[-1]

    def integrated(self) -> float | None:
        """LUFS of all so far; None below 0.4 s, or when nothing passes the gate at -70."""
        import numpy as np

        steps = np.array(self._steps)
        if len(steps) < 4:
            return None
        blocks = np.convolve(steps, np.full(4, 0.25), "valid")  # 0.4 s, overlapping by 75 %
        blocks = blocks[blocks > _power(-70)]
        if not len(blocks):
            return None
        blocks = blocks[blocks > blocks.mean() / 10]  # -10 LU
        return float(-0.691 + 10 * np.log10(blocks.mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _impulse(rate: int, size: int) -> NDArray[np.float64]:
    """The first `size` samples that the K-weighting filter answers an impulse with.

    The recommendation tabulates it for 48 kHz alone; these analogue parameters give that table,
    and through the bilinear transform every other rate (B. De Man, "Evaluation of Implementations
    of the EBU R128 Loudness Measurement", AES 145, 2018).
    """
    import numpy as np

    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)

    def biquad(b: tuple[float, ...], a: tuple[float, ...]) -> NDArray[np.complex128]:
        above = b[0] + b[1] * z + b[2] * z * z
        below = a[0] + a[1] * z + a[2] * z * z
        answer: NDArray[np.complex128] = above / below
        return answer

    k = np.tan(np.pi * 1681.974450955533 / rate)
    q = 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = biquad(
        (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k),
        (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k),
    )
    k = np.tan(np.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    over = 1 + k / q + k * k
    # The table leaves this one's numerator unscaled.
    highpass = biquad((over, -2 * over, over), (over, 2 * (k * k - 1), 1 - k / q + k * k))
    return np.fft.irfft(shelf * highpass, size)
