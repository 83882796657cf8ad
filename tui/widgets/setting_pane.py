"""One setting, as a form has it: what it means, what it takes, and the field to change it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from ttm.config import Setting, expected
from tui.safe import one_line
from tui.sheet import Line, complaint, typed
from tui.widgets.choice_bar import ChoiceBar
from tui.widgets.field import Field


class SettingPane(Vertical):
    """Shows a setting; posts `Given` for a value that would be taken, and `Left` for escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="setting.leave", tooltip="Leave the value as it was")
    ]

    class Given(Message):
        """Another value is wanted."""

        def __init__(self, setting: Setting, text: str) -> None:
            super().__init__()
            self.setting = setting
            self.text = text

    class Left(Message):
        """Nothing is to be changed after all."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: Line | None = None
        self._key = ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="setting-head"):
            yield Static("", id="setting-name", markup=False)
            yield Static("", id="setting-origin", markup=False)
        yield Static("", id="setting-sentence", markup=False)
        yield Static("", id="setting-takes", markup=False)
        with Horizontal(id="setting-edit"):
            yield Static(">", id="setting-prompt", markup=False)
            yield Field("", id="setting-value", compact=True, select_on_focus=False)
            yield ChoiceBar(id="setting-choices")
        yield Static("", id="setting-complaint", markup=False)

    @property
    def dirty(self) -> bool:
        """Whether something was typed that is written nowhere."""
        line = self._line
        field = self.query_one("#setting-value", Input)
        return line is not None and field.display and field.value != line.text

    def show(self, line: Line | None, key: str = "") -> None:
        """Show this setting, called `key` where it is written; what is being typed stays."""
        same = self._line is not None and line is not None and self._key == key
        kept = self.query_one("#setting-value", Input).value if same and self.dirty else None
        self._line, self._key = line, key
        self.display = line is not None
        if line is None:
            return
        self._tell("name", key)
        self._tell("origin", origin(line))
        self.query_one("#setting-origin").set_class(bool(line.overruled), "-overruled")
        self._tell("sentence", line.setting.sentence)
        self._tell("takes", about(line))
        field, bar = self.query_one("#setting-value", Input), self.query_one(ChoiceBar)
        values = choices(line.setting)
        field.display, bar.display = not values, bool(values)
        self.query_one("#setting-prompt").display = not values
        if values:
            bar.show(values, line.text)
        else:
            with self.prevent(Input.Changed):
                field.value = line.text if kept is None else kept
            field.cursor_position = len(field.value)
        self._judge()

    def edit(self) -> None:
        """Go into the field."""
        field, bar = self.query_one("#setting-value", Input), self.query_one(ChoiceBar)
        (field if field.display else bar).focus()

    def action_leave(self) -> None:
        """Have the field show what holds, and leave it."""
        if self._line is not None:
            self.query_one("#setting-value", Input).value = self._line.text
        self.post_message(self.Left())

    @on(Input.Changed, "#setting-value")
    def _judge(self) -> None:
        line = self._line
        field = self.query_one("#setting-value", Input)
        wrong = ""
        if line is not None and field.display:
            wrong = complaint(line.setting, field.value, self._key)
        label = self.query_one("#setting-complaint", Static)
        label.set_class(bool(wrong), "-wrong")
        hint = "enter writes it, escape leaves it as it was" if self.dirty else ""
        label.update(one_line(wrong) or hint)

    @on(Input.Submitted, "#setting-value")
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if self._line is None or complaint(self._line.setting, event.value, self._key):
            return
        self.post_message(self.Given(self._line.setting, event.value))

    @on(ChoiceBar.Taken)
    def _take(self, event: ChoiceBar.Taken) -> None:
        event.stop()
        if self._line is not None:
            self.post_message(self.Given(self._line.setting, event.value))

    def _tell(self, name: str, text: str) -> None:
        self.query_one(f"#setting-{name}", Static).update(one_line(text))


def choices(setting: Setting) -> tuple[str, ...]:
    """All that it takes, where that is a few words."""
    if setting.type is bool:
        return ("true", "false")
    if setting.low is None and setting.choices:
        return tuple(map(typed, setting.choices))
    return ()


def about(line: Line) -> str:
    """What it takes and what it is where nothing says otherwise."""
    default = typed(line.setting.default) or "empty"
    unit = f" {line.setting.unit}" if line.setting.unit else ""
    takes = "" if choices(line.setting) else f"Takes {expected(line.setting)}. "
    return f"{takes}Default: {default}{unit}. Environment: {line.setting.variable}."


def origin(line: Line) -> str:
    """Where its value comes from, in words."""
    kind, where = line.origin.kind, line.origin.where
    if kind == "environment":
        return f"{where} in the environment wins"
    if kind == "flag":
        return f"{where} on the command line wins"
    if kind == "file":
        return where.rpartition("/")[2]
    return f"profile {where}" if kind == "profile" else "default"
