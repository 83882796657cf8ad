"""What an engine is asked for, and what ttm does to its sound afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ttm import voices as library
from ttm.engine import EngineCard
from ttm.narration.plan import Chunk
from ttm.speech import (
    PITCH_MAX,
    PITCH_MIN,
    RATE_MAX,
    RATE_MIN,
    VOLUME_MAX,
    VOLUME_MIN,
    Speech,
    Voice,
)
from ttm.text.marks import Delivery


@dataclass(frozen=True, slots=True)
class Manner:
    """How a stretch of text is said."""

    speech: Speech
    """As the engine is asked for it, at a pitch and tempo that it can do, without the text."""
    higher: float
    faster: float
    """Factors of pitch and tempo that the engine cannot do."""
    volume: float
    """Decibels."""


def manner_of(speech: Speech, engine: EngineCard) -> Manner:
    """How this engine is brought to say something so."""
    pitch = min(max(speech.pitch, engine.lowest), engine.highest)
    higher = 2 ** ((speech.pitch - pitch) / 12)
    tempo = speech.rate / higher
    able = min(max(tempo, engine.slowest), engine.fastest)
    return Manner(replace(speech, pitch=pitch, rate=able), higher, tempo / able, speech.volume)


class Manners:
    """How each delivery of a text is said, found out once.

    `cast` finds the voice of a delivery that asks for another one or another language.
    """

    def __init__(
        self, speech: Speech, engine: EngineCard, cast: Callable[[Delivery], Speech]
    ) -> None:
        self._engine = engine
        self._cast = cast
        self._known: dict[Delivery | None, Manner] = {None: manner_of(speech, engine)}

    def __call__(self, delivery: Delivery | None) -> Manner:
        """Raises UsageError for a voice that there is not."""
        if delivery not in self._known:
            assert delivery is not None
            speech = self._cast(delivery)
            speech = replace(
                speech,
                rate=min(max(speech.rate * delivery.rate, RATE_MIN), RATE_MAX),
                pitch=min(max(speech.pitch + delivery.pitch, PITCH_MIN), PITCH_MAX),
                volume=min(max(speech.volume + delivery.volume, VOLUME_MIN), VOLUME_MAX),
            )
            self._known[delivery] = manner_of(speech, self._engine)
        return self._known[delivery]


def understudy(
    voices: Sequence[Voice], usual: Voice, language: str, gender: str
) -> tuple[Voice, str]:
    """Who says a stretch in another language, or is to be of that gender, and what of it nobody
    can do; the voice that speaks anyway wherever it will do."""
    voice, lacking = usual, ""
    known = "und" not in usual.languages  # a voice of which nobody knows may speak anything
    if language and known and not library.speaks(usual, language):
        found = library.for_language(voices, language)
        voice, lacking = found or usual, "" if found else f"for language '{language}'"
    if gender and voice.gender != gender:
        own = voice.languages[0] if voice.languages else ""
        others = [other for other in voices if other.gender == gender]
        found = library.for_language(others, language or own) if own else None
        variant = next((v.name for v in others if v.name.startswith(library.VARIANT)), "")
        if found:
            voice = found
        elif variant:
            voice = replace(voice, name=voice.name.partition(library.VARIANT)[0] + variant)
        else:
            lacking = f"that is {gender}"
    return voice, lacking


def silence_before(chunk: Chunk, usual: float) -> float:
    """Seconds of silence before a chunk, where the pause is usually so long."""
    if chunk.wait is None:
        return usual
    return max(usual, chunk.wait) if chunk.wait else 0.0
