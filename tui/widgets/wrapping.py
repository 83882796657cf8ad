"""Lines broken at the edge of an editor, as fast for a book in one line as for a note."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from textual._cells import cell_len, cell_width_to_column_index
from textual._wrap import compute_wrap_offsets
from textual.document._document import Location
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import expand_tabs_inline, get_tab_widths
from textual.geometry import Offset

PLAIN = re.compile(r"[\x20-\x7e\xa0-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e]*")
"""Characters that are one column wide, each of them."""
WIDE = re.compile(
    r"[\u3000-\u303e\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]*"
)
"""Characters that are two columns wide, each of them."""


def breaks(line: str, width: int, at: int = 0) -> Iterator[int]:
    """Where the line is broken from a break at `at` on; `width` columns, at least 1."""
    length = len(line)
    while length - at > width // 2:
        piece = line[at : at + width + 1]
        plain = PLAIN.fullmatch(piece) is not None
        fits = min(len(piece), width) if plain else _fitting(piece, width)
        if at + fits >= length:
            return
        # One space behind the last word is not seen.
        space = line.rfind(" ", at, at + fits + 1)
        if space >= at:
            at = space + 1
        else:  # a word that is longer than the line is broken anywhere
            at += max(1, fits)
        yield at


def _fitting(piece: str, width: int) -> int:
    """How many characters fit into so many columns."""
    if WIDE.match(piece, 0, width // 2 + 1).end() > width // 2:  # type: ignore[union-attr]
        return width // 2
    left = width
    for count, char in enumerate(piece):
        left -= cell_len(char)
        if left < 0:
            return count
    return len(piece)


class Wrapping(WrappedDocument):
    """As Textual's, which needs half a second for each key in a line of a megabyte."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        if not width:
            super().wrap(width, tab_width)
            return
        self._width = width
        self._tab_width = tab_width or self._tab_width
        self._wrap_offsets, self._tab_width_cache = [], []
        for line in self.document.lines:
            offsets, tabs = self._broken(line)
            self._wrap_offsets.append(offsets)
            self._tab_width_cache.append(tabs)
        self._number()

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        if not self._width:
            super().wrap_range(start, old_end, new_end)
            return
        if start[0] == old_end[0] == new_end[0] and self._patched(
            start[0], start[1], old_end, new_end
        ):
            return
        top, bottom = sorted((start[0], old_end[0]))
        lines = self.document.lines[top : max(start[0], new_end[0]) + 1]
        broken = [self._broken(line) for line in lines]
        heights = [len(each) for each in self._wrap_offsets[top : bottom + 1]]
        self._wrap_offsets[top : bottom + 1] = [offsets for offsets, _ in broken]
        self._tab_width_cache[top : bottom + 1] = [tabs for _, tabs in broken]
        if [len(offsets) for offsets, _ in broken] != heights:
            self._number()

    def get_sections(self, line_index: int) -> list[str]:
        line = self.document.get_line(line_index)
        edges = [0, *self._wrap_offsets[line_index], len(line)]
        return [line[a:b] for a, b in pairwise(edges)]

    def section(self, line_index: int, number: int) -> tuple[int, int]:
        """Where one row of a line begins and ends."""
        offsets = self._wrap_offsets[line_index]
        start = offsets[number - 1] if number else 0
        end = offsets[number] if number < len(offsets) else len(self.document.get_line(line_index))
        return start, end

    def location_to_offset(self, location: Location) -> Offset:
        row, column = location
        row = max(0, min(row, len(self._wrap_offsets) - 1))
        number = bisect_right(self._wrap_offsets[row], column)
        start, _ = self.section(row, number)
        part = self.document.get_line(row)[start:column]
        x = (
            len(part)
            if PLAIN.fullmatch(part)
            else cell_len(expand_tabs_inline(part, self._tab_width))
        )
        return Offset(x, self._line_index_to_offsets[row][number])

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        count = len(self._wrap_offsets[line_index]) + 1
        number = y_offset % count
        start, end = self.section(line_index, number)
        part = self.document.get_line(line_index)[start:end]
        column = start + cell_width_to_column_index(part, x_offset, self._tab_width)
        # Behind the last character of a row is the first of the next one.
        return column if number == count - 1 else min(column, end - 1)

    def _patched(self, row: int, column: int, old_end: Location, new_end: Location) -> bool:
        """Break a line anew only where it has changed; False where that cannot be done.

        What follows a break hangs on nothing before it, so once one is where one was, all are.
        """
        line = self.document.get_line(row)
        old = self._wrap_offsets[row]
        if not old or self._tab_width_cache[row] or "\t" in line:
            return False
        moved = new_end[1] - old_end[1]
        kept = max(0, bisect_right(old, column) - 1)  # a shorter word may fit on the row before
        ends = bisect_right(old, old_end[1])
        later = {each + moved: i for i, each in enumerate(old[ends:], ends)}
        new = old[:kept]
        for at in breaks(line, self._width, new[-1] if new else 0):
            if at in later:
                new += [each + moved for each in old[later[at] :]]
                break
            new.append(at)
        self._wrap_offsets[row] = new
        if len(new) != len(old):
            self._number()
        return True

    def _broken(self, line: str) -> tuple[list[int], list[int]]:
        """Where a line is broken, and the widths of the tabs in it."""
        if len(line) <= self._width // 2 and "\t" not in line:
            return [], []
        if "\t" not in line:
            return list(breaks(line, self._width)), []
        tabs = get_tab_widths(line, self._tab_width)
        offsets = compute_wrap_offsets(
            line, self._width, self._tab_width, precomputed_tab_sections=tabs
        )
        return offsets, [width for _, width in tabs]

    def _number(self) -> None:
        """Which row of the whole is which row of which line."""
        info: list[tuple[int, int]] = []
        places: list[list[int]] = []
        at = 0
        for index, offsets in enumerate(self._wrap_offsets):
            if not offsets:
                info.append((index, 0))
                places.append([at])
                at += 1
                continue
            count = len(offsets) + 1
            info += [(index, number) for number in range(count)]
            places.append(list(range(at, at + count)))
            at += count
        self._offset_to_line_info = info
        self._line_index_to_offsets = places
