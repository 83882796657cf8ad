"""How fast a model speaks on this machine, and what holds it back."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ttm.narration.narrator import Narrator
from ttm.narration.report import Report
from ttm.speech import Voice

TEXT = (
    "The harbour was quiet when the first boat came in. Nobody asked what it had brought, "
    "and by noon the whole town knew."
)
PROBED = 256 << 20
"""Bytes that are read to see how fast memory is: beyond any cache of the machines this runs on."""
PROBES = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One speech."""

    first: float
    """Seconds from the request to the first sound."""
    wall: float
    """Seconds to the last sound."""
    audio: float
    """Seconds of sound."""

    @property
    def factor(self) -> float:
        """Seconds of computing for a second of sound; below 1 it keeps up."""
        return self.wall / self.audio


@dataclass(frozen=True, slots=True)
class Pace:
    """What was measured; figures of several runs are medians."""

    load: float
    """Seconds until the model was ready, its process started included."""
    runs: tuple[Run, ...]
    report: Report
    """Of the last run."""
    bandwidth: float
    """Bytes a second that this machine reads from memory."""

    @property
    def first(self) -> float:
        return statistics.median(run.first for run in self.runs)

    @property
    def factor(self) -> float:
        """Real-time factor."""
        return statistics.median(run.factor for run in self.runs)

    @property
    def floor(self) -> float | None:
        """The real-time factor that reading the weights alone would have; None for an engine
        that is not bound by them."""
        read = self.report.effective.get("bytes_a_second")
        return None if not isinstance(read, int) else read / self.bandwidth

    @property
    def limit(self) -> str:
        """What binds, as a sentence."""
        if self.floor is None:
            return "the engine is so small that starting it takes longer than speaking"
        share = self.floor / self.factor
        if share >= 0.5:
            return f"memory: reading the weights takes {share:.0%} of the time"
        return f"computing: reading the weights takes only {share:.0%} of the time"


def measure(narrator: Narrator, model: str, name: str, runs: int) -> Pace:
    """Load the model and let this voice speak `runs` times.

    Raises what `Narrator.voice` and a narration raise.
    """
    start = time.perf_counter()
    voice, _ = narrator.voice(model, name)
    load = time.perf_counter() - start
    speak(narrator, model, voice)  # the first speech also warms what the others find warm
    spoken = [speak(narrator, model, voice) for _ in range(runs)]
    bandwidth = read_bandwidth()
    return Pace(load, tuple(run for run, _ in spoken), spoken[-1][1], bandwidth)


def speak(narrator: Narrator, model: str, voice: Voice) -> tuple[Run, Report]:
    """Speak the sample text once."""
    language = voice.languages[0] if voice.languages else "en"
    chunks = narrator.plan([TEXT], model=model, language=language)
    start = time.perf_counter()
    first = seconds = 0.0
    narration = narrator.narrate(chunks, voice=voice, model=model, ahead=True)
    for audio in narration:
        seconds += audio.seconds
        first = first or time.perf_counter() - start
    return Run(first, time.perf_counter() - start, seconds), narration.report


def read_bandwidth() -> float:
    """Bytes a second that all cores together read from memory; the best of a few tries."""
    import numpy as np

    cores = os.cpu_count() or 1
    parts = np.array_split(np.ones(PROBED // 4, np.float32), cores)
    with ThreadPoolExecutor(cores) as pool:
        took = []
        for _ in range(PROBES):
            start = time.perf_counter()
            # The largest of many is found as fast as they are read, and without the GIL.
            list(pool.map(np.max, parts))
            took.append(time.perf_counter() - start)
    return PROBED / min(took)
