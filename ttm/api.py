"""What `import ttm` offers to programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ttm.audio import Audio
from ttm.config import load
from ttm.engine import card
from ttm.narration.narrator import Narrator
from ttm.narration.plan import plan


def open_narrator(
    *, config: Path | None = None, profile: str | None = None, **settings: object
) -> Narrator:
    """A Narrator with the user's settings, and these on top; close it, or use it in `with`.

    `config`: another settings file than the user's. `settings`: fields of `[say]` by name, such
    as `rate=1.2` or `voice="de"`.

    Raises ConfigError or UsageError for settings that are wrong.
    """
    return _narrator(config, profile, settings)


def speak(
    text: str | Iterable[str],
    *,
    model: str = "espeak",
    voice: str = "",
    language: str = "",
    **settings: object,
) -> Iterator[Audio]:
    """Speak `text`; yields mono Audio of one rate as it is made, timed in the original text.

    `text` may be an iterable of pieces that are spoken as they arrive. `settings` are fields of
    `[say]` by name: `rate` ("1.2", "210wpm", "+20%"), `pitch` (semitones), `volume` (dB),
    `pause` (milliseconds), `seed`, ... To stop, close the iterator or break out of the loop.

    Raises NothingToSpeak, UnknownName or UnknownModel (what was asked for does not exist), and
    SynthesisError (the engine could not speak it; the sentence names the place in the text).
    """
    with _narrator(None, None, settings) as narrator:
        chosen, _ = narrator.voice(model, voice, language)
        chunks = plan(
            [text] if isinstance(text, str) else text,
            language=chosen.languages[0].partition("-")[0],
            budget=card(model).budget,
        )
        for audio in narrator.narrate(chunks, voice=chosen, model=model):
            if audio.pcm or audio.timings:
                yield audio


def _narrator(config: Path | None, profile: str | None, settings: Mapping[str, object]) -> Narrator:
    overrides = {f"say.{name}": value for name, value in settings.items()}
    return Narrator(load(config, profile=profile, overrides=overrides, environ=os.environ))
