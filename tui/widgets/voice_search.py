"""What is looked for among the voices: words, a language, a kind, a model."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Select

from tui.safe import one_line
from tui.widgets.field import Field

KINDS = ("yours", "cloned", "designed", "built in")
ANY = {"language": "any language", "kind": "any kind", "model": "any model"}


class VoiceSearch(Horizontal):
    """A line of words and three choices; every change is posted at once."""

    class Changed(Message):
        """Something else is looked for."""

    class Left(Message):
        """Somebody is done with typing."""

    def compose(self) -> ComposeResult:
        yield Field(placeholder="/ filter", id="words", compact=True)
        kinds = [(kind, kind) for kind in KINDS]
        for name, anything in ANY.items():
            choices = [(anything, ""), *(kinds if name == "kind" else ())]
            yield Select(choices, value="", allow_blank=False, id=name, compact=True)

    @property
    def words(self) -> str:
        """What was typed."""
        return self.query_one("#words", Input).value

    @words.setter
    def words(self, words: str) -> None:
        self.query_one("#words", Input).value = words

    @property
    def chosen(self) -> dict[str, str]:
        """The language, kind and model; each empty for any."""
        return {name: str(self.query_one(f"#{name}", Select).value) for name in ANY}

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """What can be chosen as `language` or `model`, each with its value."""
        select = self.query_one(f"#{name}", Select)
        kept = select.value
        with select.prevent(Select.Changed):
            select.set_options([(ANY[name], ""), *((one_line(n), value) for n, value in choices)])
            select.value = kept if kept in {value for _, value in choices} else ""

    def take(self) -> None:
        """Let words be typed."""
        self.query_one("#words").focus()

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())

    def key_down(self) -> None:
        if self.query_one("#words").has_focus:
            self.post_message(self.Left())
