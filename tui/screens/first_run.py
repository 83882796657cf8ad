"""The first time: ttm speaks at once, and says what a voice that sounds natural needs."""

from __future__ import annotations

import threading
from functools import partial
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Static

from ttm.config import overlaid
from ttm.errors import TtmError
from tui import welcome
from tui.safe import one_line
from tui.screens.page import Page
from tui.studio.events import Began, Event, Failed, Playback, Unheard
from tui.studio.studio import Studio
from tui.studio.transport import Transport
from tui.studio.utterance import Utterance
from tui.welcome import SENTENCE, SUGGESTED, Need

SPEAKING = "♪ speaking"
STATES = {"waiting": "waiting for its turn", "playing": SPEAKING, "over": "spoken", "idle": ""}


class FirstRun(Page):
    """Shown once, over the first screen."""

    MODE = "speak"
    CSS_PATH = "first_run.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "begin", "Begin", id="first.begin", tooltip="Go to Speak, and write"),
        Binding(
            "n",
            "natural",
            "A natural voice",
            id="first.natural",
            tooltip="Fetch what a natural voice needs, on the screen of the models",
        ),
        Binding(
            "h", "again", "Hear it again", id="first.again", tooltip="Speak the sentence again"
        ),
    ]

    class Heard(Message):
        """Something was told by the engine's side."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    class Known(Message):
        """What a natural voice needs is known, or why it is not."""

        def __init__(self, need: Need | None, sentence: str = "") -> None:
            super().__init__()
            self.need = need
            self.sentence = sentence

    def __init__(self) -> None:
        super().__init__()
        self._studio: Studio | None = None
        self._transport: Transport | None = None

    def body(self) -> ComposeResult:
        with VerticalScroll(id="welcome", can_focus=False):
            yield Static("Welcome to ttm", classes="heading", markup=False)
            yield Static("Talk To Me speaks what you write, on this machine alone.", markup=False)
            yield Static("1   A voice that is here already", classes="group", markup=False)
            yield Static(f"“{SENTENCE}”", id="sentence", markup=False)
            yield Static("…", id="heard", classes="quiet", markup=False)
            yield Static("2   A voice that sounds natural", classes="group", markup=False)
            yield Static("Looking at what it needs …", id="need", markup=False)
        with Horizontal(id="choices"):
            yield Button("Begin to write", id="begin", compact=True)
            yield Button("Get the natural voice", id="natural", compact=True)
            yield Button("Hear it again", id="again", compact=True)

    def on_mount(self) -> None:
        self.query_one("#begin").focus()
        self.action_again()
        self._look()

    def _post(self, event: Event) -> None:
        self.post_message(self.Heard(event))

    @work(thread=True, exclusive=True, exit_on_error=False, group="first-need")
    def _look(self) -> None:
        try:
            self.post_message(self.Known(welcome.need(self.ttm.config)))
        except TtmError as failure:
            self.post_message(self.Known(None, failure.sentence))

    @on(Known)
    def _show_need(self, event: Known) -> None:
        told = self.query_one("#need", Static)
        if event.need is None:
            told.update(one_line(event.sentence))
        elif event.need.anything:
            told.update(_table(event.need))
        else:
            told.update(f"{event.need.model} is here, and ready: choose it on Speak.")
        self.query_one("#natural").display = event.need is not None and event.need.anything

    def action_again(self) -> None:
        """Speak the sentence."""
        if self._studio is None or self._transport is None:
            # Its own, so that nothing of this is left on Speak.
            quiet = overlaid(self.ttm.config, {"history.keep": "off"}, "the welcome")
            self._studio = Studio(quiet, self._post)
            self._transport = Transport(self.ttm.config.playback, self._post)
        wishes = {"model": "espeak", "voice": "", "language": "en", "rate": "1.0"}
        self._studio.speak(Utterance(SENTENCE, wishes))

    @on(Heard)
    def _follow(self, message: Heard) -> None:
        event = message.event
        told = self.query_one("#heard", Static)
        if isinstance(event, Playback):
            told.update(STATES.get(event.state, ""))
            if event.state == "over":
                self.ttm.tell("That was espeak, the voice that is here already.")
        elif isinstance(event, Unheard):
            told.update(one_line(f"It cannot be heard here: {event.sentence}."))
            self.ttm.fail(event.sentence)
        elif isinstance(event, Failed):
            told.update(one_line(event.sentence))
            self.ttm.fail(event.sentence)
        elif isinstance(event, Began) and self._transport:
            self._transport.insert(event.tape, play=True)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.run_action(event.button.id or "")

    def action_begin(self) -> None:
        """Leave for the first screen, and do not come again."""
        self._remember()
        self.dismiss()

    def action_natural(self) -> None:
        """Have what a natural voice needs fetched, where that can be seen."""
        self._remember()
        self.dismiss()
        self.ttm.bring(SUGGESTED)

    @work(thread=True, exit_on_error=False, group="first-mark")
    def _remember(self) -> None:
        try:
            welcome.remember()
        except TtmError as failure:
            self.ttm.fail(failure.sentence)

    def on_unmount(self) -> None:
        if self._studio is not None and self._transport is not None:
            end = partial(_end, self._studio, self._transport)
            threading.Thread(target=end, name="first-run-end", daemon=True).start()

    def interrupt(self) -> bool:
        if self._transport is None or not self._transport.active:
            return False
        self._transport.stop()
        return True


def _end(studio: Studio, transport: Transport) -> None:
    """Closing waits for a device and a process to be gone."""
    transport.close()
    studio.close()


def _amount(size: int) -> str:
    """In whole megabytes, or in gigabytes with one digit after the point."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _table(need: Need) -> Table:
    """What is to be fetched, a line each, and the sum."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    if need.runtime_fetched:
        kept = f"torch for {need.device}; {_amount(need.runtime_kept)} on the disk"
        size = f"about {_amount(need.runtime_fetched)}"
        table.add_row(Text("The neural runtime"), Text(size), Text(kept))
    if need.fetched:
        what = f"{need.sentence}; {need.licence}"
        table.add_row(Text(f"The model {need.model}"), Text(_amount(need.fetched)), Text(what))
    if need.runtime_fetched and need.fetched:
        size = f"about {_amount(need.runtime_fetched + need.fetched)}"
        note = "fetched once; can be paused, and goes on where it was"
        table.add_row(Text("Together"), Text(size), Text(note))
    return table
