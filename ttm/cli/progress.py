"""One line on the terminal that says how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ttm.cli import output
from ttm.models.place import amount

if TYPE_CHECKING:
    from ttm.models.download import Coming

REDRAW = 0.2
"""Seconds between two states of the line."""
FORETOLD = 2.0
"""Seconds after which, and a hundredth of the text, the time that is left can be told."""


class Progress:
    """Draws over itself, and leaves nothing behind when cleared."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._next = 0.0
        self._began = 0.0
        self._shown = False

    def show(self, seconds: float, chunks: int, part: Callable[[], float | None]) -> None:
        """How much was spoken so far: seconds of sound, sentences, and which part of the text."""
        now = time.monotonic()
        self._began = self._began or now
        if not self._wanted or now < self._next:
            return
        done, left = part(), ""
        if done and done > 0.01 and (gone := now - self._began) > FORETOLD:
            left = f", {clock(gone * (1 - done) / done)} left"
        share = f", {done:.0%}" if done is not None else ""
        self._draw(f"{clock(seconds)} spoken, sentence {chunks + 1}{share}{left}")

    def loading(self, model: str, what: str, part: float) -> None:
        """How much of a model is loaded, from 0 to 1."""
        self._draw(f"Loading {model}: {what} {part:.0%}")

    def coming(self, told: Coming) -> None:
        """How much of a model has come, how fast, and how long the rest takes."""
        name = told.hub.rpartition("/")[2]
        if told.state != "downloading":
            self._draw(f"{told.state.capitalize()} {name} {told.file}".rstrip())
            return
        part = told.done / told.total if told.total else 0.0
        left = f", {clock(told.left)} left" if told.left is not None else ""
        whole = f"{amount(told.done)} of {amount(told.total)}"
        self._draw(f"{name}: {part:.0%}, {whole}, {amount(told.rate)}/s{left}")

    def verifying(self, model: str, part: float) -> None:
        """How much of a model is hashed, from 0 to 1."""
        self._draw(f"Verifying {model}: {part:.0%}")

    def _draw(self, text: str) -> None:
        now = time.monotonic()
        if self._wanted and now >= self._next:
            self._next = now + REDRAW
            self._shown = True
            output.redraw(text)

    def clear(self) -> None:
        if self._shown:
            self._shown = False
            output.redraw("")


def clock(seconds: float) -> str:
    """`1:02:03`, or `2:03` below an hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
