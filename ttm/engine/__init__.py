"""Engines: what they promise, which there are, and how one is loaded.

A name is free, loading costs: nothing here imports an engine until `load`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ttm.audio import Audio
from ttm.errors import UnknownModel, did_you_mean
from ttm.speech import PITCH_MAX, PITCH_MIN, RATE_MAX, RATE_MIN, Speech, Voice


class Engine(Protocol):
    """Text in, audio out. To cancel, stop iterating."""

    def voices(self) -> list[Voice]:
        """Who can speak."""
        ...

    def speak(self, speech: Speech) -> Iterator[Audio]:
        """Audio of one rate and sample format, with its timings.

        Raises UnknownName for a voice that the engine does not have, and SynthesisError.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


@runtime_checkable
class Foresighted(Engine, Protocol):
    """An engine that speaks sooner what it was told to expect."""

    def expect(self, speech: Speech) -> None:
        """Begin with a speech that will probably be asked for next."""
        ...


@dataclass(frozen=True, slots=True)
class EngineCard:
    """What is known of an engine without importing it."""

    name: str
    where: str
    """`module:Class`; called with the engine's options from the settings."""
    sentence: str
    """What it is, for a listing."""
    needs: str = ""
    """What must be there for it to work; empty when it always does."""
    budget: int = 400
    """Characters that one call speaks at most."""
    slowest: float = RATE_MIN
    fastest: float = RATE_MAX
    """Factors of tempo that the engine does itself; ttm stretches the rest."""
    lowest: float = PITCH_MIN
    highest: float = PITCH_MAX
    """Semitones that the engine does itself; ttm resamples the rest."""


ENGINES: dict[str, EngineCard] = {
    card.name: card
    for card in (
        EngineCard(
            "espeak",
            "ttm.engine.espeak:EspeakEngine",
            "espeak-ng: 140 languages, at once, nothing to download",
            needs="the espeak-ng library that is installed with ttm",
            # espeak-ng takes 80 words a minute at least, and 175 is its usual tempo.
            slowest=80 / 175,
            # Where its pitch and range end, with the melody in proportion.
            lowest=-9,
            highest=10,
        ),
        EngineCard(
            "tone",
            "ttm.engine.tone:ToneEngine",
            "a fake: one beep a word, to check the sound path",
        ),
    )
}

PLUGINS = "ttm.engines"
"""The entry-point group in which other distributions offer engines."""


def card(name: str) -> EngineCard:
    """The card of a built-in engine, or of one that an installed distribution offers.

    Raises UnknownModel with the nearest names.
    """
    if known := ENGINES.get(name):
        return known
    cards = {known.name: known for known in every_card()}
    if found := cards.get(name):
        return found
    hint = did_you_mean(name, cards) or f"known models: {', '.join(cards)}"
    raise UnknownModel(f"unknown model '{name}'", hint)


def every_card() -> list[EngineCard]:
    """The built-in engines, then those that installed distributions offer."""
    from importlib.metadata import entry_points

    offered = [
        EngineCard(point.name, point.value, f"from {point.value.partition(':')[0]}")
        for point in entry_points(group=PLUGINS)
        if point.name not in ENGINES
    ]
    return [*ENGINES.values(), *offered]


def load(name: str, options: Mapping[str, Any]) -> Engine:
    """Import and start an engine; only the worker's child process does."""
    module, _, attribute = card(name).where.partition(":")
    engine: Engine = getattr(importlib.import_module(module), attribute)(**options)
    return engine
