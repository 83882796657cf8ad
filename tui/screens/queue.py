"""Queue: who speaks on this machine, who waits, and what they are asked to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from ttm.narration.queue import Command, Entry, speaker_queue
from tui.safe import one_line
from tui.screens.page import Page
from tui.widgets.rows import Column, Row, Rows, Tone

LOOK = 0.25
"""Seconds between two looks at the queue."""
BAR = 8
"""Columns of the screen in which progress is drawn."""
EMPTY = """\
Nothing is speaking, and nothing waits.

Whatever any ttm says aloud on this machine is here while it lasts: this window, `ttm say` in \
another terminal, a server, an editor's plugin. One speaks at a time; the others wait their turn."""
WORDS = {"speaking": "▶ speaking", "paused": "‖ paused", "waiting": "· waiting"}
"""What an entry's state is called."""
TONES: dict[str, Tone] = {"speaking": "live", "paused": "warn", "waiting": ""}


class Queue(Page):
    """The one speaker queue, whoever is in it."""

    MODE = "queue"
    CSS_PATH = "queue.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space", "hold", "Pause", id="queue.hold",
            tooltip="Hold what speaks where it is, or have it go on",
        ),
        Binding(
            "s", "skip", "Skip", id="queue.skip",
            tooltip="End what speaks; the next one begins",
        ),
        Binding(
            "f", "first", "First", id="queue.first",
            tooltip="Let this one speak before all others that wait",
        ),
        Binding(
            "i", "interrupt", "Now", id="queue.interrupt",
            tooltip="End what speaks, and let this one speak at once",
        ),
        Binding(
            "d,delete", "drop", "Drop", id="queue.drop",
            tooltip="End this one, or keep it from speaking",
        ),
        Binding(
            "x", "stop", "Stop all", id="queue.stop",
            tooltip="Silence: end what speaks and all that waits",
        ),
        Binding(
            "shift+up,left_square_bracket", "step(False)", "Up", id="queue.up",
            tooltip="Let this one speak before the one above it",
        ),
        Binding(
            "shift+down,right_square_bracket", "step(True)", "Down", id="queue.down",
            tooltip="Let this one speak after the one below it",
        ),
    ]  # fmt: skip

    class Seen(Message, bubble=False):
        """The queue was looked at."""

        def __init__(self, entries: Sequence[Entry], trouble: str) -> None:
            super().__init__()
            self.entries = entries
            self.trouble = trouble

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Queue.Seen)

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._trouble = ""

    def body(self) -> ComposeResult:
        yield Static("", id="queue-now", markup=False)
        yield Rows(
            Column("State", 10),
            Column("From", least=14, weight=2),
            Column("Voice", least=10, yields=2),
            Column("Model", least=10, yields=3),
            Column("Heard", 27),
            Column("Since", 8, tone="quiet", yields=4),
            Column("Rank", 4, tone="quiet", right=True, yields=5),
            id="queue-rows",
            empty=EMPTY,
        )
        yield Static("", id="queue-about", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._look()
        self.set_interval(LOOK, self._tick)

    def _tick(self) -> None:
        if self.is_current:
            self._look()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._look()

    # Looking.

    @work(thread=True, exclusive=True, exit_on_error=False, group="queue-look")
    def _look(self) -> None:
        try:
            self.post_message(self.Seen(speaker_queue().entries(), ""))
        except OSError as failure:
            self.post_message(self.Seen((), _unusable(failure)))

    @on(Seen)
    def _show(self, event: Seen) -> None:
        if event.trouble and event.trouble != self._trouble:
            self.ttm.fail(event.trouble)
        changed = list(event.entries) != list(self._entries) or event.trouble != self._trouble
        self._entries, self._trouble = event.entries, event.trouble
        rows = self.query_one(Rows)
        self._describe()
        if not changed and rows.rows:
            return
        rows.empty = event.trouble or EMPTY
        rows.show([_row(one) for one in self._entries])
        self._summarize()
        self.refresh_bindings()

    def _summarize(self) -> None:
        waiting = sum(one.state == "waiting" for one in self._entries)
        speaking = [one for one in self._entries if one.state != "waiting"]
        told = "it is about to begin"
        if speaking:
            who = speaking[0].voice or speaking[0].model or "somebody"
            told = f"{who} {'is paused' if speaking[0].state == 'paused' else 'speaks'}"
        count = "nobody waits" if not waiting else f"{waiting} wait" + "s" * (waiting == 1)
        self.query_one("#queue-now", Static).update(
            one_line(f"{told} · {count}") if self._entries else ""
        )

    @on(Rows.Moved, "#queue-rows")
    def _describe(self) -> None:
        entry = self._chosen()
        self.query_one("#queue-about", Static).update(one_line(_about(entry)) if entry else "")

    def _chosen(self) -> Entry | None:
        row = self.query_one(Rows).row
        return next((one for one in self._entries if row and str(one.number) == row.key), None)

    # Asking.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nobody is in the queue, nothing is asked of anybody."""
        of_somebody = ("skip", "first", "step", "interrupt", "drop", "stop")
        return None if action in of_somebody and not self._entries else True

    def action_hold(self) -> None:
        """Pause what speaks; have what is paused go on."""
        speaking = [one for one in self._entries if one.state == "speaking"]
        paused = [one for one in self._entries if one.state == "paused"]
        if speaking:
            self._tell("pause", speaking, "Paused. Space goes on.")
        elif paused:
            self._tell("resume", paused, "It goes on.")
        else:
            self.ttm.tell("Nothing is speaking.")

    def action_skip(self) -> None:
        """End what speaks."""
        self._tell("stop", [one for one in self._entries if one.state != "waiting"], "Skipped.")

    def action_stop(self) -> None:
        """End everything."""
        self._tell("stop", self._entries, "Silence: all of them were stopped.")

    def action_drop(self) -> None:
        """End the one that the cursor is on."""
        if entry := self._chosen():
            self._tell("stop", [entry], f"Dropped number {entry.number}.")

    def action_first(self) -> None:
        """Let the one that the cursor is on speak before the others that wait."""
        if entry := self._chosen():
            self._prefer(entry, now=False)

    def action_step(self, later: bool) -> None:
        """Let the one that the cursor is on speak sooner or later by one."""
        entry = self._chosen()
        if entry is None:
            return
        if entry.state != "waiting":
            self.ttm.tell("It speaks already.")
            return
        number, way = entry.number, "after" if later else "before"
        waiting = [one.number for one in self._entries if one.state == "waiting"]
        if number == waiting[-1 if later else 0]:
            self.ttm.tell(f"It is the {'last' if later else 'first'} that waits.")
            return
        other = waiting[waiting.index(number) + (1 if later else -1)]
        told = f"Number {number} speaks {way} number {other}."
        self._ask(lambda: speaker_queue().step(number, later=later), told)

    def action_interrupt(self) -> None:
        """Let it speak at once."""
        if entry := self._chosen():
            self._prefer(entry, now=True)

    def interrupt(self) -> bool:
        """Ctrl+C ends what speaks."""
        speaking = any(one.state != "waiting" for one in self._entries)
        if speaking:
            self.action_skip()
        return speaking

    @on(Rows.Chosen, "#queue-rows")
    def _enter(self) -> None:
        self.action_hold()

    def _tell(self, command: Command, entries: Sequence[Entry], told: str) -> None:
        if not entries:
            self.ttm.tell("Nothing is speaking.")
            return
        self._ask(lambda: speaker_queue().tell(command, list(entries)) > 0, told)

    def _prefer(self, entry: Entry, *, now: bool) -> None:
        def ask() -> bool:
            queue = speaker_queue()
            if not queue.prefer(entry.number):
                return False
            if now:
                queue.tell("stop", [one for one in queue.entries() if one.state != "waiting"])
            return True

        if entry.state != "waiting":
            self.ttm.tell("It speaks already.")
            return
        told = "speaks now." if now else "speaks next."
        self._ask(ask, f"Number {entry.number} {told}")

    @work(thread=True, exit_on_error=False, group="queue-ask")
    def _ask(self, ask: Callable[[], bool], told: str) -> None:
        try:
            if ask():
                self.ttm.tell(told, "done")
            else:
                self.ttm.tell("It is gone already.")
        except OSError as failure:
            self.ttm.fail(_unusable(failure))
        self.app.call_from_thread(self._look)

    def command(self) -> str:
        """What shows the same in a shell."""
        return "ttm queue"


def _unusable(failure: OSError) -> str:
    where = speaker_queue().folder
    return f"Cannot use {where}: {failure.strerror}. Set XDG_RUNTIME_DIR to a folder of your own."


def _row(entry: Entry) -> Row:
    door = f"{entry.door} ({entry.channel})" if entry.channel else entry.door
    since = time.strftime("%H:%M:%S", time.localtime(entry.since))
    cells = (
        WORDS[entry.state],
        door,
        entry.voice or "—",
        entry.model or "—",
        _heard(entry),
        since,
        str(entry.priority) if entry.priority else "",
    )
    return Row(str(entry.number), cells, TONES[entry.state])


def _heard(entry: Entry) -> str:
    """How far it is; before it speaks, how long it is."""
    if entry.state == "waiting":
        return "" if entry.characters is None else f"{entry.characters:,} characters"
    if not entry.length:
        return clock(entry.played)
    done = min(BAR, round(BAR * entry.played / entry.length))
    return f"{'━' * done}{'─' * (BAR - done)} {clock(entry.played)} of {clock(entry.length)}"


def _about(entry: Entry) -> str:
    """All that is known of it, as a sentence."""
    parts = [f"number {entry.number}", f"process {entry.pid}"]
    if entry.characters is not None:
        parts.append(f"{entry.characters:,} characters")
    parts.append(f"came {clock(max(0.0, time.time() - entry.since))} ago")
    if entry.priority:
        parts.append(f"priority {entry.priority}")
    if entry.urgent:
        parts.append("interrupts")
    return " · ".join(parts)


def clock(seconds: float) -> str:
    """`1:05` for 65.4 seconds, `1:01:05` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
