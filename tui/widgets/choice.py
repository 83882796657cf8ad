"""One of several, on one line; Enter or a click shows them all."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tui.safe import one_line

LONGEST = 24
"""Columns of a value; the rest is cut off."""


class Choice(Static, can_focus=True):
    """What it is called, and what is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,down", "open", "Choose", show=False, tooltip="Show what there is")
    ]

    value: reactive[str] = reactive("", layout=True)
    """As it is shown; foreign text is made safe."""

    class Opened(Message):
        """Somebody wants to choose."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, name: str, *, id: str, tooltip: str) -> None:
        super().__init__(id=id, markup=False)
        self._label = name
        self.tooltip = tooltip

    def render(self) -> Content:
        shown = one_line(self.value)
        shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
        label = "" if self.screen.has_class("-narrow") else f"{self._label} "
        return Content.assemble((label, "$quiet"), shown, (" ▾", "$quiet"))

    def on_resize(self) -> None:
        self.refresh(layout=True)

    def action_open(self) -> None:
        """Show what there is."""
        self.post_message(self.Opened(self))

    def on_click(self) -> None:
        self.action_open()
