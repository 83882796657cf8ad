"""What the beginning of a line of Markdown means."""

from __future__ import annotations

import re

QUOTE = re.compile(r">[ \t]?")
HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)")
UNDERLINE = re.compile(r"(=++|-++)[ \t]*+$")
RULE = re.compile(r"([-*_])(?:[ \t]*+\1){2,}+[ \t]*+$")
FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?=[ \t]|$)")
TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
DEFINITION = re.compile(r"\[(?!\^)(?:[^\[\]\\]|\\.){1,999}\]:[ \t]*(?:\S|$)")
FOOTNOTE = re.compile(r"\[\^([^\[\]\s]{1,100})\]:[ \t]*")
PASSED_OVER = re.compile(
    r"<(?P<raw>script|style|textarea|pre)(?=[\s>]|$)|(?P<comment><!--)|(?P<php><\?)|<![A-Za-z]",
    re.IGNORECASE,
)
FRONT = re.compile(r"""(?:[\w"'-][\w "'-]{0,80}\s*[:=]|#|\[)""")


def heading_end(text: str, start: int) -> int:
    """Where the words of a heading end that begin at `start`, without the `#` that may close it."""
    words = text.rstrip(" \t")
    bare = words.rstrip("#")
    closed = len(bare) <= start or bare[-1] in " \t"
    return max(start, len(bare.rstrip(" \t") if closed else words))


def indentation(text: str, i: int) -> tuple[int, int]:
    """Columns of white space from `i` on, and where it ends."""
    columns = 0
    while i < len(text) and text[i] in " \t":
        columns += 1 if text[i] == " " else 4 - columns % 4
        i += 1
    return columns, len(text) if text[i:].isspace() else i


def advance(text: str, i: int, columns: int) -> int:
    """Where the white space from `i` on has passed so many columns, or ends."""
    passed = 0
    while i < len(text) and text[i] in " \t" and passed < columns:
        passed += 1 if text[i] == " " else 4 - passed % 4
        i += 1
    return i
