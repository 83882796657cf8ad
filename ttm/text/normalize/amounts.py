"""Money, measures and plain numbers, where the comma stands before decimals."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ttm.text.normalize import Rule, needing
from ttm.text.normalize.context import next_word, stopped
from ttm.text.normalize.numerals import (
    DASH,
    NUMBER,
    POINTED,
    START,
    STOP,
    UNSIGNED,
    Amount,
    Noun,
    Numerals,
    amount,
)

_VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
    "⅞": (7, 8),
}  # fmt: skip


def nouns(table: str) -> dict[str, Noun]:
    """Names by symbol, of a table such as `h,hr hora horas f; %,pc por_ciento`.

    Of each entry: the symbols, the singular, the plural if it differs, the gender if it is not m.
    """
    named: dict[str, Noun] = {}
    for entry in table.split(";"):
        symbols, one, *rest = entry.replace("_", " \0").split()
        words = [one]
        for word in rest:  # an underscore holds the words of one name together
            if word[0] == "\0":
                words[-1] += f" {word[1:]}"
            else:
                words.append(word)
        gender = words.pop() if len(words[-1]) == 1 else "m"
        for symbol in symbols.split(","):
            named[symbol] = Noun(words[0], words[-1], gender)
    return named


def any_of(texts: Iterable[str]) -> str:
    """A pattern for any of these, the longest first."""
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts of money are read."""

    units: Mapping[str, Noun]
    """By symbol or code."""
    cents: Mapping[str, Noun]
    """Hundredths of them; a currency that is missing here has none."""
    scales: Mapping[str, Noun]
    """Millions and the like, as they are written between a number and a symbol."""
    joint: str = " "
    """Between a currency and its hundredths."""
    names_cents: bool = False
    """Whether the hundredths are named; below ten of them are in any case."""

    def rule(self, numerals: Numerals, measures: Mapping[str, Noun], per: str) -> Rule:
        """Reads what these symbols stand before or after, also as the price of a measure."""
        code, scale = any_of(self.units), any_of(self.scales)
        number = f"(?:{POINTED}|{NUMBER})"
        pattern = re.compile(
            rf"(?:(?<![\w$€£])(?P<before>{code}) ?(?:(?P<low>{NUMBER}){DASH})?(?P<n>{number})"
            rf"(?: ?(?P<scale>{scale}))?{STOP}"
            rf"|{START}(?:(?P<low2>{NUMBER}){DASH})?(?P<n2>{number})(?:,[-–—])?"
            rf"(?: ?(?P<scale2>{scale})(?: {numerals.of}(?= ))?)? ?(?P<after>{code})(?!\w))"
            rf"(?:/(?P<per>{any_of(measures)})(?!\w))?"
        )

        def speak(match: re.Match[str]) -> str:
            said = price(match.groupdict())
            if match["per"]:
                said += f" {per} {measures[match['per']].one}"
            return stopped(match, said)

        def price(groups: dict[str, str]) -> str:
            code = groups["before"] or groups["after"]
            low = groups["low"] or groups["low2"]
            high: str = groups["n"] or groups["n2"]
            scale = groups["scale"] or groups["scale2"]
            if scale:
                name, step = self.units[code].many, self.scales[scale]
                if step.one != step.many:  # beyond a thousand
                    name = numerals.joined(Amount(1_000_000), name)
                return f"{numerals.range(low, high, step)} {name}"
            n = amount(high)
            if low or code not in self.cents or len(n.fraction) != 2:
                return numerals.range(low, high, self.units[code])
            return self._exactly(numerals, n, code)

        return Rule("currency", pattern, speak, needs="0")

    def _exactly(self, numerals: Numerals, n: Amount, code: str) -> str:
        cents = Amount(int(n.fraction), "", n.negative and not n.whole)
        units = numerals.counted(n._replace(fraction=""), self.units[code])
        if not cents.whole:
            return units
        named = numerals.counted(cents, self.cents[code])
        if not n.whole:
            return named
        if self.names_cents or cents.whole < 10:
            return units + self.joint + named
        return units + self.joint + numerals.said(cents)


def measures(numerals: Numerals, units: Mapping[str, Noun], per: str) -> Rule:
    """Reads a number with a unit; `per` stands between two of them."""
    unit = any_of(units)
    pattern = re.compile(
        rf"{START}(?:(?P<low>{NUMBER})(?: ?[%°])?{DASH})?(?P<n>{NUMBER}) ?(?P<unit>{unit})"
        rf"(?:/(?P<per>{unit}))?(?![\w/²³]|['’]\w)"
    )

    def speak(match: re.Match[str]) -> str:
        said = numerals.range(match["low"], match["n"], units[match["unit"]])
        if match["per"]:
            said += f" {per} {units[match['per']].one}"
        return stopped(match, said)

    return Rule("units", pattern, speak, needs="0")


