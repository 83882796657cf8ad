"""The user's file, changed in place: comments stay, and nothing is ever half written."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ttm.config.catalogue import PROFILE_NAME, find
from ttm.config.checking import check, problems
from ttm.config.declaration import Value
from ttm.config.document import Document, read, refuse_irregular
from ttm.config.loading import refuse
from ttm.config.sample import example
from ttm.config.values import from_text
from ttm.errors import ConfigError, OutputError, UsageError

PATIENCE = 10.0
"""Seconds to wait for another ttm that is writing the same file; it takes milliseconds."""


def write_setting(path: Path, key: str, value_text: str) -> Value:
    """Set `say.rate`, or `profiles.NAME.say.rate`, in this file; return the value as parsed.

    Raises UsageError for a key or value that cannot be, ConfigError when the file is wrong
    already, OutputError when it cannot be written. Whatever is raised, the file is as it was.
    """
    prefix, name = key_of(key)
    setting = find(name)
    try:
        value = from_text(setting, value_text)
    except UsageError as failure:
        raise UsageError(f"{key}: {failure.what}") from None
    with locked(path) as target:
        document = read(target) or Document(path, "")
        refuse_wrong(document)
        changed = _changed(document, [*prefix, *setting.key.split(".")], value)
        put(target, changed.encode())
    return value


def write_example(path: Path, *, force: bool = False) -> None:
    """Write the example file. Raises UsageError when there is a file and it is not forced."""
    with locked(path) as target:
        if _existing(target) and not force:
            raise UsageError(f"{path} exists already", "--force overwrites it")
        put(target, example().encode())


def key_of(key: str) -> tuple[list[str], str]:
    """The tables of a profile, and the setting's key. Raises UsageError for no profile's name."""
    if not key.startswith("profiles."):
        return [], key
    _, profile, name = [*key.split(".", 2), ""][:3]
    if not re.fullmatch(PROFILE_NAME, profile):
        raise UsageError(f"'{profile}' cannot be the name of a profile", "Use a-z, 0-9, - and _")
    return ["profiles", profile], name or key


def refuse_wrong(document: Document) -> None:
    """Raise ConfigError with all that is wrong in a file."""
    refuse(problems(check(document), document), document.path)


def _changed(document: Document, keys: Sequence[str], value: Value) -> str:
    """The text with this one difference and no other: what tomlkit gives is read back."""
    import tomlkit  # 30 to 70 ms
    from tomlkit.exceptions import TOMLKitError

    wanted = document.parse()
    written: Any = list(value) if isinstance(value, tuple) else value
    _put(wanted, keys, written)
    if isinstance(written, dict):
        inline = tomlkit.inline_table()
        inline.update(written)
        written = inline
    # tomlkit loses what is put into tables that are defined out of order; a new one it takes.
    apart = f"{document.text}\n[{'.'.join(keys[:-1])}]\n{keys[-1]} = 0\n"
    for text in (_with_room(document.text, keys), document.text, apart):
        try:
            tree = tomlkit.parse(text)
            _put(tree, keys, written)
            changed = Document(document.path, tomlkit.dumps(tree))
            if changed.parse() != wanted:
                continue
        except (TOMLKitError, ConfigError):
            continue
        refuse_wrong(changed)
        return changed.text
    raise ConfigError(
        f"{document.path} is laid out so that ttm cannot set {'.'.join(keys)}",
        "Set it with `ttm config edit`",
    )


def _put(tree: Any, keys: Sequence[str], value: object) -> None:
    for name in keys[:-1]:
        tree = tree.setdefault(name, {})
    tree[keys[-1]] = value


def _with_room(text: str, keys: Sequence[str]) -> str:
    """The text with a line for this key where a person would put it.

    In place of its commented default, else after the last key of its table. tomlkit appends to a
    table, which is below the comment that belongs to the next one. A table that is not there is
    taken out of its comment, or stands at the end.
    """
    from ttm.config.places import places

    *table, name = keys
    found = places(text)
    header = next((p for p in found if p.header and p.path == tuple(table)), None)
    if any(p.path[: len(keys)] == tuple(keys) for p in found):
        return text
    lines = text.split("\n")
    if header is None:
        if any(p.path[: len(table)] == tuple(table) for p in found):
            return text
        opened = f"[{'.'.join(table)}]"
        inside = {n for p in found for n in range(p.first - 1, p.last)}
        for index, line in enumerate(lines):
            if line.rstrip() == f"#{opened}" and index not in inside:
                lines[index] = line[1:]
                return _with_room("\n".join(lines), keys)
        return f"{text.rstrip()}\n\n{opened}\n{name} = 0\n".lstrip()
    end, last, values = len(lines), header.last, set[int]()
    for place in found[found.index(header) + 1 :]:
        if place.header:
            end = place.first - 1
            break
        last = place.last
        values.update(range(place.first - 1, place.last))
    line = f"{name} = 0" + "\r" * lines[header.first - 1].endswith("\r")
    for index in range(header.last, end):
        if index not in values and re.match(rf"#[ \t]?{name}[ \t]*=", lines[index]):
            lines[index] = line
            break
    else:
        lines.insert(last, line)
    return "\n".join(lines)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[Path]:
    """The file that `path` leads to, for one writer at a time."""
    try:
        target = Path(os.path.realpath(path))
        _existing(target)
        _make_folders(target.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(target.with_name(f".{target.name}.lock"), flags, 0o600)
    except OSError as failure:
        raise _unwritable(path, failure) from None
    except ValueError:
        raise ConfigError(f"{path} cannot be the name of a file") from None
    try:
        _wait_for(descriptor, path)
        yield target
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path) -> None:
    import fcntl

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OutputError(f"cannot write {path}: another ttm is writing it") from None
            time.sleep(0.01)
        except OSError as failure:
            raise _unwritable(path, failure) from None


def _existing(target: Path) -> os.stat_result | None:
    """What stands there, or None. Raises ConfigError when it is no regular file."""
    try:
        status = os.stat(target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    refuse_irregular(target, status.st_mode)
    return status


def _make_folders(folder: Path) -> None:
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def put(target: Path, block: bytes) -> None:
    """Put `block` where `target` is: all of it, or nothing."""
    import tempfile

    try:
        old = _existing(target)
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(descriptor, "wb") as file:
                if old and os.geteuid() == 0:  # sudo must not take the file from its user
                    os.fchown(descriptor, old.st_uid, old.st_gid)
                if old:
                    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
                file.write(block)
                file.flush()
                os.fsync(descriptor)
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
        _sync_folder(target.parent)
    except OSError as failure:
        raise _unwritable(target, failure) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Some network file systems cannot sync a folder (EINVAL); the file is complete anyway.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, failure: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {failure.strerror}")
