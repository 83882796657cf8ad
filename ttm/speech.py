"""Speech (what to say and how), Voice (who says it), Timing (when each span was said)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ttm.errors import UsageError

RATE_MIN, RATE_MAX = 0.25, 4.0
"""Factors of a voice's usual tempo that ttm accepts."""

PITCH_MIN, PITCH_MAX = -12.0, 12.0
"""Semitones from a voice's usual pitch that ttm accepts."""

VOLUME_MIN, VOLUME_MAX = -60.0, 20.0
"""Decibels that ttm adds at most."""

USUAL_TEMPO = 175
"""Words a minute; what factor 1 means where a tempo is given in words."""

RATE_EXPECTED = (
    f"a factor from {RATE_MIN:g} to {RATE_MAX:g}, words a minute (180wpm) or a change (+10%)"
)
"""What `parse_rate` takes, in words."""


@dataclass(frozen=True, slots=True)
class Phonemes:
    """How a stretch of a speech's text sounds."""

    start: int
    """Its first character in the text."""
    end: int
    """One past the last."""
    ipa: str
    """Its sounds, in the International Phonetic Alphabet."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What to say and how; travels whole, from the door to the engine. `replace()` to vary."""

    text: str
    voice: str = ""
    """A voice's name; empty means the model's default for the language."""
    language: str = ""
    """BCP-47 tag or English name; empty means the voice's own."""
    rate: float = 1.0
    """Factor of the voice's usual tempo, 0.25 to 4."""
    pitch: float = 0.0
    """Semitones, -12 to 12."""
    volume: float = 0.0
    """Decibels, -60 to 20."""
    seed: int = 0
    """What random choices start from; the same seed gives the same audio."""
    instruct: str = ""
    """How to say it, or what a designed voice is like; for engines that follow instructions."""
    recording: str = ""
    """Absolute path of a recording or a voice file whose voice is cloned; for engines that
    clone."""
    transcript: str = ""
    """What is said in the recording, where that is known."""
    continues: bool = False
    """Follows the speech before it in the same narration: the engine may go on from the state
    that one left. Otherwise nothing that came before may be heard in it."""
    phonemes: tuple[Phonemes, ...] = ()
    """Stretches of the text whose sounds were given, in order and without overlaps; for engines
    that take them. What cannot be said so is said as the text has it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says it."""

    name: str
    """What a user types."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags, the voice's own first."""
    description: str = ""
    gender: Literal["female", "male", ""] = ""
    model: str = ""
    aliases: tuple[str, ...] = ()
    """Other names that mean this voice."""
    recording: str = ""
    """Absolute path of the recording or voice file that it is cloned from; empty for a voice of
    the model's."""
    transcript: str = ""
    """What is said in the recording, where that is known."""
    source: Literal["model", "recording", "cloned", "designed", "damaged"] = "model"
    """Where it comes from: the model itself, a recording given for once, or the user's library,
    where it was cloned or designed, or is damaged."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a span of text was said."""

    kind: Literal["word", "sentence"]
    start: int
    """First character of the span. From an engine: in its Speech; from a narration: in the
    user's text."""
    end: int
    """One past the last character."""
    at: float
    """Seconds from the start of the audio that carries it, or of the narration."""
    until: float
    """Seconds, likewise."""
    exact: bool = True
    """Reported by the engine, rather than estimated from the text's length."""
    text: str = ""
    """What stands there, white space collapsed and markup left out; from a narration."""
    spoken: str = ""
    """What was said for it, where that is something else."""


def parse_rate(text: str) -> float:
    """The factor that `1.2`, `180wpm`, `+10%` or `-10%` means. Raises UsageError."""
    word = text.strip().casefold()
    number, wpm, percent = word, False, False
    if word.endswith("wpm"):
        number, wpm = word.removesuffix("wpm").rstrip(), True
    elif word.endswith("%") and word[0] in "+-":
        number, percent = word[1:-1].rstrip(), True
    fix = f"Give {RATE_EXPECTED}"
    # float() would also take nan, inf, 1e0, 1_0 and digits of other scripts.
    if not (number.isascii() and number.replace(".", "", 1).isdecimal()):
        raise UsageError(f"the rate cannot be '{text[:40]}'", fix)
    amount = float(number)
    if percent:
        rate = 1 + (amount if word[0] == "+" else -amount) / 100
    else:
        rate = amount / USUAL_TEMPO if wpm else amount
    if not RATE_MIN <= rate <= RATE_MAX:
        raise UsageError(f"the rate '{text[:40]}' is not from {RATE_MIN:g} to {RATE_MAX:g}", fix)
    return rate
