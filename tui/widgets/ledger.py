"""A long list in columns: as quick with thousands of rows as with ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.safe import one_line

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands under one heading."""

    title: str
    width: int
    """Cells; the least of a column that grows."""
    grows: bool = False
    """Whether it shares what room is left."""
    needs: int = 0
    """Cells that the list has to be wide for this column to be shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of it."""

    key: str
    cells: tuple[str, ...]
    """As many as there are columns; each is made safe."""
    quiet: bool = False
    """Something that may be passed over: not ready, not here."""


class Ledger(ScrollView, can_focus=True):
    """Rows with a cursor; only those that are seen are drawn."""

    DEFAULT_CSS = """
    Ledger {
        height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; background: $background;
        scrollbar-color: $rule; scrollbar-background: $background;
    }
    Ledger > .ledger--heading { color: $quiet; }
    Ledger > .ledger--quiet { color: $quiet; }
    Ledger > .ledger--cursor { background: $chosen; color: $chosen-text; }
    Ledger > .ledger--resting { background: $panel; }
    Ledger > .ledger--hover { background: $surface; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "ledger--heading", "ledger--quiet", "ledger--cursor", "ledger--resting", "ledger--hover",
    }  # fmt: skip

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="ledger.up"),
        Binding("down", "move(1)", "Down", show=False, id="ledger.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="ledger.pageup"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="ledger.pagedown"),
        Binding("home", "move(-1000000)", "First", show=False, id="ledger.home"),
        Binding("end", "move(1000000)", "Last", show=False, id="ledger.end"),
    ]

    cursor: reactive[int] = reactive(0)
    hover: reactive[int] = reactive(-1)

    class Moved(Message):
        """Another row is under the cursor; `key` is empty when there is none."""

        def __init__(self, ledger: Ledger, key: str) -> None:
            super().__init__()
            self.ledger = ledger
            self.key = key

        @property
        def control(self) -> Ledger:
            return self.ledger

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Ledger.Moved) and message.ledger is self.ledger

    class Picked(Message):
        """A row was clicked that the cursor was on already."""

        def __init__(self, ledger: Ledger, key: str) -> None:
            super().__init__()
            self.ledger = ledger
            self.key = key

        @property
        def control(self) -> Ledger:
            return self.ledger

    def __init__(self, columns: Sequence[Column], *, id: str, empty: str = "") -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: list[Row] = []
        self._empty = empty
        self._count = ""

    # What it holds.

    @property
    def key(self) -> str:
        """Of the row under the cursor; empty when there is none."""
        return self._rows[self.cursor].key if 0 <= self.cursor < len(self._rows) else ""

    def show(
        self, rows: Sequence[Row], *, empty: str = "", count: str = "", top: bool = False
    ) -> None:
        """Hold these rows from here on; the cursor stays on its row where that is still there.

        With `top` it goes to the first. `empty` is told where there are none; `count` stands
        beside the first heading.
        """
        self._count = count
        key, self._rows, self._empty = self.key, list(rows), empty or self._empty
        at = next((n for n, row in enumerate(self._rows) if row.key == key and not top), 0)
        self.virtual_size = Size(0, len(self._rows) + 1)
        if self.cursor != at:
            self.cursor = at
        else:
            self._reveal()
        self.refresh()
        if self.key != key or not self._rows:
            self.post_message(self.Moved(self, self.key))

    def go(self, key: str) -> None:
        """Put the cursor on this row, where there is one."""
        for number, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = number

    # What it looks like.

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            style = self.get_component_rich_style("ledger--heading")
            titles = [column.title for column in self._columns]
            first = next(n for n, title in enumerate(titles) if title)
            titles[first] += f"  {self._count}" if self._count else ""
            return self._line(titles, width, style)
        number = y - 1 + int(self.scroll_offset.y)
        if not self._rows and y == 2:
            style = self.get_component_rich_style("ledger--heading")
            return Strip([Segment(f"  {one_line(self._empty)}", style)], None).adjust_cell_length(
                width, self.rich_style
            )
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row, style = self._rows[number], self.rich_style
        if row.quiet:
            style += self.get_component_rich_style("ledger--quiet", partial=True)
        if number == self.cursor:
            name = "ledger--cursor" if self.has_focus else "ledger--resting"
            style += self.get_component_rich_style(name, partial=True)
        elif number == self.hover:
            style += self.get_component_rich_style("ledger--hover", partial=True)
        mark = "▸" if number == self.cursor else " "  # seen without colour too
        return self._line([one_line(cell) for cell in row.cells], width, style, mark)

    def _line(self, cells: Sequence[str], width: int, style: Style, mark: str = " ") -> Strip:
        text = f"{mark} "
        for cell, room in zip(cells, self._widths(width), strict=True):
            if room:
                text += _fitted(cell, room) + " " * GAP
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _widths(self, width: int) -> list[int]:
        shown = [column for column in self._columns if column.needs <= width]
        room = width - 2 - sum(column.width + GAP for column in shown) + GAP
        growing = sum(column.grows for column in shown) or 1
        more = max(0, room) // growing
        return [
            0 if column not in shown else column.width + (more if column.grows else 0)
            for column in self._columns
        ]

    # What is done with it.

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + by))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 2))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(len(self._rows) - 1, cursor))

    def watch_cursor(self, before: int, cursor: int) -> None:
        self._reveal()
        if before != cursor:
            self.post_message(self.Moved(self, self.key))

    def watch_hover(self) -> None:
        self.refresh()

    def _reveal(self) -> None:
        """Scroll so that the cursor is seen below the headings, which do not scroll."""
        top, seen = int(self.scroll_offset.y), max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + seen:
            self.scroll_to(y=self.cursor - seen + 1, animate=False)
        self.refresh()

    def on_resize(self) -> None:
        self.virtual_size = Size(0, len(self._rows) + 1)
        self.call_after_refresh(self._reveal)

    def _at(self, event: events.MouseEvent) -> int:
        number = event.y - 1 + int(self.scroll_offset.y)
        return number if 0 < event.y and number < len(self._rows) else -1

    def on_click(self, event: events.Click) -> None:
        if (number := self._at(event)) < 0:
            return
        if number == self.cursor:
            self.post_message(self.Picked(self, self.key))
        self.cursor = number

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.hover = self._at(event)

    def on_leave(self) -> None:
        self.hover = -1

    def region_of(self, key: str) -> Region | None:
        """Where a row is on the screen, if it is seen."""
        for number, row in enumerate(self._rows):
            y = number + 1 - int(self.scroll_offset.y)
            if row.key == key and 0 < y < self.size.height:
                return Region(self.content_region.x, self.content_region.y + y, self.size.width, 1)
        return None


def _fitted(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return set_cell_size(text, room)
    return set_cell_size(text, room - 1) + "…" if room > 1 else "…"
