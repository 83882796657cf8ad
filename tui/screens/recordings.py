"""A file chosen: folders to walk through, and the recordings in them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from ttm.models.place import amount
from ttm.voices import RECORDINGS
from tui.safe import one_line
from tui.screens.overlay import Overlay
from tui.widgets.field import Field
from tui.widgets.ledger import Column, Ledger, Row

MOST = 5000
"""Names of a folder that are shown."""


class Recordings(Overlay[str]):
    """The path of a recording; empty for none."""

    CSS_PATH = "recordings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="recordings.open"),
        Binding("backspace", "up", "Folder above", id="recordings.up"),
        Binding("slash", "filter", "Filter", id="recordings.filter"),
        Binding("escape", "leave", "Leave", id="recordings.leave"),
    ]

    def __init__(self, folder: str = "") -> None:
        super().__init__()
        self._folder = Path(folder or "~").expanduser()
        self._names: list[tuple[str, int]] = []
        """Each with its size; -1 is a folder."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("", id="folder", markup=False)
            yield Field(placeholder="/  filter", id="words", compact=True)
            columns = (Column("NAME", 20, grows=True), Column("SIZE", 9))
            yield Ledger(columns, id="files", empty="No recordings and no folders are here")
            yield Static(
                "enter opens   backspace goes up   escape leaves", classes="hint", markup=False
            )

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self._go(self._folder)

    @work(exclusive=True, exit_on_error=False)
    async def _go(self, folder: Path) -> None:
        try:
            names = await asyncio.to_thread(_inside, folder)
        except OSError as failure:
            self.notify(
                one_line(f"{folder} cannot be read: {failure.strerror}"),
                severity="error",
                markup=False,
            )
            return
        self._folder, self._names = folder, names
        self.query_one("#folder", Static).update(one_line(str(folder)))
        self.query_one("#words", Input).value = ""
        self._refill()

    @on(Input.Changed)
    def _refill(self) -> None:
        words = self.query_one("#words", Input).value.casefold().split()
        rows = [
            Row(name, (f"{name}/" if size < 0 else name, "" if size < 0 else amount(size)))
            for name, size in self._names
            if all(word in name.casefold() for word in words)
        ]
        self.query_one(Ledger).show(rows)

    @on(Ledger.Picked)
    @on(Input.Submitted)
    def action_open(self) -> None:
        name = self.query_one(Ledger).key
        if not name:
            return
        if dict(self._names).get(name, 0) < 0:
            self._go(self._folder / name)
        else:
            self.dismiss(str(self._folder / name))

    def action_up(self) -> None:
        self._go(self._folder.parent)

    def action_filter(self) -> None:
        self.query_one("#words").focus()

    def action_leave(self) -> None:
        if self.query_one("#words").has_focus:
            self.query_one(Ledger).focus()
        else:
            self.dismiss("")


def _inside(folder: Path) -> list[tuple[str, int]]:
    """The folders and recordings of a folder, folders first. Raises OSError."""
    found = []
    with os.scandir(folder) as entries:
        for _, entry in zip(range(MOST), entries, strict=False):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                found.append((entry.name, -1))
            elif entry.name.casefold().endswith(RECORDINGS):
                found.append((entry.name, entry.stat().st_size))
    return sorted(found, key=lambda both: (both[1] >= 0, both[0].casefold()))
