"""Telephone numbers, digit by digit in their groups."""

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before, last_word
from ttm.text.normalize.spelling import cardinal, digits

_LEFT = r"(?<![\w.,/:+$€£#-])"
_RIGHT = r"(?![\w]|[-/:@]\w|[.,]\d)"
_GROUP = re.compile(r"\d+")
_SHORTEST, _LONGEST = 7, 15
"""Digits of a number with its country's; E.164 allows 15."""
_DIALED = frozenset("call dial phone ring text dialed dialled calling dialing to".split())
_CALLED = re.compile(
    r"\b(?:call|dial|phone|tel|telephone|fax|text|line|reach|ring|mobile|cell|number|whatsapp)\b",
    re.IGNORECASE,
)


def _groups(match: re.Match[str]) -> str:
    return ", ".join(digits(group, "en") for group in _GROUP.findall(match[0]))


def _international(match: re.Match[str]) -> str | None:
    size = sum(map(str.isdigit, match[0]))
    return f"plus {_groups(match)}" if _SHORTEST <= size <= _LONGEST else None


def _local(match: re.Match[str]) -> str | None:
    # 500-1000 is a range, and 555-0100 a number.
    is_round = all(int(group) % 50 == 0 for group in _GROUP.findall(match[0]))
    return None if is_round and not _CALLED.search(before(match)) else _groups(match)


def _emergency(match: re.Match[str]) -> str | None:
    cue = last_word(match).lower()
    return digits(match[0], "en") if cue in _DIALED and cue != "to" else None


def _extension(match: re.Match[str]) -> str:
    number = match[1]
    said = cardinal(number, "en") if len(number) < 3 and number[0] != "0" else digits(number, "en")
    return f"extension {said}"


RULES = (
    Rule(
        "phones",
        re.compile(
            r"(?<![\w+])\+\d{1,3}(?:[ .-]?(?:\(\d{1,5}\)|\d{1,15}+)){1,6}+(?![\w]|[.,:/]\d)"
        ),
        _international,
    ),
    Rule(
        "phones",
        re.compile(
            rf"{_LEFT}(?:1[ .-])?(?:\(\d{{3}}\) ?|\d{{3}}([-. ]))\d{{3}}[-. ]\d{{4}}{_RIGHT}"
        ),
        _groups,
    ),
    Rule("phones", re.compile(rf"{_LEFT}0\d{{2,4}}[ -]\d{{3,4}}[ -]?\d{{3,4}}{_RIGHT}"), _groups),
    Rule("phones", re.compile(rf"{_LEFT}\d{{3}}-\d{{4}}{_RIGHT}"), _local),
    Rule("phones", re.compile(rf"{_LEFT}\d{{3}}{_RIGHT}"), _emergency),
    Rule("phones", re.compile(r"\b[Ee]xt\.? ?(\d{1,6})(?!\w)"), _extension),
)
