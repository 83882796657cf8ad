"""A voice added from a recording, with what is found of it shown before anything is kept."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import Suggester
from textual.widgets import Button, Input, Static

from ttm.errors import BadRecording, TtmError, UsageError
from ttm.voicefile import NAME
from ttm.voices.verdict import Finding
from tui.safe import begun, one_line
from tui.screens.overlay import Overlay
from tui.screens.recordings import Recordings
from tui.widgets.entry import Entry

if TYPE_CHECKING:
    from tui.app import TtmApp
    from tui.studio.audition import Lender
    from tui.studio.newcomers import Sample

MARKS = {"ok": ("✓", "success"), "note": ("•", "warning"), "refused": ("✗", "error")}
PAUSE = 0.6
"""Seconds without a key after which a path is listened to."""


class Paths(Suggester):
    """The rest of a path, as far as a folder has one name that begins so."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(_completed, value)


class Enrol(Overlay[str]):
    """Dismissed with the name of the new voice; empty for none."""

    CSS_PATH = "newcomer.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "browse", "Choose a file", id="enrol.browse"),
        Binding("ctrl+s", "keep", "Keep it", id="enrol.keep", priority=True),
        Binding("escape", "leave", "Leave", id="enrol.leave"),
    ]

    def __init__(self, lender: Lender) -> None:
        super().__init__()
        self._lender = lender
        self._sample: Sample | None = None
        self._busy = False
        self._guessed = ""
        """The name that was made of the file's."""

    @property
    def ttm(self) -> TtmApp:
        """The app that this is a screen of."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("A voice from a recording", classes="title", markup=False)
            with VerticalScroll(can_focus=False):
                yield Entry(
                    "Recording", id="path", hint="3 to 20 s of one voice; ctrl+o chooses",
                    suggester=Paths(),
                )  # fmt: skip
                yield Entry("Name", id="name", hint="a to z, digits and hyphens")
                yield Entry(
                    "It says", id="transcript", hint="every word that is said; may be empty"
                )
                yield Entry("Language", id="language", hint="en, German, ...; may be empty")
                yield Entry("Like", id="description", hint="what the voice is like; may be empty")
                yield Entry("Consent", id="consent", hint="whose voice it is, and who agreed")
                yield Static("", id="findings", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(
                    "Keep (ctrl+s)", id="keep", variant="primary", compact=True, disabled=True
                )
                yield Button("Leave (esc)", id="leave", compact=True)

    def on_mount(self) -> None:
        self.query_one("#path Input").focus()
        self._say("Every recording is listened to before anything is kept.")

    # The recording.

    @work(exclusive=True, group="picking", exit_on_error=False)
    async def action_browse(self) -> None:
        typed = os.path.expanduser(self.query_one("#path", Entry).value)
        folder = typed if os.path.isdir(typed) else os.path.dirname(typed)
        if path := await self.app.push_screen_wait(Recordings(folder)):
            self.query_one("#path", Entry).value = path

    @on(Input.Changed, "#path Input")
    @on(Input.Changed, "#transcript Input")
    def _changed(self) -> None:
        path = self.query_one("#path", Entry).value
        self._sample = None
        self._ready()
        self._listen(path, self.query_one("#transcript", Entry).value)

    @work(exclusive=True, group="listening", exit_on_error=False)
    async def _listen(self, path: str, transcript: str) -> None:
        from tui.studio.newcomers import listen

        await asyncio.sleep(PAUSE)
        if not path or await asyncio.to_thread(os.path.isdir, os.path.expanduser(path)):
            return
        self._say("Listening ...")
        try:
            self._sample = await asyncio.to_thread(listen, path, transcript)
        except TtmError as failure:
            self._say(failure.sentence, "error")
            return
        name = self.query_one("#name", Entry)
        stem = os.path.splitext(os.path.basename(path))[0].casefold().replace("_", "-")
        if name.value in ("", self._guessed) and NAME.fullmatch(stem):
            name.value = self._guessed = stem
        self._show(self._sample.findings)
        self._ready()

    def _ready(self) -> None:
        """Let it be kept where nothing speaks against that."""
        good = self._sample is not None and not self._sample.refused and not self._busy
        self.query_one("#keep", Button).disabled = not good
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be done yet is shown as such."""
        good = self._sample is not None and not self._sample.refused and not self._busy
        return True if action != "keep" or good else None

    def _say(self, sentence: str, colour: str = "quiet") -> None:
        style = Style(color=self.app.theme_variables.get(colour))
        self.query_one("#findings", Static).update(Text(one_line(begun(sentence)), style))

    def _show(self, findings: tuple[Finding, ...]) -> None:
        colours = self.app.theme_variables
        quiet = Style(color=colours.get("quiet"))
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for each in findings:
            mark, colour = MARKS[each.state]
            found = Text(one_line(each.found))
            if each.sentence:
                found.append(f"; {one_line(each.sentence)}", quiet)
            table.add_row(Text(mark, Style(color=colours.get(colour))), each.name, found)
        refused = any(each.state == "refused" for each in findings)
        end = "It cannot become a voice: see ✗" if refused else "It makes a voice"
        style = Style(color=colours.get("error" if refused else "success"), bold=True)
        table.add_row("", "", Text(end, style))
        self.query_one("#findings", Static).update(table)

    # Keeping it.

    @on(Button.Pressed, "#keep")
    def action_keep(self) -> None:
        if not self._busy:
            self._keep()

    @work(exclusive=True, group="keeping", exit_on_error=False)
    async def _keep(self) -> None:
        from tui.studio.newcomers import Wanted, add

        if self._sample is None:
            self._say("There is no recording that could be kept yet", "warning")
            return
        wanted = Wanted(
            *(
                self.query_one(f"#{name}", Entry).value
                for name in ("name", "transcript", "language", "description", "consent")
            )
        )
        if not wanted.name:
            self._say("Give it a name", "warning")
            self.query_one("#name Input").focus()
            return
        self._busy = True
        self._ready()
        self._say("Keeping it; a model that clones speaks a line with it, where one is here ...")
        try:
            task = partial(add, config=self.ttm.config, sample=self._sample, wanted=wanted)
            enrolled = await asyncio.wrap_future(self._lender.lend(task))
        except BadRecording as failure:
            self._say(failure.sentence, "error")
            return
        except UsageError as failure:
            self._say(failure.sentence, "error")
            self.query_one("#name Input").focus()
            return
        except TtmError as failure:
            self._say(failure.sentence, "error")
            return
        finally:
            self._busy = False
            self._ready()
        voice = enrolled.voice
        by = f"; {enrolled.model} spoke a line with it" if enrolled.model else ""
        self.ttm.tell(f"'{voice.name}' is kept, {voice.seconds:.1f} s{by}", "done", toast=True)
        if not voice.consent:
            self.ttm.tell(f"'{voice.name}' is kept; nobody's consent is recorded for it", "done")
        self.dismiss(voice.name)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        self.dismiss("")


def _completed(value: str) -> str | None:
    if not value or "\0" in value:
        return None
    typed = os.path.expanduser(value)
    folder, begun = os.path.split(typed)
    try:
        names = sorted(each for each in os.listdir(folder or ".") if each.startswith(begun))
    except OSError:
        return None
    names = [each for each in names if each.isprintable() and (begun or each[0] != ".")]
    if not names or not begun:
        return None
    path = os.path.join(folder, names[0])
    return value + path[len(typed) :] + ("/" if os.path.isdir(path) else "")
