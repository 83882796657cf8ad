"""What stands between words and is no word: pauses, and how to say what follows."""

from __future__ import annotations

from dataclasses import dataclass

MARK, BREAK = "\x1e", "\x1f"
"""In a text on its way to the sentences, where a mark of the queue belongs; and where a sentence
ends. A Cleaner takes both out of what users write, so they are ours."""

PAUSE_MAX = 60.0
"""Seconds of the longest pause that a text can ask for."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that the text asks for."""

    seconds: float
    """At least as long, and no longer than the usual pause where that is longer; 0 for none."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How to say what follows, on top of the settings."""

    voice: str = ""
    """A voice's name; empty for the one that speaks anyway."""
    language: str = ""
    """BCP-47 tag; empty for that of the whole text."""
    gender: str = ""
    """`female` or `male`, where only that was asked of the voice."""
    rate: float = 1.0
    """Factor."""
    pitch: float = 0.0
    """Semitones."""
    volume: float = 0.0
    """Decibels."""


USUAL = Delivery()


@dataclass(frozen=True, slots=True)
class Structure:
    """Who tells where paragraphs, list items and chapters begin."""

    told: bool
    """The markup does, so nothing is guessed from how a line looks."""


Mark = Pause | Delivery | Structure
