"""A line to type in, which shows what was pasted into it without obeying it."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Input

from tui.safe import pictured


class Field(Input):
    """Textual's, whose text reaches the terminal as it is; this one shows pictures of controls."""

    @property
    def _value(self) -> Text:
        """What is drawn: as many characters as there are in `value`."""
        text = Text(pictured(self.value), no_wrap=True, overflow="ignore", end="")
        if self.highlighter is not None:
            text = self.highlighter(text)
        return text
