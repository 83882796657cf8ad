"""Whether a text holds anything that can be said."""

from __future__ import annotations

import re
import unicodedata

_WORDY = re.compile(r"[^\W_]")  # \w without _ is exactly the categories L* and N*
_EMOJI_PARTS = "\ufe0f\u20e3"  # turn !, # and digits into emoji


def wordy(text: str) -> bool:
    """Whether `text` has a letter or a digit."""
    return _WORDY.search(text) is not None


def speakable(text: str) -> bool:
    """Whether `text` has a letter, a digit, a symbol or an emoji."""
    return wordy(text) or any(
        unicodedata.category(char)[0] == "S" or char in _EMOJI_PARTS for char in text
    )
