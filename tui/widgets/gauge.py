"""How far something has come: a bar, and in words beside it."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.reactive import reactive
from textual.widgets import Static

from tui.safe import one_line

EIGHTHS = " ▏▎▍▌▋▊▉█"


class Gauge(Static):
    """`what  ████▌      43 %  1.1 of 2.5 GB`; without a part, only the words."""

    DEFAULT_CSS = """
    Gauge { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    what: reactive[str] = reactive("")
    part: reactive[float | None] = reactive(None)
    words: reactive[str] = reactive("")

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:
        super().__init__(id=id, classes=classes, markup=False)

    def show(self, what: str, part: float | None, words: str) -> None:
        """Tell this from here on; `part` is from 0 to 1."""
        self.what, self.part, self.words = what, part, words

    def render(self) -> Text:
        style = Style(color=self.app.theme_variables.get("wave-played"))
        quiet = Style(color=self.app.theme_variables.get("quiet"))
        back = Style(bgcolor=self.app.theme_variables.get("rule"))
        text = Text(f"{one_line(self.what)}  ", no_wrap=True, overflow="ellipsis")
        if self.part is not None:
            cells = max(8, min(30, self.size.width // 4))
            filled = round(max(0.0, min(1.0, self.part)) * cells * 8)
            whole, rest = divmod(filled, 8)
            bar = "█" * whole + (EIGHTHS[rest] if rest else "")
            text.append(bar.ljust(cells), style + back)
            text.append(f" {self.part:>4.0%}  ")
        text.append(one_line(self.words), quiet)
        return text
