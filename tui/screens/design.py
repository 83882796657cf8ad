"""A voice designed: a description, four voices that it makes, and one of them kept."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Static

from ttm.errors import TtmError
from tui.safe import begun, safe
from tui.screens.overlay import Overlay
from tui.widgets.candidate import CandidateCard
from tui.widgets.entry import Entry

if TYPE_CHECKING:
    from tui.app import TtmApp
    from tui.studio.audition import Audition, Lender
    from tui.studio.newcomers import Candidate

COUNT = 4
WAVE = 64
"""Columns that are kept of a candidate's wave."""


class Design(Overlay[str]):
    """Dismissed with the name of the new voice; empty for none."""

    CSS_PATH = "newcomer.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "make", "Make four", id="design.make", priority=True),
        *(
            Binding(f"f{n},alt+{n}", f"hear({n})", f"Hear {n}", id=f"design.{n}", priority=True)
            for n in range(1, COUNT + 1)
        ),
        Binding("ctrl+s", "keep", "Keep it", id="design.keep", priority=True),
        Binding("escape", "leave", "Leave", id="design.leave"),
    ]

    class Came(Message):
        """One of the four is there."""

        def __init__(self, candidate: Candidate) -> None:
            super().__init__()
            self.candidate = candidate

    def __init__(self, lender: Lender, audition: Audition) -> None:
        super().__init__()
        self._lender, self._audition = lender, audition
        self._candidates: dict[int, Candidate] = {}
        self._chosen = 0
        self._busy = self._left = False
        self._able = True
        """Whether there is a model that designs, as far as that is known."""
        self._about = ("", "")
        """The description and the language of the candidates."""

    @property
    def ttm(self) -> TtmApp:
        """The app that this is a screen of."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("A voice from a description", classes="title", markup=False)
            yield Entry("It is", id="description", hint="warm, low, unhurried; an old storyteller")
            yield Entry("Language", id="language", hint="en, German, ...; may be empty")
            yield Entry("They say", id="line", hint="a sentence; may be empty for English")
            with Horizontal(id="candidates"):
                for number in range(1, COUNT + 1):
                    yield CandidateCard(number)
            yield Entry("Name", id="name", hint="a to z, digits and hyphens")
            yield Static("", id="progress", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Make four (ctrl+g)", id="make", variant="primary", compact=True)
                yield Button("Keep (ctrl+s)", id="keep", compact=True, disabled=True)
                yield Button("Leave (esc)", id="leave", compact=True)

    def on_mount(self) -> None:
        self.query_one("#description Input").focus()
        self._look()

    @work(exclusive=True, group="looking", exit_on_error=False)
    async def _look(self) -> None:
        from tui.studio.newcomers import able

        try:
            model = await asyncio.to_thread(able, self.ttm.config)
        except TtmError as failure:
            self._say(f"! {begun(failure.sentence)}")
            self._able = False
            self._ready()
            return
        self._say(f"{model} makes four voices of what you write; F1 to F4 play them.")

    def _say(self, sentence: str) -> None:
        self.query_one("#progress", Static).update(safe(sentence))

    # Making them.

    @on(Button.Pressed, "#make")
    def action_make(self) -> None:
        if self._busy or self.query_one("#make", Button).disabled:
            return
        if not self.query_one("#description", Entry).value:
            self._say("! Say what the voice is like first")
            self.query_one("#description Input").focus()
            return
        self._make()

    @work(exclusive=True, group="making", exit_on_error=False)
    async def _make(self) -> None:
        from tui.studio.newcomers import candidates

        description, language, said = (
            self.query_one(f"#{name}", Entry).value for name in ("description", "language", "line")
        )
        self._candidates, self._chosen, self._busy = {}, 0, True
        self._about = (description, language)
        for card in self.query(CandidateCard):
            card.wave, card.words, card.chosen = (), "waits", False
        self._next()
        task = partial(
            candidates,
            config=self.ttm.config,
            description=description,
            language=language,
            said=said,
            tell=self._tell,
        )
        self._ready()
        try:
            await asyncio.wrap_future(self._lender.lend(task))
            self._say("F1 to F4 play them; choose one, name it, and keep it.")
        except TtmError as failure:
            self._say(f"! {begun(failure.sentence)}")
        except (CancelledError, asyncio.CancelledError):
            self._say("It was stopped.")
        finally:
            self._busy = False
            self._ready()

    def _tell(self, candidate: Candidate) -> bool:
        """Heard in the studio's thread."""
        self.post_message(self.Came(candidate))
        return not self._left

    @on(Came)
    def _came(self, event: Came) -> None:
        candidate = event.candidate
        self._candidates[candidate.number] = candidate
        self.refresh_bindings()
        card = self.query_one(f"#candidate-{candidate.number}", CandidateCard)
        tape = candidate.tape
        low, high = tape.envelope(WAVE, 0, tape.samples)
        card.wave = tuple(max(-int(a), int(b)) / 32768 for a, b in zip(low, high, strict=True))
        card.words = f"{candidate.heard.seconds:.1f} s"
        self._next()

    def _next(self) -> None:
        number = len(self._candidates) + 1
        if number <= COUNT:
            self._say(f"{number} of {COUNT} is being spoken ...")
            self.query_one(f"#candidate-{number}", CandidateCard).words = "is spoken ..."

    # Hearing and keeping.

    @on(CandidateCard.Pressed)
    def _pressed(self, event: CandidateCard.Pressed) -> None:
        self.action_hear(event.number)

    def action_hear(self, number: int) -> None:
        if (candidate := self._candidates.get(number)) is None:
            self._say("That one is not there yet")
            return
        self._chosen = number
        for card in self.query(CandidateCard):
            card.chosen = card.number == number
        self._audition.play(candidate.tape, "design", f"candidate {number}")
        self._ready()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be done yet is shown as such."""
        can = {"make": self._able and not self._busy, "hear": bool(self._candidates),
               "keep": bool(self._chosen) and not self._busy}  # fmt: skip
        return True if can.get(action, True) else None

    def _ready(self) -> None:
        self.refresh_bindings()
        self.query_one("#keep", Button).disabled = self._busy or not self._chosen
        self.query_one("#make", Button).disabled = self._busy or not self._able

    @on(Button.Pressed, "#keep")
    def action_keep(self) -> None:
        if self._busy:
            return
        if not self._chosen:
            self._say("! Choose one first: F1 to F4, or a click")
        elif not self.query_one("#name", Entry).value:
            self._say("! Give it a name")
            self.query_one("#name Input").focus()
        else:
            self._keep(self._candidates[self._chosen], self.query_one("#name", Entry).value)

    @work(exclusive=True, group="making", exit_on_error=False)
    async def _keep(self, candidate: Candidate, name: str) -> None:
        from tui.studio.newcomers import keep

        self._busy = True
        self._ready()
        self._say(f"Keeping candidate {candidate.number} ...")
        description, language = self._about
        task = partial(
            keep,
            config=self.ttm.config,
            candidate=candidate,
            name=name,
            description=description,
            language=language,
        )
        try:
            enrolled = await asyncio.wrap_future(self._lender.lend(task))
        except TtmError as failure:
            self._say(f"! {begun(failure.sentence)}")
            return
        finally:
            self._busy = False
            self._ready()
        self.ttm.tell(f"'{enrolled.voice.name}' is kept", "done", toast=True)
        self.dismiss(enrolled.voice.name)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        self._left = True
        self._audition.stop()
        self.dismiss("")
