"""A stream of text becomes sentences, each as soon as its end is certain."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ttm.text import endings, lines
from ttm.text.cutting import begins_cluster, best_cut
from ttm.text.marks import BREAK, MARK, Delivery, Mark, Structure
from ttm.text.traced import Traced, plain

Begins = Literal["cut", "sentence", "paragraph"]
Ends = Literal["cut", "sentence", "paragraph"]

_End = tuple[int, int, Ends]
"""Where the words end, where the text after them begins, and what ended."""
_Verdict = _End | Literal["no", "wait"]

_WHITE = re.compile(r"\s*")
_CLOSING = 100
"""Characters before a mark that tell whether a sentence ends there."""
_PARAGRAPH_END = re.compile(rf"[\f\u2029]|[\n\u2028][^\S{endings.LINE_ENDS}]*[{endings.LINE_ENDS}]")
_LINE_END = re.compile(rf"[{endings.LINE_ENDS}]")
_CHAPTER_WINDOW = lines.CHAPTER_LENGTH + 20
"""Characters in which a chapter's line and the blank line after it must fit."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a piece of one that is longer than the budget."""

    words: Traced
    """Clean text without white space around it."""
    end: int
    """Original offset up to which it reaches, with what white space was already seen after it."""
    line: int
    """1-based line of its first character."""
    column: int
    """1-based."""
    lines: tuple[int, ...]
    """Original offsets at which its further lines begin."""
    begins: Begins
    """What it begins; `cut` goes on with the sentence before."""
    ends: Ends
    """What it is known to end."""
    chapter: bool
    """Whether a chapter begins with it."""
    marks: tuple[Mark, ...] = ()
    """What stood before it that is no word."""


def sentences(
    pieces: Iterable[Traced],
    *,
    language: str,
    budget: int,
    follow: bool = False,
    marks: deque[Mark] | None = None,
) -> Iterator[Sentence]:
    """The sentences of a clean text, each of at most `budget` characters.

    White space in a row counts as one character. With `follow`, every line ends a sentence.
    `marks` are those that the text has places for, in order; the last sentence has no words when
    some stand at the end.
    """
    segmenter = Segmenter(language, budget, follow, marks)
    for piece in pieces:
        yield from segmenter.feed(piece)
    yield from segmenter.finish()