@dataclass(frozen=True, slots=True)
class Fractions:
    """How parts of one are read."""

    parts: Mapping[int, Noun]
    """Names of the parts by how many of them make one, from 3 on."""
    half: Mapping[str, str]
    """One half by the gender of what follows."""
    and_half: Mapping[str, str]
    """What follows a number with a half, by the gender of what follows."""
    joint: str = " "
    """Between a number and other parts."""

    def rule(self, numerals: Numerals, gender: Callable[[re.Match[str], int], str]) -> Rule:
        """Reads 1/2, 2 1/2, ¾ and 2¾."""
        pattern = re.compile(
            rf"{START}(?:(?:(?P<whole>\d{{1,4}}) ?)?(?P<vulgar>[{''.join(_VULGAR)}])"
            rf"|(?:(?P<whole2>\d{{1,4}}) )?(?P<top>\d{{1,2}})[/⁄](?P<bottom>\d{{1,2}})){STOP}"
        )

        def speak(match: re.Match[str]) -> str | None:
            if match["vulgar"]:
                top, bottom = _VULGAR[match["vulgar"]]
            else:
                top, bottom = int(match["top"]), int(match["bottom"])
            if not 0 < top < bottom or (bottom != 2 and bottom not in self.parts):
                return None
            number = match["whole"] or match["whole2"]
            form = gender(match, 2 if number else 1)
            if not number:
                return self._half(form) if bottom == 2 else self._some(numerals, top, bottom)
            whole = numerals.cardinal(int(number), form)
            if bottom == 2:
                return whole + self.and_half.get(form, self.and_half[""])
            return whole + self.joint + self._some(numerals, top, bottom)

        return Rule("numbers", pattern, speak, needs=f"0{''.join(_VULGAR)}")

    def _half(self, form: str) -> str:
        return self.half.get(form, self.half[""])

    def _some(self, numerals: Numerals, top: int, bottom: int) -> str:
        return numerals.counted(Amount(top), self.parts[bottom])


def plain_numbers(
    numerals: Numerals, gender: Callable[[re.Match[str], int], str]
) -> tuple[Rule, ...]:
    """Reads versions, ranges, decimals and whole numbers; `gender` is that of what follows."""
    thousands = re.compile(UNSIGNED)

    def version(match: re.Match[str]) -> str | None:
        if thousands.fullmatch(match[0]):
            return None
        return f" {numerals.full_stop} ".join(
            numerals.digits(part) if part[0] == "0" else numerals.cardinal(int(part))
            for part in match[0].split(".")
        )

    def span(match: re.Match[str]) -> str | None:
        low, high = amount(match["low"]), amount(match["high"])
        if low.whole >= high.whole or match["low"][0] == "0":
            return None
        form = gender(match, high.whole)
        return f"{numerals.said(low, form)} {numerals.to} {numerals.said(high, form)}"

    @lru_cache(1 << 12)
    def words(written: str, form: str) -> str:
        return numerals.said(amount(written), form)

    def number(match: re.Match[str]) -> str:
        written = match[0]
        if "," in written:
            return words(written, "")
        n = amount(written)
        if written[0] == "0" and n.whole:
            return numerals.digits(written)
        form = gender(match, n.whole)
        if not form or not numerals.of:
            return words(written, form)
        noun = next_word(match, directly=True)
        return f"{words(written, form)} {numerals.joined(n, noun).removesuffix(noun)}".rstrip()

    def ratio(match: re.Match[str]) -> str:
        one, other = numerals.cardinal(int(match[1])), numerals.cardinal(int(match[2]))
        return f"{one} {numerals.ratio} {other}"

    return needing(
        "0",
        Rule("numbers", re.compile(rf"{START}\d{{1,4}}(?:\.\d{{1,4}}){{1,4}}+{STOP}"), version),
        Rule(
            "numbers",
            re.compile(rf"{START}(?P<low>{NUMBER}){DASH}(?P<high>{UNSIGNED}){STOP}(?!-\d)"),
            span,
        ),
        Rule("numbers", re.compile(rf"{START}{NUMBER}{STOP}"), number),
        Rule("numbers", re.compile(rf"{START}(\d{{1,3}}):(\d{{1,3}}){STOP}"), ratio),
        Rule("numbers", re.compile(r"(?<!\w)\d{16,40}+(?!\w)"), lambda m: numerals.digits(m[0])),
    )
