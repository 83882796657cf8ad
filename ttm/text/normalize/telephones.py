"""Telephone numbers, digit by digit or in pairs."""

from __future__ import annotations

import re
from collections.abc import Callable

from ttm.text.normalize import Rule

_REST = r"(?:[ ./-]{0,3}\(?\d{1,15}+\)?){1,7}+(?![\w-]|[.,:/]\d)"

_SHORT = re.compile(r"\bt[eé]l\b\.?", re.IGNORECASE)


def telephones(
    group: Callable[[str], str], plus: str, name: str, labels: str, national: str
) -> Rule:
    """Reads numbers with a country code, after a label, or of the country's own form.

    group     the digits between two blanks -> words
    name      what `tel.` is short for
    labels    a pattern for what announces a number, such as `Tel`
    national  a pattern for numbers that are known without one
    """
    pattern = re.compile(
        rf"(?<![\w+.,:/-])(?:(?P<plus>\+)(?=\d){_REST}|(?:{national})(?![\w-]|[.,:/]\d)"
        rf"|(?<!\d )(?P<label>(?:{labels})[.:]{{0,2}} {{0,2}})(?P<number>\+?(?=[\d(]){_REST}))"
    )

    def speak(match: re.Match[str]) -> str | None:
        written = match["number"] or match[0]
        digits = sum(char.isdecimal() for char in written)
        if not (7 if match["number"] is None else 3) <= digits <= 15:
            return None
        said = ", ".join(group(part) for part in re.findall(r"\d+", written))
        if "+" in written:
            said = f"{plus} {said}"
        return _SHORT.sub(name, match["label"] or "") + said

    return Rule("phones", pattern, speak, needs="0")
