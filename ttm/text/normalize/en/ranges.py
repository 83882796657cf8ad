"""Two numbers and what stands between them: 10-15, 3-2, 16:9, 2x4, 4-4-2."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import last_word
from ttm.text.normalize.en.numbers import LEFT, MONEY_SIGNS, NUMBER, amount, paired

DASH = r"(?: – | — |[-–—‑−])"
_EDGE = rf"{LEFT}(?<![{MONEY_SIGNS}^])(?<!\d-)"
_END = r"(?!\w|[.,:/]\d|[-–]\d|[%°])"

BOOKS = frozenset(
    "Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra"
    " Nehemiah Esther Job Psalm Psalms Proverbs Ecclesiastes Isaiah Jeremiah Lamentations Ezekiel"
    " Daniel Hosea Joel Amos Obadiah Jonah Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi"
    " Matthew Mark Luke John Acts Romans Corinthians Galatians Ephesians Philippians Colossians"
    " Thessalonians Timothy Titus Philemon Hebrews Peter Jude Revelation".split()
)
"""Where 3:16 is a chapter and a verse."""


def _range(match: re.Match[str]) -> str:
    return f"{amount(match[1])} to {amount(match[2])}"


def _ratio(match: re.Match[str]) -> str:
    between = " " if last_word(match) in BOOKS else " to "
    return f"{amount(match[1])}{between}{amount(match[2])}"


def _size(match: re.Match[str]) -> str:
    numbers = [match[1], match[2], *([match[3]] if match[3] else [])]
    large = all(n.isdigit() and len(n) > 2 for n in numbers)
    return " by ".join(paired(n) if large and len(n) < 5 else amount(n) for n in numbers)


def _row(match: re.Match[str]) -> str:
    return "-".join(amount(part) for part in re.split(r"[-–]", match[0]))


RULES = (
    Rule(
        "numbers",
        re.compile(rf"{_EDGE}({NUMBER})[x×]({NUMBER})(?:[x×]({NUMBER}))?(?!\w|[.,:/]\d)"),
        _size,
    ),
    Rule("numbers", re.compile(rf"{_EDGE}\d{{1,2}}(?:[-–]\d{{1,2}}){{2,4}}+{_END}"), _row),
    Rule("numbers", re.compile(rf"{_EDGE}({NUMBER}){DASH}({NUMBER}){_END}"), _range),
    Rule("numbers", re.compile(rf"{_EDGE}(\d{{1,4}}):(\d{{1,4}}){_END}"), _ratio),
)
