"""What is heard, and what can be done with it: the waveform, the line below it, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widgets import Static

from tui.safe import one_line
from tui.widgets.meter import QUIETEST, Meter
from tui.widgets.transport_bar import TransportBar
from tui.widgets.waveform import Waveform

if TYPE_CHECKING:
    from tui.studio.parts import Sentence
    from tui.studio.tape import Tape
    from tui.studio.transport import Transport


class Verdict(Static):
    """What was wrong with the sound of a sentence."""

    said: reactive[str] = reactive("", layout=True)

    def render(self) -> str:
        return f"! This sentence was {one_line(self.said)}." if self.said else ""

    def watch_said(self, said: str) -> None:
        self.set_class(bool(said), "-there")


class Sound(Vertical):
    """A tape, where it is, and how loud."""

    def compose(self) -> ComposeResult:
        yield Waveform(id="waveform")
        yield TransportBar()
        yield Verdict(id="verdict", markup=False)

    def show(
        self, tape: Tape | None, transport: Transport, sentence: Sentence | None, doing: str
    ) -> bool:
        """Show this moment; whether the next one will look otherwise though nothing is heard."""
        state, at = transport.state, transport.position if tape else 0
        self.query_one(Waveform).follow(tape, at)
        if state == "waiting" and not doing:
            doing = "waits its turn"
        bar, meter = self.query_one(TransportBar), self.query_one(Meter)
        if tape is None or not tape.rate:
            speed = transport.speed
            bar.show(state="idle", at=0, total=0, sure=True, speed=speed, number="", doing=doing)
        else:
            bar.show(
                state=state,
                at=at / tape.rate,
                total=tape.total,
                sure=tape.ended,
                speed=transport.speed,
                number=f"{sentence.number + 1 if sentence else 0} of {_count(tape)}",
                doing=doing,
            )
        meter.show(tape.level(at) if tape and state == "playing" else QUIETEST)
        self.query_one(Verdict).said = sentence.verdict if sentence else ""
        return meter.level > QUIETEST


def _count(tape: Tape) -> str:
    """How many sentences there are; more may come."""
    return f"{tape.count}" if tape.ended else f"{tape.count}…"
