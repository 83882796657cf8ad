"""Engines: what they promise, which there are, and how one is loaded.

A name is free, loading costs: nothing here imports an engine until `load`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ttm.audio import Audio
from ttm.errors import UnknownModel, did_you_mean
from ttm.speech import PITCH_MAX, PITCH_MIN, RATE_MAX, RATE_MIN, Speech, Voice
from ttm.voicefile import Prompt

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Effective = dict[str, str | int | float | bool]
"""What an engine runs with, by the names of its settings."""

Tell = Callable[[str, float], None]
"""Takes what is being loaded and how much of it is there, from 0 to 1."""


class Engine(Protocol):
    """Text in, audio out. To cancel, stop iterating."""

    def voices(self) -> list[Voice]:
        """Who can speak."""
        ...

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        """Audio of one rate and sample format, with its timings; text is a note for the user.

        What had to be stopped because it did not end comes with `cut` on its last Audio.

        Audio without samples or timings is a breath: nothing to hear yet, but a cancel is looked
        at, and the engine is known to be at work. Raises UnknownName for a voice that the engine
        does not have, UsageError for a speech that it cannot be asked for, and SynthesisError.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


@runtime_checkable
class Foresighted(Engine, Protocol):
    """An engine that speaks sooner what it was told to expect."""

    def expect(self, speeches: Sequence[Speech]) -> None:
        """Begin with what will probably be asked for after the next speech, in this order."""
        ...


@runtime_checkable
class Cloning(Engine, Protocol):
    """An engine that makes something of a recording once, and speaks with that ever after."""

    def prompt(self, recording: str, transcript: str) -> tuple[str, Prompt]:
        """What it makes of the recording, and the fingerprint of the weights that made it; both
        empty where the recording is a voice file that holds it already.

        A later `speak` with a voice file that holds it takes it from there. Raises what `speak`
        raises for a recording.
        """
        ...


@runtime_checkable
class Phonetic(Engine, Protocol):
    """An engine that can say how it would pronounce a text."""

    def phonemes(self, text: str, voice: str) -> str:
        """The text in IPA, as this voice says it. Raises what `speak` raises."""
        ...


@runtime_checkable
class Configured(Engine, Protocol):
    """An engine that decides for itself what some of its settings mean here."""

    def effective(self) -> Effective:
        """What it runs with: the device it found, the checkpoint's own sampling, ..."""
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
    multilingual: bool = False
    """Every voice speaks every language: it is told the language that was asked for, and decides
    for itself when none was."""
    clones: bool = False
    """Speaks with the voice of a recording."""
    instructs: bool = False
    """Takes an instruction: how to say it, or the description of a voice."""
    phonemes: bool = False
    """Takes the sounds of a word in IPA."""
    loads_slowly: bool = False
    """Loading takes seconds; the engine is called with `loading=`, a Tell."""
    checkpoint: bool = False
    """Called with `folder=`, the checkpoint that it speaks with; with an empty one, it loads
    nothing and only answers `effective`."""
    foresight: int = 1
    """Speeches after the next one that it is told of, where there are any."""
    foresight_unheard: int = 1
    """As many where nobody listens yet, so that the first need not be soon."""
    reads: bool = False
    """Says numbers, dates and the like as well as ttm's own rules would."""
    quick: bool = False
    """Speaks a sentence within milliseconds: nothing is gained by passing on a part of one, nor by
    keeping what was spoken."""
    random: bool = False
    """Another seed may make other sound: what went wrong is worth asking for again."""
    phonetic: bool = False
    """Tells how it would pronounce a text."""
    named: bool = False
    """There are as many as the user has named in the settings, and each is called with `name=`."""
    modules: tuple[str, ...] = ()
    """Packages that ttm does not bring by itself."""
    extra: str = ""
    """The extra of ttm's distribution that brings them."""


ENGINES: dict[str, EngineCard] = {
    card.name: card
    for card in (
        EngineCard(
            "espeak",
            "ttm.engine.espeak:EspeakEngine",
            "espeak-ng: 140 languages, at once, nothing to download",
            needs="the espeak-ng library that is installed with ttm",
            quick=True,
            phonemes=True,
            phonetic=True,
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
            quick=True,
        ),
        EngineCard(
            "qwen3",
            "ttm.engine.qwen3:Qwen3Engine",
            "Qwen3-TTS: natural voices, ten languages, cloning and voices by description",
            needs="the neural runtime (`ttm runtime stage`), and a checkpoint",
            slowest=1.0,
            fastest=1.0,
            lowest=0.0,
            highest=0.0,
            multilingual=True,
            clones=True,
            instructs=True,
            loads_slowly=True,
            checkpoint=True,
            random=True,
            foresight=0,
            foresight_unheard=3,
            modules=("torch", "tokenizers", "numba"),
            extra="neural",
        ),
        EngineCard(
            "huggingface",
            "ttm.engine.huggingface:HuggingfaceEngine",
            "models that transformers carries: Pocket TTS, VITS and MMS (1,100 languages)",
            needs="the neural runtime (`ttm runtime stage`), and a checkpoint",
            # Pocket TTS was trained on pieces of 50 tokens, which are about 200 characters.
            budget=200,
            slowest=1.0,
            fastest=1.0,
            lowest=0.0,
            highest=0.0,
            clones=True,
            loads_slowly=True,
            checkpoint=True,
            random=True,
            modules=("safetensors", "torch", "transformers"),
            extra="huggingface",
        ),
        EngineCard(
            "remote",
            "ttm.engine.remote:RemoteEngine",
            "any server with OpenAI's /v1/audio/speech",
            needs="a server, as in `ttm config set engine.remote.NAME.url URL`",
            lowest=0.0,
            highest=0.0,
            multilingual=True,
            instructs=True,
            reads=True,
            random=True,
            named=True,
        ),
    )
}

PLUGINS = "ttm.engines"
"""The entry-point group in which other distributions offer engines."""

TRAITS = ("multilingual", "clones", "instructs", "loads_slowly", "phonemes", "random")
"""Fields of a card that an entry point can claim, in brackets: `name = module:Class [clones]`."""


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

    offered = entry_points(group=PLUGINS)
    return [*ENGINES.values(), *(_offered(p) for p in offered if p.name not in ENGINES)]


def _offered(point: EntryPoint) -> EngineCard:
    traits: dict[str, Any] = {trait: trait in point.extras for trait in TRAITS}
    where = f"{point.module}:{point.attr}"
    return EngineCard(point.name, where, f"from {point.module}", **traits)


def missing(card: EngineCard) -> list[str]:
    """The packages that this engine needs and that are not installed; imports none of them.

    What PYTHONPATH alone offers is not installed: it may be for another Python.
    """
    if not card.modules:
        return []
    from importlib.util import find_spec

    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    strange = tuple(os.path.abspath(each) + os.sep for each in named if each)
    specs = {module: find_spec(module) for module in card.modules}
    return [
        module
        for module, spec in specs.items()
        if spec is None or (spec.origin or "").startswith(strange)
    ]


def load(name: str, options: Mapping[str, Any], tell: Tell | None = None) -> Engine:
    """Import and start an engine; only the worker's child process does.

    `tell` hears how far the loading is, from an engine that takes long for it.
    """
    known = card(name)
    module, _, attribute = known.where.partition(":")
    if known.loads_slowly:
        options = {**options, "loading": tell}
    engine: Engine = getattr(importlib.import_module(module), attribute)(**options)
    return engine
