"""Symbols: & + = < > ~ ± → § № #1 C++ © ™ and/or."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import after, before

_BETWEEN = {
    "+": "plus", "=": "equals", "<": "is less than", ">": "is greater than",
    "≤": "is less than or equal to", "≥": "is greater than or equal to",
    "<=": "is less than or equal to", ">=": "is greater than or equal to",
    "==": "equals", "!=": "is not equal to", "≠": "is not equal to", "≈": "is approximately",
    "×": "times", "÷": "divided by", "−": "minus", "→": "to", "->": "to", "=>": "to", "⇒": "to",
    "←": "from", "@": "at", "∞": "infinity", "√": "square root of", "∈": "in", "*": "times",
    "^": "to the power of", "/": "divided by", "·": "times", "↔": "to and from", "-": "minus",
}  # fmt: skip
_ALTERNATIVES = {
    "and/or": "and or", "he/she": "he or she", "she/he": "she or he", "s/he": "he or she",
    "his/her": "his or her", "him/her": "him or her", "her/his": "her or his",
    "himself/herself": "himself or herself", "either/or": "either or", "yes/no": "yes or no",
}  # fmt: skip
_SHARP = {"C": "C", "F": "F", "J": "J"}
_PERIODS = "second|minute|hour|day|night|week|month|year|person|user|gallon|mile|liter|litre"
_WORD = re.compile(r"[A-Za-z]{2} \Z")
_POWERS = {"²": "squared", "³": "cubed"}
_MARKS = {"©": "copyright", "№": "number", "§": "section", "¶": "paragraph", "℃": "degrees Celsius"}
_NAMED = {"§§": "sections", **_MARKS}


def _between(match: re.Match[str]) -> str:
    if match[0] in "<>" and _WORD.search(before(match)) and after(match)[1:2].isdigit():
        return _compared(match)  # had > 5 of them, but x > 5
    return _BETWEEN[match[0]]


def _spaced(words: str, match: re.Match[str]) -> str:
    """Words for a sign that may stand without blanks between its neighbours."""
    text, start, end = match.string, match.start(), match.end()
    if start and text[start - 1].isalnum():
        words = f" {words}"
    return f"{words} " if end < len(text) and text[end].isalnum() else words


def _named(match: re.Match[str]) -> str:
    return _spaced(_NAMED[match[0]], match)


def _alternative(match: re.Match[str]) -> str:
    said = _ALTERNATIVES[match[0].lower()]
    return said.capitalize() if match[0][0].isupper() else said


def _compared(match: re.Match[str]) -> str:
    words = {"<": "less than", ">": "more than", "≤": "at most", "≥": "at least", "≈": "about"}
    return words[match[0]] + ("" if after(match)[:1] == " " else " ")


_OPERATOR = "|".join(
    sorted(map(re.escape, (s for s in _BETWEEN if s not in "-*/^@")), key=len, reverse=True)
)
RULES = (
    Rule(
        "symbols", re.compile(r"(?<!\w)[A-Z]\+\+(?!\+)"), lambda match: f"{match[0][0]} plus plus"
    ),
    Rule("symbols", re.compile(r"(?<!\w)[CFJ]#(?!\w)"), lambda match: f"{match[0][0]} sharp"),
    Rule(
        "symbols",
        re.compile(rf"(?<!\w)(?:{'|'.join(_ALTERNATIVES)})(?![\w/])", re.IGNORECASE),
        _alternative,
    ),
    Rule("symbols", re.compile(r"&(?=\w| )|(?<=\w)&(?=\s)"), lambda match: _spaced("and", match)),
    Rule("symbols", re.compile(r"(?<=\d)\+(?![\w+])"), lambda match: " plus"),
    Rule("symbols", re.compile(rf"(?<=[\w)] )(?:{_OPERATOR})(?= [\w($-])"), _between),
    Rule("symbols", re.compile(r"(?<=\d )[-*/^](?= \d)"), _between),
    Rule("symbols", re.compile(r"(?<=[\d)])[=+×÷](?=[\d(])"), lambda m: _spaced(_BETWEEN[m[0]], m)),
    Rule("symbols", re.compile(r"(?<![\w)\]+])\+(?=\d)"), lambda match: "plus "),
    Rule("symbols", re.compile(r"(?<=\d[%°])[-–](?=\d)"), lambda match: " to "),
    Rule("symbols", re.compile(r"(?<=[A-Za-z])==?(?=[-\d])"), lambda match: " equals "),
    Rule("units", re.compile(rf"(?<=\w)/(?=(?:{_PERIODS})(?!\w))"), lambda match: " per "),
    Rule("symbols", re.compile(r"(?<=[A-Za-z])\+(?=[A-Z]\w{0,7}(?!\w))"), lambda match: " plus "),
    Rule("symbols", re.compile(r"(?<=\w)[→⇒](?=\w)"), lambda match: _spaced("to", match)),
    Rule("symbols", re.compile(r"(?<=\w )@(?= \w)"), _between),
    Rule("symbols", re.compile(r"(?<!\S)[<>≤≥≈](?= ?\d)"), _compared),
    Rule("symbols", re.compile(r"(?<![\w~])~ ?(?=[\d$€£])"), lambda match: "about "),
    Rule("symbols", re.compile(r"± ?(?=\d)|\+/- ?(?=\d)"), lambda match: "plus or minus "),
    Rule("symbols", re.compile(r"(?<![\w#])#(?=\d)"), lambda match: "number "),
    Rule("symbols", re.compile(r"§§|[©№§¶]"), _named),
    Rule("symbols", re.compile(r"(?<=\w)[™®℠]"), lambda match: ""),
    Rule("symbols", re.compile(r"(?<=[A-Za-z])[²³](?!\w)"), lambda match: f" {_POWERS[match[0]]}"),
)
