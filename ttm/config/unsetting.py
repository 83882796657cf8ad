"""A setting taken out of the user's file: its line stays as a comment, with the default."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ttm.config.catalogue import Setting, find
from ttm.config.checking import dotted
from ttm.config.document import Document, read
from ttm.config.values import spelled
from ttm.config.writing import key_of, locked, put, refuse_wrong
from ttm.errors import ConfigError


def unset_setting(path: Path, key: str) -> bool:
    """Take `say.rate`, or `profiles.NAME.say.rate`, out of this file; False: it is not in it.

    Raises UsageError for a key that cannot be, ConfigError when the file is wrong already,
    OutputError when it cannot be written. Whatever is raised, the file is as it was.
    """
    prefix, name = key_of(key)
    setting = find(name)
    keys = [*prefix, *setting.key.split(".")]
    with locked(path) as target:
        document = read(target)
        if document is None:
            return False
        refuse_wrong(document)
        if not _is_set(document.parse(), keys):
            return False
        put(target, _without(document, keys, setting).encode())
    return True


def _without(document: Document, keys: Sequence[str], setting: Setting) -> str:
    """The text without this key and with all else: what is written is read back."""
    import tomlkit  # 30 to 70 ms
    from tomlkit.exceptions import TOMLKitError

    wanted = document.parse()
    _take(wanted, keys)
    commented = _commented(document.text, keys, setting)
    for by_hand in (True, False):
        try:
            text = commented if by_hand else _cut(tomlkit.parse(document.text), keys)
            changed = Document(document.path, text)
            if _pruned(changed.parse()) == _pruned(wanted):
                refuse_wrong(changed)
                return changed.text
        except (TOMLKitError, ConfigError):
            continue
    raise ConfigError(
        f"{document.path} is laid out so that ttm cannot unset {dotted(tuple(keys))}",
        "Take it out with `ttm config edit`",
    )


def _commented(text: str, keys: Sequence[str], setting: Setting) -> str:
    """With a # before its lines; a plain line tells the default again, as the example file does."""
    from ttm.config.places import places

    lines = text.split("\n")
    for place in places(text):
        if place.header or place.path != tuple(keys):
            continue
        first, last = place.first - 1, place.last
        plain = rf"(\s*{re.escape(keys[-1])}\s*=\s*)[^#]*?(\s*(?:#.*)?)"
        if last - first == 1 and (hit := re.fullmatch(plain, lines[first])):
            lines[first] = f"{hit[1].lstrip()}{spelled(setting.default)}{hit[2]}"
        for number in range(first, last):
            lines[number] = "#" + lines[number]
    return "\n".join(lines)


def _cut(tree: Any, keys: Sequence[str]) -> str:
    import tomlkit

    _take(tree, keys)
    return tomlkit.dumps(tree)


def _take(tree: Any, keys: Sequence[str]) -> None:
    for name in keys[:-1]:
        tree = tree[name]
    del tree[keys[-1]]


def _is_set(tree: Any, keys: Sequence[str]) -> bool:
    for name in keys:
        if not isinstance(tree, dict) or name not in tree:
            return False
        tree = tree[name]
    return True


def _pruned(tree: dict[str, Any]) -> dict[str, Any]:
    """Without the tables that hold nothing."""
    inside = {key: _pruned(v) if isinstance(v, dict) else v for key, v in tree.items()}
    return {key: value for key, value in inside.items() if value != {}}
