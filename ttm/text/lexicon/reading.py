"""A file of words and how they are said, read strictly: all that is wrong with it at once.

[say]                       # the short form
nginx = "engine x"

[[word]]                    # with all that can be said of one
written = "Reading"
ipa = "rɛdɪŋ"
say = "Redding"
language = "en"
"""  # noqa: RUF002

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ttm.config.document import Document
from ttm.config.document import read as read_document
from ttm.config.places import places
from ttm.config.values import shown
from ttm.errors import ConfigError, UsageError, did_you_mean
from ttm.text.cleaning import clean
from ttm.text.lexicon import CASES, Entry, File, is_word
from ttm.text.speakable import speakable

KIND = "lexicon"
LARGEST = 4_000_000
"""Bytes of a file."""
ENTRIES_MAX = 10_000
"""Entries of a file."""
WRITTEN_MAX = 100
"""Characters of a word or phrase; they bound how long looking for it takes."""
SAID_MAX = 500
"""Characters of a respelling or transcription."""
LISTED = 100
"""Mistakes that are listed one by one."""

TABLES = ("say", "word")
KEYS = tuple(each.name for each in fields(Entry) if each.name != "line")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_IPA = re.compile(r"[\w\s:.'/\[\]\u02b0-\u036f\u203f\u2191-\u2199\ua700-\ua71f]+")

At = tuple[str | int, ...]
"""A place in a file: `say`, `nginx`, or `word`, the number of the entry, `ipa`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds, and what is wrong with it."""

    entries: list[tuple[At, Entry]]
    wrong: list[tuple[At, str]]


def read(path: Path, *, lines: bool = False) -> File | None:
    """The file's entries, in its order, or None where there is no file.

    `lines`: with the line of each. Raises ConfigError with everything that is wrong.
    """
    document = read_document(path, KIND, LARGEST)
    if document is None:
        return None
    found = check(document)
    refuse(found, document)
    entries = found.entries
    if lines:
        known = _lines(document.text)
        entries = [(at, replace(entry, line=_line(known, at))) for at, entry in entries]
    return File(path, tuple(entry for _, entry in entries))


def check(document: Document) -> Found:
    """What this file says. Raises ConfigError when it is no TOML."""
    found = Found([], [])
    for name, table in document.parse().items():
        if name == "say" and isinstance(table, dict):
            for written, say in table.items():
                _take(("say", written), {"written": written, "say": say}, found)
        elif name == "word" and isinstance(table, list):
            for number, row in enumerate(table):
                _take(("word", number), row, found)
        elif name in TABLES:
            wanted = "[say]" if name == "say" else "[[word]]"
            found.wrong.append(((name,), f"expected {wanted}, got {shown(table)}"))
        else:
            hint = did_you_mean(name, TABLES) or "a lexicon has [say] and [[word]]"
            found.wrong.append(((name,), f"unknown name '{name[:60]}'; {hint}"))
    if len(found.entries) > ENTRIES_MAX:
        at = found.entries[ENTRIES_MAX][0]
        found.wrong.append((at, f"more than {ENTRIES_MAX:,} entries, which no lexicon may have"))
    return found


def refuse(found: Found, document: Document) -> None:
    """Raise ConfigError if anything is wrong."""
    if not found.wrong:
        return
    known = _lines(document.text)
    told = sorted((_line(known, at), why) for at, why in found.wrong)
    problems = [f"{document.path}:{line}: {why}" for line, why in told[:LISTED]]
    if len(told) == 1:
        raise ConfigError(problems[0])
    more = f"more than {LISTED}" if len(told) > LISTED else str(len(told))
    raise ConfigError(f"{more} entries are wrong in {document.path}", problems=problems)


def entry_of(given: Mapping[str, Any]) -> Entry:
    """An entry of these fields. Raises UsageError for what cannot be meant."""
    for key in given:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"a word has {', '.join(KEYS)}"
            raise UsageError(f"unknown name '{key[:60]}'; {hint}")
    texts: dict[str, str] = {}
    for key, value in given.items():
        if not isinstance(value, str):
            raise UsageError(f"{key}: expected text, got {shown(value)}")
        # Cleaning takes 60 us, and of most of 10,000 entries there is nothing to clean.
        simple = value.isascii() and value.isprintable()
        texts[key] = " ".join((value if simple else clean(value).text).split())
    written = texts.get("written", "")
    if "written" not in given:
        raise UsageError("there is no 'written', which is the word that it is about")
    if not is_word(written):
        raise UsageError("written: it is empty")
    if len(written) > WRITTEN_MAX:
        raise UsageError(f"written: more than {WRITTEN_MAX} characters")
    said = {key: texts[key] for key in ("say", "ipa") if key in texts}
    if not said:
        raise UsageError(f"'{written}' has neither 'say' nor 'ipa'")
    for key, text in said.items():
        if not speakable(text):
            raise UsageError(f"{key} of '{written}': there is nothing in it that could be said")
        if len(text) > SAID_MAX:
            raise UsageError(f"{key} of '{written}': more than {SAID_MAX} characters")
    if "ipa" in said and not _IPA.fullmatch(said["ipa"]):
        raise UsageError(f"ipa of '{written}': {shown(said['ipa'])} is no transcription in IPA")
    if (case := texts.get("case", "smart")) not in CASES:
        hint = did_you_mean(case, CASES) or f"choose one of: {', '.join(CASES)}"
        raise UsageError(f"case of '{written}': unknown '{case[:20]}'; {hint}")
    language = texts.get("language", "")
    if language and not LANGUAGE.fullmatch(language):
        what = f"language of '{written}': expected a tag such as de or de-AT"
        raise UsageError(f"{what}, got {shown(language)}")
    return Entry(**texts)  # type: ignore[arg-type]  # `line` is not among the keys


def _take(at: At, row: object, found: Found) -> None:
    if not isinstance(row, dict):
        found.wrong.append((at, f"expected a table, got {shown(row)}"))
        return
    try:
        found.entries.append((at, entry_of(row)))
    except UsageError as failure:
        found.wrong.append((at, failure.what))


def _lines(text: str) -> dict[At, int]:
    """The line of every table and key."""
    return {at: line for at, line in reversed(list(_placed(text)))}


def _placed(text: str) -> Iterator[tuple[At, int]]:
    number = -1
    for place in places(text):
        number += place.header and place.path == ("word",)
        at: At = place.path
        if place.path[0] == "word" and number >= 0:
            at = ("word", number, *place.path[1:])
        yield at, place.first
        yield at[:1], place.first


def _line(known: Mapping[At, int], at: Sequence[str | int]) -> int:
    """The line of this place, else of the nearest around it, else 1."""
    for length in range(len(at), 0, -1):
        if line := known.get(tuple(at[:length])):
            return line
    return 1
