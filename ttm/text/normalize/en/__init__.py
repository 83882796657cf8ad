"""How English is read aloud; the first choice is what Americans say."""

from __future__ import annotations

from ttm.text.normalize import Rule, emoji, needing
from ttm.text.normalize.en import (
    abbreviations,
    addresses,
    alphanumerics,
    dates,
    fractions,
    money,
    numbers,
    phones,
    ranges,
    roman,
    symbols,
    times,
    units,
    versions,
    years,
)

RULES: tuple[Rule, ...] = (
    *addresses.RULES,
    emoji.rule("en"),
    *needing("0", *phones.RULES, *dates.RULES),
    *dates.NAMES,
    *needing("0", *times.RULES, *versions.RULES, *money.RULES, *years.DECADES),
    *needing(f"0{fractions.VULGAR}", *units.RULES),
    *needing("0", *years.RULES, *numbers.ORDINALS),
    *needing(f"0{fractions.VULGAR}", *fractions.RULES),
    *needing("0", *ranges.RULES),
    *roman.RULES,
    *needing(".", *abbreviations.DOTTED),
    *abbreviations.RULES,
    *needing("0", *alphanumerics.RULES, *numbers.RULES),
    *needing(symbols.SIGNS, *symbols.RULES),
)
"""What is read first takes precedence: an address is none of the numbers in it."""
