"""Numbers as they are written and counted in the languages that have a comma for decimals."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ttm.text.normalize import spelling

START = r"(?<![\w@#^\\/])(?<!\d[.,:])"
"""What must not stand before a number: it would be a part of something else."""
STOP = r"(?!\w|[.,:/^]\d|@)"
"""What must not stand after one."""

_WHOLE = r"(?:\d{1,3}(?:(?:\.\d{3}){1,4}+|(?: \d{3}){1,4}+)(?!\d)|\d{1,15}+)"
UNSIGNED = rf"{_WHOLE}(?:,\d{{1,15}}+)?"
"""1.234,5 or 1 234,5 or 1234,5."""
NUMBER = rf"(?:(?<![\w)\]%°€$£-])[-−])?{UNSIGNED}"
"""The same with a sign."""
POINTED = r"\d{1,3}(?:,\d{3}){0,4}+\.\d\d(?!\d)"
"""1,234.50, as prices of elsewhere are written."""
_SWAPPED = str.maketrans(".,", ",.")
DASH = r" ?[-–—] ?"
"""What stands between the ends of a range."""


class Noun(NamedTuple):
    """Something that is counted."""

    one: str
    many: str
    gender: str = "m"
    """Which form of a number it takes: m, f or, where that differs, n."""


class Amount(NamedTuple):
    """A number as it was written."""

    whole: int
    fraction: str = ""
    """The digits after the comma."""
    negative: bool = False


def amount(written: str) -> Amount:
    """The value of what NUMBER matches, or POINTED."""
    if written[-3:-2] == ".":
        written = written.translate(_SWAPPED)
    whole, _, fraction = written.lstrip("-−").partition(",")
    value = int(whole.replace(".", "").replace(" ", ""))
    return Amount(value, fraction, not written[0].isdecimal())


@dataclass(frozen=True, slots=True, eq=False)  # by identity: it is a key of the cache below
class Numerals:
    """The numbers of a language."""

    language: str
    """As spelling calls it."""
    agreed: Callable[[str, str], str]
    """The words of a number below 1000 before what is counted: by gender, after a `k` if that is
    thousands; with an empty gender where nothing is counted."""
    thousands: tuple[str, str]
    """A thousand, and what follows the number of several."""
    scales: tuple[tuple[int, str, str], ...]
    """Greater steps, the greatest first: size, one of them, and the name of many."""
    point: str
    """What the comma before decimals is called."""
    full_stop: str
    """What the point in `version 2.0` is called."""
    minus: str
    to: str
    """Between the ends of a range."""
    ratio: str
    """Between the sides of 3:2."""
    glue: str = " "
    """Between thousands and the rest."""
    link: str = ""
    """The same before a rest of one word, where that differs."""
    many: str = "m"
    """Gender of the steps beyond a thousand."""
    of: str = ""
    """Between millions and what is counted."""
    grouped: int = 2
    """So many decimals are said as one number; more, digit by digit."""
    singular: Callable[[Amount], bool] = lambda n: n.whole == 1 and not n.fraction
    """Whether what is counted stands in the singular."""

    def cardinal(self, n: int, gender: str = "") -> str:
        """How many, 0 to 10^15: `gender` is that of what is counted next."""
        said = ""
        for size, one, many in self.scales:
            count, n = divmod(n, size)
            if count:
                head = one if count == 1 else f"{self.cardinal(count, self.many)} {many}"
                said += head if not said else f" {head}"
                said += self._between(n, " ") if n else ""
        if n >= 1000:
            count, n = divmod(n, 1000)
            one, several = self.thousands
            said += one if count == 1 else _group(self, count, f"k{gender}") + several
            said += self._between(n, self.glue) if n else ""
        if n or not said:
            said += _group(self, n, gender)
        return said.replace("  ", " ")

    def digits(self, written: str) -> str:
        """Each digit by itself."""
        return " ".join(_group(self, int(char), "") for char in written if char.isdecimal())

    def said(self, n: Amount, gender: str = "") -> str:
        """An amount, before something of this gender."""
        sign = f"{self.minus} " if n.negative else ""
        if not n.fraction:
            return sign + self.cardinal(n.whole, gender)
        return f"{sign}{self.cardinal(n.whole)} {self.point} {self._decimals(n.fraction)}"

    def counted(self, n: Amount, noun: Noun) -> str:
        """So many of something."""
        name = noun.one if self.singular(n) else noun.many
        return f"{self.said(n, noun.gender)} {self.joined(n, name)}"

    def joined(self, n: Amount, name: str) -> str:
        """What is counted, as it follows a number: `un millón` takes `de euros`."""
        if not self.of or n.fraction or not n.whole or n.whole % 1_000_000:
            return name
        if self.of == "de" and self.language == "fr" and name[0] in "aeéèioôuyh":
            return f"d'{name}"
        return f"{self.of} {name}"

    def range(self, low: str | None, high: str, noun: Noun | None = None) -> str:
        """From one number to another, or just that, of something."""
        gender = noun.gender if noun else ""
        last = amount(high)
        said = self.counted(last, noun) if noun else self.said(last, gender)
        return f"{self.said(amount(low), gender)} {self.to} {said}" if low else said

    def _decimals(self, fraction: str) -> str:
        if len(fraction) > self.grouped or not fraction.strip("0"):
            return self.digits(fraction)
        zeros = len(fraction) - len(fraction.lstrip("0"))
        return f"{self.digits('0' * zeros)} {self.cardinal(int(fraction))}".lstrip()

    def _between(self, rest: int, usual: str) -> str:
        """What stands before the rest of a number."""
        while rest % 1000 == 0:
            rest //= 1000
        return self.link if self.link and (rest < 100 or rest % 100 == 0) else usual


@lru_cache(1 << 15)
def _group(numerals: Numerals, n: int, form: str) -> str:
    """A number below 1000."""
    return numerals.agreed(spelling.cardinal(n, numerals.language), form)
