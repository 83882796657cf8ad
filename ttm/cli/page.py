"""A part of a text laid out for a terminal, with places in it that can be marked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ttm.terminal import safe

Cell = tuple[int, str, int]
"""A character: its place in the text, how it is written, and the columns that takes."""

BLANK = re.compile(r"\n[^\S\n]*\n\s*|\Z")
"""Where a paragraph ends."""
TAB = "    "


@dataclass(frozen=True, slots=True)
class Page:
    """A paragraph, or as much of one as there are rows; the cursor stays in the row below it."""

    start: int
    """Its first character of the text."""
    end: int
    """One past its last, the blank lines behind it included."""
    lines: tuple[tuple[Cell, ...], ...]
    blank: bool
    """A blank line follows it."""
    size: tuple[int, int]
    """Columns and rows that it was laid out for."""

    def drawn(self) -> str:
        """All of it, from where the cursor is at the start of a row."""
        return "".join(f"{_written(line)}\x1b[K\n" for line in self.lines) + "\n" * self.blank

    def changed(
        self,
        before: tuple[int, int] | None,
        after: tuple[int, int] | None,
        marks: tuple[str, str],
    ) -> str:
        """The lines in which another span is marked than before, written anew."""
        out = []
        for row, line in enumerate(self.lines):
            if _within(line, before) or _within(line, after):
                up = len(self.lines) - row + self.blank
                out.append(f"\x1b[{up}A\r{_written(line, after, marks)}\x1b[K\x1b[{up}B\r")
        # Hidden only while it travels, so that no end of ours can leave it hidden.
        return f"\x1b[?25l{''.join(out)}\x1b[?25h" if out else ""

    def erasing(self, size: tuple[int, int]) -> str:
        """Takes it away, on a terminal that may have got another width."""
        columns, rows = size
        high = sum(max(1, -(-sum(c[2] for c in line) // columns)) for line in self.lines)
        return f"\x1b[{min(high + self.blank, rows - 1)}A\r\x1b[J"


def page_at(text: str, start: int, size: tuple[int, int]) -> Page:
    """The page that begins there."""
    found = BLANK.search(text, start)
    stop, after = found.span() if found else (len(text), len(text))
    columns, rows = size
    lines: list[tuple[Cell, ...]] = []
    place = start
    while place < stop and len(lines) < rows - 2:
        line, place = _line(text, place, stop, columns - 2)
        lines.append(line)
    whole = place >= stop
    end = after if whole else place
    return Page(start, end, tuple(lines), whole and after < len(text), size)


def _line(text: str, start: int, stop: int, columns: int) -> tuple[tuple[Cell, ...], int]:
    """One row, and where the next begins."""
    cells: list[Cell] = []
    width = 0
    place = start
    while place < stop:
        char = text[place]
        if char == "\n":
            return tuple(cells), place + 1
        shown = TAB if char == "\t" else safe(char) if char != "\r" else ""
        wide = len(shown) if len(shown) != 1 else _columns(char)
        if width + wide > columns and cells:
            back = next((i for i in range(len(cells), 0, -1) if cells[i - 1][1] in " \t"), 0)
            if char != " " and back:
                return tuple(cells[: back - 1]), cells[back - 1][0] + 1
            return tuple(cells), place + (char == " ")
        cells.append((place, shown, wide))
        width += wide
        place += 1
    return tuple(cells), place


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _within(line: tuple[Cell, ...], span: tuple[int, int] | None) -> bool:
    return bool(span and line and line[0][0] < span[1] and line[-1][0] >= span[0])


def _written(
    line: tuple[Cell, ...],
    span: tuple[int, int] | None = None,
    marks: tuple[str, str] = ("", ""),
) -> str:
    """A row as it is sent to the terminal."""
    if not _within(line, span) or span is None:
        return "".join(cell[1] for cell in line)
    out, on = [], False
    for place, shown, _ in line:
        if (span[0] <= place < span[1]) != on:
            out.append(marks[on])
            on = not on
        out.append(shown)
    return "".join(out) + (marks[1] if on else "")
