"""The user's lexicon, changed in place: comments stay, and nothing is ever half written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ttm.config.document import Document
from ttm.config.document import read as read_document
from ttm.config.places import places
from ttm.config.writing import locked, put
from ttm.errors import ConfigError
from ttm.text.lexicon import Entry
from ttm.text.lexicon.reading import KIND, LARGEST, At, check, refuse

Placed = Sequence[tuple[At, Entry]]
Change = Callable[[str, Placed], tuple[str, list[Entry]]]
"""Of a file's text and entries, what they are to be."""


def add(path: Path, entry: Entry) -> bool:
    """Put an entry into the file, in place of one for the same words under the same conditions;
    whether there was one.

    Raises ConfigError for a file that is wrong already, OutputError when it cannot be written.
    """
    before = False

    def change(text: str, found: Placed) -> tuple[str, list[Entry]]:
        nonlocal before
        same = [at for at, one in found if _meaning(one) == _meaning(entry)]
        before = bool(same)
        entries = [one for at, one in found if at not in same]
        if same and (same[-1][0] == "word" or not entry.ipa):
            text = _written(text, same[-1], entry)
            return _without(text, same[:-1]), [*entries, entry]
        return _appended(_without(text, same), entry), [*entries, entry]

    _changed(path, change)
    return before


def remove(path: Path, written: str, chosen: Callable[[Entry], bool]) -> list[Entry]:
    """Take the entries for these words out of the file that are `chosen`; those that were.

    Raises ConfigError for a file that is wrong already, OutputError when it cannot be written.
    """
    gone: list[Entry] = []

    def change(text: str, found: Placed) -> tuple[str, list[Entry]]:
        going = [at for at, one in found if one.written == written and chosen(one)]
        gone.extend(one for at, one in found if at in going)
        return _without(text, going), [one for at, one in found if at not in going]

    _changed(path, change)
    return gone


def _changed(path: Path, change: Change) -> None:
    """Have the file say what `change` makes of it, which is read back before it is written."""
    with locked(path) as target:
        document = read_document(target, KIND, LARGEST) or Document(path, "")
        found = check(document)
        refuse(found, document)
        text, wanted = change(document.text, found.entries)
        changed = Document(document.path, text)
        after = check(changed)
        refuse(after, changed)
        if sorted(map(_sorted, wanted)) != sorted(_sorted(one) for _, one in after.entries):
            what = f"{path} is laid out so that ttm cannot change it"
            raise ConfigError(what, "Change it with an editor")
        put(target, text.encode())


def _meaning(entry: Entry) -> Entry:
    """What it is about, and when it holds."""
    return replace(entry, say="", ipa="", line=0)


def _sorted(entry: Entry) -> tuple[str, ...]:
    return tuple(map(str, asdict(entry).values()))


def _fields(entry: Entry) -> dict[str, str]:
    """What there is to write of it."""
    usual = asdict(Entry(""))
    return {key: one for key, one in asdict(entry).items() if one != usual[key] and key != "line"}


def _appended(text: str, entry: Entry) -> str:
    """The text with one more entry: behind the last of [say], or at the end."""
    import tomlkit  # 30 to 70 ms

    fields = _fields(entry)
    apart = f"{text.rstrip()}\n\n" if text.strip() else ""
    if set(fields) != {"written", "say"}:
        rows = [f"{key} = {tomlkit.string(one).as_string()}\n" for key, one in fields.items()]
        return f"{apart}[[word]]\n{''.join(rows)}"
    line = f"{tomlkit.item({entry.written: entry.say}).as_string().rstrip()}\n"
    known = places(text)
    if not any(place.header and place.path == ("say",) for place in known):
        return f"{apart}[say]\n{line}"
    last = max(place.last for place in known if place.path[0] == "say")
    lines = text.splitlines(keepends=True)
    lines[last - 1] = lines[last - 1].rstrip("\r\n") + "\n"
    return "".join([*lines[:last], line, *lines[last:]])


def _written(text: str, at: At, entry: Entry) -> str:
    """The text with the entry in place of what is there."""
    import tomlkit

    tree: Any = tomlkit.parse(text)
    if at[0] == "say":
        tree["say"][at[1]] = entry.say
        return tomlkit.dumps(tree)
    row, fields = tree["word"][at[1]], _fields(entry)
    for key in [key for key in row if key not in fields]:
        del row[key]
    for key, value in fields.items():
        if row.get(key) != value:
            row[key] = value
    return tomlkit.dumps(tree)


def _without(text: str, gone: Sequence[At]) -> str:
    import tomlkit

    if not gone:
        return text
    tree: Any = tomlkit.parse(text)
    for at in _last_first(gone):
        del tree[at[0]][at[1]]
    if "word" in tree and not tree["word"]:
        del tree["word"]
    return tomlkit.dumps(tree)


def _last_first(gone: Sequence[At]) -> list[At]:
    """So that the numbers of those that are still to go stay right."""
    words = sorted((at for at in gone if at[0] == "word"), key=lambda at: int(at[1]), reverse=True)
    return [*words, *(at for at in gone if at[0] != "word")]
