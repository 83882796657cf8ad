"""Numbers as words.

num2words knows the words of each language; it takes 0.1 ms for a number, so what it said is kept.
"""

from __future__ import annotations

from functools import cache, lru_cache

DIGITS = 15
"""Digits of the longest number that is said as one; longer ones are said digit by digit."""

_SCALES = ("", " thousand", " million", " billion", " trillion")


def cardinal(n: str | int, language: str) -> str:
    """How many: `twenty-one`. `n` is a whole number without a sign."""
    text = str(n)
    if len(text) > DIGITS:
        return digits(text, language)
    return _english(int(text)) if language == "en" else _said(int(text), language, "cardinal")


def ordinal(n: str | int, language: str) -> str:
    """Which one: `twenty-first`. `n` is a whole number without a sign."""
    text = str(n)
    if len(text) > DIGITS:
        return digits(text, language)
    if language == "en" and (rest := int(text) % 100) != int(text):
        hundreds = _english(int(text) - rest)
        return f"{hundreds} {_said(rest, 'en', 'ordinal')}" if rest else f"{hundreds}th"
    return _said(int(text), language, "ordinal")


def year(n: str | int, language: str) -> str:
    """A year: `nineteen eighty-four`. `n` is a whole number without a sign."""
    text = str(n)
    if language != "en" or len(text) not in (3, 4) or 2000 <= int(text) < 2010:
        return cardinal(text, language)
    century, rest = divmod(int(text), 100)
    if not rest:
        return _english(int(text)) if century % 10 == 0 else f"{_english(century)} hundred"
    between = " oh " if rest < 10 else " "
    return f"{_english(century)}{between}{_english(rest)}"


def digits(text: str, language: str) -> str:
    """Each digit of a text by itself: `nine one one`; what is no digit is left out."""
    return " ".join(_said(int(char), language, "cardinal") for char in text if char.isdecimal())


@cache
def _thousands(n: int) -> str:
    """Up to 999, as it is said in America: without an `and`."""
    return _said(n, "en", "cardinal").replace(" and ", " ")


@lru_cache(1 << 14)
def _english(n: int) -> str:
    if n < 1000:
        return _thousands(n)
    groups: list[str] = []
    for scale in _SCALES:
        n, group = divmod(n, 1000)
        if group:
            groups.append(_thousands(group) + scale)
    return " ".join(reversed(groups))


@lru_cache(1 << 14)
def _said(n: int, language: str, form: str) -> str:
    from num2words import num2words  # 50 ms

    return str(num2words(n, lang=language, to=form))
