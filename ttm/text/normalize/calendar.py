"""Dates, where the day is written before the month."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ttm.text.normalize import Rule, needing
from ttm.text.normalize.amounts import any_of
from ttm.text.normalize.numerals import DASH

_ISO = re.compile(r"(?<![\w/.-])(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?![\w-]|\.\d)")
_DIGITS = re.compile(
    r"(?<![\w/.,:-])(?P<day>\d{1,2})(?P<mark>[./-])(?P<month>\d{1,2})(?P=mark)"
    r"(?P<year>\d{4}|(?<=\d\d.)\d\d)(?!\w|[-./,:]\d)"
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How dates are read."""

    months: tuple[str, ...]
    """As they are said, from January on."""
    shorts: Mapping[str, int]
    """Other ways to write them."""
    day: Callable[[re.Match[str], int], str]
    """The day of a matched date in words."""
    year: Callable[[int], str]
    to: str
    """Between two days."""
    of: str = " "
    """Between the parts of a date."""
    mark: str = ""
    """A pattern for what follows the digits of a day."""
    of_written: str = " "
    """The same between the parts of a written date."""

    def rules(self) -> tuple[Rule, ...]:
        """Reads 2024-01-05, 5/1/2024, 5.1.2024 and dates with the month's name."""
        numbers = {name.lower(): i for i, name in enumerate(self.months, 1)}
        numbers |= {name.lower(): i for name, i in self.shorts.items()}
        named = re.compile(
            rf"(?<![\w/.,:])(?:(?P<low>\d{{1,2}}){self.mark}{DASH})?(?P<day>\d{{1,2}}){self.mark}"
            rf"{self.of_written}(?P<month>{any_of(numbers)})"
            rf"(?:{self.of_written}(?P<year>\d{{4}}))?(?!\w|[.,]\d)",
            re.IGNORECASE,
        )

        def in_digits(match: re.Match[str]) -> str | None:
            return self.said(match, int(match["day"]), int(match["month"]), match["year"])

        def by_name(match: re.Match[str]) -> str | None:
            month = numbers[match["month"].lower()]
            said = self.said(match, int(match["day"]), month, match["year"] or "")
            if not said or not match["low"]:
                return said
            return f"{self.day(match, int(match['low']))} {self.to} {said}"

        return needing(
            "0",
            Rule("dates", _ISO, in_digits),
            Rule("dates", _DIGITS, in_digits),
            Rule("dates", named, by_name),
        )

    def said(self, match: re.Match[str], day: int, month: int, year: str = "") -> str | None:
        """A date in words; None if there is no such day."""
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        said = f"{self.day(match, day)}{self.of}{self.months[month - 1]}"
        return f"{said}{self.of}{self.year(int(year))}" if year else said
