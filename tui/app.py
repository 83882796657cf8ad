"""The application: where one can go, what works everywhere, and how anything is said."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.message import Message

from ttm.config import Config
from tui import crash
from tui.command import say
from tui.draft import Draft
from tui.looks import Looks
from tui.messages import Bring, ConfigChanged, Kind, SpeakWith, Told
from tui.modes import PLACES, opener
from tui.palette import Everywhere, Here
from tui.safe import at_home, begun, one_line
from tui.screens.page import HEIGHTS, WIDTHS, Page
from tui.themes import THEMES, chosen_theme

if TYPE_CHECKING:
    from tui.studio.porter import Porter
    from tui.studio.studio import Studio
    from tui.terminal import Terminal

REMEMBERED = 500
"""Sentences that were told which can be read again."""
PATIENCE = 4.0
"""Seconds that leaving may take: for a draft on a slow disk, and an engine that is being ended."""
AROUND = 6
"""Columns of the log line that are no part of its sentence."""
TOAST = {"told": "information", "done": "information", "failed": "error"}


class TtmApp(App[int]):
    """`ttm tui`. Screens reach it as `self.ttm`; it has neither an engine nor widgets of its own.

    `tell` and `fail` say something; both may be called from any thread.
    """

    TITLE = "ttm"
    # The first screen's with it: a screen that brings looks of its own has all of them read again.
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "screens/speak.tcss"]  # type: ignore[assignment]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    COMMANDS: ClassVar[set[Any]] = {Here, Everywhere}

    MODES: ClassVar[dict[str, Any]] = {place.mode: opener(place) for place in PLACES}
    DEFAULT_MODE = PLACES[0].mode if PLACES else "_default"

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                f"{place.key},ctrl+{number}",
                f"switch_mode('{place.mode}')",
                place.title,
                show=False,
                id=f"go.{place.mode}",
                tooltip=place.sentence,
                priority=True,  # the editor has uses of its own for F6 and F7
            )
            for number, place in enumerate(PLACES, 1)
        ),
        Binding("question_mark,f9", "keys", "Keys", id="keys", tooltip="Every key that works here"),
        Binding(
            "ctrl+p,f10",
            "command_palette",
            "Commands",
            id="commands",
            tooltip="Everything that can be done, by name",
            priority=True,
        ),
        Binding(
            "y,f8",
            "copy_command",
            "Copy as command",
            show=False,
            id="copy-command",
            tooltip="Copy the `ttm say` that does the same in a shell",
        ),
        Binding(
            "ctrl+c",
            "interrupt",
            "Stop or copy",
            show=False,
            id="interrupt",
            tooltip="Copy what is selected; else stop what is being made or played",
            priority=True,
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "To the shell",
            show=False,
            id="suspend",
            tooltip="Stop here, and go on with `fg`; in an editor it undoes",
        ),
        Binding(
            "ctrl+q", "quit", "Quit", id="quit", tooltip="End ttm; the draft stays", priority=True
        ),
    ]

    def __init__(
        self,
        config: Config,
        *,
        text: str | None = None,
        draft: Draft | None = None,
        welcome: bool = False,
        terminal: Terminal | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        # With it, Textual's filter for NO_COLOR takes colours out; without, it makes them grey.
        super().__init__(
            driver_class=driver_class, ansi_color=bool(os.environ.get("NO_COLOR")) or None
        )
        self.config = config
        """The settings that apply."""
        self.draft = draft or Draft(kept=config.tui.keep_draft)
        """The text of the editor. Speak writes it; any screen reads `draft.text`."""
        self._displaces = text is not None and self.draft.open(text)
        self.wishes: dict[str, object] = {}
        """Settings of `say` that were chosen on Speak, by their names: voice, model, rate, ..."""
        self.given = text
        """The text that the program was started with, in place of the draft; None for none."""
        self.told: deque[tuple[str, Kind]] = deque(maxlen=REMEMBERED)
        """What was said, the newest last."""
        self.fault = self.report = ""
        """What ended the app where that was a bug, and where the report on it is."""
        self.path: Path | None = config.document.path if config.document else None
        """The file of settings; None for the user's."""
        self.broken = False
        """Whether that could not be used when the program started; Settings tells why."""
        self._welcome = welcome
        self._terminal = terminal
        self._studio: Studio | None = None
        self._making = threading.Lock()
        self._porter: Porter | None = None
        for theme in THEMES.values():
            self.register_theme(theme)
        self.stylesheet = Looks(variables=self.get_css_variables())
        # Before anything is drawn, which would otherwise be styled twice.
        self.theme = chosen_theme(config.tui.theme, os.environ).name
        self._variables = self.get_css_variables()
        self.stylesheet.set_variables(self._variables)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Ours, for a theme of Textual's that somebody chooses."""
        return dict(THEMES["dark"].variables)

    async def on_mount(self) -> None:
        if self.broken:
            await self.switch_mode("settings")
        if self._displaces:
            kept = at_home(self.draft.before)
            self.tell(f"Your draft is kept; once you change this text, as {kept}")
        if self._welcome:
            from tui.screens.first_run import FirstRun

            self.push_screen(FirstRun())

    def on_resize(self) -> None:
        """Draw all of it again, though the size may be what it was: a window that was pulled
        about has lost what it showed, and only the last of its sizes may have been heard of."""
        if self.screen_stack:
            self.screen.refresh()

    def get_default_screen(self) -> Page:
        return Page()

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything anew, where the colours have changed. Textual asks for it twice at the
        start, when what is mounted has just been styled; each takes 30 ms."""
        variables = self.get_css_variables()
        if variables != self._variables:
            self._variables = variables
            super().refresh_css(animate)
            return
        for screen in self._screen_stacks[self._current_mode]:
            screen._css_update_count = self._css_update_count

    # What is said.

    @property
    def last_told(self) -> tuple[str, Kind]:
        """The last sentence and its kind."""
        return self.told[-1] if self.told else ("", "told")

    def tell(self, sentence: str, kind: Kind = "told", *, toast: bool = False) -> None:
        """Say what happens, in the log line, and in a toast too where it would be missed there."""
        self.post_message(Told(sentence, kind, toast=toast))

    def fail(self, sentence: str) -> None:
        """Say what went wrong and what to do about it, in the log line and a toast."""
        self.post_message(Told(begun(sentence), "failed", toast=True))

    def bug(self, error: BaseException) -> None:
        """Something was ended by an exception that is nobody's answer; nothing else has to be."""
        tell = threading.Thread(target=lambda: self.fail(crash.told(error)), daemon=True)
        tell.start()

    @on(Told)
    def _show_told(self, event: Told) -> None:
        sentence = one_line(event.sentence)
        self.told.append((sentence, event.kind))
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.show_told(sentence, event.kind)
        if event.toast and self.config.tui.toasts and not self._shown_whole(sentence):
            severity: Any = TOAST[event.kind]
            self.notify(sentence, severity=severity, markup=False)

    def _shown_whole(self, sentence: str) -> bool:
        """Whether the log line shows all of it, and a toast would only say it once more."""
        return isinstance(self.screen, Page) and cell_len(sentence) + AROUND <= self.size.width

    # What screens share.

    @property
    def studio(self) -> Studio:
        """The engine's side, made when it is first asked for."""
        with self._making:
            if self._studio is None:
                from tui.studio.studio import Studio

                self._studio = Studio(self.config)
            return self._studio

    @property
    def porter(self) -> Porter:
        """Who brings models and the runtime; no screen that is left ends what comes."""
        if self._porter is None:
            from tui.studio.porter import Porter

            self._porter = Porter(self.config)
        return self._porter

    def compose_text(self) -> str:
        """The text that is being written."""
        return self.draft.text

    def speak_with(
        self, text: str | None = None, *, at_once: bool = False, **wishes: object
    ) -> None:
        """Go to Speak with these settings of `say` (voice, model, ...) and maybe another text."""
        self._send("speak", SpeakWith(wishes, text, at_once=at_once))

    def bring(self, model: str) -> None:
        """Go to Models, where this one is fetched with all that it needs."""
        self._send("models", Bring(model))

    def _send(self, mode: str, message: Message) -> None:
        async def go() -> None:
            await self.switch_mode(mode)
            self.screen_stack[0].post_message(message)

        self.call_later(go)

    def use(self, config: Config) -> None:
        """Let these settings apply, and tell every screen that was opened."""
        if config.tui.theme != self.config.tui.theme:
            self.theme = chosen_theme(config.tui.theme, os.environ).name
        self.config = config
        if self._porter:
            self._porter.config = config
        for stack in self._screen_stacks.values():
            for screen in stack:
                screen.post_message(ConfigChanged(config))

    # What works everywhere.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nobody goes elsewhere from a question that is open; Escape closes it."""
        return not (action == "switch_mode" and self.screen_stack and self.screen.is_modal)

    def action_keys(self) -> None:
        """Show every key that works here."""
        from tui.screens.keys import Keys

        self.push_screen(Keys(self.screen))

    def action_messages(self) -> None:
        """Show what was said so far."""
        from tui.screens.told import Messages

        self.push_screen(Messages(list(self.told)))

    def action_copy_command(self) -> None:
        """Copy the `ttm say` that does the same in a shell."""
        page = self.screen
        made = page.command() if isinstance(page, Page) else ""
        command = made or say(self.compose_text(), self.wishes, self.draft.path)
        if not command:
            self.tell("There is no text to speak yet, and so no command.")
            return
        if str(self.draft.path) in command:
            threading.Thread(target=self.draft.keep, name="draft", daemon=True).start()
        self.copy_to_clipboard(command)
        self.tell(f"Copied: {command}", "done")

    async def action_interrupt(self) -> None:
        """Copy what is selected; else stop what is being made or played; else say how to quit."""
        if selected := self.selected_text():
            self.copy_to_clipboard(selected)
            self.tell("Copied what is selected.", "done")
        elif isinstance(self.screen, Page) and self.screen.interrupt():
            return
        elif self.screen.is_modal:
            self.screen.dismiss()
        else:
            self.tell("Nothing is being spoken. Ctrl+Q quits.")

    def selected_text(self) -> str:
        """What is selected on the screen or in the field that has the focus; may be empty."""
        focused = self.focused
        inner = getattr(focused, "selected_text", "") if focused is not None else ""
        return str(inner or self.screen.get_selected_text() or "")

    @contextlib.contextmanager
    def suspend(self) -> Iterator[None]:
        """Give the terminal to another program, with descriptors 1 and 2."""
        with super().suspend(), self._terminal.lent() if self._terminal else _nothing():
            yield

    async def action_quit(self) -> None:
        """End; the draft is kept."""
        self.leave(0)

    def leave(self, code: int) -> None:
        """End with this exit code, within some seconds whatever is being waited for.

        May be called from a handler of a signal.
        """
        last = threading.Timer(PATIENCE, os._exit, (code,))
        last.daemon = True
        if not self.is_headless:
            last.start()
        self.exit(code, return_code=code)

    def close(self) -> None:
        """Keep the draft, and end the engine."""
        self.draft.save()
        if self._porter is not None:
            self._porter.close()
        if self._studio is not None:
            self._studio.close()

    # What must not happen.

    def _fatal_error(self) -> None:
        """In place of Textual's, which prints locals and with them what was to be spoken."""
        error = self._exception
        if error is not None and not self.fault:
            self.fault, self.report = crash.name_of(error), crash.report(error)
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """In place of Textual's, for the same reason."""
        self._return_code = 1
        if self._exception is not None:
            self._fatal_error()
            return
        self.fault = self.fault or type(renderables[0]).__name__
        self._close_messages_no_wait()

    def thread_failed(self, failure: threading.ExceptHookArgs) -> None:
        """A thread has ended with an exception: nothing else has to."""
        if failure.thread is not None and failure.thread.name == "textual-output":
            self.leave(129)  # the terminal is gone
            return
        if failure.exc_value is not None:
            self.fail(crash.told(failure.exc_value))

    @on(events.Unmount)
    def _save_draft(self) -> None:
        self.draft.save()


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield
