"""What the values of SSML's attributes mean; None for a value that ttm cannot obey."""

from __future__ import annotations

import math
import re

BREAKS = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0,
}  # fmt: skip
"""Seconds of the strengths of a break."""
RATES = {
    "x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.75,
}  # fmt: skip
"""Factors."""
PITCHES = {
    "x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0,
}  # fmt: skip
"""Semitones."""
VOLUMES = {
    "silent": -60.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0,
    "x-loud": 8.0,
}  # fmt: skip
"""Decibels."""
EMPHASES = {
    "strong": (0.9, 1.5, 3.0), "moderate": (0.95, 1.0, 1.5), "none": (1.0, 0.0, 0.0),
    "reduced": (1.05, -0.5, -3.0),
}  # fmt: skip
"""Factor of rate, semitones, and decibels of the levels of emphasis."""

_TIME = re.compile(r"\+?([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s)")
_NUMBER = re.compile(r"([+-]?)([0-9]{1,6}(?:\.[0-9]{1,6})?)(%|st|dB|)")


def seconds(text: str) -> float | None:
    """Of `500ms` or `1.5s`."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def rate(text: str) -> float | None:
    """The factor of `fast`, `120%`, `+20%` or `1.2`."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if text in RATES or not found:
        return RATES.get(text)
    sign, amount, unit = found[1], float(found[2]), found[3]
    if unit == "%":
        factor = 1 + float(f"{sign}1") * amount / 100 if sign else amount / 100
    elif unit == "" and sign != "-":
        factor = amount
    else:
        return None
    return factor if factor > 0 else None


def pitch(text: str) -> float | None:
    """The semitones of `high`, `+2st`, `+10%` or `110%`."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if text in PITCHES or not found:
        return PITCHES.get(text)
    sign, amount, unit = found[1], float(found[2]), found[3]
    if unit == "st":
        return float(f"{sign}1") * amount
    if unit != "%":
        return None
    factor = 1 + float(f"{sign}1") * amount / 100 if sign else amount / 100
    return 12 * math.log2(factor) if factor > 0 else None


def volume(text: str) -> float | None:
    """The decibels of `soft`, `+6dB`, or of a loudness from 0 to 100."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if text in VOLUMES or not found:
        return VOLUMES.get(text)
    sign, amount, unit = found[1], float(found[2]), found[3]
    if unit == "dB":
        return float(f"{sign}1") * amount
    if unit or sign or amount > 100:
        return None
    return 20 * math.log10(amount / 100) if amount else VOLUMES["silent"]
