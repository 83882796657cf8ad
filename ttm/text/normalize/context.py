"""What stands around a match; looks at a bounded stretch, so that a rule stays linear."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

REACH = 60
"""Characters that are looked at on either side."""

_OPENING = ' \t\n"“‘«([¿¡'
_NEXT = re.compile(r"[\s\"”’»)\]]{0,8}([^\W\d_][\w'’]{0,60})")
_NEXT_DIRECTLY = re.compile(r"[ -]([^\W\d_][\w'’]{0,60})")
_CLOSING = re.compile(r"[\s\"'”’»)\]*_]{0,8}(?:\n|\Z)")


def before(match: re.Match[str]) -> str:
    """What stands before a match."""
    return match.string[max(0, match.start() - REACH) : match.start()]


def after(match: re.Match[str]) -> str:
    """What stands after a match."""
    return match.string[match.end() : match.end() + REACH]


def last_word(match: re.Match[str]) -> str:
    """The word right before a match, with nothing but blanks, quotes and brackets between."""
    text = before(match).rstrip(_OPENING)
    word = text[text.rfind(" ") + 1 :].lstrip(_OPENING)
    return word if word[:1].isalpha() else ""


def next_word(match: re.Match[str], *, directly: bool = False) -> str:
    """The word right after a match; `directly`: after one blank or hyphen alone."""
    found = (_NEXT_DIRECTLY if directly else _NEXT).match(match.string, match.end())
    return found[1] if found else ""


def closes(match: re.Match[str]) -> bool:
    """Whether a match is the last of its sentence's words."""
    return _CLOSING.match(match.string, match.end()) is not None


def stopped(match: re.Match[str], spoken: str) -> str:
    """The words for what may be written with a full stop, which stays where it ends a sentence."""
    return f"{spoken}." if match[0].endswith(".") and closes(match) else spoken
