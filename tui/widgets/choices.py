"""Who speaks, in which language, how fast and how: only what the model honours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from ttm.config import SaySettings
from ttm.errors import UsageError
from ttm.speech import parse_rate
from tui.screens.ask import Ask
from tui.screens.pick import Pick, Row
from tui.widgets.choice import Choice

if TYPE_CHECKING:
    from tui.studio.offer import Offer

RATES = ("0.5", "0.75", "0.9", "1.0", "1.1", "1.25", "1.5", "1.75", "2.0")
HINTS = {"0.5": "half as fast", "1.0": "its usual tempo", "2.0": "twice as fast"}
OWN = ""
"""The wish for what the settings or the model say."""


class Choices(Horizontal):
    """One line; `wishes` are the settings of `say` that were chosen, by their names."""

    class Changed(Message):
        """Another wish, of this setting."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, wishes: dict[str, object], say: SaySettings, id: str) -> None:
        super().__init__(id=id)
        self.wishes = wishes
        self.say = say
        """The settings that hold where nothing was chosen."""
        self._models: tuple[tuple[str, str], ...] = ()
        self._offer: Offer | None = None

    def compose(self) -> ComposeResult:
        yield Choice("model", id="choice-model", tooltip="Which model speaks")
        yield Choice("voice", id="choice-voice", tooltip="Who speaks")
        yield Choice("language", id="choice-language", tooltip="The language of the text")
        yield Choice("rate", id="choice-rate", tooltip="How fast it is spoken")
        yield Choice("manner", id="choice-instruct", tooltip="How it is said, or who says it")

    def on_mount(self) -> None:
        self.show()

    # What there is.

    @property
    def model(self) -> str:
        """The one that speaks."""
        return self._value("model")

    @property
    def offered(self) -> Offer | None:
        """What the model takes, as far as it is known."""
        return self._offer if self._offer and self._offer.model == self.model else None

    def take_models(self, names: tuple[tuple[str, str], ...]) -> None:
        """These could speak."""
        self._models = names

    def take_offer(self, offer: Offer) -> None:
        """This is what the model takes; what it does not is not wished for any more."""
        if offer.model != self.model:
            return
        self._offer = offer
        languages = {tag.partition("-")[0] for tag in offer.languages}
        if not offer.instructs:
            self.wishes.pop("instruct", None)
        language = str(self.wishes.get("language", ""))
        if language and language.partition("-")[0] not in languages:
            self.wishes.pop("language", None)
        self.show()

    def show(self) -> None:
        """Everything as it is."""
        offer = self.offered
        shown = {
            "model": self.model,
            "voice": self._value("voice") or self._usual(offer),
            "language": self._value("language"),
            "rate": self._value("rate"),
            "instruct": self._value("instruct") or "as it likes",
        }
        there = {"language": bool(offer and offer.languages),
                 "instruct": bool(offer and offer.instructs)}  # fmt: skip
        for name, value in shown.items():
            choice = self.query_one(f"#choice-{name}", Choice)
            choice.value = value
            choice.display = there.get(name, True)

    def _value(self, name: str) -> str:
        return str(self.wishes.get(name) or getattr(self.say, name))

    def _usual(self, offer: Offer | None) -> str:
        if offer and offer.describes:
            return "as described"
        return "its own"

    # Choosing.

    @on(Choice.Opened)
    def _open(self, event: Choice.Opened) -> None:
        event.stop()
        self.choose((event.choice.id or "").removeprefix("choice-"))

    def choose(self, name: str) -> None:
        """Show what there is to choose for this setting."""
        choice = self.query_one(f"#choice-{name}", Choice)
        if not choice.display:
            return
        screen: Pick | Ask
        if name == "instruct":
            describes = self.offered is not None and self.offered.describes
            title = "What the voice is like" if describes else "How it is said"
            hint = "a warm, low, unhurried woman" if describes else "whisper, in a sad voice"
            screen = Ask(title, self._value("instruct"), f"Such as: {hint}.   Enter takes it")
        else:
            screen = Pick(*self._list(name))
            screen._free, screen._hint = self._free(name)
        self.app.push_screen(screen, lambda value: self._chosen(name, value))

    def _list(self, name: str) -> tuple[str, list[Row], str]:
        """The title, what there is, and what is chosen."""
        offer, value = self.offered, self._value(name)
        if name == "model":
            return "Model", [Row(each, each, about) for each, about in self._models], value
        if name == "rate":
            return "How fast", [Row(each, each, HINTS.get(each, "")) for each in RATES], value
        if name == "language":
            named = (
                {v.languages[0]: v.description for v in offer.voices if v.languages}
                if offer
                else {}
            )
            tags = offer.languages if offer else ()
            auto = Row("auto", "auto", "as the text and the voice tell")
            return "Language", [auto, *(Row(tag, tag, named.get(tag, "")) for tag in tags)], value
        rows = [Row(OWN, "its own", "the model's, for the language")]
        for voice in offer.voices if offer else ():
            known = ", ".join(tag for tag in voice.languages[:2] if tag not in ("und", voice.name))
            about = " · ".join(filter(None, (known, voice.gender, voice.description)))
            rows.append(Row(voice.name, voice.name, about))
        return "Voice", rows, value

    def _free(self, name: str) -> tuple[Callable[[str], str] | None, str]:
        """What may be typed, and what the field says of it."""
        if name == "rate":
            return _wrong_rate, "or type one: 1.3, 210wpm, +20%"
        if name == "voice" and self.offered and self.offered.clones:
            return (lambda typed: ""), "type to narrow, or the path of a recording"
        return None, ""

    def _chosen(self, name: str, value: str | None) -> None:
        if value is None or value == self._value(name):
            return
        self.wish(name, value)
        self.post_message(self.Changed(name))

    def wish(self, name: str, value: object) -> None:
        """Take this for a setting; nothing at all takes what the settings say."""
        usual = getattr(self.say, name, None)
        if value in (OWN, None) or str(value) == str(usual):
            self.wishes.pop(name, None)
        else:
            self.wishes[name] = value
        if name == "model":
            for other in ("voice", "instruct"):  # they were somebody else's
                self.wishes.pop(other, None)
        self.show()


def _wrong_rate(typed: str) -> str:
    try:
        parse_rate(typed)
    except UsageError as failure:
        return failure.sentence
    return ""
