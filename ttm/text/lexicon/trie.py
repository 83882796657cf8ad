"""Finds phrases in a text by their words, however many phrases there are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Generic, TypeVar

Payload = TypeVar("Payload")
Rank = tuple[int, ...]

SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Scripts without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han): each of their
characters may begin or end a word."""
MARK = "\ua78f"
"""Stands for a combining mark while a text is taken apart; itself a letter of no living script."""

_LETTER = rf"[^\W{SPACELESS}]"
# As UAX #29 has it, don't and example.com are one word each, and 3.5 and 1,000 are one number.
_TOKEN = re.compile(
    rf"[{SPACELESS}]{MARK}*"
    rf"|{_LETTER}+(?:(?:['\u2019.](?={_LETTER})|(?<=\d),(?=\d)){_LETTER}+)*"
    r"|\s+|.",
    re.DOTALL,
)
_POSSESSIVE = re.compile(r"['\u2019][sS](?!\w)")


class Trie(Generic[Payload]):
    """Phrases, each with something that belongs to it."""

    def __init__(self) -> None:
        self._root: _Node[Payload] = _Node()

    def __bool__(self) -> bool:
        return bool(self._root.after)

    def add(self, phrase: str, payload: Payload, is_exact: bool, rank: Rank) -> None:
        """`is_exact`: only in this case. Of several for the same words, the highest rank counts."""
        node = self._root
        for token, _, _ in tokens(unicodedata.normalize("NFC", phrase)):
            node = node.after.setdefault(_folded(token), _Node())
        end = node.exact if is_exact else node.any_case
        key = _plain(phrase) if is_exact else ""
        if key not in end or end[key][0] <= rank:
            end[key] = (rank, payload)

    def find(self, text: str) -> Iterator[tuple[int, int, Payload]]:
        """The longest phrase at each place, from left to right, without overlaps."""
        parts = [(_folded(token), start, end) for token, start, end in tokens(text)]
        i = 0
        while i < len(parts):
            node, best, j, after = self._root, None, i, i
            first = parts[i][1]
            while j < len(parts):
                token, _, end = parts[j]
                # A phrase may be meant without the 's of its last word, and with it.
                if token.endswith("'s") and (stem := node.after.get(token[:-2])):
                    if found := stem.best(text, first, end - 2):
                        best, after = (first, end - 2, found), j + 1
                if (following := node.after.get(token)) is None:
                    break
                node, j = following, j + 1
                if found := node.best(text, first, end):
                    best, after = (first, end, found), j
            if best:
                yield best
            i = after if best else i + 1


class _Node(Generic[Payload]):
    __slots__ = ("after", "any_case", "exact")

    def __init__(self) -> None:
        self.after: dict[str, _Node[Payload]] = {}
        self.any_case: dict[str, tuple[Rank, Payload]] = {}
        self.exact: dict[str, tuple[Rank, Payload]] = {}

    def best(self, text: str, start: int, end: int) -> Payload | None:
        """What belongs to the phrase that ends here, if one does that is written so."""
        found = [*self.any_case.values()]
        if self.exact and (exact := self.exact.get(_plain(text[start:end]))):
            found.append(exact)
        return max(found, key=lambda each: each[0])[1] if found else None


def tokens(text: str) -> list[tuple[str, int, int]]:
    """The words, single characters and stretches of white space of a text, with their places."""
    seen = text if text.isascii() else _without_marks(text)
    return [(text[hit.start() : hit.end()], *hit.span()) for hit in _TOKEN.finditer(seen)]


def possessive(text: str, end: int) -> str:
    """The `'s` that stands there; empty when none does."""
    found = _POSSESSIVE.match(text, end)
    return found[0] if found else ""


def _without_marks(text: str) -> str:
    """With a letter for each combining mark, which to Python's \\w is none."""
    return "".join(MARK if unicodedata.category(char)[0] == "M" else char for char in text)


def _plain(text: str) -> str:
    """With one space for all white space, and one kind of apostrophe."""
    return " ".join(unicodedata.normalize("NFC", text).split()).replace("\u2019", "'")


def _folded(token: str) -> str:
    """The same for all ways to write a token: case, apostrophe, white space."""
    return " " if token.isspace() else token.replace("\u2019", "'").casefold()
