"""What sound of a text may be: each bound of the guard with what it rests on.

They are where nothing human is left rather than where it begins to be unusual: a false alarm costs
a sentence that was right, and what goes wrong with a model goes far wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from ttm.speech import Speech
from ttm.text.syllables import syllables

FASTEST = 11.0
"""Syllables a second. Readers of 17 languages say 4.3 to 9.1, at 6.6 in the mean (Coupé et al.,
Science Advances 2019); a fifth more than the fastest of them."""
SLOWEST = 2.5
"""Little more than half of what the slowest of them say, and of the most that a text may have."""
BESIDE = 2.0
"""Seconds for breath and silence at both ends of a text, and for a pause in it."""
PAUSE = 1.0
"""Seconds for a pause at a mark. Those of readers end below 1 s; longer ones are of people who
search for words (Campione and Véronis, Speech Prosody 2002)."""
INSTRUCTED = 2.0
"""Factor of lengths and pauses for a speech that is to be said in a certain way: an instruction
may ask for it slowly, or fast."""
GOING_ON = 2.0
"""Seconds past the bound after which a speech that still goes on is taken to have no end."""
OUTER, OUTER_CHARACTER = 60.0, 5.0
"""Seconds, and seconds more for each character, that a voice without a language may take: it does
not speak, as the beeps of `tone` do not, so nothing is known of its tempo."""

SILENCE = 1.5
"""Seconds without sound within a text that has no mark to pause at."""
SILENCE_AT_MARKS = 2.5
"""As many where it has."""
QUIET, QUIET_BELOW = -60.0, 40.0
"""dBFS below which there is silence, and dB below the loudest moment. Rooms of recordings are at
-60 (the ACX standard for audiobooks), and speech has a range of 30 dB (ANSI S3.5-1997)."""

STEADY = 2.0
"""Seconds of sound without the changes that syllables make, of which there are 4 and more a second
(modulation of speech peaks at 4 to 5 Hz: Ding et al., Neurosci. Biobehav. Rev. 2017)."""
STEADY_WHOLE = 1.0
"""As many where there is nothing else in a speech."""
SPREAD = 6.0
"""dB between the softest twentieth of steady sound and the loudest; speech has 30."""
STEADY_BELOW = 10.0
"""dB below the loudest moment, so that a vowel that is held is none."""

LOOP = 2.0
"""Seconds that the same codes are said again. Codes are drawn from 2,048, so that of two frames of
speech few are the same, and of 25 in a row none."""
LOOP_WANTED = 8.0
"""As many where the text itself repeats: ha ha ha ha."""
PERIOD = 2.0
"""Seconds of the longest piece that is looked for."""
PERIOD_LEAST = 0.2
"""Seconds of the shortest, where there are no codes: a syllable."""
ALIKE = 1.0
"""dB by which the moments of two stretches differ that are one and the same; of two that a person
says alike, by 3 and more."""
STRETCHES = 4
"""Equal stretches, one after the other, that are a loop where there are no codes."""

CLIPPED = 0.005
"""Share of samples at full scale, in runs of four and more: where every loud vowel is cut."""
FULL, RUN = 0.999, 4

JUMP = 12.0
"""dB between a chunk and the median of those before it in the same voice: what lies between normal
speech and loud (12.5 dB in ANSI S3.5-1997, of which 6 are a raised voice)."""
NEIGHBOURS, NEIGHBOURS_LEAST = 9, 3
"""Chunks that a level is compared with: at most, and at least."""
HEARD_FOR_LEVEL = 1.0
"""Seconds of loud sound after which a level is known well enough to stop for."""
NOTHING = -50.0
"""dBFS that something must reach for a text to have been said at all."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the sound of one speech may be, in seconds."""

    least: float
    most: float
    silence: float
    loop: float


def bounds(speech: Speech) -> Bounds:
    """The bounds of a speech, by its text, language, tempo and instruction."""
    slower = (INSTRUCTED if speech.instruct else 1.0) / speech.rate
    told = syllables(speech.text, speech.language)
    silence = SILENCE_AT_MARKS if told.pauses else SILENCE
    loop = LOOP_WANTED if _repeats(speech.text) else LOOP
    if speech.language == "und":
        most = OUTER + OUTER_CHARACTER * len(speech.text) / speech.rate
        return Bounds(0.0, most, max(silence, silence * slower), loop)
    faster = (INSTRUCTED if speech.instruct else 1.0) * speech.rate
    return Bounds(
        told.least / FASTEST / faster,
        BESIDE + (told.most / SLOWEST + told.pauses * PAUSE) * slower,
        max(silence, silence * slower),
        loop,
    )


def _repeats(text: str) -> bool:
    """Whether something of a few letters comes three times in a row."""
    import re

    letters = re.sub(r"[\W_]+", "", text.casefold())
    return re.search(r"(.{1,12}?)\1\1", letters) is not None
