"""Two voices held against each other, and the sentence that they say."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tui.safe import one_line

Side = Literal["a", "b"]


class Pair(Static):
    """`A anna   B ryan` with the one that is heard marked; a click hears that one."""

    DEFAULT_CSS = """
    Pair { height: 2; padding: 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    KEYS: ClassVar[tuple[tuple[Side, str], ...]] = (("a", "A"), ("b", "B"))

    a: reactive[str] = reactive("")
    b: reactive[str] = reactive("")
    heard: reactive[str] = reactive("")
    """`a`, `b`, or empty for neither."""
    sentence: reactive[str] = reactive("")
    about: reactive[str] = reactive("")
    """Where the sentence comes from."""
    playing: reactive[bool] = reactive(False)

    class Pressed(Message):
        """Somebody wants to hear this one."""

        def __init__(self, side: Side) -> None:
            super().__init__()
            self.side = side

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._ends = (0, 0)

    def render(self) -> Text:
        quiet = Style(color=self.app.theme_variables.get("quiet"))
        lit = Style(color=self.app.theme_variables.get("accent"), bold=True)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("♪ " if self.playing else "  ", lit)
        text.append(f"{one_line(self.about)}  ", quiet)
        text.append(f"{one_line(self.sentence)}\n")
        text.append("  ")
        ends = []
        for side, title in self.KEYS:
            name = getattr(self, side)
            here = self.heard == side
            text.append(f"{title} ", lit if here else quiet)
            text.append(one_line(name) or f"press {side} on a voice", lit if here else quiet)
            text.append(" ♪" if here and self.playing else "  ", lit)
            text.append("   ")
            ends.append(text.cell_len - text.split("\n")[0].cell_len)
        if self.a and self.b:
            text.append("x hears the other", quiet)
        self._ends = (ends[0], ends[1])
        return text

    def on_click(self, event: events.Click) -> None:
        column = event.x - self.styles.padding.left
        if event.y == 1 and column < self._ends[0]:
            self.post_message(self.Pressed("a"))
        elif event.y == 1 and column < self._ends[1]:
            self.post_message(self.Pressed("b"))
