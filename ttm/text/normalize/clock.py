"""Times of day."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Callable

from ttm.text.normalize import Rule

_HOUR = r"(?:[01]?\d|2[0-4])"
_TO = r" ?[-–—] ?"


def times(
    said: Callable[[int, int, int | None, str], str], to: str, *patterns: str
) -> tuple[Rule, ...]:
    """Reads times, alone or from one to another.

    said      hours, minutes, seconds if written, and what stands after them -> words
    to        between two times
    patterns  for one time each, with H, M and S for numbers and a group named `mark` for what
              stands after them
    """
    return tuple(Rule("times", _pattern(one), _reader(said, to), needs="0") for one in patterns)


def _pattern(one: str) -> re.Pattern[str]:
    def numbered(suffix: str) -> str:
        named = one.replace("(?P<mark>", f"(?P<mark{suffix}>")
        named = named.replace("H", rf"(?P<hours{suffix}>{_HOUR})")
        named = named.replace("M", rf"(?P<minutes{suffix}>[0-5]\d)")
        return named.replace("S", rf"(?P<seconds{suffix}>[0-5]\d)")

    end = r"(?!\w|[:.,]\d)"
    return re.compile(rf"(?<![\w@#/])(?<!\d[:.,]){numbered('')}{end}(?:{_TO}{numbered('2')}{end})?")


def _reader(
    said: Callable[[int, int, int | None, str], str], to: str
) -> Callable[[re.Match[str]], str]:
    def time(groups: dict[str, str | None], suffix: str) -> str:
        seconds = groups.get(f"seconds{suffix}")
        return said(
            int(groups[f"hours{suffix}"] or 0),
            int(groups.get(f"minutes{suffix}") or 0),
            int(seconds) if seconds else None,
            groups.get(f"mark{suffix}") or "",
        )

    def speak(match: re.Match[str]) -> str:
        groups = match.groupdict()
        first = time(groups, "")
        return f"{first} {to} {time(groups, '2')}" if groups["hours2"] else first

    return speak
