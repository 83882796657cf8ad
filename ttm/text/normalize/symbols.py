"""Signs that stand for words."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Mapping

from ttm.text.normalize import Rule

_BETWEEN_NUMBERS = "<>÷×*·−±≈≤≥≠x"
_BETWEEN = re.compile(
    rf"(?<=[\w)²³%]) ?(?P<sign>[&+=]|(?<=[\d )])[{_BETWEEN_NUMBERS}](?= ?\d)"
    r"|(?<= )-(?= \d{1,9} ?=)) ?(?=[\w(−-])"
)
_BEFORE = re.compile(r"(?<![\w+-])(?P<sign>[+±≈~<>≤≥#]|§§?) ?(?=\d)")


def symbols(between: Mapping[str, str], before: Mapping[str, str]) -> tuple[Rule, ...]:
    """Reads signs between two words or numbers, and signs before a number."""

    def joining(match: re.Match[str]) -> str | None:
        word = between.get("×" if match["sign"] == "x" else match["sign"])
        return f" {word} " if word else None

    def leading(match: re.Match[str]) -> str | None:
        word = before.get(match["sign"][0])
        return f"{word} " if word else None

    return Rule("symbols", _BETWEEN, joining), Rule("symbols", _BEFORE, leading, needs="0")
