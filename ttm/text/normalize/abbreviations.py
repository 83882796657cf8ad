"""What is written short and said in full."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ttm.text.normalize import Rule
from ttm.text.normalize.context import stopped

_ANYWHERE, _NUMBER, _NAME = r"(?!\w)", r"(?= ?(?:\d|[IVXL]{1,7}\b))", r"(?= [^\W\d_])"


def abbreviations(
    anywhere: Mapping[str, str], numbers: Mapping[str, str], names: Mapping[str, str]
) -> tuple[Rule, ...]:
    """Reads abbreviations: wherever they stand, before a number, and before a name.

    A blank within one may be left out. The case counts, but for a capital that begins a sentence.
    """
    return (
        _rule(anywhere, _ANYWHERE),
        _rule(names, _NAME, capital=True),
        _rule(numbers, _NUMBER),
    )


def _rule(table: Mapping[str, str], then: str, *, capital: bool = False) -> Rule:
    known = {short.replace(" ", ""): full for short, full in table.items()}
    known |= {_raised(short): _raised(full) for short, full in known.items()} | known
    shorts = sorted({*table, *map(_raised, table)}, key=len, reverse=True)
    either = "|".join(re.escape(short).replace(r"\ ", " ?") for short in shorts)
    pattern = re.compile(rf"(?<![\w.@/-])(?:{either}){then}")

    def speak(match: re.Match[str]) -> str | None:
        if capital and not match.string[match.end() + 1].isupper():
            return None
        return stopped(match, known[match[0].replace(" ", "")])

    dotted = all("." in short for short in table)
    return Rule("abbreviations", pattern, speak, needs="." if dotted else "")


def _raised(text: str) -> str:
    return text[0].upper() + text[1:]
