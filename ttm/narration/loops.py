"""The same again and again: in the codes of an engine that has them, else in the sound."""

from __future__ import annotations

from ttm.audio.envelope import STEP
from ttm.narration.bounds import ALIKE, PERIOD, PERIOD_LEAST, QUIET, SPREAD, STRETCHES

Again = tuple[float, float]
"""Seconds of the piece, and of all its repetitions after the first."""
PROBE = 0.5
"""Seconds by which a period is looked for."""


class CodeLoop:
    """A run of the same codes, or of the same few in turn, that lasts longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._codes: list[int] = []
        self._runs: list[int] = []
        """For each period: frames up to now that were the same as one period before."""

    @property
    def had(self) -> bool:
        """Whether there were any codes."""
        return bool(self._codes)

    def feed(self, code: int, frame: float) -> Again | None:
        """Take the code of a frame that lasts so many seconds; the loop that it goes on with."""
        if not self._runs:
            self._runs = [0] * max(1, round(PERIOD / frame))
        for i in range(len(self._runs)):
            same = i < len(self._codes) and self._codes[-1 - i] == code
            self._runs[i] = self._runs[i] + 1 if same else 0
        self._codes = [*self._codes[1 - len(self._runs) :], code] if self._runs[1:] else [code]
        for i, run in enumerate(self._runs):
            # Of a long piece the second time is enough only if all of it came again.
            if run * frame >= self._seconds and run > i:
                return (i + 1) * frame, run * frame
        return None


class SoundLoop:
    """Equal stretches of sound, one after the other, by their levels.

    Only what is as good as exact counts: no two sentences of a person, nor of a model that draws
    its codes, are within a decibel of each other at every moment.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0

    def feed(self, levels: list[float], new: int) -> Again | None:
        """Take all levels so far, of which some are new; the loop that they go on with.

        Looked for twice a second.
        """
        self._since += new
        if self._since * STEP < 0.5:
            return None
        self._since = 0
        return _again(levels, self._seconds)


def _again(levels: list[float], seconds: float) -> Again | None:
    import numpy as np

    shortest, probe = round(PERIOD_LEAST / STEP), round(PROBE / STEP)
    recent = np.maximum(np.asarray(levels[-round(PERIOD / STEP) * STRETCHES :]), QUIET)
    lags = len(recent) // STRETCHES
    if lags < shortest or len(recent) < probe + lags:
        return None
    # Almost every period is ruled out by the last moments alone, all of them at once.
    windows = np.lib.stride_tricks.sliding_window_view(recent[-probe - lags : -1], probe)[::-1]
    near = np.abs(windows - recent[-probe:]).mean(axis=1) < 2 * ALIKE
    for lag in (np.flatnonzero(near[shortest - 1 :]) + shortest).tolist():
        length = max((STRETCHES - 1) * lag, round(seconds / STEP))
        if length + lag > len(recent) or np.ptp(recent[-length:]) < 2 * SPREAD:
            continue
        if np.abs(recent[-length:] - recent[-length - lag : -lag]).mean() < ALIKE:
            return lag * STEP, length * STEP
    return None
