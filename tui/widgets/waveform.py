"""The outline of what is spoken, as it grows: where sentences begin, and what is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.studio.tape import Tape

SHORTEST = 4.0
"""Seconds that the width stands for at least."""
PAGE = 20.0
"""Seconds that it stands for at most; what is longer is turned page by page."""
KEPT = 0.1
"""Part of a page that is seen again on the next one."""
HEADROOM = 0.9
"""Part of full scale that fills the height; speech has no more."""
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille pattern, row by row."""
BLANK = "\u2800"
CURSORS = "▏│▕"
"""At the left of a column, in its middle, and at its right: three places, so that it glides."""
MARK, DOUBT = "╷", "!"


class Waveform(Widget, can_focus=True):
    """Paints no more than the columns that have changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "waveform--played",
        "waveform--coming",
        "waveform--mark",
        "waveform--doubt",
        "waveform--cursor",
    }

    class Chosen(Message):
        """A place was clicked."""

        def __init__(self, sample: int) -> None:
            super().__init__()
            self.sample = sample

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.updates = 0
        """How often something of it was painted anew."""
        self._rows: list[str] = []
        """What is drawn, a character for a column."""
        self._marks: dict[int, str] = {}
        """Columns in which a sentence begins, each with what stands there."""
        self._cursor = -1
        """Its column."""
        self._third = -1
        """Where it is in thirds of columns."""
        self._view = (0, 0)
        """The first sample that is seen, and one past the last."""
        self._seen: tuple[object, ...] = ()
        self._turned = 0.0
        """Where the page begins, in seconds."""

    # What it is told.

    def follow(self, tape: Tape | None, position: int) -> None:
        """Show this much of the tape, with this sample as the one that is heard."""
        size = self.size
        if tape is None or not tape.rate or not size.width or not size.height:
            if self._rows:
                self._rows, self._marks, self._seen = [], {}, ()
                self._cursor = self._third = -1
                self.refresh()
            return
        view = self._page(tape, position)
        seen = (id(tape), view, tape.samples, tape.version, tape.count, size)
        if seen != self._seen:
            self._seen, self._view = seen, view
            self._draw(tape)
        first, last = view
        thirds = len(CURSORS) * size.width
        third = min(thirds - 1, (position - first) * thirds // max(1, last - first))
        column = third // len(CURSORS)
        if third != self._third:
            before, self._cursor, self._third = self._cursor, column, third
            low, high = min(before, column), max(before, column)
            self._paint(max(0, low), high + 1)

    def _page(self, tape: Tape, position: int) -> tuple[int, int]:
        """The samples that are seen."""
        rate, total = tape.rate, max(tape.total, SHORTEST)
        if total <= PAGE:
            self._turned = 0.0
            # The estimate moves with every chunk; the picture should not.
            span = max(SHORTEST, -(-total // 5) * 5) if not tape.ended else total
            return 0, round(min(span, PAGE) * rate)
        at = position / rate
        if not self._turned <= at < self._turned + PAGE:
            self._turned = max(0.0, at - KEPT * PAGE)
        return round(self._turned * rate), round((self._turned + PAGE) * rate)

    def _draw(self, tape: Tape) -> None:
        """Everything once more; what has changed is painted."""
        width, height = self.size
        first, last = self._view
        low, high = tape.envelope(2 * width, first, last)
        rows = _braille(low, high, height)
        bad = {one.first for one in tape.sentences if one.verdict}
        scale = width / max(1, last - first)
        marks = {
            int((mark - first) * scale): DOUBT if mark in bad else MARK
            for mark in tape.marks(first, last)
        }
        old_rows, old_marks = self._rows, self._marks
        self._rows, self._marks = rows, marks
        if len(old_rows) != len(rows) or any(len(a) != len(b) for a, b in zip(old_rows, rows)):  # noqa: B905
            self._paint(0, width)
            return
        changed = [
            i
            for i in range(width)
            if old_marks.get(i) != marks.get(i)
            or any(a[i] != b[i] for a, b in zip(old_rows, rows, strict=True))
        ]
        if changed:
            self._paint(changed[0], changed[-1] + 1)

    def _paint(self, first: int, last: int) -> None:
        self.updates += 1
        self.refresh(Region(first, 0, last - first, self.size.height))

    # Painting.

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.rich_style
        coming = self.get_component_rich_style("waveform--coming")
        if not self._rows or y >= len(self._rows):
            line = "⠤" if y == height // 2 else " "
            return Strip([Segment(line * width, coming)])
        row = self._rows[y]
        played = self.get_component_rich_style("waveform--played")
        segments: list[Segment] = []
        at = 0
        special = dict.fromkeys(self._marks) if y == 0 else {}
        for column in sorted({*special, *([self._cursor] if self._cursor >= 0 else [])}):
            if column >= width:
                continue
            segments.append(Segment(row[at:column], played if at <= self._cursor else coming))
            if column == self._cursor:
                segments.append(Segment(CURSORS[self._third % len(CURSORS)], self._style("cursor")))
            else:
                mark = self._marks[column]
                segments.append(Segment(mark, self._style("doubt" if mark == DOUBT else "mark")))
            at = column + 1
        segments.append(Segment(row[at:], played if at <= self._cursor else coming))
        return Strip([each for each in segments if each.text]).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"waveform--{name}")

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.focus()
        self.capture_mouse()
        self._choose(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.app.mouse_captured is self:
            self._choose(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()

    def _choose(self, column: int) -> None:
        first, last = self._view
        if self._rows and self.size.width:
            part = max(0, min(column, self.size.width - 1)) / self.size.width
            self.post_message(self.Chosen(first + round(part * (last - first))))


def _braille(low: NDArray[np.int16], high: NDArray[np.int16], height: int) -> list[str]:
    """Extremes as rows of braille, four dots to a row and two columns to a character.

    low, high  [2 W]
    return     `height` strings of W characters
    """
    import numpy as np

    dots = 4 * height
    middle = (dots - 1) / 2
    scale = middle / (HEADROOM * 32768)
    # Silence is a thin line of two rows of dots, one on each side of the middle.
    top = np.clip(np.ceil(middle - 0.5 - high * scale), 0, dots - 1).astype(int)
    bottom = np.clip(np.floor(middle + 0.5 - low * scale), 0, dots - 1).astype(int)
    there = (low != 0) | (high != 0)
    ys = np.arange(dots)[:, None]
    lit = (ys >= top) & (ys <= bottom) & there  # [dots, 2 W]
    bits = np.array(DOTS)[:, :, None]
    cells = lit.reshape(height, 4, -1, 2).transpose(0, 1, 3, 2) * bits  # [height, 4, 2, W]
    codes = cells.sum(axis=(1, 2)) + 0x2800
    return ["".join(map(chr, row)) for row in codes.tolist()]
