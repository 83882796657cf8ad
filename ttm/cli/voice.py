"""Who speaks and in which language, where the user's locale has a say in it."""

from __future__ import annotations

import os

from ttm.config import Config
from ttm.narration import choice
from ttm.narration.choice import Choice
from ttm.narration.narrator import Narrator
from ttm.speech import Voice


def choose(
    narrator: Narrator, config: Config, sample: str, transcript: str, told: str = ""
) -> Choice:
    """As `ttm.narration.choice.choose`, with the locale of this process."""
    return choice.choose(narrator, config, sample, transcript, told, _locale_language())


def described(voice: Voice) -> str:
    """The voice's name and what it is, on one line."""
    return f"{voice.name} ({voice.description})" if voice.description else voice.name


def _locale_language() -> tuple[str, str]:
    """The language of the user's locale, and where it stands; C and POSIX name none."""
    names = (name for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name))
    if not (name := next(names, "")):
        return "", ""
    told = os.environ[name]
    tag = told.partition(".")[0].partition("@")[0]
    return ("", "") if tag in ("C", "POSIX") else (tag.replace("_", "-"), f"{name}={told}")
