"""Who speaks with the published checkpoints, and in which languages; known before one is here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from ttm.speech import Voice

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


def speakers(mode: str, names: Iterable[str], languages: Iterable[str], model: str) -> list[Voice]:
    """Who speaks with a checkpoint that has speakers of these names and languages (English names).

    A voice-design one has one voice, a base one none of its own.
    """
    known = set(languages)
    tags = tuple(tag for tag, name in TAGS.items() if name in known)
    if mode == "voice_design":
        return [Voice(DESIGNED, tags, "the voice that the instruction describes", model=model)]
    found = []
    for name in names:
        who = SPEAKERS.get(name)
        own = [who.language] if who and who.language in tags else []
        spoken = (*own, *(tag for tag in tags if tag not in own))
        gender = who.gender if who else ""
        found.append(Voice(name, spoken, who.description if who else "", gender, model))
    return found
