"""Which gender a noun has, guessed from how it ends."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from ttm.text.normalize.context import last_word, next_word


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a number agrees with."""

    feminine: re.Pattern[str]
    """Finds the end of a feminine noun in the singular, in lower case."""
    feminines: re.Pattern[str]
    """The same in the plural."""
    masculines: re.Pattern[str]
    """The end of a masculine noun in the plural; what is neither is not taken for a noun."""
    others: Collection[str]
    """Words that are no nouns: what stands before them counts nothing."""
    irregular: Collection[str] = ()
    """Masculine nouns that end as feminine ones do."""
    labels: Collection[str] = ()
    """Words whose number follows them: `page 1 shows` counts no shows."""

    def gender(self, match: re.Match[str], whole: int) -> str:
        """m or f if a noun follows a number, else nothing."""
        noun = next_word(match, directly=True).lower()
        if not noun or "'" in noun or "’" in noun or noun in self.others:
            return ""
        if last_word(match).lower().rstrip(".") in self.labels:
            return ""
        if noun in self.irregular:
            return "m"
        if whole == 1:
            return "f" if self.feminine.search(noun) else "m"
        if self.feminines.search(noun):
            return "f"
        return "m" if self.masculines.search(noun) else ""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
