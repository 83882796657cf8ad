"""Signs without which whole modules of rules match nothing."""

# ruff: noqa: RUF001

from __future__ import annotations

VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
"""Fractions in one character."""

SYMBOLS = "0&+=<>≤≥≠≈→⇒←↔@~±#§©№¶℃™®℠²³*^/×÷−∞√∈·"
"""What none of the rules for symbols does without; `0` is every digit."""
