"""The fake that ships: one beep a word, the same for the same word, no weights, no library.

For sound checks (`ttm say -m tone`) and for every test that needs audio but no speech.
"""

from __future__ import annotations

import array
import math
import re
import sys
import zlib
from collections.abc import Iterator

from ttm.audio import Audio, silence
from ttm.errors import UnknownName, did_you_mean
from ttm.speech import Speech, Timing, Voice

RATE = 24_000
"""Hertz."""
LETTER = 0.06
"""Seconds of beep a letter."""
GAP = 0.05
"""Seconds between two words."""
EDGE = 0.004
"""Seconds over which a beep swells and fades, so that it does not click."""
PEAK = 0.4

VOICES = {"sine": 220.0, "low": 110.0, "high": 440.0}
"""Hertz of each voice's deepest beep."""


class ToneEngine:
    """Beeps between one and two times the voice's own frequency, chosen by the word."""

    def voices(self) -> list[Voice]:
        return [
            Voice(name, ("und",), f"beeps from {hertz:.0f} Hz up", model="tone")
            for name, hertz in VOICES.items()
        ]

    def speak(self, speech: Speech) -> Iterator[Audio]:
        name = speech.voice or "sine"
        if name not in VOICES:
            raise UnknownName(f"unknown voice '{name}'", did_you_mean(name, VOICES))
        deepest = VOICES[name] * 2 ** (speech.pitch / 12)
        for word in re.finditer(r"\w+", speech.text):
            pcm = _beep(word[0], deepest, LETTER * len(word[0]) / speech.rate)
            gap = silence(GAP / speech.rate, RATE)
            timing = Timing("word", word.start(), word.end(), 0.0, len(pcm) / 2 / RATE)
            yield Audio(pcm + gap.pcm, RATE, "s16", (timing,))

    def close(self) -> None:
        """Nothing to give back."""


def _beep(word: str, deepest: float, seconds: float) -> bytes:
    """One beep as s16; its frequency is a whole number of samples a period."""
    height = 1 + zlib.crc32(word.casefold().encode()) % 13 / 12
    period = round(RATE / (deepest * height))
    wave = [PEAK * math.sin(2 * math.pi * i / period) for i in range(period)]
    samples = array.array("h", [round(32767 * x) for x in wave])
    if sys.byteorder == "big":
        samples.byteswap()
    samples *= max(2, round(seconds * RATE / period))
    edge = round(EDGE * RATE)
    for i in range(min(edge, len(samples) // 2)):
        samples[i] = samples[i] * i // edge
        samples[-1 - i] = samples[-1 - i] * i // edge
    return samples.tobytes()
