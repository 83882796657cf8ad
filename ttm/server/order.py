"""What somebody wants to have spoken, and how a lane's thread does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from math import ceil
from typing import Any

from ttm.audio import Audio
from ttm.config import Config, overlaid
from ttm.errors import TtmError, UnknownName
from ttm.models.registry import mode_of
from ttm.narration.beginning import begin
from ttm.narration.choice import choose
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.narration.report import Report
from ttm.service.request import in_file
from ttm.speech import Voice
from ttm.text.markup import Form, Opening
from ttm.voices import exactly, is_recording

SAMPLE = 4_096
"""Characters of a text by whose script its language is told."""


@dataclass(frozen=True, slots=True)
class Order:
    """A text, who says it, how, and for whom."""

    text: str | Sequence[str | Opening]
    """The text, or pieces of it, in which an Opening begins another one."""
    model: str
    """As a user types it."""
    voice: str = ""
    """A voice's name; empty for the settings', or the model's own for the language."""
    loose: bool = False
    """The voice's name is one that clients send to any server: where the model and the user have
    none of that name, it is the same as none."""
    language: str = ""
    """A tag or an English name; empty for the settings'."""
    instruct: str = ""
    recording: bytes = b""
    """The file whose voice is cloned; empty for none."""
    transcript: str = ""
    """What is said in the recording."""
    form: Form = "text"
    """How the text is written."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Further settings by key, such as `say.rate`."""
    unheard: bool = False
    """Nobody listens before all of it is there."""
    client: str = ""
    """Who wants it; no client's orders keep those of another waiting for long."""
    deadline: float | None = None
    """Seconds for each 1,000 characters; None for none."""
    local: bool = False
    """It comes from the user of this machine, whose model and voice may be paths."""
    keep_alive: str = ""
    """How long the model stays in memory afterwards; empty for what the settings say."""

    @property
    def allowed(self) -> float | None:
        """Seconds that its sound may be waited for, all in all; None for ever."""
        return self.deadline * max(1, ceil(self.characters / 1000)) if self.deadline else None

    @property
    def characters(self) -> int:
        """Length of the text."""
        if isinstance(self.text, str):
            return len(self.text)
        return sum(len(piece) for piece in self.text if isinstance(piece, str))

    def under(self, config: Config, narrator: Narrator, model: str, path: str) -> Config:
        """The settings that it is spoken with; `path` of its recording.

        A model that designs voices takes the voice for its description where there is no
        instruction. Raises UsageError for what a setting cannot be.
        """
        mode = mode_of(narrator.model(model).mode)
        voice, instruct = path or self.voice, self.instruct
        if not path and not self.local and mode != "voice_design" and is_recording(voice):
            raise UnknownName(
                "the voice has the name of a file, and files are not read for clients",
                "Add it to the voices, or send the recording",
            )
        if self.loose and not path and not narrator.library.find(voice):
            voice = voice if exactly(narrator.voices(model), voice) else ""
        if mode == "voice_design" and voice and not path:
            voice, instruct = "", instruct or voice
        values: dict[str, object] = {"say.model": model, **self.settings}
        given = {"say.voice": voice, "say.language": self.language, "say.instruct": instruct}
        if path or config.say.model != model:
            # The settings' voice is one of the settings' model.
            values |= {"say.voice": ""}
        values |= {key: one for key, one in given.items() if one}
        return overlaid(config, values, "the request")


@dataclass(slots=True)
class Told:
    """What is known of an order that is being spoken, before its first sound is out."""

    report: Report | None = None
    voice: Voice | None = None
    warnings: list[str] = field(default_factory=list)


def perform(
    order: Order,
    narrator: Narrator,
    model: str,
    config: Config,
    told: Told,
    put: Callable[[Audio], None],
    check: Callable[[], None],
) -> None:
    """Speak an order in this thread, with a model that is loaded; what `put` or `check` raises
    ends it. Raises what speaking raises."""
    with in_file(order.recording or "") as path:
        settings = order.under(config, narrator, model, path)
        under = narrator.under(settings)
        pieces = iter([order.text] if isinstance(order.text, str) else order.text)
        begun, sample, told_language = begin(pieces, under.reading(order.form, "en"))
        transcript = order.transcript.strip()
        choice = choose(under, settings, sample[:SAMPLE], transcript, told_language)
        told.voice = choice.voice
        told.warnings += filter(None, [choice.warning, under.instruction(model)[1]])

        def checked(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
            for chunk in chunks:
                check()
                yield chunk

        chunks = under.plan(
            chain(begun, pieces),
            model=model,
            language=choice.language,
            voice=choice.voice.name,
            form=order.form,
            warn=told.warnings.append,
        )
        narration = under.narrate(
            checked(chunks),
            voice=choice.voice,
            model=model,
            ahead=True,
            unheard=order.unheard,
        )
        told.report = narration.report
        sound: Any = iter(narration)
        with closing(sound), _unnamed(path):
            for audio in sound:
                put(audio)


@contextmanager
def _unnamed(path: str) -> Iterator[None]:
    """Have no failure tell where a client's recording lay for a moment."""
    try:
        yield
    except TtmError as failure:
        if path:
            failure.what = failure.what.replace(path, "that was sent")
        raise
