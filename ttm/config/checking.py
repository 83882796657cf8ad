"""A file's tables against the declaration: all that is wrong with them, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ttm.config.catalogue import NAMED, PROFILE_NAME, SETTINGS, Setting, in_named, suggestion
from ttm.config.declaration import Value
from ttm.config.document import Document
from ttm.config.values import from_toml, shown, spelled
from ttm.errors import ConfigError, UsageError

SCHEMA = 1
"""The layout of the file that this ttm writes and reads."""

LISTED = 100
"""Problems that are listed one by one."""

LETTERS = "a-z, 0-9, - and _, the first no - or _"
"""What a name that users give may hold."""

Keys = tuple[str, ...]
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file sets, and what is wrong with it."""

    values: dict[str, Value] = field(default_factory=dict)
    profiles: dict[str, dict[str, Value]] = field(default_factory=dict)
    wrong: list[tuple[Keys, str]] = field(default_factory=list)
    """Where, and why; an empty reason is a name that does not exist."""
    unknown_tables: set[Keys] = field(default_factory=set)

    @property
    def count(self) -> int:
        """Settings that the file sets, its profiles included."""
        return len(self.values) + sum(map(len, self.profiles.values()))


def check(document: Document) -> Checked:
    """What this file sets. Raises ConfigError when it is no TOML or of a newer ttm."""
    table = document.parse()
    found = Checked()
    _check_schema(table.pop("schema", SCHEMA), document, found)
    profiles = table.pop("profiles", {})
    _walk(table, _tree(), (), found.values, found)
    if not isinstance(profiles, dict):
        found.wrong.append((("profiles",), f"expected a table, got {shown(profiles)}"))
        return found
    for name, inside in profiles.items():
        path = ("profiles", name)
        if not re.fullmatch(PROFILE_NAME, name):
            found.wrong.append((path, f"a profile's name is up to 64 of {LETTERS}"))
        elif not isinstance(inside, dict):
            found.wrong.append((path, f"expected a table, got {shown(inside)}"))
        else:
            _walk(inside, _tree(), path, found.profiles.setdefault(name, {}), found)
    return found


def _check_schema(schema: object, document: Document, found: Checked) -> None:
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        found.wrong.append((("schema",), f"expected {SCHEMA}, got {shown(schema)}"))
    elif schema > SCHEMA:
        number = schema if schema < 10**9 else shown(schema)
        raise ConfigError(
            f"{document.path}: written by a newer ttm (schema {number})",
            "Update ttm, or name another file with --config",
        )


def _tree() -> Tree:
    tree: Tree = {}
    for key, setting in SETTINGS.items():
        *tables, name = key.split(".")
        table = tree
        for each in tables:
            table = table.setdefault(each, {})
        table[name] = setting
    for section in NAMED:
        *tables, name = section.split(".")
        table = tree
        for each in tables:
            table = table.setdefault(each, {})
        table[name] = _Named(section)
    return tree


@dataclass(frozen=True, slots=True)
class _Named:
    """A place in the tree below which every name is the user's."""

    section: str


def _walk(
    table: Mapping[str, object], tree: Tree, at: Keys, values: dict[str, Value], found: Checked
) -> None:
    for name, value in table.items():
        path, known = (*at, name), tree.get(name)
        if known is None:
            found.wrong.append((path, ""))
            if isinstance(value, dict):
                found.unknown_tables.add(path)
        elif isinstance(known, Setting):
            try:
                values[known.key] = from_toml(known, value)
            except UsageError as failure:
                found.wrong.append((path, failure.what))
        elif not isinstance(value, dict):
            found.wrong.append((path, f"expected a table, got {shown(value)}"))
        elif isinstance(known, _Named):
            _walk_named(value, known.section, path, values, found)
        else:
            _walk(value, known, path, values, found)


def _walk_named(
    table: Mapping[str, object], section: str, at: Keys, values: dict[str, Value], found: Checked
) -> None:
    for name, inside in table.items():
        path = (*at, name)
        if not re.fullmatch(PROFILE_NAME, name):
            found.wrong.append((path, f"a name is up to 64 of {LETTERS}"))
        elif not isinstance(inside, dict):
            found.wrong.append((path, f"expected a table, got {shown(inside)}"))
        else:
            settings = in_named(section, name)
            tree = {each.key.rpartition(".")[2]: each for each in settings}
            _walk(inside, tree, path, values, found)


def problems(found: Checked, document: Document) -> list[str]:
    """One sentence for each, with file, line and key, in the file's order."""
    if not found.wrong:
        return []
    from ttm.config.places import Lines

    lines = Lines(document.text)
    placed = sorted(((lines.of(path), path, why) for path, why in found.wrong), key=lambda p: p[0])
    sentences = [
        f"{document.path}:{line}: " + (f"{dotted(path)}: {why}" if why else _unknown(path, found))
        for line, path, why in placed[:LISTED]
    ]
    if len(placed) > LISTED:
        sentences.append(f"{document.path}: and {len(placed) - LISTED} more")
    return sentences


def _unknown(path: Keys, found: Checked) -> str:
    table = path in found.unknown_tables
    hint = suggestion(list(path), table=table)
    what = f"unknown {'table' if table else 'setting'} '{dotted(path)}'"
    return f"{what}; {hint}" if hint else what


def dotted(path: Keys) -> str:
    """The key as a person would write it, cut where it is endless."""
    key = ".".join(part if re.fullmatch(r"[\w-]+", part, re.A) else spelled(part) for part in path)
    return key if len(key) <= 100 else key[:100] + "…"