class Segmenter:
    """Holds the text from the beginning of the unfinished sentence on.

    Every rule looks ahead a bounded number of characters and waits until they are there, so the
    sentences depend on the text alone and not on the pieces it came in.
    """

    def __init__(
        self, language: str, budget: int, follow: bool, marks: deque[Mark] | None = None
    ) -> None:
        self._language = language
        self._abbreviations = endings.Abbreviations(language)
        self._marks: deque[Mark] = deque() if marks is None else marks
        self._passed: list[Mark] = []  # since the last sentence
        self._told = False
        self._budget = budget
        self._follow = follow
        self._word = re.compile(rf"\S{{1,{budget + 1}}}")
        self._tape = plain("")
        self._return = plain("")  # a carriage return that may belong to a newline
        self._event: re.Match[str] | None = None
        self._searched = -1  # where the search for _event began; -1: not yet in this tape
        self._final = False
        self._start = 0  # of the sentence, or of the white space before it
        self._scan = 0  # everything before is known not to end the sentence
        self._gap_scan = 0  # no wide gap begins before
        self._begun = False
        self._line_ends = 2  # since the last sentence; the text begins a paragraph
        self._begins: Begins = "paragraph"
        self._was_cut = False
        self._chapter = False
        self._heading = False
        self._rule = False
        self._line, self._line_start = 1, 0

    def feed(self, piece: Traced) -> Iterator[Sentence]:
        """The sentences that `piece` makes certain."""
        piece = self._return + piece
        self._return = plain("")
        if "\r" in piece.text:
            size = len(piece.text)
            if piece.text[-1] == "\r" and not self._final:
                piece, self._return = piece.cut(0, size - 1), piece.cut(size - 1, size)
            text = piece.text.replace("\r\n", " \n").replace("\r", "\n")
            piece = piece.respelled(text)
        if self._start:
            self._tape = self._tape.cut(self._start, len(self._tape.text))
            self._scan -= self._start
            self._gap_scan -= self._start
            self._start = 0
        self._tape += piece
        self._searched = -1
        while self._begin():
            end = self._find_end()
            if end == "wait":
                return
            yield self._made(*end)

    def finish(self) -> Iterator[Sentence]:
        """The rest."""
        self._final = True
        yield from self.feed(plain("", max(self._tape.end, self._return.end)))
        if self._passed:
            end = self._tape.end
            column, passed = end - self._line_start + 1, tuple(self._passed)
            yield Sentence(
                plain("", end), end, self._line, column, (), "cut", "paragraph", False, passed
            )

    def _begin(self) -> bool:
        """Skip white space and learn what begins; False: more text is needed."""
        if self._begun:
            return True
        text = self._tape.text
        start = self._skip_white()
        if start == len(text):
            return False
        self._scan = self._gap_scan = start
        if self._line_ends and not self._begin_line(start):
            return False
        self._begins = (
            "paragraph" if self._line_ends > 1 else "cut" if self._was_cut else "sentence"
        )
        self._begun = True
        return True

    def _skip_white(self) -> int:
        """Pass over white space, counting what it separates; return where it ends."""
        text = self._tape.text
        start = endings.skip(_WHITE, text, self._start)
        if start > self._start:
            white = text[self._start : start]
            feeds = white.count("\f")
            self._line_ends += white.count("\n") + white.count("\u2028")
            self._line_ends += 2 * (feeds + white.count("\u2029"))
            self._chapter |= feeds > 0
            if BREAK in white:
                self._line_ends = max(self._line_ends, 1)
                self._was_cut = False
            for _ in range(white.count(MARK)):
                self._pass(self._marks.popleft())
            self._go_to(start)
        return start

    def _pass(self, mark: Mark) -> None:
        self._passed.append(mark)
        if isinstance(mark, Structure):
            self._told = mark.told
        elif isinstance(mark, Delivery):
            self._abbreviations = endings.Abbreviations(mark.language or self._language)

    def _go_to(self, start: int) -> None:
        """Leave what is before `start` behind, counting its lines."""
        line_ends = self._tape.text.count("\n", self._start, start)
        if line_ends:
            self._line += line_ends
            last = self._tape.text.rindex("\n", self._start, start)
            self._line_start = self._tape.origin(last) + 1
        self._start = start

    def _begin_line(self, start: int) -> bool:
        """Learn what kind of line begins at `start`; False: more text is needed."""
        text = self._tape.text
        if not self._has_word(start, lines.LINE_START):
            return False
        if self._told:
            self._heading = self._rule = False
            self._scan = endings.skip(lines.NUMBER, text, start)
            return True
        kind = lines.NEW_LINE.match(text, start)
        self._heading = bool(kind and kind["heading"])
        self._rule = bool(kind and kind["rule"])
        if kind and kind["heading"]:
            self._line_ends = 2
            self._chapter |= len(kind["heading"]) <= 2
        elif kind and kind["item"]:
            self._scan = kind.end()
        elif self._line_ends > 1 and lines.CHAPTER_WORD.match(text, start):
            chapter = self._is_chapter(start)
            if chapter is None:
                return False
            self._chapter |= chapter
        return True

    def _has_word(self, start: int, most: int) -> bool:
        """Whether a whole word, or its first `most` characters, are there."""
        text = self._tape.text
        if self._final or len(text) - start >= most:
            return True
        return any(char.isspace() for char in text[start:])

    def _is_chapter(self, start: int) -> bool | None:
        """Whether the paragraph at `start` is a chapter's title; None: too early to tell."""
        text, stop = self._tape.text, start + _CHAPTER_WINDOW
        end = (_LINE_END if self._follow else _PARAGRAPH_END).search(text, start, stop)
        if end:
            return lines.is_chapter(text[start : end.start()])
        if len(text) >= stop:
            return False
        return lines.is_chapter(text[start:]) if self._final else None

    def _find_end(self) -> _End | Literal["wait"]:
        """Where the sentence ends, by the first rule that applies."""
        text, start = self._tape.text, self._start
        while event := self._next_event():
            at = event.start()
            line_ends = text[at] in endings.LINE_ENDS
            past = at + 1 if line_ends else event.end()
            if past - start > self._budget and (too_long := self._too_long(at, past)):
                return too_long
            verdict = self._at_line_end(at) if line_ends else self._after_marks(event)
            if verdict != "no":
                return verdict
            self._scan = past
        if len(text) - start > self._budget:
            if too_long := self._too_long(len(text), len(text)):
                return too_long
        if self._final:
            return len(text), len(text), "paragraph"
        self._scan = len(text)
        return "wait"

    def _next_event(self) -> re.Match[str] | None:
        known = 0 <= self._searched <= self._scan
        if not known or (self._event and self._event.start() < self._scan):
            self._event = endings.EVENT.search(self._tape.text, self._scan)
            self._searched = self._scan
        return self._event

    def _too_long(self, at: int, past: int) -> _End | None:
        """Where to end a sentence that reaches up to `past`, if its words exceed the budget.

        Gaps count only here: without them, blanks could fill the memory.
        """
        text = self._tape.text
        limit = self._limit()
        stop = at if limit is None else min(at, limit)
        gap = endings.WIDE_GAP.search(text, self._gap_scan, stop)
        if gap:
            return gap.start(), gap.start(), "sentence"
        self._gap_scan = max(self._gap_scan, stop - endings.GAP)
        if limit is None or limit >= past:
            return None
        at = best_cut(text, self._start, limit)
        return at, at, "cut"

    def _limit(self) -> int | None:
        """The first character that is too much for the budget, if it is there."""
        used = -1  # no space stands before the first word
        for word in self._word.finditer(self._tape.text, self._start):
            room = self._budget - used - 1
            if word.end() - word.start() > room:
                return word.start() + max(room, 0)
            used += 1 + word.end() - word.start()
        return None

    def _after_marks(self, event: re.Match[str]) -> _Verdict:
        """Whether a run of full stops and closing quotes ends the sentence."""
        text, past = self._tape.text, event.end()
        if past == len(text):
            return self._at_tape_end()
        follower = text[past]
        if not (follower.isspace() or begins_cluster(text, past, self._start)):
            return "no"  # a variation selector on the mark
        alone = endings.stands_alone(event[0], follower)
        if alone is not None:
            stop = past + (follower in "\n\u2028")
            return (past, stop, "sentence") if alone else "no"
        after = endings.skip(endings.BLANKS, text, past)
        if after - past >= endings.GAP:
            return past, past, "sentence"
        if after == len(text):
            return self._at_tape_end()
        word, stop = "Xyz", after + 1
        if text[after] in endings.LINE_ENDS:
            if text[after] in endings.SURE_ENDS or self._heading or self._follow:
                return "no"
        else:
            if not self._has_word(after, endings.WORD):
                return "wait"
            word, stop = text[after : endings.skip(endings.NEXT_WORD, text, after)], after
        ends = self._abbreviations.split(text, self._start, past, word)
        return (past, stop, "sentence") if ends else "no"

    def _at_line_end(self, at: int) -> _Verdict:
        """Whether the sentence goes on in the next line."""
        text = self._tape.text
        if text[at] in "\f\u2029":
            return at, at, "paragraph"
        if text[at] in endings.SURE_ENDS:
            return at, at, "sentence" if text[at] == BREAK or self._is_closed(at) else "cut"
        if self._heading:
            return at, at + 1, "paragraph"
        if self._follow or (self._rule and len(set(text[self._start : at].strip())) == 1):
            return at, at + 1, "sentence"
        after = endings.skip(endings.BLANKS, text, at + 1)
        if after - at > endings.GAP:
            return at, at + 1, "sentence"
        if after == len(text):
            return self._at_tape_end()
        if text[after] in (MARK, BREAK):
            return at, at + 1, "sentence"
        if text[after] in endings.LINE_ENDS:
            return at, at + 1, "paragraph"
        if not self._has_word(after, lines.LINE_START):
            return "wait"
        kind = lines.NEW_LINE.match(text, after)
        if not kind:
            return "no"
        return at, at + 1, "paragraph" if kind["heading"] else "sentence"

    def _is_closed(self, at: int) -> bool:
        """Whether what stands before `at` ends as sentences do."""
        text, start = self._tape.text, self._start
        if not endings.CLOSED.search(text, max(start, at - _CLOSING), at):
            return False
        return self._abbreviations.split(text, start, at, "Xyz")

    def _at_tape_end(self) -> _Verdict:
        size = len(self._tape.text)
        return (size, size, "paragraph") if self._final else "wait"

    def _made(self, end: int, stop: int, ends: Ends) -> Sentence:
        """The sentence up to `end`; what follows begins at `stop`."""
        tape, start = self._tape, self._start
        text = tape.text
        while text[end - 1].isspace():
            end -= 1
        line_ended = stop > end and text[stop - 1] in "\n\u2028"
        words = tape.cut(start, end)
        further: tuple[int, ...] = ()
        if "\n" in words.text:
            found = re.finditer("\n", words.text)
            further = tuple(words.origin(line_end.start()) + 1 for line_end in found)
        sentence = Sentence(
            words,
            # A line's end is spoken for before the next character is known.
            tape.origin(stop - 1) + 1 if line_ended else tape.origin(stop),
            self._line,
            words.source[0] - self._line_start + 1,
            further,
            self._begins,
            ends,
            self._chapter,
            tuple(self._passed),
        )
        self._passed.clear()
        self._go_to(stop)
        self._line_ends = (2 if self._heading else 1) if line_ended else 0
        self._was_cut = ends == "cut"
        self._begun = self._chapter = False
        return sentence
