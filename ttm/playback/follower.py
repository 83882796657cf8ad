"""What is said at a moment of a narration."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from ttm.speech import Timing


class Follower:
    """Collects timings as they come, and knows which of them a position falls into.

    Timings of one kind come in the order of their time. One thread may add while another asks.
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[list[float], list[Timing]]] = {
            kind: ([], []) for kind in ("word", "sentence")
        }

    def add(self, timings: Iterable[Timing]) -> None:
        for one in timings:
            starts, said = self._said[one.kind]
            said.append(one)
            starts.append(one.at)  # last, as what is asked for is looked up here first

    def at(self, seconds: float) -> Timing | None:
        """The word that is said then, or was said last; else the sentence, if its words are not
        known; None before the first."""
        word, sentence = self._last("word", seconds), self._last("sentence", seconds)
        if word and sentence and word.end <= sentence.start:
            return sentence
        return word or sentence

    def _last(self, kind: str, seconds: float) -> Timing | None:
        starts, said = self._said[kind]
        i = bisect_right(starts, seconds)
        return said[i - 1] if i else None
