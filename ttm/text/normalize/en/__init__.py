"""How English is read aloud; the first choice is what Americans say."""

from __future__ import annotations

from ttm.text.normalize import Rule, emoji
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
    *phones.RULES,
    *dates.RULES,
    *times.RULES,
    *versions.RULES,
    *money.RULES,
    *years.DECADES,
    *units.RULES,
    *years.RULES,
    *numbers.ORDINALS,
    *fractions.RULES,
    *ranges.RULES,
    *roman.RULES,
    *abbreviations.RULES,
    *alphanumerics.RULES,
    *numbers.RULES,
    *symbols.RULES,
)
"""What is read first takes precedence: an address is none of the numbers in it."""
