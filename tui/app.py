"""The application: where one can go, what works everywhere, and how anything is said."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from ttm.config import Config
from tui.draft import Draft
from tui.messages import ConfigChanged, Kind, SpeakWith, Told
from tui.modes import PLACES, opener
from tui.safe import one_line
from tui.screens.page import Page
from tui.themes import THEMES

REMEMBERED = 200
"""Sentences of the log line that can be read again."""


class TtmApp(App[int]):
    """`ttm tui`. Screens reach it as `self.ttm`; it has neither an engine nor widgets of its own.

    `tell` and `fail` say something; both may be called from any thread.
    """

    TITLE = "ttm"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True

    MODES: ClassVar[dict[str, Any]] = {place.mode: opener(place) for place in PLACES}

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                f"{place.key},ctrl+{number}",
                f"switch_mode('{place.mode}')",
                place.title,
                show=False,
                id=f"go.{place.mode}",
                tooltip=place.sentence,
            )
            for number, place in enumerate(PLACES, 1)
        ),
    ]

    def __init__(
        self, config: Config, *, text: str | None = None, draft: Draft | None = None
    ) -> None:
        super().__init__()
        self.config = config
        """The settings that apply."""
        self.draft = draft or Draft()
        """The text of the editor. Speak writes it; any screen reads `draft.text`."""
        self.given = text
        """The text that the program was started with, in place of the draft; None for none."""
        self.told: deque[tuple[str, Kind]] = deque(maxlen=REMEMBERED)
        """What was said, the newest last."""
        self._studio: Any = None
        for theme in THEMES.values():
            self.register_theme(theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Ours, for a theme of Textual's that somebody chooses."""
        return dict(THEMES["dark"].variables)

    def on_mount(self) -> None:
        self.theme = "ttm-dark"
        if PLACES:
            self.switch_mode(PLACES[0].mode)

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
        self.post_message(Told(sentence, "failed", toast=True))

    @on(Told)
    def _show_told(self, event: Told) -> None:
        sentence = one_line(event.sentence)
        self.told.append((sentence, event.kind))
        if isinstance(self.screen, Page):
            self.screen.show_told(sentence, event.kind)
        if event.toast:
            severity = "error" if event.kind == "failed" else "information"
            self.notify(sentence, severity=severity, markup=False)  # type: ignore[arg-type]

    # What screens share.

    @property
    def studio(self) -> Any:
        """The engine's side, made when it is first asked for."""
        if self._studio is None:
            self._studio = importlib.import_module("tui.studio.studio").Studio(self.config)
        return self._studio

    def compose_text(self) -> str:
        """The text that is being written."""
        return self.draft.text

    def speak_with(
        self, text: str | None = None, *, at_once: bool = False, **wishes: object
    ) -> None:
        """Go to Speak with these settings of `say` (voice, model, ...) and maybe another text."""
        self._to("speak", SpeakWith(wishes, text, at_once=at_once))

    def use(self, config: Config) -> None:
        """Let these settings apply, and tell every screen that was opened."""
        self.config = config
        for stack in self._screen_stacks.values():
            for screen in stack:
                screen.post_message(ConfigChanged(config))

    def _to(self, mode: str, message: SpeakWith) -> None:
        async def go() -> None:
            await self.switch_mode(mode)
            self.screen.post_message(message)

        self.call_later(go)

    def wishes_of(self, wishes: Mapping[str, object]) -> dict[str, object]:
        """These settings of `say` as the configuration calls them."""
        return {f"say.{name}": value for name, value in wishes.items()}
