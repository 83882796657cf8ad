"""A list with columns, of any length: only what is seen is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.safe import one_line

Tone = Literal["", "quiet", "strong", "live", "warn", "head"]
"""How a row or a column looks; a `head` parts others, and the cursor passes over it."""

GAP = 2
"""Columns of the screen between two of the list's."""
MEASURE = 72
"""Characters of a line that tells why there are no rows."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    title: str
    width: int = 0
    """Columns of the screen; 0 shares what the others leave."""
    least: int = 12
    """Columns of the screen that it has to have where it shares; others yield to it."""
    weight: int = 1
    """How much of what the others leave it takes."""
    tone: Tone = ""
    right: bool = False
    yields: int = 0
    """Where there is no room, the column with the highest number goes first; 0 never does."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list. Its cells may hold foreign text: the list makes it safe."""

    key: str
    """Tells it from the others; the cursor stays on it."""
    cells: tuple[str, ...]
    tone: Tone = ""


class Rows(ScrollView, can_focus=True):
    """Rows under titles, with a cursor.

    Posts `Moved` when the cursor is on another row, and `Chosen` when one is entered or clicked
    twice.
    """

    DEFAULT_CSS = """
    Rows {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        scrollbar-color: $rule;
        scrollbar-color-hover: $quiet;
        scrollbar-color-active: $quiet;
    }
    Rows > .rows--title { color: $quiet; }
    Rows > .rows--head { color: $accent; }
    Rows > .rows--plain { color: $foreground; }
    Rows > .rows--quiet { color: $quiet; }
    Rows > .rows--strong { color: $foreground; text-style: bold; }
    Rows > .rows--live { color: $success; }
    Rows > .rows--warn { color: $warning; }
    Rows > .rows--cursor { background: $panel; }
    Rows:focus > .rows--cursor { background: $chosen; color: $chosen-text; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--title",
        "rows--head",
        "rows--plain",
        "rows--quiet",
        "rows--strong",
        "rows--live",
        "rows--warn",
        "rows--cursor",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="rows.up", tooltip="The row above"),
        Binding("down,j", "move(1)", "Down", show=False, id="rows.down", tooltip="The row below"),
        Binding(
            "pageup", "page(-1)", "Page up", show=False, id="rows.page-up", tooltip="A page up"
        ),
        Binding(
            "pagedown", "page(1)", "Page down", show=False, id="rows.page-down",
            tooltip="A page down",
        ),
        Binding(
            "home,g", "end(0)", "First", show=False, id="rows.first", tooltip="The first row"
        ),
        Binding("end,G", "end(-1)", "Last", show=False, id="rows.last", tooltip="The last row"),
        Binding("enter", "choose", "Open", show=False, id="rows.choose", tooltip="Take this row"),
    ]  # fmt: skip

    cursor: reactive[int] = reactive(0)
    empty: reactive[str] = reactive("")
    """What is told where there are no rows."""

    class Moved(Message):
        """The cursor is on another row; None where there are no rows."""

        def __init__(self, rows: Rows, row: Row | None) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> Rows:
            """The list."""
            return self.rows

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Rows.Moved) and message.rows is self.rows

    class Chosen(Message):
        """A row was entered, or clicked twice."""

        def __init__(self, rows: Rows, row: Row) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> Rows:
            """The list."""
            return self.rows

    def __init__(
        self, *columns: Column, id: str | None = None, empty: str = "", titles: bool = True
    ) -> None:
        super().__init__(id=id)
        self.columns = columns
        """May be changed before `show`."""
        self._top = 1 if titles else 0
        self._rows: Sequence[Row] = ()
        self.set_reactive(Rows.empty, empty)

    @property
    def rows(self) -> Sequence[Row]:
        """All of them."""
        return self._rows

    @property
    def row(self) -> Row | None:
        """The one that the cursor is on."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show these; the cursor stays on its row, or where that was."""
        before = self.row
        self._rows = rows
        at = min(self.cursor, max(0, len(rows) - 1))
        if before is not None and self._key_at(at) != before.key:
            at = next((n for n, row in enumerate(rows) if row.key == before.key), at)
        at = self._landed(at, 1)
        self.virtual_size = Size(0, len(rows) + self._top)
        self.set_reactive(Rows.cursor, at)
        self.refresh()
        if self.row is None or before is None or self.row.key != before.key:
            self.call_after_refresh(self._reveal)
            self.post_message(self.Moved(self, self.row))

    def go(self, key: str) -> bool:
        """Put the cursor on the row of this key; where that is a head, on the row after it."""
        for number, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = self._landed(number, 1)
                if row.tone == "head":
                    self.scroll_to(y=number, animate=False)
                return True
        return False

    # What keys and the mouse do.

    def action_move(self, by: int) -> None:
        """Go up or down by a row."""
        at = self.cursor + by
        if 0 <= at < len(self._rows):
            self.cursor = self._landed(at, by)
        if by < 0 and not any(row.tone != "head" for row in self._rows[: self.cursor]):
            self.scroll_to(y=0, animate=False)  # so that the head above it is seen

    def action_page(self, way: int) -> None:
        """Go up or down by as many rows as are seen."""
        last = max(0, len(self._rows) - 1)
        step = max(1, self.size.height - 2)
        self.cursor = self._landed(max(0, min(last, self.cursor + way * step)), way)

    def action_end(self, at: int) -> None:
        """Go to the first row, or to the last."""
        self.cursor = self._landed(at % max(1, len(self._rows)), -1 if at else 1)
        if not at:
            self.scroll_to(y=0, animate=False)

    def action_choose(self) -> None:
        """Take the row that the cursor is on."""
        if (row := self.row) and row.tone != "head":
            self.post_message(self.Chosen(self, row))

    async def _on_click(self, event: events.Click) -> None:
        at = event.y - self._top + self.scroll_offset.y
        if event.y >= self._top and 0 <= at < len(self._rows) and self._rows[at].tone != "head":
            self.cursor = at
            if event.chain == 2:
                self.action_choose()

    def watch_cursor(self, before: int, now: int) -> None:
        """Show it, and tell."""
        self.refresh()
        if before != now:
            self._reveal()
            self.post_message(self.Moved(self, self.row))

    def watch_empty(self) -> None:
        """Show it."""
        self.refresh()

    def _key_at(self, at: int) -> str:
        return self._rows[at].key if at < len(self._rows) else ""

    def _landed(self, at: int, way: int) -> int:
        """The nearest row from here that is no head: on this way, else on the other."""
        for step in (way, -way) if self._rows else ():
            for number in range(at, len(self._rows) if step > 0 else -1, 1 if step > 0 else -1):
                if self._rows[number].tone != "head":
                    return number
        return at

    def _reveal(self) -> None:
        height = self.size.height - self._top
        top = self.scroll_offset.y
        if height > 0 and not top <= self.cursor < top + height:
            y = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=y, animate=False)

    # How it looks.

    def render_line(self, y: int) -> Strip:
        """As ScrollView has it."""
        width, base = self.scrollable_content_region.width, self.rich_style
        if not self._rows:
            return self._told(y, width)
        shown = self._widths(width)
        if y < self._top:
            style = base + self.get_component_rich_style("rows--title", partial=True)
            columns = self.columns
            cells = [
                fitted(columns[n].title, room, right=columns[n].right) for n, room in shown.items()
            ]
            line = Strip([Segment(" " + (" " * GAP).join(cells), style)])
            return line.adjust_cell_length(width, base)
        at = y - self._top + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, base)
        return self._drawn(self._rows[at], shown, width, here=at == self.cursor)

    def _drawn(self, row: Row, shown: dict[int, int], width: int, *, here: bool) -> Strip:
        base = self.rich_style
        segments: list[Segment] = []
        if row.tone == "head":
            for tone, cell in zip(("head", "quiet"), row.cells, strict=False):
                style = base + self.get_component_rich_style(f"rows--{tone}", partial=True)
                segments.append(Segment((GAP if segments else 1) * " " + one_line(cell), style))
            return Strip(segments).adjust_cell_length(width, base)
        cursor = self.get_component_rich_style("rows--cursor", partial=True)
        for number, room in shown.items():
            column = self.columns[number]
            tone = column.tone or row.tone or "plain"
            style = base + self.get_component_rich_style(f"rows--{tone}", partial=True)
            cell = fitted(one_line(row.cells[number]), room, right=column.right)
            segments.append(
                Segment((GAP if segments else 1) * " " + cell, style + cursor if here else style)
            )
        return Strip(segments).adjust_cell_length(width, base + cursor if here else base)

    def _told(self, y: int, width: int) -> Strip:
        import textwrap

        room = max(10, min(MEASURE, width - 4))
        lines = [
            line
            for part in self.empty.split("\n")
            for line in textwrap.wrap(one_line(part), room) or [""]
        ]
        style = self.rich_style + self.get_component_rich_style("rows--quiet", partial=True)
        text = f"  {lines[y - 1]}" if 0 < y <= len(lines) else ""
        return Strip([Segment(text, style)]).adjust_cell_length(width, self.rich_style)

    def _widths(self, width: int) -> dict[int, int]:
        """The room of each column that is shown, by its number."""
        shown = dict(enumerate(self.columns))
        while True:
            gaps = GAP * (len(shown) - 1) + 2
            needed = sum(each.width or each.least for each in shown.values()) + gaps
            first = max(shown, key=lambda number: shown[number].yields)
            if needed <= width or not shown[first].yields:
                break
            del shown[first]
        rest = max(0, width - needed)
        shares = sum(each.weight for each in shown.values() if not each.width)
        rooms, taken = {}, 0
        for number, each in shown.items():
            more = 0 if each.width or not shares else rest * each.weight // shares
            rooms[number], taken = (each.width or each.least) + more, taken + more
        if last := [number for number, each in shown.items() if not each.width][-1:]:
            rooms[last[0]] += rest - taken
        return rooms


def fitted(text: str, room: int, *, right: bool = False) -> str:
    """`text` in exactly so many columns of a screen, with an ellipsis where it is cut."""
    length = cell_len(text)
    if length > room:
        return set_cell_size(text, max(0, room - 1)) + "…"
    return " " * (room - length) + text if right else set_cell_size(text, room)
