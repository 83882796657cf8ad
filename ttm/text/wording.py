"""What a sentence's words become before an engine sees them."""

from __future__ import annotations

from collections.abc import Collection

from ttm.text.lexicon import Pronunciation
from ttm.text.normalize import normalize
from ttm.text.traced import Traced


class Wording:
    """Words a sentence as it is to be spoken; `off` names the rules that are left out.

    What `said` has for a word comes first, and no rule changes it.
    """

    def __init__(
        self, *, normalized: bool, off: Collection[str] = (), said: Pronunciation | None = None
    ) -> None:
        self._normalized = normalized
        self._off = frozenset(off)
        self._said = said

    def __call__(self, words: Traced, language: str) -> Traced:
        """`words`, in `language` (a primary subtag), as they are spoken."""
        if self._said is not None:
            words = self._said(words, language)
        return normalize(words, language, self._off) if self._normalized else words
