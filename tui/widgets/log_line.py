"""The line at the bottom that says what has happened, as plain text that a screen reader reads."""

from __future__ import annotations

from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tui.messages import Kind
from tui.safe import one_line

MARKS: dict[Kind, str] = {"told": " ", "done": "✓", "failed": "!"}
"""What stands before a sentence, so that its kind is seen without colour too."""

READ = 3.0
"""Seconds for which what failed is shown, whatever is told meanwhile."""


class LogLine(Static):
    """The last sentence that was told."""

    sentence: reactive[str] = reactive("", layout=False)
    kind: reactive[Kind] = reactive("told", layout=False)

    def __init__(self, sentence: str = "", kind: Kind = "told") -> None:
        super().__init__(id="log-line", markup=False)
        self.tooltip = "All that was said"
        self._next = (sentence, kind)
        """What was told last."""
        self._waiting: Timer | None = None
        """Runs while something that failed stays."""
        self.set_reactive(LogLine.sentence, sentence)
        self.set_reactive(LogLine.kind, kind)

    def on_mount(self) -> None:
        self.watch_kind(self.kind)

    def show(self, sentence: str, kind: Kind) -> None:
        """Show this from here on; what failed is left a moment to be read."""
        self._next = (sentence, kind)
        if self._waiting is not None and kind != "failed":
            return
        self._turn()

    def _turn(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        sentence, kind = self._next
        again = (sentence, kind) == (self.sentence, self.kind)
        self.sentence, self.kind = sentence, kind
        if kind == "failed" and not again:
            self._waiting = self.set_timer(READ, self._turn)

    def render(self) -> str:
        return f"{MARKS[self.kind]} {one_line(self.sentence)}"

    async def on_click(self) -> None:
        await self.app.run_action("app.messages")

    def watch_kind(self, kind: Kind) -> None:
        self.set_class(kind == "failed", "-failed")
        self.set_class(kind == "done", "-done")
