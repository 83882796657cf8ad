"""Whether a recording makes a voice: each bound with what it rests on.

What nobody measured for cloning is bounded twice: where it begins to be heard, which is a note, and
where nothing good can come of it, which is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ttm.audio.intake import Take
from ttm.audio.recording import LONGEST, SHORTEST

SECONDS_GOOD = 3.0
"""Alibaba's interface to Qwen3-TTS asks for 3 s of clear speech at least, and advises 10 to 20."""
SECONDS_PLENTY = 20.0
RATE_GOOD = 16_000
"""Hertz. Below, nothing above 8 kHz is left of sibilants, and of a telephone's 8,000 Hz nothing
above 3.4 kHz (ITU-T G.712); the models hear 24,000."""
LEVEL_GOOD, LEVEL_LEAST = -40.0, -55.0
"""dBFS. Speech is nominally at -26 (ITU-T P.56); 16 bits end at -98, and what is raised by 30 dB
brings the hum and hiss of its input along."""
CLIPPED_GOOD, CLIPPED_MOST = 0.0001, 0.005
"""Shares. A clean recording has none; from one sample in 200 on, every loud vowel is cut."""
SNR_GOOD, SNR_LEAST = 20.0, 10.0
"""dB. LibriTTS counts what lies below 20 as not clean, and Hi-Fi TTS takes nothing below 32
(arXiv:1904.02882, arXiv:2104.01497)."""
PAUSE_GOOD, PAUSE_MOST = 1.0, 3.0
"""Seconds. Longer pauses of a reference come back in what the clone says."""
OFFSET_GOOD = 0.01
"""Of full scale; it is taken out."""
LETTERS = (8.0, 24.0)
"""A second. Readers of many languages say 4.3 to 9.1 syllables (Coupé et al., Science Advances
2019), of two to three letters each."""
LETTERS_EXTREME = (4.0, 32.0)
"""A third of the usual tempo, and twice it: nobody reads so, and the transcript is of something
else or of another length. A clone of such a pair collapses (Blaizzy/mlx-audio issue 921)."""

LETTERS_OF = {"CJK": 3.0, "HANGUL": 3.0, "HIRAGANA": 2.0, "KATAKANA": 2.0}
"""Letters that a character of these scripts is worth: it is a syllable, or a mora."""
LETTERS_OF_DIGIT = 4.0
"""A digit is said as a word."""

State = Literal["ok", "note", "refused"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    """What was measured, with its unit."""
    sentence: str = ""
    """Why that matters and what to do, where it is not `ok`."""


def judge(take: Take, transcript: str, *, recorded: bool = True) -> list[Finding]:
    """Everything that can be said of a recording without understanding it.

    `recorded`: with a microphone; what a model has made is not held to a room's noise.
    """
    found = [_length(take), _level(take), _clipping(take)]
    if recorded:
        found += [_noise(take), _rate(take)]
    found += [_pauses(take), _offset(take), _transcript(take, transcript)]
    return found


def refusals(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state == "refused"]


def letters(text: str) -> float:
    """How much there is to say in a text, in letters of an alphabet."""
    total = 0.0
    for char in text:
        kind = unicodedata.category(char)[0]
        if kind == "N":
            total += LETTERS_OF_DIGIT
        elif kind == "L":
            script = unicodedata.name(char, "").partition(" ")[0]
            total += LETTERS_OF.get(script, 1.0)
    return total


def _graded(name: str, good: bool, bearable: bool, found: str, sentence: str) -> Finding:
    state: State = "ok" if good else "note" if bearable else "refused"
    return Finding(name, state, found, "" if good else sentence)


def _length(take: Take) -> Finding:
    seconds = take.speech
    sentence = f"{SECONDS_GOOD:g} to {SECONDS_PLENTY:g} s of speech make the best voices"
    good = SECONDS_GOOD <= seconds <= SECONDS_PLENTY
    bearable = SHORTEST <= seconds <= LONGEST
    return _graded("length", good, bearable, f"{seconds:.1f} s of speech", sentence)


def _level(take: Take) -> Finding:
    level = take.level
    sentence = "it is faint; speak nearer to the microphone, or raise its level"
    found = f"speech at {level:.0f} dBFS"
    return _graded("level", level >= LEVEL_GOOD, level >= LEVEL_LEAST, found, sentence)


def _clipping(take: Take) -> Finding:
    share = take.clipped
    sentence = "its loudest parts are cut off; lower the microphone's level and record again"
    found = f"{share:.2%} of samples are full"
    return _graded("clipping", share <= CLIPPED_GOOD, share <= CLIPPED_MOST, found, sentence)


def _noise(take: Take) -> Finding:
    ratio = min(take.level - take.noise, 99.0)
    sentence = "the clone would have its noise; record in a quiet room"
    found = f"speech {ratio:.0f} dB above the noise"
    return _graded("noise", ratio >= SNR_GOOD, ratio >= SNR_LEAST, found, sentence)


def _rate(take: Take) -> Finding:
    sentence = "its high tones are missing; record at 24000 Hz or more"
    good = take.rate >= RATE_GOOD
    return _graded("sample rate", good, True, f"{take.rate} Hz", sentence)


def _pauses(take: Take) -> Finding:
    pause = take.pause
    sentence = "the clone would pause as long; cut it out"
    found = f"at most {pause:.1f} s within"
    return _graded("silence", pause <= PAUSE_GOOD, pause <= PAUSE_MOST, found, sentence)


def _offset(take: Take) -> Finding:
    offset = abs(take.offset)
    good = offset <= OFFSET_GOOD
    return _graded("offset", good, True, f"{take.offset:+.3f}", "it was taken out")


def _transcript(take: Take, transcript: str) -> Finding:
    if not transcript:
        sentence = "with what is said in it, a clone comes closer to its recording"
        return Finding("transcript", "note", "none", sentence)
    tempo = letters(transcript) / max(take.speech, 0.02)
    (slow, fast), (slowest, fastest) = LETTERS, LETTERS_EXTREME
    sentence = "it is not what is said, or not all of it: give every word and no other"
    if slowest <= tempo <= fastest:
        sentence = "see whether it is every word that is said, and no other"
    found = f"{tempo:.1f} letters a second"
    good, bearable = slow <= tempo <= fast, slowest <= tempo <= fastest
    return _graded("transcript", good, bearable, found, sentence)
