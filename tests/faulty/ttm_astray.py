"""An engine whose speech goes wrong where its text says so, as that of a neural model may.

`say it loop-2 well` goes wrong the first two times that it is asked for, `loop-whole` while the
text has more than six words, and `loop` always.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ttm.audio import Audio
from ttm.speech import Speech, Voice

RATE = 24_000
FRAME = 1_920
LETTER = 0.065
"""Seconds."""
LEVEL = 0.1

Samples = NDArray[np.float64]
Frame = tuple[Samples, int]
"""What is heard of it, and its code."""


def speech_like(seconds: float, seed: int, level: float = LEVEL) -> Samples:
    """Noise that rises and falls about five times a second, no two syllables alike."""
    rng = np.random.default_rng(seed)
    parts: list[Samples] = []
    while sum(map(len, parts)) < seconds * RATE:
        length = round(rng.uniform(0.12, 0.28) * RATE)
        rise = np.sin(np.linspace(0, np.pi, length)) ** 2 * rng.uniform(0.4, 1.0) + 1e-3
        parts.append(level * rise * rng.standard_normal(length))
    return np.concatenate(parts)[: round(seconds * RATE)]


class AstrayEngine:
    """The same seed gives the same sound, in blocks of a frame."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def voices(self) -> list[Voice]:
        return [Voice("astray", ("en",), "goes astray", model="astray")]

    def close(self) -> None:
        """Nothing to give back."""

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        words = [word.strip(".,!?") for word in speech.text.split()]
        length = LETTER * sum(map(len, words)) / speech.rate
        good = _frames(speech_like(length, speech.seed), speech.seed)
        for order in (word for word in words if hasattr(self, f"do_{word.partition('-')[0]}")):
            name, _, when = order.partition("-")
            self._asked[order] += 1
            wrong = len(words) > 6 if when == "whole" else self._asked[order] <= int(when or 99)
            if wrong:
                yield from getattr(self, f"do_{name}")(good)
                return
        yield from map(_audio, good)

    def do_told(self, good: list[Frame]) -> Iterator[Audio | str]:
        """Says its first code, and is right."""
        yield f"code {good[0][1]}"
        yield from map(_audio, good)

    def do_runaway(self, good: list[Frame]) -> Iterator[Audio]:
        for seed in itertools.count(1):
            yield from map(_audio, _frames(speech_like(4.0, seed), seed))

    def do_budget(self, good: list[Frame]) -> Iterator[Audio]:
        yield from map(_audio, good)
        yield Audio(b"", RATE, "f32", cut=True)

    def do_loop(self, good: list[Frame]) -> Iterator[Audio]:
        yield from map(_audio, good[:12])
        for (samples, _), code in zip(itertools.cycle(good), itertools.cycle([7, 11, 5])):
            yield _audio((samples, code))

    def do_echo(self, good: list[Frame]) -> Iterator[Audio]:
        """Repeats sound, from an engine that has no codes."""
        for samples, _ in itertools.chain(good[:12], itertools.cycle(good[12:18])):
            yield _audio((samples, -1))

    def do_hiss(self, good: list[Frame]) -> Iterator[Audio]:
        rng = np.random.default_rng(1)
        yield from map(_audio, good)
        for code in itertools.count():
            yield _audio((0.004 * rng.standard_normal(FRAME), code))

    def do_gap(self, good: list[Frame]) -> Iterator[Audio]:
        yield from map(_audio, good[:12])
        yield from map(_audio, [(np.zeros(FRAME), code) for code in range(45)])
        yield from map(_audio, good[12:])

    def do_clips(self, good: list[Frame]) -> Iterator[Audio]:
        yield from (_audio((np.clip(30 * samples, -1, 1), code)) for samples, code in good)

    def do_shouts(self, good: list[Frame]) -> Iterator[Audio]:
        yield from (_audio((6 * samples, code)) for samples, code in good)

    def do_nan(self, good: list[Frame]) -> Iterator[Audio]:
        yield from map(_audio, good[:12])
        yield _audio((np.full(FRAME, np.nan), 1))

    def do_short(self, good: list[Frame]) -> Iterator[Audio]:
        yield _audio(good[0])

    def do_mute(self, good: list[Frame]) -> Iterator[Audio]:
        yield from (_audio((samples * 1e-4, code)) for samples, code in good)


def _frames(samples: Samples, seed: int) -> list[Frame]:
    codes = np.random.default_rng(seed).integers(0, 2048, len(samples) // FRAME + 1).tolist()
    starts = range(0, len(samples), FRAME)
    return [(samples[at : at + FRAME], code) for at, code in zip(starts, codes, strict=False)]


def _audio(frame: Frame) -> Audio:
    samples, code = frame
    codes = (code,) if code >= 0 else ()
    return Audio(samples.astype("<f4").tobytes(), RATE, "f32", codes=codes)
