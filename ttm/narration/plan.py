"""A stream of text becomes an ordered plan of chunks, each within the engine's budget."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Literal

from ttm.text.cleaning import Cleaner
from ttm.text.cutting import best_cut
from ttm.text.marks import PAUSE_MAX, USUAL, Delivery, Pause
from ttm.text.markup import Front, Opening, Reading
from ttm.text.places import Places
from ttm.text.sentences import Begins, Ends, Sentence, sentences
from ttm.text.speakable import speakable
from ttm.text.traced import Change, Traced, Tracer, plain

BUDGET = 400
"""Characters of the longest chunk, unless the engine says otherwise."""
SLUG_LENGTH = 40

Unit = Literal["sentence", "paragraph", "chapter"]
Reword = Callable[[Traced, str], Traced]
"""Words of a language, as a primary subtag, as they are spoken."""
_RANK: dict[Begins, int] = {"cut": 0, "sentence": 1, "paragraph": 2}


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one engine call speaks; without text, the pause that a text ends with."""

    index: int
    """1-based."""
    text: str
    """Clean, white space as single spaces, none at the ends."""
    start: int
    """First character of the original text that this chunk stands for; the spans of all chunks
    tile the text, up to unspeakable characters after the last one."""
    end: int
    """One past the last character."""
    line: int
    """1-based line of its first spoken character."""
    column: int
    """1-based."""
    paragraph: int
    """1-based."""
    chapter: int
    """1-based."""
    ends: Ends
    """What it is known to end. `sentence` may turn out to have been a paragraph: a line that ends
    its sentence is spoken before the next line is there."""
    begins: Begins = "sentence"
    """What it begins, always exact: decides the pause before it."""
    lines: tuple[int, ...] = field(default=(), repr=False)
    """Offsets in the original at which its further lines begin."""
    words: Traced | None = field(default=None, repr=False, compare=False)
    """Its text with the way back; without one, the text stands at `start` as it is."""
    wait: float | None = None
    """Seconds of silence before it that the text asks for, at least, where it asks for any; 0 for
    none at all."""
    delivery: Delivery | None = None
    """How the text wants it said, where that is not as everything else."""

    def origin(self, i: int) -> int:
        """The original offset of character `i` of the text."""
        return (self.words or plain(self.text, self.start)).origin(i)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What of its text is spoken otherwise than it was written."""
        return self.words.changes if self.words else ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets that characters of the text stand for.

        They stop behind the marks of a letter that was written as letter and marks, and before
        anything that was taken out.
        """
        words = self.words or plain(self.text, self.start)
        end = min(end, len(self.text))
        first, last = words.span(start, end)
        marks = len(unicodedata.normalize("NFD", self.text[end - 1])) - 1
        return first, min(last + marks, max(last, words.origin(end)))

    def piece(self, start: int, end: int) -> Chunk:
        """The part from character `start` up to `end`; adjoining parts have adjoining spans."""
        words = self.words or plain(self.text, self.start)
        end = min(end, len(self.text))
        part = self.text[start:end]
        first = start + len(part) - len(part.lstrip())
        last = max(first, start + len(part.rstrip()))
        is_last = end == len(self.text)
        at = self.origin(first)
        line = bisect_right(self.lines, at)
        line_start = self.lines[line - 1] if line else self.origin(0) - self.column + 1
        return replace(
            self,
            text=self.text[first:last],
            start=self.origin(start) if start else self.start,
            end=self.end if is_last else self.origin(end),
            line=self.line + line,
            column=at - line_start + 1,
            ends=self.ends if is_last else "cut",
            begins="cut" if start else self.begins,
            lines=self.lines[line:],
            words=words.cut(first, last),
            wait=None if start else self.wait,
        )


def plan(
    pieces: Iterable[str | Opening],
    *,
    language: str = "en",
    budget: int = BUDGET,
    follow: bool = False,
    cleaner: Cleaner | None = None,
    reword: Reword | None = None,
    reading: Reading | None = None,
    cast: Callable[[Delivery], Delivery] = lambda delivery: delivery,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Chunk]:
    """The chunks of a text that arrives in pieces, each as soon as it is certain.

    The chunks depend on the text alone, not on how it was cut. `budget`: characters of the longest
    chunk. `follow`: every line is spoken at its end. `cleaner` counts what was taken out.
    `reword` says how a sentence is spoken, `reading` how the text is written. `cast` is
    given each delivery that it asks for, to raise or to complete it; `warn` hears of what in it is
    passed over.

    Raises UnreadableText for markup that is wrong.
    """
    if budget < 1:
        raise ValueError(f"a chunk needs room for a character, not {budget}")
    texts = [pieces] if isinstance(pieces, str) else pieces
    front = Front(reading or Reading(), cleaner or Cleaner(), cast=cast, warn=warn)
    clean = front.spoken(texts)
    found = sentences(clean, language=language, budget=budget, follow=follow, marks=front.marks)
    chunks = _chunks(found, front, language, reword or _as_written)
    return _numbered(piece for chunk in chunks for piece in _within(chunk, budget))


