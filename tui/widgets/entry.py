"""One line of a form: what is asked, the answer, and a hint."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tui.widgets.field import Field


class Entry(Horizontal):
    """A label and an input beside it; `value` is the answer."""

    DEFAULT_CSS = """
    Entry { height: 1; margin-bottom: 1; }
    Entry > .entry--label { width: 14; color: $quiet; }
    Entry > Input, Entry > Input:focus { width: 1fr; background: $background; }
    Entry:focus-within > .entry--label { color: $accent; }
    """

    def __init__(
        self, label: str, *, id: str, hint: str = "", suggester: Suggester | None = None
    ) -> None:
        super().__init__(id=id)
        self._label, self._hint, self._suggester = label, hint, suggester

    def compose(self) -> ComposeResult:
        yield Static(self._label, markup=False, classes="entry--label")
        yield Field(placeholder=self._hint, compact=True, suggester=self._suggester)

    @property
    def value(self) -> str:
        """What was typed, without spaces around it."""
        return self.query_one(Input).value.strip()

    @value.setter
    def value(self, text: str) -> None:
        self.query_one(Input).value = text
