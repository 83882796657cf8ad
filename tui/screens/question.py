"""A question over a screen: yes or no, or one of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from tui.safe import one_line
from tui.screens.overlay import Overlay
from tui.widgets.field import Field
from tui.widgets.rows import Column, Row, Rows


class Question(Overlay[bool]):
    """Whether to do it; escape is no, and so is enter until one goes to the other button."""

    CSS_PATH = "question.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="question.yes", tooltip="Do it"),
        Binding("escape,n", "answer(False)", "No", id="question.no", tooltip="Leave it"),
        Binding("left", "app.focus_previous", "Before", show=False, id="question.left"),
        Binding("right", "app.focus_next", "After", show=False, id="question.right"),
    ]

    def __init__(self, sentence: str, yes: str) -> None:
        super().__init__()
        self._sentence = sentence
        self._yes = yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(one_line(self._sentence), markup=False)
            with Horizontal(classes="answers"):
                yield Button("No, leave it (n)", id="no", compact=True)
                yield Button(f"{self._yes} (y)", id="yes", variant="error", compact=True)

    def action_answer(self, yes: bool) -> None:
        """Answer it."""
        self.dismiss(yes)

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Choice(Overlay[str | None]):
    """One of several, or with `new` a name that is typed; None for neither."""

    CSS_PATH = "question.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="choice.back", tooltip="Leave it as it is")
    ]

    def __init__(self, title: str, options: Sequence[tuple[str, str]], new: str = "") -> None:
        super().__init__()
        self._title = title
        self._options = options
        self._new = new

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(one_line(self._title), markup=False, classes="title")
            if self._options:
                yield Rows(Column(""), titles=False)
            if self._new:
                yield Field(placeholder=self._new, compact=True, id="new")

    def on_mount(self) -> None:
        if self._options:
            rows = self.query_one(Rows)
            rows.show([Row(key, (text,)) for key, text in self._options])
            rows.styles.height = min(10, len(self._options))

    @on(Rows.Chosen)
    def _choose(self, event: Rows.Chosen) -> None:
        self.dismiss(event.row.key)

    @on(Input.Submitted, "#new")
    def _given(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
