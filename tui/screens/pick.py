"""A list to choose from, narrowed by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.safe import one_line
from tui.screens.overlay import Overlay
from tui.widgets.field import Field

NAME = 22
"""Columns of a name; the rest of the line is for what it is."""


class Row(NamedTuple):
    """One that can be chosen."""

    value: str
    name: str
    about: str = ""


class Pick(Overlay[str | None]):
    """Gives the value that was chosen; None when nothing was.

    `free`: what is typed can be chosen too; it says what is wrong with it, or nothing.
    """

    CSS_PATH: ClassVar[list[str]] = ["overlay.tcss", "pick.tcss"]  # type: ignore[assignment]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", id="pick.close", tooltip="Leave it as it is"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        chosen: str = "",
        *,
        hint: str = "",
        free: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._rows = list(rows)
        self._chosen = chosen
        self._hint = hint
        self._free = free
        self._shown: list[Row] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="overlay"):
            yield Static(self._title, classes="heading", markup=False)
            yield Field(placeholder=self._hint or "type to narrow", compact=True, id="narrow")
            yield OptionList(id="rows", markup=False, compact=True)
            yield Static("", id="wrong", markup=False)
            yield Static("Enter chooses   Esc leaves it as it is", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._narrow("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        listed = self.query_one(OptionList)
        exact = next((row for row in self._rows if row.value == typed), None)
        if (
            typed
            and self._free
            and exact is None
            and (not self._shown or listed.highlighted is None)
        ):
            if wrong := self._free(typed):
                self.query_one("#wrong", Static).update(one_line(wrong))
            else:
                self.dismiss(typed)
        elif exact:
            self.dismiss(exact.value)
        elif self._shown and listed.highlighted is not None:
            self.dismiss(self._shown[listed.highlighted].value)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._shown[event.option_index].value)

    def action_move(self, rows: int) -> None:
        """Go up or down in the list, while one types."""
        listed = self.query_one(OptionList)
        if self._shown:
            at = (listed.highlighted or 0) + rows if listed.highlighted is not None else 0
            listed.highlighted = max(0, min(len(self._shown) - 1, at))

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = [row for row in self._rows if _fits(row, words)]
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(_line(row, self._chosen)) for row in self._shown])
        at = [i for i, row in enumerate(self._shown) if row.value == self._chosen]
        only_typed = bool(typed) and self._free is not None
        listed.highlighted = None if only_typed else at[0] if at else 0 if self._shown else None
        listed.display = bool(self._shown)
        self.query_one("#wrong", Static).update(
            "" if self._shown or self._free else "Nothing is called so."
        )


def _fits(row: Row, words: list[str]) -> bool:
    text = f"{row.value} {row.name} {row.about}".casefold()
    return all(word in text for word in words)


def _line(row: Row, chosen: str) -> Table:
    """One line: whether it is chosen, its name, what it is."""
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=1)
    line.add_column(width=NAME, no_wrap=True)
    line.add_column(no_wrap=True, ratio=1)
    mark = "•" if row.value == chosen else ""
    line.add_row(Text(mark), Text(one_line(row.name)), Text(one_line(row.about), style="dim"))
    return line
