"""Tables of Markdown, row by row, each cell after its column's header."""

from __future__ import annotations

import itertools
import re
from collections import deque

from ttm.text.markup.inlines import Inlines
from ttm.text.markup.writer import SENTENCE, Writer
from ttm.text.traced import Traced

HEADER_LENGTH = 100
"""Characters of a column's header that are said before its cells."""

_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_BAR = re.compile(r"\\.|\|", re.DOTALL)


def is_delimiter(text: str, start: int) -> bool:
    """Whether this is the line under the headers of a table."""
    return "|" in text[start:] and _DELIMITER.match(text, start) is not None


class Table:
    """A table being read."""

    def __init__(self, writer: Writer, inlines: Inlines) -> None:
        self._writer = writer
        self._inlines = inlines
        self._heads: list[Traced] = []
        self._headers: list[str] = []
        self._rows = 0

    def begin(self, headers: Traced, delimiters: Traced, start: int) -> bool:
        """Whether these two lines begin a table: they have as many cells."""
        self._heads = [cell for _, cell in _cells(headers, 0)]
        if len(self._heads) != len(_cells(delimiters, start)):
            return False
        self._headers = [self._heard(cell)[:HEADER_LENGTH] for cell in self._heads]
        return True

    def row(self, line: Traced, start: int) -> None:
        """Speak a row."""
        self._rows += 1
        last = ""
        for k, (bar, cell) in enumerate(_cells(line, start)):
            if not cell.text.strip():
                continue
            header = self._headers[k] if k < len(self._headers) else ""
            before = "" if not last or self._writer.gap else " " if last in ".!?" else ", "
            before += header and f"{header.rstrip(' :')}: "
            self._writer.say(before, line.span(bar, bar + 1), "markdown.table", "|")
            self._inlines.write(self._writer, cell)
            last = cell.text[-1]
        self._writer.end(SENTENCE, line.end)

    def end(self) -> None:
        """Speak the headers, if there were no rows."""
        if not self._rows:
            for cell in self._heads:
                self._inlines.write(self._writer, cell)
                self._writer.end(SENTENCE, cell.end)

    def _heard(self, words: Traced) -> str:
        """What of some words is spoken."""
        writer = Writer(deque(), lambda delivery: delivery)
        self._inlines.write(writer, words)
        return " ".join(writer.written(words.end).text.split())


def _cells(line: Traced, start: int) -> list[tuple[int, Traced]]:
    """The cells of a row, each with the index of the bar, or the beginning, before it."""
    text = line.text
    stop = len(text.rstrip())
    bars = [bar.start() for bar in _BAR.finditer(text, start, stop) if bar[0] == "|"]
    begin = start + len(text[start:stop]) - len(text[start:stop].lstrip())
    if bars and bars[0] == begin:
        edges = bars
    else:
        edges = [begin - 1, *bars]
    if edges[-1] != stop - 1 or len(edges) == 1:
        edges = [*edges, stop]
    found = []
    for left, right in itertools.pairwise(edges):
        inner = text[left + 1 : right]
        first = left + 1 + len(inner) - len(inner.lstrip())
        last = max(first, left + 1 + len(inner.rstrip()))
        found.append((max(left, 0), line.cut(first, last)))
    return found
