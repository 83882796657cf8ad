"""How a narration went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ttm.narration.guard import Finding

KEPT = 100
"""Places of skipped, and of bad, pieces of the text that a report names; the rest are counted."""

Fate = Literal["retried", "split", "kept", "failed"]
"""What became of a chunk whose sound was bad: right with another seed, right in halves, kept as it
was, or not spoken."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A piece of the text that was not spoken."""

    start: int
    """First character of the original text."""
    end: int
    """One past the last."""
    line: int
    column: int
    why: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A chunk whose sound was not what was asked for."""

    place: str
    """Where it is, in words."""
    start: int
    """First character of the original text."""
    end: int
    """One past the last."""
    line: int
    column: int
    attempts: int
    """How often the engine was asked, for all of it or for a half."""
    findings: tuple[Finding, ...]
    """Of all attempts, in their order."""
    outcome: Fate


@dataclass(slots=True)
class Guarding:
    """What the guard found."""

    judged: int = 0
    """Chunks."""
    bad: int = 0
    """Chunks of which an attempt was not what was asked for."""
    retried: int = 0
    split: int = 0
    kept: int = 0
    failed: int = 0
    chunks: list[Bad] = field(default_factory=list)

    def add(self, one: Bad) -> None:
        self.bad += 1
        setattr(self, one.outcome, getattr(self, one.outcome) + 1)
        if len(self.chunks) < KEPT:
            self.chunks.append(one)


@dataclass(slots=True)
class StandIn:
    """What another voice said while the wanted one was being loaded."""

    model: str
    voice: str
    until: int = 0
    """It said the original text up to this character, and no more."""
    sentences: int = 0
    chunks: int = 0
    seconds: float = 0.0
    """Of its sound, pauses included."""
    hand_over: int | None = None
    """The first sample of the wanted voice; None where that was not ready before the end."""
    rate: int = 0
    """Hertz of the sample's number."""


@dataclass(slots=True)
class Report:
    """How a narration went; complete once it was iterated to its end."""

    model: str
    voice: str
    language: str
    seed: int
    """The text's; each chunk's is derived from it."""
    engine: str = ""
    chunks: int = 0
    cached: int = 0
    """Chunks that came from the cache."""
    characters: int = 0
    """Of the original text, up to the end of the last chunk spoken."""
    seconds: float = 0.0
    """Of audio, pauses included."""
    retried: int = 0
    """Chunks that were spoken again, or in smaller pieces, because the engine died of them."""
    clipped: int = 0
    """Samples that `volume` pushed over full scale."""
    skipped: int = 0
    skips: list[Skip] = field(default_factory=list)
    guard: Guarding = field(default_factory=Guarding)
    notes: list[str] = field(default_factory=list)
    """What there is to say to the user while it is spoken, each sentence once."""
    effective: dict[str, Any] = field(default_factory=dict)
    """What the engine ran with, where it says so."""
    stood_in: StandIn | None = None
    """Who began in place of the voice, if anybody did."""

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