def _as_written(words: Traced, language: str) -> Traced:
    return words


def _within(chunk: Chunk, budget: int) -> Iterator[Chunk]:
    """The chunk in pieces of at most `budget` characters: words may be longer than digits."""
    start, size = 0, len(chunk.text)
    while size - start > budget:
        cut = best_cut(chunk.text, start, start + budget)
        yield chunk.piece(start, cut)
        start = cut
    yield chunk.piece(start, size) if start else chunk


def _numbered(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    for index, chunk in enumerate(chunks, 1):
        yield chunk if chunk.index == index else replace(chunk, index=index)


def _place(sentence: Sentence, places: Places | None) -> tuple[int, int, tuple[int, ...]]:
    """Line and column of a sentence and where its further lines begin, in the original, which may
    have other lines than what is spoken."""
    if places is None:
        return sentence.line, sentence.column, sentence.lines
    first = sentence.words.origin(0)
    places.forget(first)
    return *places.place(first), places.between(first, sentence.words.end)


def _chunks(
    found: Iterable[Sentence], front: Front, language: str, reword: Reword
) -> Iterator[Chunk]:
    """Number what can be spoken; what cannot joins the span of the chunk after it."""
    start = index = paragraph = chapter = 0
    begins: Begins = "cut"
    new_chapter = False
    wait: float | None = None
    delivery = USUAL
    sentence = None
    for sentence in found:
        for mark in sentence.marks:
            if isinstance(mark, Pause):
                wait = min((wait or 0) + mark.seconds, PAUSE_MAX)
            elif isinstance(mark, Delivery):
                delivery = mark
        new_chapter |= sentence.chapter
        begins = _stronger(begins, sentence.begins)
        if not speakable(sentence.words.text):
            continue
        spoken_language = _primary(delivery.language) or language
        words = _collapsed(reword(_collapsed(sentence.words), spoken_language))
        if not words.text:
            continue
        line, column, lines = _place(sentence, front.places)
        index += 1
        paragraph += begins == "paragraph"
        chapter += new_chapter or not chapter
        yield Chunk(
            index,
            words.text,
            start,
            sentence.end,
            line,
            column,
            paragraph,
            chapter,
            sentence.ends,
            begins,
            lines,
            words,
            wait,
            None if delivery == USUAL else delivery,
        )
        start, begins, new_chapter, wait = sentence.end, "cut", False, None
    if wait and sentence and index:  # where nothing is said, silence is nothing either
        yield Chunk(
            index + 1,
            "",
            start,
            sentence.end,
            *_place(sentence, front.places)[:2],
            max(paragraph, 1),
            max(chapter, 1),
            "cut",
            "cut",
            wait=wait,
        )


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _stronger(one: Begins, other: Begins) -> Begins:
    return one if _RANK[one] >= _RANK[other] else other


def _collapsed(words: Traced) -> Traced:
    """With single spaces for all white space."""
    text = " ".join(words.text.split())
    if text == words.text:
        return words
    if len(text) == len(words.text):
        return words.respelled(text)
    tracer, done = Tracer(), 0
    for white in re.finditer(r"\s{2,}", words.text):
        tracer.copy(words, done, white.start() + 1)
        done = white.end()
    tracer.copy(words, done, len(words.text))
    return tracer.built(words.end).respelled(text)


def split(chunks: Iterable[Chunk], by: Unit) -> Iterator[tuple[int, Iterator[Chunk]]]:
    """The chunks of each sentence, paragraph or chapter, numbered from 1.

    Each group has to be read before the next one is asked for.
    """
    for number, group in enumerate(groupby(_keyed(chunks, by), itemgetter(0)), 1):
        yield number, map(itemgetter(1), group[1])


def _keyed(chunks: Iterable[Chunk], by: Unit) -> Iterator[tuple[int, Chunk]]:
    sentence = 0
    for chunk in chunks:
        sentence += chunk.begins != "cut"
        yield sentence if by == "sentence" else getattr(chunk, by), chunk


def join(
    sources: Iterable[Iterable[str | Opening]], between: str = "\n\n"
) -> Iterator[str | Opening]:
    """Several texts as one, with `between` between them."""
    for number, source in enumerate(sources):
        if number:
            yield between
        yield from source


def slug(text: str) -> str:
    """`text` as a part of a file name: at most 40 lower-case ASCII letters, digits and hyphens."""
    letters = unicodedata.normalize("NFKD", re.sub("['\u2019]", "", text).casefold())
    ascii_only = re.sub(r"[^\x00-\x7f]+", lambda foreign: "-" * _stands(foreign[0]), letters)
    words = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")
    if len(words) > SLUG_LENGTH:
        whole = words[: SLUG_LENGTH + 1].rpartition("-")[0]
        words = whole or words[:SLUG_LENGTH]
    return words or "part"


def _stands(foreign: str) -> bool:
    """Whether there is more than marks, which NFKD took off their letters."""
    return any(unicodedata.category(char)[0] != "M" for char in foreign)
