"""All that the log line has told, to be read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from tui.messages import Kind
from tui.screens.overlay import Overlay
from tui.widgets.log_line import MARKS


class Messages(Overlay[None]):
    """The sentences, the newest first."""

    CSS_PATH = "overlay.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="told.close", tooltip="Back to the screen"),
    ]

    def __init__(self, told: Sequence[tuple[str, Kind]]) -> None:
        super().__init__()
        self._told = told

    def compose(self) -> ComposeResult:
        lines = [f"{MARKS[kind]} {sentence}" for sentence, kind in reversed(self._told)]
        with Vertical(classes="overlay -list"):
            yield Static("What was said, the newest first", classes="heading", markup=False)
            yield Static("Esc closes", classes="under", markup=False)
            with VerticalScroll():
                yield Static("\n".join(lines) or "Nothing yet.", markup=False)
