"""Fractions: 1/2, 2½, 9/10; and what only looks like one: 24/7, 50/50."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import unicodedata

from ttm.text.normalize import Rule
from ttm.text.normalize.context import next_word
from ttm.text.normalize.en.signs import VULGAR
from ttm.text.normalize.spelling import cardinal, ordinal

FRACTION = rf"(?:(?:(\d{{1,4}})[ -]?)?([{VULGAR}])|(?:(\d{{1,4}})[ -])?(\d{{1,3}})[/⁄](\d{{1,4}}))"
"""Five groups: a whole and a vulgar fraction; a whole, a numerator and a denominator."""
EDGE = r"(?<![\w./,⁄:$€£#])"
END = r"(?:[rtn][dh]s?(?!\w)|(?![\w/⁄]|[.,:]\d))"

_SCORED = (5, 10, 20, 100)
"""What marks are given out of."""
_IDIOMS = {"24/7": "twenty-four seven", "9/11": "nine eleven", "7/11": "seven eleven"}
_PARTS = {2: "half", 4: "quarter"}
_NUMERALS = {"⅐": (1, 7), "⅑": (1, 9), "⅒": (1, 10)}


def parts(match: re.Match[str], at: int = 1) -> tuple[str, int, int]:
    """The whole (as written, perhaps empty), numerator and denominator of a FRACTION's groups."""
    units, vulgar, units_before, top, bottom = (match[at + i] for i in range(5))
    if vulgar:
        top, _, bottom = unicodedata.normalize("NFKC", vulgar).partition("⁄")
        return units or "", int(top), int(bottom)
    return units_before or "", int(top), int(bottom)


def said(units: str, top: int, bottom: int) -> str:
    """A fraction in words, with its whole; empty where it is none."""
    if not top or bottom < 2 or (units and top >= bottom):
        return ""
    part = _PARTS.get(bottom) or ordinal(bottom, "en")
    if top > 1:
        part = "halves" if bottom == 2 else f"{part}s"
    if not units:
        return f"{cardinal(top, 'en')} {part}"
    return f"{cardinal(units, 'en')} and {'a' if top == 1 else cardinal(top, 'en')} {part}"


def _fraction(match: re.Match[str]) -> str | None:
    if match[0] in _IDIOMS:
        return _IDIOMS[match[0]]
    units, top, bottom = parts(match)
    following = next_word(match)
    if not match[2] and not units:
        if top + bottom == 100 or top == bottom == 20:
            return f"{cardinal(top, 'en')} {cardinal(bottom, 'en')}"
        scored = bottom in _SCORED and (bottom >= 10 or top <= bottom)
        if scored and (not following or match.string[match.end() : match.end() + 1] in ".,;!?)"):
            return f"{cardinal(top, 'en')} out of {cardinal(bottom, 'en')}"
    if bottom > 100 or (top > 2 * bottom and not match[2]):
        return None
    if not units and (top, bottom) == (1, 2) and following in ("a", "an"):
        return "half"
    return said(units, top, bottom) or None


RULES = (Rule("numbers", re.compile(rf"{EDGE}{FRACTION}{END}"), _fraction),)
