"""How loud it is at the moment."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

QUIETEST = -48.0
"""dBFS at which the meter is empty."""
LOUD = -6.0
"""dBFS from which on it is loud."""
PARTS = " ▏▎▍▌▋▊▉"
FALL = 3.0
"""dB that it falls at most between two looks, so that an eye can follow."""


class Meter(Widget):
    """A bar from -48 dBFS to 0."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"meter--level", "meter--loud", "meter--rest"}

    level: reactive[float] = reactive(QUIETEST, repaint=False)
    """dBFS."""
    _filled: reactive[int] = reactive(0)
    """Eighths of a column."""

    def show(self, level: float) -> None:
        """Rises at once, and falls slowly."""
        self.level = max(QUIETEST, level, self.level - FALL)
        part = (self.level - QUIETEST) / -QUIETEST
        self._filled = round(min(1.0, part) * self.size.width * 8)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        whole, rest = divmod(self._filled, 8)
        bar = ("█" * whole + (PARTS[rest] if rest else ""))[:width]
        name = "loud" if self.level >= LOUD else "level"
        return Strip(
            [
                Segment(bar, self.get_component_rich_style(f"meter--{name}")),
                Segment(" " * (width - len(bar)), self.get_component_rich_style("meter--rest")),
            ]
        )
