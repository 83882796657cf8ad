"""Who speaks and in which language: as asked, else as the text and the locale tell."""

from __future__ import annotations

import os

from ttm.config import Config
from ttm.narration.narrator import Narrator
from ttm.speech import Voice
from ttm.text.language import script_language
from ttm.voices import primary, speaks


def choose(
    narrator: Narrator, config: Config, sample: str, transcript: str, told: str = ""
) -> tuple[Voice, str, str]:
    """The voice, the language of the text, and a warning when the voice is not the one asked for.

    The language is as asked, else as the text says of itself (`told`), else as its script tells,
    else as the locale says, else English. `transcript`: what is said in the recording whose voice
    it is.
    """
    say = config.say
    asked = "" if say.language == "auto" else say.language
    several = narrator.card(say.model).multilingual
    guess = ""
    if not asked and (several or not say.voice):
        guess = told or script_language(sample) or _locale_language()
    if guess and not several:
        voices = narrator.voices(say.model)
        guess = guess if any(speaks(voice, guess) for voice in voices) else ""
    voice, warning = narrator.voice(say.model, say.voice, asked or guess, transcript=transcript)
    language = primary(asked or guess or "en") if several else voice.languages[0]
    return voice, language, warning


def described(voice: Voice) -> str:
    """The voice's name and what it is, on one line."""
    return f"{voice.name} ({voice.description})" if voice.description else voice.name


def _locale_language() -> str:
    """The language of the user's locale; C and POSIX name none."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    tag = next(filter(None, named), "").partition(".")[0].partition("@")[0]
    return "" if tag in ("C", "POSIX") else tag.replace("_", "-")
