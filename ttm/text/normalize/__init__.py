"""Numbers, dates, money and the like become the words that a reader would say."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache

from ttm.text.traced import Traced

LANGUAGES = ("en", "de", "es", "fr", "it", "pt")
"""Languages that have rules, each in the module of its name; texts of others stay as they are."""

_BLANKS = dict.fromkeys(map(ord, "\xa0\u2007\u2009\u202f"), " ")
"""Blanks that keep a number or a number and its unit together."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of writing is read; takes time linear in the text."""

    name: str
    """The setting of `[text.rules]` that switches it."""
    pattern: re.Pattern[str]
    """Matches in time linear in the text, so without nested repetition."""
    speak: Callable[[re.Match[str]], str | None]
    """The words for a match, which may be what was written; None leaves it to the rules after
    this one."""
    needs: str = ""
    """Characters of which every match has one, where that is known; `0` is every digit. A text
    without them is not searched: most sentences have no digit, and most rules need one."""


@dataclass(frozen=True, slots=True)
class Later:
    """Rules that match nothing without one of these signs, in a module that is imported for the
    first text that has one: to compile the patterns of English alone takes 60 ms."""

    needs: str
    where: str
    """`module:NAME`"""


def needing(signs: str, *rules: Rule) -> tuple[Rule, ...]:
    """Rules that match nothing without one of these signs."""
    return tuple(replace(rule, needs=signs) for rule in rules)


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
    text = words.text if words.text.isascii() else words.text.translate(_BLANKS)
    signs = set(text)
    if any(map(str.isdecimal, signs)):
        signs.add("0")
    for rule in _rules_for(signs, language):
        if rule.name in off:
            continue
        for match in rule.pattern.finditer(text):
            start, end = match.span()
            if start == end or taken.find(1, start, end) >= 0:
                continue
            spoken = rule.speak(match)
            if spoken is None:
                continue
            taken[start:end] = b"\1" * (end - start)
            if spoken != match[0]:
                edits.append((start, end, spoken, rule.name))
    return words.replaced(sorted(edits)) if edits else words


def _rules_for(present: set[str], language: str) -> Iterator[Rule]:
    """Those that may match in a text with these signs."""
    for each in _rules(language):
        if each.needs and present.isdisjoint(each.needs):
            continue
        for rule in _brought(each.where) if isinstance(each, Later) else (each,):
            if not (rule.needs and present.isdisjoint(rule.needs)):
                yield rule


@cache
def _brought(where: str) -> tuple[Rule, ...]:
    module, _, name = where.partition(":")
    rules: tuple[Rule, ...] = getattr(importlib.import_module(module), name)
    return rules


@cache
def _rules(language: str) -> tuple[Rule | Later, ...]:
    if language not in LANGUAGES:
        return ()
    rules: tuple[Rule | Later, ...]
    rules = importlib.import_module(f"ttm.text.normalize.{language}").RULES
    return rules
