"""One line on the terminal that says how far it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ttm.cli import output
from ttm.models.place import amount
from ttm.narration.report import Report

if TYPE_CHECKING:
    from ttm.models.download import Coming

REDRAW = 0.2
"""Seconds between two states of the line."""


class Progress:
    """Draws over itself, and leaves nothing behind when cleared."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._next = 0.0
        self._shown = False

    def show(self, report: Report) -> None:
        """How much was spoken so far."""
        self._draw(f"{_clock(report.seconds)} spoken, sentence {report.chunks + 1}")

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
        left = f", {_clock(told.left)} left" if told.left is not None else ""
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


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
