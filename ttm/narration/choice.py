"""Who speaks and in which language: as asked, else as the text and a locale tell."""

from __future__ import annotations

from typing import NamedTuple

from ttm.config import Config
from ttm.narration.narrator import Narrator
from ttm.speech import Voice
from ttm.text.language import script_language
from ttm.voices import primary, speaks


class Choice(NamedTuple):
    """Who speaks, and why."""

    voice: Voice
    language: str
    """Of the text."""
    warning: str
    """When the voice is not the one asked for."""
    voice_from: str
    """Why this voice."""
    language_from: str
    """Why this language."""


def choose(
    narrator: Narrator,
    config: Config,
    sample: str,
    transcript: str = "",
    told: str = "",
    locale: tuple[str, str] = ("", ""),
) -> Choice:
    """The voice and the language of the text.

    The language is as asked, else as the text says of itself (`told`), else as its script tells,
    else as a `locale` (its tag, and where that stands) says, else English. `transcript`: what is
    said in the recording whose voice it is. Raises what `Narrator.voice` raises.
    """
    say = config.say
    asked = "" if say.language == "auto" else say.language
    several = narrator.card(say.model).multilingual
    guess = why = ""
    if not asked and (several or not say.voice):
        guess, why = told, "what the text says of itself"
        if not guess:
            guess, why = script_language(sample), "the script of the text"
        if not guess:
            guess, why = locale
    if guess and not several:
        voices = narrator.voices(say.model)
        guess = guess if any(speaks(voice, guess) for voice in voices) else ""
    voice, warning = narrator.voice(say.model, say.voice, asked or guess, transcript=transcript)
    if asked:
        why = config.origin("say.language").told
    elif not guess:
        why = "taken for granted" if several else "the voice's own"
    language = primary(asked or guess or "en") if several else voice.languages[0]
    if say.voice:
        voice_from = config.origin("say.voice").told
    else:
        voice_from = "for this language" if asked or guess else "the usual one"
    return Choice(voice, language, warning, voice_from, why)
