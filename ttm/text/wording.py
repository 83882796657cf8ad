"""What a sentence's words become before an engine sees them."""

from __future__ import annotations

from collections.abc import Collection

from ttm.text.normalize import normalize
from ttm.text.traced import Traced


class Wording:
    """Words a sentence as it is to be spoken; `off` names the rules that are left out."""

    def __init__(self, *, normalized: bool, off: Collection[str] = ()) -> None:
        self._normalized = normalized
        self._off = frozenset(off)

    def __call__(self, words: Traced, language: str) -> Traced:
        """`words`, in `language` (a primary subtag), as they are spoken."""
        return normalize(words, language, self._off) if self._normalized else words
