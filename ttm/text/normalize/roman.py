"""Roman numerals, where what stands around them says that they are some."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ttm.text.normalize import Rule
from ttm.text.normalize.context import before, last_word, next_word, stopped

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_WELL_FORMED = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_SERIES = re.compile(r"([^\W\d_]{1,30}\.?) [IVXLC]{1,7}(?:,|-|–| [^\W\d_]{1,3}) ?\Z")
"""What stands before the last of several numerals: `centuries XIX and`."""
_SERIES_REACH = 30
_SMALL = frozenset("IVX")


def value(numeral: str) -> int:
    """What a Roman numeral stands for; 0 if it is none."""
    if not _WELL_FORMED.fullmatch(numeral):
        return 0
    values = [_VALUES[char] for char in numeral]
    return sum(-one if one < max(values[i:]) else one for i, one in enumerate(values))


@dataclass(frozen=True, slots=True)
class Romans:
    """How Roman numerals are read."""

    kings: Collection[str]
    """Names of rulers and popes whose number is said in its own way."""
    queens: Collection[str]
    ruler: Callable[[re.Match[str], int, str], str]
    """The number of a ruler, of gender m or f."""
    ordinal: Callable[[re.Match[str], int], str | None]
    """The number of what is counted off: of a century, or with one of the suffixes."""
    centuries: Collection[str]
    """What, right before or after a numeral, makes it one of those."""
    cardinal: Callable[[int], str]
    """The number of everything else."""
    labels: Collection[str]
    """What is followed by a number, in lower case: chapter, volume."""
    suffix: str = r"(?!)"
    """A pattern for what marks an ordinal."""

    def rule(self) -> Rule:
        """Reads Louis XIV, chapter IV and the XXth century."""
        pattern = re.compile(
            rf"(?<![\w.'’-])(?P<roman>[IVXLC]{{1,9}}+)(?P<suffix>{self.suffix})?(?![\w'’-])"
        )
        return Rule("roman", pattern, self._speak, needs="IVXLC")

    def _speak(self, match: re.Match[str]) -> str | None:
        numeral = match["roman"]
        n = value(numeral)
        if not n or (len(numeral) == 1 and numeral not in _SMALL):
            return None
        name, suffix = last_word(match), match["suffix"] or ""
        if numeral != "I" and (len(name) < 4 or name[-1] in ",-–"):
            series = _SERIES.search(before(match)[-_SERIES_REACH:])
            name = series[1] if series else name
        if name in self.kings or name in self.queens:
            return stopped(match, self.ruler(match, n, "f" if name in self.queens else "m"))
        beside = {name.lower().rstrip("."), next_word(match).lower()}
        if suffix or not beside.isdisjoint(self.centuries):
            if said := self.ordinal(match, n):
                return said
        known = len(numeral) > 1 and _SMALL.issuperset(numeral) and name[:1].isupper()
        if name.lower().rstrip(".") in self.labels or (known and suffix in ("", ".")):
            return self.cardinal(n) + suffix
        return None
