"""Words with numbers in them: 4K, COVID-19, mp3, F-16, 3x, B2B."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import last_word, next_word
from ttm.text.normalize.en.numbers import LEFT, amount, paired, whole
from ttm.text.normalize.en.units import MILLIONS

_WARS = {"1": "World War One", "2": "World War Two", "3": "World War Three"}
_GROUPS = re.compile(r"\d+|[^\W\d]+")
_LONGEST = 4
"""Runs of letters and digits in a name; what has more is a key or a digest, and stays."""
_EDGE = r"(?<![\w.,:/@#$€£¥%&=?\\])"
_PIXELS = {"480": "four eighty", "1080": "ten eighty", "1440": "fourteen forty"}
_NUMBERED = frozenset(
    "Boeing Airbus Route Highway Hwy Flight Interstate Bus Peugeot Porsche Room".split()
)
_COUNTED = frozenset(
    "faster slower larger bigger smaller more less higher lower better the as".split()
)


def _mixed(match: re.Match[str]) -> str | None:
    token, tail = match[1], match[2]
    if token[:2].upper() == "WW" and token[2:] in _WARS and not tail:
        return _WARS[token[2:]]
    groups = _GROUPS.findall(token)
    if len(groups) > _LONGEST or (len(groups) > 3 and len(token) > 8):
        return None
    said = [paired(group) if group.isdigit() else group for group in groups]
    if groups[0].isdigit() and groups[1:] == ["p"] and len(groups[0]) > 2:
        said[0] = _PIXELS.get(groups[0], said[0])
    if tail:
        number = tail[1:]
        said.append(" point ".join(paired(part) for part in number.split(".")))
    return " ".join(said)


def _scaled(match: re.Match[str]) -> str | None:
    counted = next_word(match, directly=True) in MILLIONS
    return f"{amount(match[1])} {_SCALES[match[2]]}" if counted or "." in match[1] else None


def _hyphenated(match: re.Match[str]) -> str:
    name, number, tail = match.groups()
    units, point, decimals = number.partition(".")
    said = paired(units) + (f" point {paired(decimals)}" if point else "")
    if tail:
        said += f" {tail}"
    return f"{name}-{said}" if name.islower() and not tail else f"{name} {said}"


def _times(match: re.Match[str]) -> str | None:
    if match[2] == "x" and match[1].isdigit() and len(match[1]) > 4:
        return None
    following = next_word(match)
    number = " point ".join(whole(part) for part in match[1].split("."))
    ends = match.string[match.end() : match.end() + 1] in ("", ".", ",", ";", "!", "?", ")")
    if ends or following in _COUNTED:
        return f"{number} times"
    return f"{number} x"


def _road(match: re.Match[str]) -> str | None:
    return paired(match[0]) if last_word(match) in _NUMBERED else None


_SCALES = {"K": "thousand", "k": "thousand", "M": "million", "B": "billion"}
RULES = (
    Rule("numbers", re.compile(rf"{LEFT}(\d{{1,3}}(?:\.\d{{1,2}})?)([KkMB])(?!\w)"), _scaled),
    Rule("numbers", re.compile(rf"{LEFT}(\d{{1,4}}(?:\.\d{{1,2}})?)([x×])(?![\w])"), _times),
    Rule(
        "numbers",
        re.compile(
            rf"{_EDGE}(?=[A-Za-z]{{0,11}}\d)(?=\d{{0,11}}[A-Za-z])([A-Za-z\d]{{2,12}}+)"
            r"(-\d{1,4}(?:\.\d{1,2})?)?(?![\w@]|[.:/]\w|-\d)"
        ),
        _mixed,
    ),
    Rule(
        "numbers",
        re.compile(
            rf"{_EDGE}([A-Za-z]{{1,14}})-(\d{{1,4}}(?:\.\d{{1,2}})?)([A-Za-z]{{0,3}})"
            r"(?![\w@]|[.,:/]\d)"
        ),
        _hyphenated,
    ),
    Rule("numbers", re.compile(rf"{LEFT}\d{{3,4}}(?!\w|[.,:/-]\d)"), _road),
)
