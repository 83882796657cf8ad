"""Who speaks with the published checkpoints, and in which languages; known before one is here."""

from __future__ import annotations

from typing import Literal, NamedTuple

TAGS = {
    "zh": "chinese",
    "en": "english",
    "de": "german",
    "it": "italian",
    "pt": "portuguese",
    "es": "spanish",
    "ja": "japanese",
    "ko": "korean",
    "fr": "french",
    "ru": "russian",
}
"""BCP-47 tags of the languages that a checkpoint calls by these names."""

DEFAULT = "ryan"
"""Who speaks where nobody was asked for, in English."""


class Speaker(NamedTuple):
    language: str
    gender: Literal["female", "male"]
    description: str


# What the publishers say of their speakers (QwenLM/Qwen3-TTS, README), in our words.
SPEAKERS = {
    "vivian": Speaker("zh", "female", "young, bright, with a slight edge"),
    "serena": Speaker("zh", "female", "young, warm and gentle"),
    "uncle_fu": Speaker("zh", "male", "seasoned, low and mellow"),
    "dylan": Speaker("zh", "male", "young, clear and natural; Beijing dialect"),
    "eric": Speaker("zh", "male", "lively, a little husky; Sichuan dialect"),
    "ryan": Speaker("en", "male", "dynamic, with a strong rhythm"),
    "aiden": Speaker("en", "male", "sunny American, clear in the middle"),
    "ono_anna": Speaker("ja", "female", "playful, light and nimble"),
    "sohee": Speaker("ko", "female", "warm, rich in feeling"),
}

DESIGNED = "designed"
"""The one voice of a voice-design checkpoint: whoever the instruction describes."""
