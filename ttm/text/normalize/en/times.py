"""Times of day and durations: 3:05 pm, 9 a.m.–5 p.m., 2:05:30."""

# ruff: noqa: RUF001, RUF002

from __future__ import annotations

import re

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before, last_word, next_word, stopped
from ttm.text.normalize.en.ranges import BOOKS
from ttm.text.normalize.spelling import cardinal, digits

_HALF = r"(?:\s?([AaPp])(?:\.\s?[Mm]\b\.?|[Mm]\b))"
_EDGE = r"(?<![\w:.,/$€£+#])(?<!\d-)"
_END = r"(?![\w:]|[.,/]\d)"
_RATIO = re.compile(r"\b(?:ratio|odds|scale|aspect|mix(?:ed|ture)?|diluted)\b[^.]{0,20}\Z")
_RATIOS = frozenset("ratio scale odds aspect mix mixture split".split())
_DURATION = re.compile(r"\b(?:in|of|took|takes|lasts|lasted|under|time|record|runs)\b\W{0,2}\Z")


def clock(hour: int, minute: int, half: str = "", *, bare: bool = False) -> str | None:
    """A time of day in words; None if there is none such. `bare`: a full hour without o'clock."""
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12):
        return None
    after_noon = f" {half.lower()} m" if half else ""
    if minute == 0:
        if half or (bare and 1 <= hour <= 12):
            return cardinal(hour, "en") + after_noon
        if hour in (0, 24):
            return "midnight"
        return cardinal(hour, "en") + (" hundred" if hour > 12 else " o'clock")
    minutes = f"oh {cardinal(minute, 'en')}" if minute < 10 else cardinal(minute, "en")
    return f"{cardinal(hour, 'en')} {minutes}{after_noon}"


def _time(match: re.Match[str]) -> str | None:
    hour, minute, half, hour_2, minute_2, half_2 = match.groups()
    if not (minute or half or minute_2 or half_2):
        return None
    if hour_2 and minute_2 is None and half_2 is None and minute and not half:
        return None  # 3:05-7 may be anything
    if not (half or half_2 or hour_2) and _is_ratio(match):
        return None
    full = (minute or "00") == "00" and (minute_2 or "00") == "00"
    until = bool(hour_2)
    bare = (until and full) or next_word(match) in ("o'clock", "o’clock", "hours")
    if not until and minute and next_word(match) == "long":
        return _lasting(0, int(hour), int(minute))
    said = clock(int(hour), int(minute or 0), half or "", bare=bare or (until and not minute))
    if said is None or not until:
        return said and stopped(match, said)
    end = clock(int(hour_2), int(minute_2 or 0), half_2 or "", bare=bare or not minute_2)
    return end and stopped(match, f"{said} to {end}")


def _is_ratio(match: re.Match[str]) -> bool:
    if last_word(match) in BOOKS or next_word(match) in _RATIOS:
        return True
    return _RATIO.search(before(match)) is not None


def _lasting(hours: int, minutes: int, seconds: int) -> str:
    parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
    said = [f"{cardinal(n, 'en')} {unit}{'s' * (n != 1)}" for n, unit in parts if n]
    if len(said) < 2:
        return "".join(said) or "zero seconds"
    return f"{' '.join(said[:-1])} and {said[-1]}"


def _to_the_second(match: re.Match[str]) -> str | None:
    hour, minute, second = (int(match[i]) for i in (1, 2, 3))
    if minute > 59 or second > 59:
        return None
    if not match[4] and (hour > 24 or _DURATION.search(before(match))):
        return _lasting(hour, minute, second)
    if hour > 24:
        return None
    minutes = f"oh {cardinal(minute, 'en')}" if minute < 10 else cardinal(minute, "en")
    said = (
        f"{cardinal(hour, 'en')} {minutes} and {cardinal(second, 'en')} second{'s' * (second != 1)}"
    )
    return stopped(match, f"{said} {match[4].lower()} m") if match[4] else said


def _military(match: re.Match[str]) -> str | None:
    hour, minute = match[1], match[2]
    if hour[0] != "0" and last_word(match) not in ("at", "by", "until", "from", "before", "after"):
        return None
    start = f"oh {cardinal(hour[1], 'en')}" if hour[0] == "0" else cardinal(hour, "en")
    if minute == "00":
        return f"{start} hundred hours"
    return f"{start} {digits(minute, 'en') if minute[0] == '0' else cardinal(minute, 'en')} hours"


RULES = (
    Rule(
        "times",
        re.compile(rf"{_EDGE}(\d{{1,2}}):(\d\d):(\d\d){_HALF}?{_END}"),
        _to_the_second,
    ),
    Rule("times", re.compile(r"(?<!\w)([01]\d|2[0-3])([0-5]\d) (?:hours|hrs)\b"), _military),
    Rule(
        "times",
        re.compile(
            rf"{_EDGE}(\d{{1,2}})(?::(\d\d))?{_HALF}?"
            rf"(?:\s?[-–—]\s?(\d{{1,2}})(?::(\d\d))?{_HALF}?)?{_END}"
        ),
        _time,
    ),
)
