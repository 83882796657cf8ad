"""Dates: 2024-01-05, 1/5/2024, Jan. 5, 2024, the 5th of May, Mon.–Fri."""

# ruff: noqa: RUF001, RUF002

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before, last_word, next_word, stopped
from ttm.text.normalize.en.times import clock
from ttm.text.normalize.spelling import cardinal, ordinal, year

MONTHS = (
    "January February March April May June July August September October November December"
).split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|Jun\.|July?|Jul\."
    r"|Aug(?:ust|\.)?|Sep(?:t(?:ember|\.)?|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?"
    r"|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)(?!\w)"
)
_SHORT = r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
_SHORT_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"
_DAY = r"(3[01]|[12]\d|0?[1-9])"
_SUFFIX = r"(?:st|nd|rd|th)"
_EDGE = r"(?<![\w.,:/$€£+#-])"
_OVER = r"(?![\w/]|[.,:-]\d)"

_CUES = frozenset(
    "in of since until till by before after last next this early late mid from to and or through"
    " every each for on between during".split()
)
_DAY_CUES = frozenset("on every this next last until by from to each and or through before".split())
_MONTH_CUES = frozenset("in since until till early late mid last next".split())
_SLASHED = frozenset("on by since until till before after dated due from between".split())
_PIVOT = 50
"""From here on a year of two digits is one of the last century."""


def _number(name: str) -> int:
    """Which month a name or its beginning is, from 1."""
    return next(i for i, month in enumerate(MONTHS, 1) if month[:3] == name[:3].capitalize())


def _weekday(name: str) -> str:
    return next(day for day in _DAYS if day[:3] == name[:3])


def _day(number: str | int) -> str:
    return ordinal(int(number), "en")


