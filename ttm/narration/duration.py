"""How long it takes to say a text, estimated from its letters."""

from __future__ import annotations

import re
import unicodedata

from ttm.text.language import script

LETTER = 0.06
"""Seconds that a letter takes at the usual tempo: what espeak-ng needs at 175 words a minute, in
English, German, French and Spanish alike (0.049 to 0.063)."""
CLAUSE = 2.5
"""Letters by which the last word of a clause is longer, and the breath behind it."""
DIGIT = 4.5
"""Letters of a digit's name."""
SYMBOL = 6.0
"""Letters of a symbol's name."""
INITIAL = 4.0
"""Letters of a letter's own name, in what is spelled out."""

SYLLABLES = {"CJK": 4.0, "HANGUL": 3.5, "KANA": 2.2}
"""Letters that one character stands for where it is a syllable or a mora."""

USUAL = 15
"""Characters a second, in most languages and voices."""
WEIGHT = 100
"""Characters that have to be spoken before they say more of a text's length than that does."""

_NAMES = r"[A-Z]{2,5}|[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{1,5}"
_SPELLED = re.compile(rf"(?<![^\W\d_])(?<!['\u2019])(?:{_NAMES})(?![^\W\d_]|['\u2019])")
"""Short words in capitals or without a vowel."""
_END = re.compile(r"[,;:.!?…—–、，。；：！？।؟،؛](?=[\W_]*(?:\s|$))|[、，。；：！？]")  # noqa: RUF001


def letters(text: str) -> float:
    """As many letters as take as long to say as this text, the breaths in it included."""
    return sum(_length(char) for char in text) + spelled(text) + CLAUSE * len(_END.findall(text))


def seconds(text: str, rate: float = 1.0) -> float:
    """How long it takes to say this text at a factor of the usual tempo."""
    return letters(text) * LETTER / rate


def foreseen(length: int, rate: float, characters: int = 0, spoken: float = 0.0) -> float:
    """Seconds that a text of so many characters will last at a factor of the usual tempo, when so
    many of them took that long."""
    usual = USUAL * rate
    return length * ((spoken if characters else 0.0) + WEIGHT / usual) / (characters + WEIGHT)


def spelled(text: str) -> float:
    """Letters more that the names of letters have than the letters themselves."""
    return sum((INITIAL - 1) * len(hit[0]) for hit in _SPELLED.finditer(text))


def _length(char: str) -> float:
    if char.isspace():
        return 0.0
    if char < "\u0250":
        return 1.0 if char.isalpha() else DIGIT if char.isdigit() else SYMBOL * (char in "$%&+=@#")
    kind = unicodedata.category(char)[0]
    if kind == "L":
        return SYLLABLES.get(script(char), 1.0)
    return DIGIT if kind == "N" else SYMBOL if kind == "S" else 0.0
