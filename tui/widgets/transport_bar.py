"""What is heard: where, how much is left, which sentence; with what can be done by mouse."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Static

from tui.widgets.meter import Meter

STATES = {
    "idle": "▶",
    "paused": "▶",
    "over": "▶",
    "waiting": "…",
    "playing": "Ⅱ",
}
"""What a click on the first key does, as a picture."""


class Press(Static):
    """A word or picture that does what a key does, for the mouse."""

    def __init__(self, label: str, action: str, tooltip: str, id: str | None = None) -> None:
        super().__init__(label, id=id, markup=False, classes="press")
        self._action = action
        self.tooltip = tooltip

    async def on_click(self) -> None:
        await self.run_action(self._action)


class Told(Static):
    """Text that is painted only when it has changed."""

    said: reactive[str] = reactive("", layout=False)

    def __init__(self, id: str) -> None:
        super().__init__(id=id, markup=False)

    def render(self) -> str:
        return self.said


class TransportBar(Horizontal):
    """One line below the waveform."""

    def compose(self) -> ComposeResult:
        yield Press("▶", "screen.play_pause", "Play or pause (F7)", id="press-play")
        yield Press("■", "screen.stop", "Stop (Ctrl+C)")
        yield Press("«", "screen.sentence(-1)", "The sentence before (Ctrl+Up)")
        yield Press("»", "screen.sentence(1)", "The next sentence (Ctrl+Down)")
        yield Told("time")
        yield Told("sentence-number")
        yield Press("-", "screen.speed(-1)", "Slower", id="press-slower")
        yield Told("speed")
        yield Press("+", "screen.speed(1)", "Faster", id="press-faster")
        yield Meter(id="meter")
        yield Told("state")
        yield Press("save", "screen.save", "Save as a file (Ctrl+S)", id="press-save")

    def show(
        self,
        *,
        state: str,
        at: float,
        total: float,
        sure: bool,
        speed: float,
        number: str,
        doing: str,
    ) -> None:
        """Seconds of the tape; `sure`: whether the total is more than an estimate. `doing`: in
        a word or two."""
        pictured = STATES[state]
        play = self.query_one("#press-play", Press)
        if play.content != pictured:
            play.update(pictured)
        left = max(0.0, total - at) / speed
        about = "" if sure else "~"
        time = f"{clock(at)} / {about}{clock(total)}  -{about}{clock(left)}"
        self._tell("time", time if total else doing)
        self._tell("sentence-number", number)
        self._tell("speed", f"{speed:g}x")
        self._tell("state", doing if total else "")

    def _tell(self, name: str, words: str) -> None:
        self.query_one(f"#{name}", Told).said = words


def clock(seconds: float) -> str:
    """`0:07`, `12:30` or `1:02:03`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
