"""What a service is asked to say, and the file that it becomes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ttm.audio import Audio
from ttm.audio.formats import FORMATS
from ttm.audio.sink import open_sink
from ttm.audio.target import open_target
from ttm.config import Config
from ttm.errors import BadAudio, UnknownName, did_you_mean
from ttm.models.registry import entry_of, mode_of, require_mode
from ttm.narration.narrator import Narrator
from ttm.narration.plan import Chunk
from ttm.text.markup import Form


@dataclass(frozen=True, slots=True)
class Request:
    """A text, who says it, and how."""

    text: str | Iterable[str]
    voice: str
    language: str
    instruct: str
    recording: str
    """Path of the recording whose voice is cloned; empty for none."""
    transcript: str
    settings: dict[str, object]
    """Fields of `[say]` by name."""
    form: Form = "text"
    """How the text is written."""

    def wishes(self, mode: str) -> dict[str, object]:
        """Fields of `[say]`, for a model of this mode: one that designs takes the voice for its
        description where there is no instruction."""
        voice, instruct = self.recording or self.voice, self.instruct
        if mode == "voice_design":
            voice, instruct = "", instruct or self.voice
        given = {"voice": voice, "language": self.language, "instruct": instruct}
        return self.settings | {name: one for name, one in given.items() if one}

    def spoken(
        self,
        narrator: Narrator,
        model: str,
        config: Config,
        *,
        unheard: bool,
        check: Callable[[], None],
    ) -> Iterator[Audio]:
        """Its sound under these settings; what `check` raises ends it, between any two chunks."""
        say, under = config.say, narrator.under(config)
        engine = under.card(model)
        language = "" if say.language == "auto" else say.language
        voice, _ = under.voice(model, say.voice, language, transcript=self.transcript.strip())
        whole = isinstance(self.text, str)
        chunks = under.plan(
            [self.text] if isinstance(self.text, str) else self.text,
            model=model,
            voice=voice.name,
            language=language or "en" if engine.multilingual else voice.languages[0],
            form=self.form,
        )

        def checked() -> Iterator[Chunk]:
            for chunk in chunks:
                check()
                yield chunk

        yield from under.narrate(checked(), voice=voice, model=model, ahead=whole, unheard=unheard)


def demand(narrator: Narrator, model: str, mode: str) -> None:
    """Raise UsageError unless the model is for this mode, whether or not it is here."""
    entry = entry_of(model)
    require_mode(model, entry.mode if entry else narrator.model(model).mode, mode)


def mode_for(narrator: Narrator, model: str) -> str:
    """The mode that a model is for; empty where it has none."""
    return mode_of(narrator.model(model).mode)


@contextlib.contextmanager
def in_file(recording: str | Path | bytes) -> Iterator[str]:
    """The path of a recording, which may be given as the bytes of its file."""
    if not isinstance(recording, bytes):
        yield str(recording)
        return
    with tempfile.NamedTemporaryFile(prefix="ttm-", suffix=".wav") as file:
        file.write(recording)
        file.flush()
        yield file.name


def known_format(form: str) -> None:
    """Raise UnknownName for a format that is none."""
    if form not in FORMATS:
        hint = did_you_mean(form, FORMATS) or f"choose one of: {', '.join(FORMATS)}"
        raise UnknownName(f"unknown format '{form[:20]}'", hint)


def as_file(sound: Iterable[Audio], form: str, sample_rate: int) -> bytes:
    """All of the sound as a file. Raises BadAudio for none, UsageError for a wrong rate."""
    sink = None
    with tempfile.TemporaryDirectory(prefix="ttm-") as folder:
        path = os.path.join(folder, f"speech.{form}")
        for audio in sound:
            if not audio.pcm:
                continue
            sink = sink or open_sink(
                open_target(path),
                FORMATS[form],
                native_rate=audio.rate,
                sample_format=audio.sample_format,
                sample_rate=sample_rate,
            )
            sink.write(audio)
        if sink is None:
            raise BadAudio("no sound was made")
        sink.close()
        return Path(path).read_bytes()
