"""How English is read aloud; the first choice is what Americans say."""

from __future__ import annotations

from ttm.text.normalize import Later, Rule, emoji, needing
from ttm.text.normalize.en import abbreviations, addresses, dates, numbers, ranges, roman, times
from ttm.text.normalize.en.signs import SYMBOLS, VULGAR

_HERE = "ttm.text.normalize.en"

RULES: tuple[Rule | Later, ...] = (
    *addresses.RULES,
    emoji.rule("en"),
    Later("0", f"{_HERE}.phones:RULES"),
    *needing("0", *dates.RULES),
    *dates.NAMES,
    *needing("0", *times.RULES),
    Later("0", f"{_HERE}.versions:RULES"),
    Later("0", f"{_HERE}.money:RULES"),
    Later("0", f"{_HERE}.years:DECADES"),
    Later(f"0{VULGAR}", f"{_HERE}.units:RULES"),
    Later("0", f"{_HERE}.years:RULES"),
    *needing("0", *numbers.ORDINALS),
    Later(f"0{VULGAR}", f"{_HERE}.fractions:RULES"),
    *needing("0", *ranges.RULES),
    *roman.RULES,
    *needing(".", *abbreviations.DOTTED),
    *abbreviations.RULES,
    Later("0", f"{_HERE}.alphanumerics:RULES"),
    *needing("0", *numbers.RULES),
    Later(SYMBOLS, f"{_HERE}.symbols:RULES"),
)
"""What is read first takes precedence: an address is none of the numbers in it."""
