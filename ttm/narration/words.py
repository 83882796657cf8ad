"""The words of a chunk in time: as the engine tells, else as their lengths suggest."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator
from dataclasses import replace
from itertools import accumulate, pairwise

from ttm.audio import Audio
from ttm.narration.duration import letters
from ttm.narration.estimate import Loudness, Token, spread
from ttm.narration.plan import Chunk
from ttm.narration.written import Written
from ttm.speech import Timing
from ttm.text.language import script

WHOLE_SYLLABLES = ("CJK", "KANA")
"""Scripts without spaces, whose characters stand for words where these have to be estimated."""

_RUN = re.compile(r"\S+")
_WORDY = re.compile(r"[^\W_](?:.*[^\W_])?[\u0300-\u036f]*", re.DOTALL)
_BREAK = re.compile(r"[,;:.!?…—–、，。；：！？।؟،؛]\W*$")  # noqa: RUF001


class Words:
    """Names the words of one chunk as its audio passes, in the user's own spelling and places.

    What was written as one ("$5.99") is one word, however many are said for it. `estimated`: the
    engine may tell nothing of them, so their times will have to be found in the sound.
    """

    def __init__(self, chunk: Chunk, *, estimated: bool) -> None:
        self._chunk = chunk
        self._written = Written(chunk)
        self._places = _tokens(chunk.text)
        self._passed = 0
        """How many of the places are before the word that is held."""
        self._held: Timing | None = None
        """The last word: the next one may belong to it, or come after some that nobody told of."""
        self._loudness = Loudness() if estimated else None
        self.told = False
        """Whether the engine told of any word."""

    def passing(self, blocks: Generator[Audio, None, bool]) -> Generator[Audio, None, bool]:
        """The blocks with their words named; returns what they return."""
        with contextlib.closing(blocks):
            while True:
                try:
                    block = next(blocks)
                except StopIteration as end:
                    return bool(end.value)
                if self._loudness is not None:
                    self._loudness.hear(block)
                yield replace(block, timings=self._named(block.timings))

    def rest(self, at: float, until: float, since: float) -> tuple[Timing, ...]:
        """What comes after the last block: the words not told yet, and the chunk itself.

        `at`, `until`: when the chunk was heard, in seconds of the narration; `since`: when the
        first block began.
        """
        chunk = self._chunk
        if self.told or self._loudness is None:
            words = self._followed(self._held, None)
        else:
            words = self._estimated(since, until, self._loudness)
        said = Timing("sentence", chunk.start, chunk.end, at, until)
        named = replace(
            said, text=self._written.text, spoken=_if_other(chunk.text, self._written.text)
        )
        return (*map(self._name, words), named)

    def _named(self, timings: tuple[Timing, ...]) -> tuple[Timing, ...]:
        """These words named, but for one that may go on."""
        done: list[Timing] = []
        for one in timings:
            self.told = True
            if self._held and one.start < self._held.end:
                self._held = _joined(self._held, one)
                continue
            done += self._followed(self._held, one)
            self._held = one
        return tuple(map(self._name, done))

    def _followed(self, word: Timing | None, after: Timing | None) -> list[Timing]:
        """A word, and those between it and the next one of which the engine told nothing.

        espeak-ng says `of the` as one, and tells of the first alone: what it lasts is shared out.
        """
        silent: list[tuple[int, int]] = []
        while self._passed < len(self._places):
            first, last = self._chunk.span(*self._places[self._passed])
            if after is not None and last > after.start:
                break
            self._passed += 1
            if word is not None and first >= (silent[-1][1] if silent else word.end):
                silent.append((first, last))
        if word is None or not silent:
            return [word] if word else []
        spans = [(word.start, word.end), *silent]
        lengths = [letters(self._written.between(*span)[1]) or 1.0 for span in spans]
        moments = [
            word.at + (word.until - word.at) * share / sum(lengths)
            for share in accumulate(lengths, initial=0.0)
        ]
        return [
            replace(word, start=start, end=end, at=at, until=until, exact=word.exact and not i)
            for i, ((start, end), (at, until)) in enumerate(
                zip(spans, pairwise(moments), strict=True)
            )
        ]

    def _name(self, word: Timing) -> Timing:
        written, spoken = self._written.between(word.start, word.end)
        return replace(word, text=written, spoken=_if_other(spoken, written))

    def _estimated(self, since: float, until: float, loudness: Loudness) -> list[Timing]:
        """The chunk's words over the sound of it."""
        text = self._chunk.text
        places = self._places
        tokens = [
            Token(letters(text[start:end]), bool(_BREAK.search(text[start:after].rstrip())))
            for (start, end), after in zip(
                places, [*(start for start, _ in places[1:]), len(text)], strict=True
            )
        ]
        words: list[Timing] = []
        for (start, end), (begins, ends) in zip(places, spread(tokens, loudness), strict=True):
            first, last = self._chunk.span(start, end)
            when = min(since + begins, until), min(since + ends, until)
            word = Timing("word", first, last, *when, exact=False)
            if words and first < words[-1].end:
                words[-1] = _joined(words[-1], word)
            else:
                words.append(word)
        return words


def _tokens(text: str) -> list[tuple[int, int]]:
    """Where the words of a text begin and end, without the punctuation around them."""
    places: list[tuple[int, int]] = []
    for run in _RUN.finditer(text):
        if run[0].isascii() or not any(script(char) in WHOLE_SYLLABLES for char in run[0]):
            inner = _WORDY.search(run[0])
            start, end = inner.span() if inner else (0, len(run[0]))
            places.append((run.start() + start, run.start() + end))
            continue
        places += _syllables(run[0], run.start())
    return places


def _syllables(run: str, at: int) -> list[tuple[int, int]]:
    """The same for a run in a script without spaces, which may hold words of another."""
    places: list[tuple[int, int]] = []
    for i, char in enumerate(run):
        if not char.isalnum():
            continue
        alone = script(char) in WHOLE_SYLLABLES
        if alone or not places or places[-1][1] != at + i or script(run[i - 1]) in WHOLE_SYLLABLES:
            places.append((at + i, at + i + 1))
        else:
            places[-1] = (places[-1][0], at + i + 1)
    return places or [(at, at + len(run))]


def _joined(one: Timing, other: Timing) -> Timing:
    """The two as one word."""
    return replace(
        one,
        start=min(one.start, other.start),
        end=max(one.end, other.end),
        until=max(one.until, other.until),
    )


def _if_other(spoken: str, written: str) -> str:
    return "" if spoken == written else spoken
