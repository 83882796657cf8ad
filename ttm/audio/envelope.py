"""How loud sound is from moment to moment."""

from __future__ import annotations

import array
import math
import sys
from dataclasses import replace
from operator import mul

from ttm.audio import WIDTH, Audio

STEP = 0.02
"""Seconds that a level is of."""
FLOOR = -120.0
"""dBFS of digital silence."""
COARSE = 8
"""Of how many samples one is looked at without numpy, whose import takes longer than that."""


class Envelope:
    """Levels of a sound that is fed in blocks of one format.

    `coarse`: from one sample in eight of 16-bit sound, without numpy.
    """

    def __init__(self, *, coarse: bool = False) -> None:
        self.levels: list[float] = []
        """dBFS of each 20 ms so far; a full-scale sine has -3."""
        self._coarse = coarse
        self._rest = b""
        self._last: Audio | None = None

    def feed(self, audio: Audio) -> int:
        """Take the next block; how many levels came with it."""
        step, width = max(1, round(STEP * audio.rate)), WIDTH[audio.sample_format]
        pcm = self._rest + audio.pcm
        count = len(pcm) // (step * width)
        whole = count * step * width
        self._last, self._rest = audio, pcm[whole:]
        if count:
            self.levels += _levels(replace(audio, pcm=pcm[:whole]), step, coarse=self._coarse)
        return count

    def finish(self) -> None:
        """The sound is over: what is left of it counts as a moment."""
        if self._last is not None and self._rest:
            rest, self._rest = replace(self._last, pcm=self._rest), b""
            self.levels += _levels(rest, rest.samples, coarse=self._coarse)


def _levels(audio: Audio, step: int, *, coarse: bool) -> list[float]:
    """Levels of whole steps of so many samples."""
    if coarse and audio.sample_format == "s16":
        return _coarse(audio.pcm, step)
    import numpy as np

    samples = audio.numpy().reshape(-1, step)
    power = np.einsum("ij,ij->i", samples, samples) / step
    levels: list[float] = (10 * np.log10(np.maximum(power, 1e-12))).tolist()
    return levels


def _coarse(pcm: bytes, step: int) -> list[float]:
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    levels = []
    for at in range(0, len(samples), step):
        few = samples[at : at + step : COARSE]
        power = sum(map(mul, few, few)) / (len(few) << 30)
        levels.append(10 * math.log10(power) if power else FLOOR)
    return levels


def loudness(levels: list[float]) -> float:
    """dBFS of what is said: the mean power of all moments within 30 dB of the loudest."""
    if not levels:
        return FLOOR
    gate = max(levels) - 30
    loud = [10 ** (level / 10) for level in levels if level >= gate]
    return 10 * math.log10(sum(loud) / len(loud))
