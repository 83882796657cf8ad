"""How many syllables a text has when it is spoken: at least, and at most.

Not counted but bounded, from its letters alone, so that it holds for any language and for any
engine: one says `1984` as a year and another as a quantity, one spells `NATO` and one skips emoji.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from ttm.text.language import LANGUAGES, script

Range = tuple[float, float]
"""Syllables at least and at most."""

ALPHABET: Range = (0.25, 0.65)
"""A letter. English and German write about 3 letters for a syllable, Spanish 2.3, Finnish 2.2;
`strengths` has 9 letters for one."""
ABJAD: Range = (0.3, 1.1)
"""A letter where vowels are mostly not written: Arabic, Hebrew."""
ABUGIDA: Range = (0.25, 1.3)
"""A consonant that brings its vowel: Hindi, Bengali, Tamil, ...; vowel signs are marks."""
KANA: Range = (0.4, 1.2)
"""A mora, of which long vowels and small signs are parts."""
SYLLABLE: Range = (0.7, 1.3)
"""A sign that is a syllable: Hangul, and Han in Chinese."""
HAN: Range = (0.4, 4.0)
"""A Han character anywhere else: Japanese reads up to four morae."""
UNKNOWN: Range = (0.1, 2.0)
"""A letter of any other script."""
SPELLED: Range = (0.25, 3.2)
"""A letter that may be called by its name: `W` has three syllables."""
FOREIGN: Range = (0.0, 14.0)
"""A letter of a script that the language is not written in: an engine may leave it out, name it
(`Chinese letter`), or read its number."""
DIGIT: Range = (0.3, 4.5)
"""`777` is ten syllables in German, `1,000,000` three in English."""
NUMERAL: Range = (0.0, 8.0)
"""Any other number: a half, or VIII as one character."""
SYMBOL: Range = (0.0, 7.0)
"""`greater than or equal to`."""
EMOJI: Range = (0.0, 20.0)
"""`smiling face with open mouth and tightly closed eyes`, or nothing."""
INSIDE: Range = (0.0, 5.0)
"""Punctuation that is no pause but may be named: the `slash` and `underscore` of an address."""
SPELLED_LENGTH = 7
"""Letters of the longest word that an engine may spell for being all capitals."""

_ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "COPTIC", "CHEROKEE"}
_SCRIPTS = {
    **dict.fromkeys(_ALPHABETS, ALPHABET),
    **dict.fromkeys(("ARABIC", "HEBREW", "SYRIAC", "THAANA"), ABJAD),
    **dict.fromkeys(
        ("DEVANAGARI", "BENGALI", "GUJARATI", "GURMUKHI", "KANNADA", "MALAYALAM", "ORIYA",
         "SINHALA", "TAMIL", "TELUGU", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"),
        ABUGIDA,
    ),
    "KANA": KANA,
    "HANGUL": SYLLABLE,
    "ETHIOPIC": SYLLABLE,
    "BOPOMOFO": KANA,
}  # fmt: skip
_VOWELS = frozenset("aeiouyаеёиоуыэюяіїєαεηιουω")  # noqa: RUF001
_HOMES = {
    "CJK": {"cmn", "zh", "yue", "hak", "nan", "ja", "ko"},
    "KANA": {"ja"},
    "HANGUL": {"ko"},
    "ARABIC": {"ar", "fa", "ur", "ps", "sd", "ug", "ku", "ckb", "ks", "pa"},
    "CYRILLIC": {"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tg", "mn", "tt", "ba", "cv", "uz",
                 "az", "ab", "os", "ce"},
    "DEVANAGARI": {"hi", "mr", "ne", "kok", "sa", "bho", "mai", "ks", "sd"},
    "BENGALI": {"bn", "as", "bpy"},
}  # fmt: skip
"""Scripts that several languages are written in; any other has the one of `LANGUAGES`."""
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Syllables:
    """How much there is to say."""

    least: float
    most: float
    pauses: int
    """Places at which a reader may pause."""


def syllables(text: str, language: str = "") -> Syllables:
    """What a text has to be spoken, in a language by its BCP-47 tag.

    Without one, or with a name in place of a tag, no script is foreign.
    """
    tag = re.split("[-_]", language.casefold())[0]
    home = tag if len(tag) in (2, 3) and tag not in ("und", "mul") else ""
    least = most = 0.0
    pauses = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        spoken = token.rstrip("".join(c for c in set(token) if _kind(c) == "P"))
        pauses += len(spoken) < len(token)
        if not spoken:  # nothing but punctuation: a dash, or the stars of a divider
            most += INSIDE[1] * len(token)
        for kind, run in groupby(spoken, _kind):
            low, high = _run(kind, "".join(run), home)
            least, most = least + low, most + high
    return Syllables(least, most, pauses)


def _run(kind: str, run: str, home: str) -> Range:
    """Of characters of one kind."""
    if kind == "L":
        return _word(run, home)
    each = {"N": DIGIT, "O": NUMERAL, "S": SYMBOL, "E": EMOJI, "P": INSIDE}.get(kind, (0.0, 0.0))
    return each[0] * len(run), each[1] * len(run)


def _word(word: str, home: str) -> Range:
    letters = [char for char in word if char.isalpha()]
    plain = [unicodedata.normalize("NFD", char)[0].lower() for char in letters]
    named = len(word) <= SPELLED_LENGTH and word.upper() == word
    named |= not _VOWELS.intersection(plain)
    low = high = 0.0
    for char in letters:
        one = _letter(script(char), home)
        if one is ALPHABET and named:
            one = SPELLED
        low, high = low + one[0], high + one[1]
    return low, max(1.0, high)


def _letter(of: str, home: str) -> Range:
    at_home = _HOMES.get(of) or ({LANGUAGES[of]} if of in LANGUAGES else set())
    if home and at_home and home not in at_home:
        return FOREIGN
    if of == "CJK":
        return HAN if home in ("", "ja", "ko") else SYLLABLE
    return _SCRIPTS.get(of, UNKNOWN)


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """Letter with its marks, decimal digit, other number, emoji, symbol, punctuation or nothing."""
    category = unicodedata.category(char)
    if category[0] in "LM":
        return "L"
    if category[0] == "N":
        return "N" if category == "Nd" else "O"
    if category[0] == "S":
        return "E" if category in ("So", "Sk") and ord(char) > 0x2190 else "S"
    return "P" if category[0] == "P" else ""
