"""A line or two of text, asked for."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.screens.overlay import Overlay
from tui.widgets.editor import Editor


class Ask(Overlay[str | None]):
    """Gives what was written; None when it was closed without."""

    CSS_PATH: ClassVar[list[str]] = ["overlay.tcss", "pick.tcss"]  # type: ignore[assignment]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="ask.close", tooltip="Leave it as it is"),
        Binding(
            "enter,ctrl+j", "take", "Take it", id="ask.take", priority=True, tooltip="Take this"
        ),
    ]

    def __init__(self, title: str, text: str, hint: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="overlay"):
            yield Static(self._title, classes="heading", markup=False)
            yield Editor(self._text, id="answer")
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        editor = self.query_one(Editor)
        editor.focus()
        editor.move_cursor(editor.document.end)

    def action_take(self) -> None:
        """Take what is written."""
        self.dismiss(" ".join(self.query_one(Editor).text.split()))
