"""History: what was said, found again, said again, saved, taken back into the editor."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from ttm.errors import TtmError
from ttm.narration.history import Said, open_history
from tui import past
from tui.messages import ConfigChanged
from tui.safe import one_line, safe
from tui.screens.page import Page
from tui.screens.question import Question
from tui.sheet import Stamp, stamp_of
from tui.widgets.field import Field
from tui.widgets.rows import Column, Row, Rows

if TYPE_CHECKING:
    from tui.replay import Replay
    from tui.screens.save import Place

LOOK = 1.0
"""Seconds between two looks at whether something was said."""
READ = 4_000
"""Characters of a text that are shown below the list."""
KEPT = {
    "off": "The history is off: what is said from now on is not remembered. history.keep in "
    "Settings changes that.",
    "digest": "Of what is said, length, time and a fingerprint are remembered, not the text. "
    "history.keep in Settings changes that.",
    "full": "",
}
"""What is remembered, by `history.keep`."""
EMPTY = "Nothing was said yet, or it was forgotten.\n\nWhat any ttm says is listed here."
NOTHING_FOUND = "Nothing that was said has all of these words."


class History(Page):
    """What was said, the newest first."""

    MODE = "history"
    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash,ctrl+f", "filter", "Filter", id="history.filter",
            tooltip="Find by words of the text, the voice, the model or the file",
        ),
        Binding(
            "space", "replay", "Again", id="history.replay",
            tooltip="Say it again as it was said; while it is heard, stop it",
        ),
        Binding(
            "o", "open", "Open", id="history.open",
            tooltip="Take its text, voice and model to Speak",
        ),
        Binding("c", "copy", "Copy", id="history.copy", tooltip="Copy its text"),
        Binding(
            "s", "save", "Save", id="history.save", tooltip="Say it again into a file",
        ),
        Binding(
            "d,delete", "forget", "Forget", id="history.forget",
            tooltip="Take this one out of the history",
        ),
        Binding(
            "X", "clear", "Clear", show=False, id="history.clear",
            tooltip="Forget everything that was said",
        ),
        Binding("escape", "back", "Back", show=False, id="history.back", tooltip="To the list"),
    ]  # fmt: skip

    class Was(Message, bubble=False):
        """The history was read."""

        def __init__(self, every: Sequence[Said], stamp: Stamp, trouble: str = "") -> None:
            super().__init__()
            self.every = every
            self.stamp = stamp
            self.trouble = trouble

    class Found(Message, bubble=False):
        """Those that were looked for."""

        def __init__(self, rows: Sequence[Row], count: int, by_key: dict[str, int]) -> None:
            super().__init__()
            self.rows = rows
            self.count = count
            self.by_key = by_key

    def __init__(self) -> None:
        super().__init__()
        self._every: Sequence[Said] = ()
        self._stamp: Stamp = None
        self._trouble = ""
        self._by_key: dict[str, int] = {}
        self._replay: Replay | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="history-top"):
            yield Field(placeholder="/ filter", compact=True, id="history-filter")
            yield Static("", id="history-count", markup=False)
        yield Static("", id="history-kept", markup=False)
        yield Rows(
            Column("", 5, tone="quiet"),
            Column("", weight=6, least=20),
            Column("", least=10, tone="quiet", yields=2),
            Column("", least=8, tone="quiet", yields=3),
            Column("", 8, tone="quiet", right=True, yields=4),
            id="history-rows",
            empty=EMPTY,
            titles=False,
        )
        with Vertical(id="history-one"):
            yield Static("", id="history-about", markup=False)
            with VerticalScroll(can_focus=False):
                yield Static("", id="history-text", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._tell_what_is_kept()
        self._read()
        self.set_interval(LOOK, self._look)

    def on_unmount(self) -> None:
        if self._replay:
            self._replay.close()

    # Reading and showing.

    def _look(self) -> None:
        if self.is_current:
            self._watch(self._stamp)

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-look")
    def _watch(self, known: Stamp) -> None:
        if stamp_of(open_history(self.ttm.config).path) != known:
            self.app.call_from_thread(self._read)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._look()

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-read")
    def _read(self) -> None:
        history = open_history(self.ttm.config)
        stamp = stamp_of(history.path)
        try:
            self.post_message(self.Was(history.every(), stamp))
        except TtmError as failure:
            self.post_message(self.Was((), stamp, failure.sentence))

    @on(Was)
    def _take(self, event: Was) -> None:
        self._every, self._stamp = event.every, event.stamp
        if event.trouble and event.trouble != self._trouble:
            self.ttm.fail(event.trouble)
        self._trouble = event.trouble
        self._find(self.query_one("#history-filter", Input).value, self._every)

    @on(Input.Changed, "#history-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._find(event.value, self._every)

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-find")
    def _find(self, wanted: str, every: Sequence[Said]) -> None:
        hits, now = past.found(every, wanted), time.time()
        rows: list[Row] = []
        by_key: dict[str, int] = {}
        day = ""
        for number, said in hits:
            if (its_day := past.day(said, now)) != day:
                day = its_day
                rows += [Row("", ("",), "head")] if rows else []
                rows.append(Row(f"day {day}", (day,), "head"))
            key = f"{said.time} {said.digest}"
            by_key[key] = number
            cells = (past.hour(said), past.what(said), said.voice, said.model)
            length = f"{said.seconds:.1f} s" if said.seconds else ""
            rows.append(Row(key, (*cells, length), "warn" if said.exit else ""))
        if not get_current_worker().is_cancelled:
            self.post_message(self.Found(rows, len(hits), by_key))

    @on(Found)
    def _show(self, event: Found) -> None:
        self._by_key = event.by_key
        rows, filtered = self.query_one(Rows), self.query_one("#history-filter", Input).value
        rows.empty = self._trouble or (NOTHING_FOUND if filtered.strip() else EMPTY)
        rows.show(event.rows)
        all_of_them = len(self._every)
        count = f"{event.count:,} of {all_of_them:,}" if filtered.strip() else f"{all_of_them:,}"
        self.query_one("#history-count", Static).update(count if all_of_them else "")
        self._describe()

    @on(Rows.Moved, "#history-rows")
    def _describe(self) -> None:
        said = self.said
        self.query_one("#history-one").display = said is not None
        if said is not None:
            self.query_one("#history-about", Static).update(one_line(past.about(said)))
            shown = said.text if said.text is not None else "The text was not kept."
            if said.text is None and said.files and "-" not in said.files:
                shown = "Read from " + ", ".join(said.files)
            more = "…" if len(shown) > READ else ""
            self.query_one("#history-text", Static).update(safe(shown[:READ]) + more)
            self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(ConfigChanged)
    def _tell_what_is_kept(self) -> None:
        kept = self.query_one("#history-kept", Static)
        told = KEPT[self.ttm.config.history.keep]
        kept.update(told)
        kept.display = bool(told)

    @property
    def said(self) -> Said | None:
        """The speech that the cursor is on."""
        number = self._number
        return self._every[number - 1] if 1 <= number <= len(self._every) else None

    @property
    def _number(self) -> int:
        row = self.query_one(Rows).row
        return self._by_key.get(row.key, 0) if row else 0

    # What the person does.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed, letters are letters."""
        typing = isinstance(self.focused, Input)
        keys = ("filter", "replay", "open", "copy", "save", "forget", "clear")
        return not (typing and action in keys)

    def action_filter(self) -> None:
        """Go where one types what is looked for."""
        self.query_one("#history-filter", Input).focus()

    @on(Input.Submitted, "#history-filter")
    def _filtered(self) -> None:
        self.query_one(Rows).focus()

    def action_back(self) -> None:
        """To the list of everything."""
        self.query_one("#history-filter", Input).value = ""
        self.query_one(Rows).focus()

    @on(Rows.Chosen, "#history-rows")
    def action_replay(self) -> None:
        """Say it again; what is being said again falls silent."""
        if self._replay and self._replay.active:
            self._replay.stop()
        elif said := self.said:
            self._say(said)

    def interrupt(self) -> bool:
        """Ctrl+C ends what is said again."""
        if self._replay and self._replay.active:
            self._replay.stop()
            return True
        return False

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-text")
    def _say(self, said: Said) -> None:
        try:
            wanted = past.utterance(said, self.ttm.config, play=True)
        except TtmError as failure:
            self.ttm.fail(f"It cannot be said again: {failure.sentence}")
            return
        self.app.call_from_thread(lambda: self.replay.say(wanted))

    @property
    def replay(self) -> Replay:
        """What says it again; made when it is first asked for."""
        if self._replay is None:
            from tui.replay import Replay

            self._replay = Replay(self.ttm)
        return self._replay

    @work
    async def action_save(self) -> None:
        """Have it in a file."""
        said = self.said
        if said is None:
            return
        from tui.screens.save import Save

        form, about = self.ttm.config.say.format, f"What is saved: {past.what(said)[:60]}"
        asked = Save(Path.home(), past.stem(said), form, one_line(about))
        if (place := await self.app.push_screen_wait(asked)) is not None:
            self._save(said, place)

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-text")
    def _save(self, said: Said, place: Place) -> None:
        try:
            wanted = past.utterance(said, self.ttm.config, play=False)
        except TtmError as failure:
            self.ttm.fail(f"It cannot be saved: {failure.sentence}")
            return
        self.app.call_from_thread(lambda: self.replay.save(wanted, place))

    def action_open(self) -> None:
        """Take it to Speak."""
        if said := self.said:
            self._open(said)

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-text")
    def _open(self, said: Said) -> None:
        try:
            text = past.text(said, self.ttm.config)
        except TtmError as failure:
            self.ttm.fail(f"It cannot be opened: {failure.sentence}")
            return
        wishes: dict[str, Any] = {**said.settings, "model": said.model, "voice": said.voice}
        self.app.call_from_thread(lambda: self.ttm.speak_with(text, **wishes))

    def action_copy(self) -> None:
        """Copy the text."""
        if said := self.said:
            self._copy(said)

    @work(thread=True, exclusive=True, exit_on_error=False, group="history-text")
    def _copy(self, said: Said) -> None:
        try:
            text = past.text(said, self.ttm.config)
        except TtmError as failure:
            self.ttm.fail(f"It cannot be copied: {failure.sentence}")
            return
        self.app.call_from_thread(self.app.copy_to_clipboard, text)
        self.ttm.tell(f"Copied {len(text):,} characters.", "done")

    def action_forget(self) -> None:
        """Take it out of the history."""
        if said := self.said:
            self._forget(said)

    @work(thread=True, exit_on_error=False, group="history-write")
    def _forget(self, said: Said) -> None:
        try:
            gone = open_history(self.ttm.config).forget([said])
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        self.ttm.tell("Forgot it." if gone else "It was forgotten already.", "done")
        self.app.call_from_thread(self._read)

    @work
    async def action_clear(self) -> None:
        """Forget everything, after a question."""
        if not self._every:
            self.ttm.tell("The history is empty.")
            return
        count = len(self._every)
        what = "the only speech there is" if count == 1 else f"all {count:,} speeches"
        sentence = f"Forget {what}? What was kept of their sound stays in the cache."
        yes = "Forget it" if count == 1 else "Forget them"
        if await self.app.push_screen_wait(Question(sentence, yes)):
            self._clear()

    @work(thread=True, exit_on_error=False, group="history-write")
    def _clear(self) -> None:
        try:
            gone = open_history(self.ttm.config).clear()
        except TtmError as failure:
            self.ttm.fail(failure.sentence)
            return
        self.ttm.tell(f"Forgot {gone:,} {'speech' if gone == 1 else 'speeches'}.", "done")
        self.app.call_from_thread(self._read)

    def command(self) -> str:
        """What says it again in a shell."""
        return f"ttm history play {self._number}" if self._number else "ttm history list"
