"""A few values side by side, of which one holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.safe import one_line


class ChoiceBar(Widget, can_focus=True):
    """The values in as many lines as they need; left and right go between them, enter takes one.

    Posts `Taken`.
    """

    DEFAULT_CSS = """
    ChoiceBar { height: auto; }
    ChoiceBar > .choice--plain { color: $foreground; }
    ChoiceBar > .choice--holds { color: $accent; text-style: bold; }
    ChoiceBar:focus > .choice--cursor { background: $chosen; color: $chosen-text; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--plain", "choice--holds", "choice--cursor"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Before", show=False, id="choice.left", tooltip="One before"),
        Binding("right", "move(1)", "After", show=False, id="choice.right", tooltip="One after"),
        Binding(
            "enter,space", "take", "Take", show=False, id="choice.take", tooltip="Take this value"
        ),
    ]

    cursor: reactive[int] = reactive(0)

    class Taken(Message):
        """A value was taken."""

        def __init__(self, bar: ChoiceBar, value: str) -> None:
            super().__init__()
            self.bar = bar
            self.value = value

        @property
        def control(self) -> ChoiceBar:
            """The bar."""
            return self.bar

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._values: Sequence[str] = ()
        self._holds = ""

    def show(self, values: Sequence[str], holds: str) -> None:
        """Offer these, of which this one holds."""
        self._values, self._holds = values, holds
        self.set_reactive(ChoiceBar.cursor, values.index(holds) if holds in values else 0)
        self.refresh(layout=True)

    def action_move(self, by: int) -> None:
        """Go to the value before, or after."""
        self.cursor = max(0, min(len(self._values) - 1, self.cursor + by))

    def action_take(self) -> None:
        """Take the value that the cursor is on."""
        if self._values:
            self.post_message(self.Taken(self, self._values[self.cursor]))

    async def _on_click(self, event: events.Click) -> None:
        for number, (left, line, text) in enumerate(self._placed(self.size.width)):
            if line == event.y and left <= event.x < left + cell_len(text):
                self.cursor = number
                self.action_take()

    def _placed(self, width: int) -> list[tuple[int, int, str]]:
        """Column, line and text of each."""
        found, left, line = [], 0, 0
        for value in self._values:
            mark = "●" if value == self._holds else "○"
            text = f" {mark} {one_line(value)} "
            if left and left + cell_len(text) > width:
                left, line = 0, line + 1
            found.append((left, line, text))
            left += cell_len(text)
        return found

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As Widget has it."""
        return max((line for _, line, _ in self._placed(width)), default=0) + 1

    def render_line(self, y: int) -> Strip:
        """As Widget has it."""
        base, segments = self.rich_style, []
        for number, (_, line, text) in enumerate(self._placed(self.size.width)):
            if line != y:
                continue
            name = "holds" if self._values[number] == self._holds else "plain"
            style = base + self.get_component_rich_style(f"choice--{name}", partial=True)
            if number == self.cursor and self.has_focus:
                style += self.get_component_rich_style("choice--cursor", partial=True)
            segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(self.size.width, base)
