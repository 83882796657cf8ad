"""Where to cut a sentence that is too long for an engine."""

from __future__ import annotations

import re
import unicodedata

from ttm.text.language import script

CLUSTER = 64
"""Characters of the longest cluster that is kept whole."""

_CLAUSE = re.compile(r".*(?:[;:,،؛—–][\"'”’»)\]]*(?=\s)|[、，；：—][”’」』）]*)", re.DOTALL)  # noqa: RUF001
_PAUSE = re.compile(r".*(?:\s|[)\]}）】」』])", re.DOTALL)  # noqa: RUF001
_HANGUL = re.compile("[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7fb]")
_VIRAMA = 9  # canonical combining class
_GLUE = "\u200c\u200d\u0e33\u0eb3"  # ZWNJ, ZWJ; SARA AM of Thai and Lao, letters that act as marks


def best_cut(text: str, start: int, limit: int) -> int:
    """The best place after `start`, at most `limit`, to cut `text`.

    In order: after a clause, after a bracket or a space, where the script changes, between two
    clusters. A clause that ends in the first quarter is too short to stop for.
    """
    clause = _CLAUSE.match(text, start, limit)
    if clause and clause.end() - start >= (limit - start) // 4:
        if begins_cluster(text, clause.end(), start):
            return clause.end()
    pause = _PAUSE.match(text, start, limit)
    if pause and begins_cluster(text, pause.end(), start):
        return pause.end()
    for i in range(limit, start + (limit - start) // 2, -1):
        if text[i].isalnum() and script(text[i]) != script(text[i - 1]):
            if begins_cluster(text, i, start):
                return i
    for i in range(limit, max(start, limit - CLUSTER), -1):
        if begins_cluster(text, i, start):
            return i
    return limit


def begins_cluster(text: str, i: int, start: int) -> bool:
    """Whether what a reader sees as one character begins at `i`; `start` begins one for sure.

    Stricter than UAX #29: a consonant stays with the virama before it.
    """
    char, before = text[i], text[i - 1]
    if char < "\u0300" and before < "\u0300":
        return True
    if char in _GLUE or before == "\u200d" or unicodedata.category(char)[0] == "M":
        return False
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return False  # skin tones; tags, which spell the flag of Scotland
    if _flag(char) and _flag(before):
        first = i
        while first > start and _flag(text[first - 1]):
            first -= 1
        return (i - first) % 2 == 0
    if _HANGUL.match(char) and _HANGUL.match(before):
        return not (_leads(before) or "\u1160" <= char <= "\u11ff" or char >= "\ud7b0")
    return not (unicodedata.combining(before) == _VIRAMA and char.isalpha())


def _flag(char: str) -> bool:
    """One of the letters that make flags in pairs."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _leads(char: str) -> bool:
    """A leading consonant of Hangul."""
    return "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c"
