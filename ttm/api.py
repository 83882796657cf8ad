"""What `import ttm` offers to programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ttm.audio import Audio
from ttm.config import Config, load
from ttm.narration.narrator import Narrator
from ttm.text.markup import check_form


def open_narrator(
    *, config: Path | None = None, profile: str | None = None, **settings: object
) -> Narrator:
    """A Narrator with the user's settings, and these on top; close it, or use it in `with`.

    `config`: another settings file than the user's. `settings`: fields of `[say]` by name, such
    as `rate=1.2` or `voice="de"`.

    Raises ConfigError or UsageError for settings that are wrong.
    """
    return Narrator(_config(config, profile, settings))


def speak(
    text: str | Iterable[str],
    *,
    model: str = "",
    voice: str = "",
    language: str = "",
    voice_text: str = "",
    input_format: str = "text",
    **settings: object,
) -> Iterator[Audio]:
    """Speak `text`; yields mono Audio of one rate as it is made, timed in the original text.

    `text` may be an iterable of pieces that are spoken as they arrive. `model`, `voice` and
    `language` are the user's own when empty. `voice` may be one of the user's library, or the path
    of a recording to clone, and `voice_text` what is said in that. `input_format` is how the text
    is written: `text`, `markdown`, `html` or `ssml`. `settings` are further fields
    of `[say]` by name: `rate` ("1.2", "210wpm", "+20%"), `pitch` (semitones), `volume` (dB),
    `pause` (milliseconds), `seed`, `instruct`, ... To stop, close the iterator or break out of
    the loop.

    Raises NothingToSpeak, UnknownName or UnknownModel (what was asked for does not exist),
    UsageError (the model cannot do it), UnreadableText (the text's markup is wrong),
    ModelError (its checkpoint is not here, or damaged), and SynthesisError (the engine could not
    speak it; the sentence names the place in the text).
    """
    asked = {"model": model, "voice": voice, "language": language}
    config = _config(None, None, settings | {name: one for name, one in asked.items() if one})
    say = config.say
    with Narrator(config) as narrator:
        engine = narrator.card(say.model)
        asked_for = "" if say.language == "auto" else say.language
        chosen, _ = narrator.voice(say.model, say.voice, asked_for, transcript=voice_text.strip())
        chunks = narrator.plan(
            [text] if isinstance(text, str) else text,
            model=say.model,
            voice=chosen.name,
            language=asked_for or "en" if engine.multilingual else chosen.languages[0],
            form=check_form(input_format),
        )
        ahead = isinstance(text, str)
        yield from narrator.narrate(chunks, voice=chosen, model=say.model, ahead=ahead)


def _config(path: Path | None, profile: str | None, settings: Mapping[str, object]) -> Config:
    overrides = {f"say.{name}": value for name, value in settings.items()}
    return load(path, profile=profile, overrides=overrides, environ=os.environ)
