"""The line at the top: where one is, and where one can go."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tui.modes import PLACES, Place

ROOM = 80
"""Columns from which there is room for keys too."""


class Tab(Static):
    """The name of a screen; a click goes there."""

    def __init__(self, place: Place, *, here: bool) -> None:
        super().__init__(markup=False, classes="-here" if here else "")
        self.place = place
        self.tooltip = f"{place.sentence} ({place.key.upper()})"

    def render(self) -> Text:
        """With its key, where there is room."""
        title = Text(self.place.title)
        if self.app.size.width < ROOM:
            return title
        return Text.assemble((f"{self.place.key.upper()} ", "not bold not underline dim"), title)

    def on_click(self) -> None:
        self.post_message(Places.Chosen(self.place.mode))


class Places(Horizontal):
    """All screens in a row, the one that is shown lit."""

    class Chosen(Message):
        """A screen was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, here: str) -> None:
        super().__init__(id="places")
        self._here = here

    def compose(self) -> ComposeResult:
        yield Static("ttm", id="brand", markup=False)
        for place in PLACES:
            yield Tab(place, here=place.mode == self._here)
