"""What a tape is made of: chunks, words and sentences, where they are written and heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from ttm.config import Config
from ttm.narration.plan import Chunk
from ttm.narration.report import Bad, Skip
from ttm.speech import Voice


@dataclass(frozen=True, slots=True)
class Manner:
    """How a tape was spoken, so that a sentence of it can be spoken anew."""

    config: Config
    voice: Voice
    language: str
    """Of the text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One chunk, where it is written and where it is heard."""

    chunk: Chunk
    start: int
    """First character in the tape's text."""
    end: int
    first: int
    """First sample."""
    last: int
    """One past the last."""
    attempt: int = 0
    """How often it was said anew."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, where it is written and where it is heard."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is sought, lit and said anew as one."""

    number: int
    """From 0."""
    start: int
    """First character in the tape's text, white space left out."""
    end: int
    first: int
    """First sample."""
    last: int
    parts: tuple[Part, ...] = field(repr=False)
    verdict: str = ""
    """What was wrong with its sound, as a sentence; empty where nothing was."""


def verdict(bad: Bad | Skip) -> str:
    """What was found, and what became of it, as a sentence without its end."""
    if isinstance(bad, Skip):
        return f"left out: {bad.why}"
    found = ", ".join(dict.fromkeys(one.words for one in bad.findings))
    fate = {
        "retried": "said again and right",
        "split": "said in parts",
        "kept": "kept as it is",
        "failed": "not spoken",
    }[bad.outcome]
    return f"{fate}: the engine {found}"
