"""What is to be spoken, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text with the settings of `say` that are not those of the configuration."""

    text: str
    wishes: Mapping[str, object] = field(default_factory=dict)
    """By the name of the setting: voice, model, language, rate, instruct, seed, ..."""
    play: bool = True
    """Whether it is to be heard; otherwise all of it is made at once."""
