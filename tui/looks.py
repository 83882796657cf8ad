"""The looks of the screens, read once for each theme."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

THEMES = 8
"""Themes whose rules are kept."""
SOURCES = 1024
"""Style sheets of widgets, screens and the app whose rules are kept for each of them."""


class Looks(Stylesheet):
    """Textual's style sheet, which keeps what it has read.

    Its own reads the styles of every widget again when a screen brings some of its own or the theme
    changes: 0.15 s of the thread that draws, for each screen that is opened for the first time.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = _kept(frozenset(self._variables.items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Let these apply; what was read with them before is not read again."""
        self._parse_cache = LRUCache(1)  # which Textual's empties
        super().set_variables(variables)
        self._parse_cache = _kept(frozenset(variables.items()))

    def reparse(self) -> None:
        """Make the rules anew; where that fails, those that there are stay."""
        self.parse()


@lru_cache(THEMES)
def _kept(variables: frozenset[tuple[str, str]]) -> LRUCache[tuple[Any, ...], Any]:
    return LRUCache(SOURCES)
