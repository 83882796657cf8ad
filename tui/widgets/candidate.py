"""One of several voices that a description made: its wave, its seed, and a key that plays it."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

LEVELS = " ▁▂▃▄▅▆▇█"


class CandidateCard(Static, can_focus=True):
    """A click or its number plays it and chooses it."""

    DEFAULT_CSS = """
    CandidateCard { width: 1fr; height: 4; padding: 0 1; margin-right: 1; background: $surface; }
    CandidateCard.-chosen { background: $chosen; color: $chosen-text; }
    """

    wave: reactive[tuple[float, ...]] = reactive(())
    """The loudest sample of each column, from 0 to 1; empty while it is not there."""
    words: reactive[str] = reactive("")
    chosen: reactive[bool] = reactive(False)
    playing: reactive[bool] = reactive(False)

    class Pressed(Message):
        """Somebody wants to hear this one."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, number: int) -> None:
        super().__init__(id=f"candidate-{number}", markup=False)
        self.number = number

    def render(self) -> Text:
        colours = self.app.theme_variables
        lit = Style(color=colours.get("accent"), bold=True)
        mark = "♪" if self.playing else "●" if self.chosen else " "
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{self.number} {mark}\n", lit)
        wave = Style(color=colours.get("wave-played" if self.chosen else "wave"))
        width = max(4, self.size.width)
        if self.wave:
            for column in range(width):
                loud = self.wave[column * len(self.wave) // width]
                text.append(
                    LEVELS[min(8, round(loud * 8 / max(self.wave)) if max(self.wave) else 0)], wave
                )
        else:
            text.append("·" * width, wave)
        text.append(f"\n{self.words}")
        return text

    def watch_chosen(self, chosen: bool) -> None:
        self.set_class(chosen, "-chosen")

    def on_click(self) -> None:
        self.post_message(self.Pressed(self.number))
