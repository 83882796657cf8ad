"""Where to break a chunk that an engine could not speak, so that most of it still is."""

from __future__ import annotations

import re

from ttm.text.cutting import begins_cluster
from ttm.text.language import script

BREAKS = (re.compile(r"\s+"), re.compile(r"(?<=[^\w\s])|(?=[^\w\s])"))
"""From the best place to the worst: white space, then beside punctuation."""

UNSPACED = frozenset({"CJK", "KANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"})
"""Scripts that write no spaces between words."""


def halves(text: str) -> list[tuple[int, int]] | None:
    """Two spans near the middle of `text`; None when it is a single character with its marks."""
    middle = len(text) / 2
    for pattern in BREAKS:
        places = [hit.end() for hit in pattern.finditer(text) if 0 < hit.end() < len(text)]
        # A mark, too, is no letter and no white space.
        places = [place for place in places if begins_cluster(text, place, 0)]
        # A break close to an end would leave almost all of the trouble in one piece.
        places = [place for place in places if len(text) // 8 < place < len(text) - len(text) // 8]
        if places:
            best = min(places, key=lambda place: abs(place - middle))
            return [(0, best), (best, len(text))]
    borders = [i for i in range(1, len(text)) if begins_cluster(text, i, 0)]
    if not borders:
        return None
    best = min(borders, key=lambda border: abs(border - middle))
    return [(0, best), (best, len(text))]


def between_words(text: str) -> list[tuple[int, int]] | None:
    """Two spans near the middle of `text`, as `halves`; None where they would part a word."""
    parts = halves(text)
    if parts is None:
        return None
    cut = parts[0][1]
    beside = text[cut - 1], text[cut]
    if all(char.isalnum() for char in beside):
        return parts if all(script(char) in UNSPACED for char in beside) else None
    return parts
