"""The names that clients know from elsewhere, and what is meant by them here."""

from __future__ import annotations

from ttm.config import Config

MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's models; dated ones begin like the last."""

VOICES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx",
          "sage", "shimmer", "verse")  # fmt: skip
"""OpenAI's voices."""


def model_meant(config: Config, name: str) -> tuple[str, bool]:
    """The model for a name that a client gave, and whether that was another's name for it."""
    aliases = config.server.aliases
    if name in aliases:
        return aliases[name] or config.say.model, True
    if not name or name in MODELS or name.startswith(f"{MODELS[-1]}-"):
        return config.say.model, True
    return name, False


def voice_meant(config: Config, name: str) -> tuple[str, bool]:
    """The voice for a name that a client gave, and whether it may stand for any."""
    aliases = config.server.aliases
    if name in aliases:
        return aliases[name], False
    return name, name.casefold() in VOICES
