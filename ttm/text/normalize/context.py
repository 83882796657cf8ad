"""What stands around a match; looks at a bounded stretch, so that a rule stays linear."""

# ruff: noqa: RUF001

from __future__ import annotations

import re

REACH = 60
"""Characters that are looked at on either side."""

_LAST_WORD = re.compile(r"([^\W\d_][\w.'’]*)[\s\"“‘(\[]*\Z")
_NEXT_WORD = re.compile(r"[\s\"”’)\]]*([^\W\d_][\w'’]*)")
_NEXT_DIRECTLY = re.compile(r"[ -]([^\W\d_][\w'’]*)")
_CLOSING = re.compile(r"[\s\"'”’»)\]*_]*(?:\n|\Z)")


def before(match: re.Match[str]) -> str:
    """What stands before a match."""
    return match.string[max(0, match.start() - REACH) : match.start()]


def after(match: re.Match[str]) -> str:
    """What stands after a match."""
    return match.string[match.end() : match.end() + REACH]


def last_word(match: re.Match[str]) -> str:
    """The word right before a match, with nothing but blanks, quotes and brackets between."""
    found = _LAST_WORD.search(before(match))
    return found[1] if found else ""


def next_word(match: re.Match[str], *, directly: bool = False) -> str:
    """The word right after a match; `directly`: after one blank or hyphen alone."""
    found = (_NEXT_DIRECTLY if directly else _NEXT_WORD).match(after(match))
    return found[1] if found else ""


def closes(match: re.Match[str]) -> bool:
    """Whether a match is the last of its sentence's words."""
    return _CLOSING.match(after(match)) is not None


def stopped(match: re.Match[str], spoken: str) -> str:
    """The words for what may be written with a full stop, which stays where it ends a sentence."""
    return f"{spoken}." if match[0].endswith(".") and closes(match) else spoken
