"""What `say-as` makes of a text: words, where it says more than the rules for any text know."""

from __future__ import annotations

import re
from collections.abc import Callable

INTERPRETATIONS = frozenset(
    "characters spell-out verbatim cardinal number ordinal digits telephone date time duration "
    "currency fraction unit address name expletive".split()
)
"""What ttm knows; those that it has no words of its own for are left to the rules for any text."""

BLEEP = "beep"
"""What is said in place of what should not be."""
LANGUAGES = frozenset(("de", "en", "es", "fr", "it", "pt"))
"""Languages whose numbers are put into words here."""
LONGEST = 60
"""Digits of the longest number that is put into words."""

_DATES = {"y": "year", "m": "month", "d": "day"}
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def say_as(text: str, interpret: str, form: str, language: str) -> str | None:
    """The words for a text; None where the text is to be said as any other.

    `form` is the order of a date, such as `dmy`; `language` a primary subtag.
    """
    text = text.strip()
    if interpret in ("characters", "spell-out", "verbatim"):
        return " ".join(_spelt(char, language) for char in text if not char.isspace())
    if interpret == "expletive":
        return BLEEP
    if interpret in ("digits", "telephone"):
        groups = re.findall(r"[0-9]+", text)
        spelt = (" ".join(_spelt(digit, language) for digit in group) for group in groups)
        plus = "plus " if text.startswith("+") and interpret == "telephone" else ""
        return plus + ", ".join(spelt) if groups else None
    if interpret in ("cardinal", "number", "ordinal"):
        found = re.fullmatch(r"([+-]?)([0-9][0-9,]*)(?:st|nd|rd|th|\.|º|ª)?", text)
        if found:
            number = int(found[2].replace(",", "")[:LONGEST]) * (-1 if found[1] == "-" else 1)
            return _worded(number, language, ordinal=interpret == "ordinal")
    if interpret == "date" and language == "en":
        return _date(text, form)
    return None


def _spelt(char: str, language: str) -> str:
    if char.isascii() and char.isdigit():
        return _worded(int(char), language) or char
    return char.upper() if len(char.upper()) == 1 else char


def _worded(number: int, language: str, *, ordinal: bool = False) -> str | None:
    if language not in LANGUAGES:
        return None
    from num2words import num2words  # 20 languages' rules

    convert: Callable[..., str] = num2words
    try:
        return convert(number, lang=language, to="ordinal" if ordinal else "cardinal")
    except (NotImplementedError, OverflowError, TypeError, ValueError):
        return None


def _date(text: str, form: str) -> str | None:
    """Such as `10/12/2024`, as a date that leaves no doubt which part is the month."""
    parts = re.findall(r"[0-9]{1,4}", text)
    form = form or ("ymd" if parts and len(parts[0]) == 4 else "mdy")
    if len(parts) != len(form) or not set(form) <= set(_DATES):
        return None
    known = {_DATES[letter]: int(part) for letter, part in zip(form, parts, strict=True)}
    month, day, year = known.get("month"), known.get("day"), known.get("year")
    if month is not None and not 1 <= month <= 12:
        return None
    words = _MONTHS[month - 1] if month else ""
    if day:
        words += f" {_worded(day, 'en', ordinal=True)}"
    if year is not None:
        words += f", {_year(year)}" if day else f" {_year(year)}"
    return words.strip()


def _year(year: int) -> str:
    century, rest = divmod(year, 100)
    if not 1000 <= year <= 9999 or (century % 10 == 0 and rest < 10):
        return _worded(year, "en") or str(year)
    first = _worded(century, "en")
    if not rest:
        return f"{first} hundred"
    return f"{first} {'oh ' if rest < 10 else ''}{_worded(rest, 'en')}"
