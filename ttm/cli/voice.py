"""Who speaks and in which language, where the user's locale has a say in it."""

from __future__ import annotations

import os

from ttm.config import Config
from ttm.narration import choice
from ttm.narration.choice import Choice
from ttm.narration.narrator import Narrator
from ttm.speech import Voice
from ttm.text.language import locale_language


def choose(
    narrator: Narrator, config: Config, sample: str, transcript: str, told: str = ""
) -> Choice:
    """As `ttm.narration.choice.choose`, with the locale of this process."""
    return choice.choose(narrator, config, sample, transcript, told, locale_language(os.environ))


def described(voice: Voice) -> str:
    """The voice's name and what it is, on one line."""
    return f"{voice.name} ({voice.description})" if voice.description else voice.name
