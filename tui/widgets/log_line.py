"""The line at the bottom that says what has happened, as plain text that a screen reader reads."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Static

from tui.messages import Kind
from tui.safe import one_line

MARKS: dict[Kind, str] = {"told": " ", "done": "✓", "failed": "!"}
"""What stands before a sentence, so that its kind is seen without colour too."""


class LogLine(Static):
    """The last sentence that was told."""

    sentence: reactive[str] = reactive("", layout=False)
    kind: reactive[Kind] = reactive("told", layout=False)

    def __init__(self, sentence: str = "", kind: Kind = "told") -> None:
        super().__init__(id="log-line", markup=False)
        self.tooltip = "All that was said"
        self.set_reactive(LogLine.sentence, sentence)
        self.set_reactive(LogLine.kind, kind)

    def show(self, sentence: str, kind: Kind) -> None:
        """Show this from here on."""
        self.kind = kind
        self.sentence = sentence

    def render(self) -> str:
        return f"{MARKS[self.kind]} {one_line(self.sentence)}"

    async def on_click(self) -> None:
        await self.app.run_action("app.messages")

    def watch_kind(self, kind: Kind) -> None:
        self.set_class(kind == "failed", "-failed")
        self.set_class(kind == "done", "-done")
