"""What all screens have in common: the line at the top, the log line and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from tui.messages import Kind
from tui.screens.overlay import Workers
from tui.widgets.keys_bar import KeysBar
from tui.widgets.log_line import LogLine
from tui.widgets.places import Places

if TYPE_CHECKING:
    from tui.app import TtmApp

WIDTHS = [(0, "-narrow"), (80, "-medium"), (120, "-wide")]
"""Columns from which on a screen has the class."""
HEIGHTS = [(0, "-low"), (24, "-high"), (36, "-tall")]
"""Lines from which on it has."""


class Page(Workers, Screen[None]):
    """A screen to go to. One that inherits from this yields what it shows from `body`, sets
    `MODE`, and keeps its looks in a .tcss beside it (`CSS_PATH = "name.tcss"`)."""

    MODE: ClassVar[str] = ""
    """Its name in `tui.modes.PLACES`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "tab",
            "app.focus_next",
            "Next",
            show=False,
            id="next",
            tooltip="To the next part",
            priority=True,
        ),
        Binding(
            "shift+tab",
            "app.focus_previous",
            "Before",
            show=False,
            id="before",
            tooltip="To the part before",
            priority=True,  # so that what is typed after it goes where it leads
        ),
        Binding(
            "super+c",
            "app.interrupt",
            "Copy",
            show=False,
            id="copy",
            tooltip="Copy what is selected",
        ),
    ]

    @property
    def ttm(self) -> TtmApp:
        """The app that this is a screen of."""
        from tui.app import TtmApp

        assert isinstance(self.app, TtmApp)
        return self.app

    def compose(self) -> ComposeResult:
        yield Places(self.MODE)
        with Container(id="body"):
            yield from self.body()
        yield LogLine(*self.ttm.last_told)
        yield KeysBar()

    def body(self) -> ComposeResult:
        """What this screen shows between the line at the top and the log line."""
        yield from ()

    def command(self) -> str:
        """The line for a shell that does what this screen is about; empty for that of the draft."""
        return ""

    def interrupt(self) -> bool:
        """Stop what this screen is doing, for Ctrl+C; whether there was anything."""
        return False

    @on(Places.Chosen)
    def _go(self, event: Places.Chosen) -> None:
        event.stop()
        self.app.switch_mode(event.mode)

    def show_told(self, sentence: str, kind: Kind) -> None:
        """Show this in the log line."""
        for line in self.query(LogLine):  # none before the screen is composed
            line.show(sentence, kind)

    def on_screen_resume(self) -> None:
        self.show_told(*self.ttm.last_told)