def _valid(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (
        29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
    )


def _american(month: int, day: int, in_year: str = "") -> str:
    said = f"{MONTHS[month - 1]} {_day(day)}"
    return f"{said}, {year(in_year, 'en')}" if in_year else said


def _british(match: re.Match[str], month: int, day: int, in_year: str = "") -> str:
    the = "" if last_word(match).lower() == "the" else "the "
    said = f"{the}{_day(day)} of {MONTHS[month - 1]}"
    return f"{said}, {year(in_year, 'en')}" if in_year else said


def _full_year(digits: str) -> str:
    return digits if len(digits) == 4 else ("19" if int(digits) >= _PIVOT else "20") + digits


def _iso(match: re.Match[str]) -> str | None:
    in_year, month, day, hour, minute, second, zone = match.groups()
    if not _valid(int(month), int(day)) or not 1000 <= int(in_year) < 3000:
        return None
    said = _american(int(month), int(day), in_year)
    if not hour:
        return said
    time = clock(int(hour), int(minute))
    if time is None:
        return None
    if second and int(second):
        time += f" and {cardinal(int(second), 'en')} second{'s' * (int(second) != 1)}"
    if zone:
        time += " U T C"
        if zone != "Z" and int(zone[1:3]):
            time += f" {'minus' if zone[0] == '-' else 'plus'} {cardinal(int(zone[1:3]), 'en')}"
    return f"{said}, {time}"


def _year_and_month(match: re.Match[str]) -> str | None:
    in_year, month = match[1], int(match[2])
    season = int(in_year[2:]) + 1 == month or next_word(match) in ("season", "school", "academic")
    if season or not 1000 <= int(in_year) < 2200:
        return None
    return f"{MONTHS[month - 1]} {year(in_year, 'en')}"


def _slashed(match: re.Match[str]) -> str | None:
    one, other, in_year = match.groups()[:3] if match[1] else match.groups()[3:]
    first, second, in_year = int(one), int(other), _full_year(in_year)
    if _valid(first, second):
        return _american(first, second, in_year)
    return _british(match, second, first, in_year) if _valid(second, first) else None


def _dotted(match: re.Match[str]) -> str | None:
    day, month, in_year = int(match[1]), int(match[2]), _full_year(match[3])
    if _valid(month, day):
        return _american(month, day, in_year)
    return _american(day, month, in_year) if _valid(day, month) else None


def _without_year(match: re.Match[str]) -> str | None:
    first, second = int(match[1]), int(match[2])
    sure = match[2][0] == "0" or match[1][0] == "0"
    if match[0] == "9/11" or (not sure and last_word(match).lower() not in _SLASHED):
        return None
    if next_word(match) in ("of", "cup", "cups", "inch", "inches", "the"):
        return None
    if _valid(first, second):
        return _american(first, second)
    return _british(match, second, first) if _valid(second, first) else None


def _month_first(match: re.Match[str]) -> str | None:
    name, day, last, in_year = match.groups()
    month = _number(name)
    if not _valid(month, int(day)) or (last and not _valid(month, int(last))):
        return None
    said = f"{MONTHS[month - 1]} {_day(day)}"
    if last:
        said += f" to {_day(last)}"
    return f"{said}, {year(in_year, 'en')}" if in_year else said


def _day_first(match: re.Match[str]) -> str | None:
    weekday, gap, day, last, suffix, of, name, in_year = match.groups()
    month = _number(name)
    if not _valid(month, int(day)) or (last and not _valid(month, int(last))):
        return None
    word = last_word(match)
    if not weekday and not suffix and not of and name in ("May", "March", "Mar"):
        if word[:1].isupper() and word not in _DAYS and len(word) > 2:
            return None  # Windows 11 May Update
    the = "" if word.lower() in ("the", "and", "or", "to") and not weekday else "the "
    numbers = f"{_day(day)} to {_day(last)}" if last else _day(day)
    said = f"{the}{numbers} of {MONTHS[month - 1]}"
    if weekday:
        said = f"{_weekday(weekday)}{',' * (',' in gap)} {said}"
    if in_year:
        return f"{said}, {year(in_year, 'en')}"
    return stopped(match, said)


def _month_and_year(match: re.Match[str]) -> str:
    return f"{MONTHS[_number(match[1]) - 1]} {year(match[2], 'en')}"


def _months(match: re.Match[str]) -> str:
    return stopped(match, f"{MONTHS[_number(match[1]) - 1]} to {MONTHS[_number(match[2]) - 1]}")


def _month(match: re.Match[str]) -> str | None:
    said, cue = MONTHS[_number(match[0]) - 1], last_word(match).lower()
    ends = stopped(match, said) != said
    if not match[0].endswith("."):
        return said if cue in _MONTH_CUES else None
    return None if ends and cue not in _CUES else stopped(match, said)


def _days(match: re.Match[str]) -> str:
    return stopped(match, f"{_weekday(match[1])} to {_weekday(match[2])}")


def _weekday_alone(match: re.Match[str]) -> str | None:
    said, cue = _weekday(match[1]), last_word(match).lower()
    if not match[0].endswith("."):  # before a date
        return said
    doubtful = match[1] in ("Sat", "Sun") or stopped(match, said) != said
    listed = re.match(r",? ?\d|, [A-Z]", match.string[match.end() : match.end() + 8])
    if (
        doubtful
        and cue not in _DAY_CUES
        and not listed
        and not re.search(r"\.,? ?\Z", before(match))
    ):
        return None
    return stopped(match, said)


RULES = (
    Rule(
        "dates",
        re.compile(
            r"(?<![\w.:/-])(\d{4})[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12]\d|3[01])"
            r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?(?![\w/-])"
        ),
        _iso,
    ),
    Rule(
        "dates",
        re.compile(r"(?<![\w.:/-])(\d{4})-(0[1-9]|1[0-2])(?![\w/-]|[.,:]\d)"),
        _year_and_month,
    ),
    Rule(
        "dates",
        re.compile(
            r"(?<![\w.:/-])(?:(\d\d?)/(\d\d?)/(\d{4}|\d\d)|(\d\d?)-(\d\d?)-(\d{4}))"
            r"(?![\w/-]|[.,:]\d)"
        ),
        _slashed,
    ),
    Rule(
        "dates",
        re.compile(r"(?<![\w.:/-])(\d\d?)\.(\d\d?)\.(\d{4})(?![\w/-]|[.,:]\d)"),
        _dotted,
    ),
    Rule("dates", re.compile(rf"{_EDGE}(\d\d?)/(\d\d?)(?![\w/-]|[.,:]\d| ?%)"), _without_year),
    Rule(
        "dates",
        re.compile(
            rf"{_EDGE}(?:({_SHORT_DAY}|{'|'.join(_DAYS)})\b(\.?,? ))?"
            rf"{_DAY}(?:{_SUFFIX})?(?: ?[-–] ?{_DAY})?({_SUFFIX})?( of)? "
            rf"({_MONTH})(?:,? (\d{{4}}){_OVER})?(?![-/]\d)"
        ),
        _day_first,
    ),
    Rule(
        "dates",
        re.compile(
            rf"{_EDGE}({_MONTH}) {_DAY}{_SUFFIX}?(?: ?[-–] ?{_DAY}{_SUFFIX}?)?"
            rf"(?:,? (\d{{4}}){_OVER})?{_OVER}(?! ?[%°$€£])"
        ),
        _month_first,
    ),
    Rule("dates", re.compile(rf"{_EDGE}({_MONTH}),? (\d{{4}}){_OVER}"), _month_and_year),
)
NAMES = (
    Rule(
        "dates",
        re.compile(rf"{_EDGE}({_SHORT}|May)\.? ?[-–—] ?({_SHORT}|May)(?:\.|(?!\w))"),
        _months,
    ),
    Rule("dates", re.compile(rf"(?<![\w.]){_SHORT}(?:\.|(?![\w'’-]))"), _month),
    Rule(
        "dates",
        re.compile(rf"{_EDGE}({_SHORT_DAY})\.? ?[-–—] ?({_SHORT_DAY})(?:\.|(?!\w))"),
        _days,
    ),
    Rule(
        "dates",
        re.compile(rf"(?<![\w.])({_SHORT_DAY})(?:\.|(?=,? {_MONTH} \d))"),
        _weekday_alone,
    ),
)
