"""Where the readers of markup put what is to be spoken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ttm.text.marks import BREAK, MARK, USUAL, Delivery, Mark
from ttm.text.traced import Traced, Tracer

SENTENCE, PARAGRAPH, CHAPTER = 1, 2, 3
"""What can end: how far apart what stands around it is."""

_GAPS = {SENTENCE: BREAK, PARAGRAPH: "\u2029", CHAPTER: "\f"}


class Writer:
    """Collects clean text with its way back, and the marks that go with it.

    `cast` is given each new delivery, to raise or to complete it.
    """

    def __init__(self, marks: deque[Mark], cast: Callable[[Delivery], Delivery]) -> None:
        self._marks = marks
        self._cast = cast
        self._tracer = Tracer()
        self._told = self._wanted = USUAL
        self.gap = PARAGRAPH
        """What was ended since the last words; 0 after a word."""
        self.white = True
        """Whether white space, or nothing, was last."""

    def copy(self, tape: Traced, start: int, stop: int) -> None:
        """What stands there is spoken."""
        if start >= stop:
            return
        words = tape.text[start:stop]
        if not words.isspace():
            if self._wanted != self._told:  # just before the word, however the text was cut
                first = start + len(words) - len(words.lstrip())
                self._tracer.copy(tape, start, first)
                start = first
            self._word(tape.origin(start))
        self.white = words[-1].isspace()
        self._tracer.copy(tape, start, stop)

    def say(
        self,
        text: str,
        span: tuple[int, int],
        rule: str,
        written: str,
        *,
        phonemes: str = "",
        final: bool = False,
    ) -> None:
        """`text` is spoken for the original's `span`; it is text like any other, unless `final`."""
        if not text:
            return
        if not text.isspace():
            self._word(span[0])
        self.white = text[-1].isspace()
        self._tracer.say(text, span, rule, written, phonemes, final)

    def end(self, what: int, at: int) -> None:
        """A sentence, paragraph or chapter ends before this offset of the original."""
        if what > self.gap:
            self._tracer.add(_GAPS[what], at)
            self.gap, self.white = what, True

    def mark(self, mark: Mark, at: int) -> None:
        """A mark belongs before this offset of the original."""
        self._tracer.add(MARK, at)
        self._marks.append(mark)
        self.white = True

    def deliver(self, delivery: Delivery) -> None:
        """So is said what follows. Raises what `cast` raises."""
        self._wanted = delivery if delivery == USUAL else self._cast(delivery)

    def written(self, end: int) -> Traced:
        """What was written since the last call; `end` is the original offset just past it."""
        built = self._tracer.built(end)
        self._tracer = Tracer()
        return built

    def _word(self, at: int) -> None:
        self.gap = 0
        if self._wanted != self._told:
            self._told = self._wanted
            self.mark(self._told, at)
