"""When words were said that no engine tells of: spread over what can be heard of them."""

from __future__ import annotations

import array
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from ttm.audio import WIDTH, Audio

FRAME = 0.01
"""Seconds of sound that are judged as one."""
QUIET = 0.04
"""Below this share of its loudest frame, a chunk is silent (-28 dB): the breath between two clauses
is, and an s is not."""
PAUSE = 0.09
"""Seconds of the shortest silence that is taken for a pause; a stop consonant's is shorter."""
ELSEWHERE = 0.3
"""Seconds of doubt that a pause belongs where no punctuation is."""
INSIDE = 0.45
"""Seconds of doubt at which a pause is taken to lie inside a word."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word whose time is to be found."""

    letters: float
    """Its length."""
    ends_clause: bool
    """Whether one would pause after it."""


@dataclass(slots=True)
class Loudness:
    """How loud a chunk was, frame by frame; without numpy, whose import takes longer."""

    frames: list[float] = field(default_factory=list)
    """The highest sample of each, from 0 to 1."""
    _rest: bytes = b""

    def hear(self, audio: Audio) -> None:
        width = WIDTH[audio.sample_format]
        size = round(FRAME * audio.rate) * width
        pcm = self._rest + audio.pcm
        whole = len(pcm) - len(pcm) % size
        samples: array.array[float] = array.array("h" if width == 2 else "f", pcm[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        full = 32768 if width == 2 else 1
        step = size // width
        for start in range(0, len(samples), step):
            frame = samples[start : start + step]
            self.frames.append(max(max(frame), -min(frame)) / full)
        self._rest = pcm[whole:]

    def sounding(self) -> list[tuple[float, float]]:
        """Seconds from and to which there is sound, without pauses."""
        quiet = QUIET * max(self.frames, default=0.0)
        spans: list[tuple[int, int]] = []
        for i, level in enumerate(self.frames):
            if level <= quiet:
                continue
            if spans and (i - spans[-1][1]) * FRAME < PAUSE:
                spans[-1] = (spans[-1][0], i + 1)
            else:
                spans.append((i, i + 1))
        return [(start * FRAME, end * FRAME) for start, end in spans]


def spread(tokens: Sequence[Token], loudness: Loudness) -> list[tuple[float, float]]:
    """When each word begins and ends, in seconds of the chunk.

    Words get time by their length. A pause that can be heard is put between two of them, behind
    punctuation if it can be; each pause then holds the words around it in their places.
    """
    spans = loudness.sounding() or [(0.0, len(loudness.frames) * FRAME)]
    heard = list(accumulate((end - start for start, end in spans), initial=0.0))
    ends = list(accumulate(token.letters for token in tokens))
    whole = ends[-1] if tokens and ends[-1] else 1.0
    due = [end / whole * heard[-1] for end in ends]
    places = _placed(heard[1:-1], due, tokens)
    times: list[tuple[float, float]] = []
    # Each stretch of words between two placed pauses fills the sound between them.
    edges = [(0, 0), *places, (len(tokens), len(spans))]
    for (first, since), (last, to) in pairwise(edges):
        low, high = heard[since], heard[to]
        at = ends[first - 1] if first else 0.0
        length = sum(token.letters for token in tokens[first:last]) or 1.0
        for token in tokens[first:last]:
            begins = low + (high - low) * (at - (ends[first - 1] if first else 0.0)) / length
            at += token.letters
            until = low + (high - low) * (at - (ends[first - 1] if first else 0.0)) / length
            times.append((_clock(begins, spans, heard, early=False), _clock(until, spans, heard)))
    return times


def _placed(
    pauses: Sequence[float], due: Sequence[float], tokens: Sequence[Token]
) -> list[tuple[int, int]]:
    """For each pause that lies between two words: how many words, and spans of sound, come before.

    `pauses`: seconds of sound before each. `due`: seconds of sound after which each word would
    end. The cheapest way to place all of them in order: a pause costs the square of how far it is
    from where the word would end, and more where there is no punctuation.
    """
    count = len(tokens)
    # best[b]: cost of the pauses so far, none of them after word b; and where they are.
    best: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())] * max(count, 1)
    for number, pause in enumerate(pauses, start=1):
        fresh = [(best[0][0] + INSIDE**2, best[0][1])]
        for b in range(1, count):
            far = abs(due[b - 1] - pause) + (0 if tokens[b - 1].ends_clause else ELSEWHERE)
            here = (best[b - 1][0] + far**2, (*best[b - 1][1], (b, number)))
            inside = (best[b][0] + INSIDE**2, best[b][1])
            fresh.append(min(fresh[-1], here, inside, key=lambda one: one[0]))
        best = fresh
    return list(best[-1][1])


def _clock(
    heard: float, spans: Sequence[tuple[float, float]], before: Sequence[float], early: bool = True
) -> float:
    """When so many seconds of sound had been heard; at a pause, before it if `early`."""
    i = bisect_right(before, heard + 1e-9) - 1
    if early and i and heard - before[i] < 1e-9:
        i -= 1
    i = min(i, len(spans) - 1)
    return min(spans[i][0] + heard - before[i], spans[i][1])
