"""Numbers, dates, money and the like become the words that a reader would say."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

from ttm.text.traced import Traced

LANGUAGES = ("en", "de", "es", "fr", "it", "pt")
"""Languages that have rules, each in the module of its name; texts of others stay as they are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of writing is read; takes time linear in the text."""

    name: str
    """The setting of `[text.rules]` that switches it."""
    pattern: re.Pattern[str]
    """Matches in time linear in the text, so without nested repetition."""
    speak: Callable[[re.Match[str]], str | None]
    """The words for a match; None leaves it to the rules after this one."""


def normalize(words: Traced, language: str, off: Collection[str] = ()) -> Traced:
    """`words` as they are read aloud in `language`, a primary subtag.

    Earlier rules take precedence. What was changed before stays as it is, where that is final;
    rules named in `off` are left out.
    """
    edits: list[tuple[int, int, str, str]] = []
    taken = bytearray(len(words.text))
    for change in words.changes:
        if not change.final:
            continue
        taken[change.start : change.end] = b"\1" * (change.end - change.start)
    for rule in _rules(language):
        if rule.name in off:
            continue
        for match in rule.pattern.finditer(words.text):
            start, end = match.span()
            if start == end or taken.find(1, start, end) >= 0:
                continue
            spoken = rule.speak(match)
            if spoken is not None:
                taken[start:end] = b"\1" * (end - start)
                edits.append((start, end, spoken, rule.name))
    return words.replaced(sorted(edits)) if edits else words


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    if language not in LANGUAGES:
        return ()
    rules: tuple[Rule, ...] = importlib.import_module(f"ttm.text.normalize.{language}").RULES
    return rules
