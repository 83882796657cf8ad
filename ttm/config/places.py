"""Where in a TOML text a key stands; tomllib does not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
DOTTED = rf"({PART}(?:[ \t]*\.[ \t]*{PART})*)"
GAP = r"(?:[ \t\r\n]+|#[^\n]*)*"
HEADER = rf"\[\[?[ \t]*{DOTTED}[ \t]*\]\]?"
KEY = rf"{DOTTED}[ \t]*="
VALUE = r"""(?xs)
    \"\"\"(?:\\.|[^\\])*?\"\"\""{0,2}   # up to two quotation marks belong to the text
  | '''.*?''''{0,2}
  | "(?:\\.|[^"\\\n])*" | '[^'\n]*'
  | \#[^\n]*
  | [\[{] | [\]}] | \n
  | [^"'\#\[\]{}\n]+
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A table's header, or a key with its value."""

    path: tuple[str, ...]
    header: bool
    first: int
    """The line it begins on, from 1."""
    last: int
    """The line it ends on."""


def places(text: str) -> list[Place]:
    """Every header and key of a valid TOML text, in its order."""
    gap, header, key = re.compile(GAP), re.compile(HEADER), re.compile(KEY)
    found: list[Place] = []
    table: tuple[str, ...] = ()
    at = counted = 0
    line = 1
    while True:
        if space := gap.match(text, at):
            at = space.end()
        if at >= len(text):
            return found
        line += text.count("\n", counted, at)
        counted = at
        if hit := header.match(text, at):
            table = _parts(hit[1])
            found.append(Place(table, True, line, line))
            at = hit.end()
        elif hit := key.match(text, at):
            at = _end_of_value(text, hit.end())
            last = line + text.count("\n", counted, at)
            found.append(Place(table + _parts(hit[1]), False, line, last))
        else:
            at = text.find("\n", at) + 1 or len(text)


def _end_of_value(text: str, start: int) -> int:
    depth, end = 0, start
    for token in re.compile(VALUE).finditer(text, start):
        if token[0] == "\n" and not depth:
            break
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        end = token.end()
    return end


def _parts(dotted: str) -> tuple[str, ...]:
    if '"' not in dotted and "'" not in dotted:
        return tuple(part.strip() for part in dotted.split("."))
    return tuple(_unquoted(part) for part in re.findall(PART, dotted))


def _unquoted(part: str) -> str:
    """The name that a part of a key spells; the part itself when it is no TOML."""
    if part[0] not in "\"'":
        return part
    try:
        return str(tomllib.loads(f"x = {part}")["x"])
    except tomllib.TOMLDecodeError:
        return part


class Lines:
    """The line of every key, for keys that stand in the text or inside something that does."""

    def __init__(self, text: str) -> None:
        self._first: dict[tuple[str, ...], int] = {}
        for place in places(text):
            for length in range(1, len(place.path) + 1):
                self._first.setdefault(place.path[:length], place.first)

    def of(self, path: Sequence[str]) -> int:
        """The line of this key, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            if line := self._first.get(tuple(path[:length])):
                return line
        return 1
