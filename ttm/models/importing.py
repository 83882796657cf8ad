"""Taking a model from a folder, without a network: a copy, a USB stick, another machine's store."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ttm.errors import BadCheckpoint, DownloadFailed, UsageError
from ttm.models import manifest
from ttm.models.download import Brought, Tell, Telling, check_names, check_room, keep
from ttm.models.listing import wanted
from ttm.models.manifest import PATH, SHA256, File, Manifest
from ttm.models.place import Place, real_folder, unusable
from ttm.models.registry import by_hub
from ttm.models.store import described, read_config

BLOCK = 1 << 20
HEADER_MAX = 100 << 20
"""Bytes of a safetensors header; the format's own limit."""
AGAIN = "Copy it again from where it is whole"


def take(place: Place, folder: Path, tell: Tell | None = None) -> Brought:
    """Copy the model in `folder` into ttm's own, verified by whatever says what it should be: a
    manifest of ttm, or the names that the hub's library gives its files; else by its own headers.

    Raises UsageError for what is no folder or another model than is meant, BadCheckpoint and
    DownloadFailed for what is not whole or cannot be kept.
    """
    telling = Telling(place.hub, tell)
    told = manifest.read(folder) or manifest.read(folder.parent)
    if told and (folder / told.revision).is_dir():
        folder = folder / told.revision
    elif told and folder.name != told.revision:
        told = None
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "Give --from the folder of a model")
    names = list(_names(folder))
    check_names(place.hub, names)
    _check_model(place.hub, folder)
    expected = {file.path: file.sha256 for file in told.files} if told else {}
    try:
        with place.held(lambda: telling.say("waiting")):
            return _taken(place, folder, [n for n in names if wanted(n)], expected, telling)
    except OSError as failure:
        raise unusable(place.folder, failure) from None


def _names(folder: Path) -> Iterator[str]:
    """Every file that is visible, by its path within the folder, in order."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            inside = path.relative_to(folder).as_posix()
            if inside != manifest.NAME and PATH.fullmatch(inside) and path.is_file():
                yield inside


def _check_model(hub: str, folder: Path) -> None:
    """Raise UsageError when a folder holds another model than the one that its name means."""
    entry = by_hub(hub)
    table = read_config(folder / "config.json")
    mode, size = described(table)
    if entry and (mode, size) != (entry.mode, entry.size):
        raise UsageError(
            f"{folder} holds a checkpoint of {size or 'no'} {mode or 'known mode'}, and "
            f"{entry.name} is one of {entry.size} {entry.mode}",
            "Name the model that it is",
        )


def _taken(
    place: Place, folder: Path, names: list[str], expected: dict[str, str], telling: Telling
) -> Brought:
    place.folder.mkdir(parents=True, exist_ok=True)
    sizes = {name: (folder / name).stat().st_size for name in names}
    telling.total = sum(sizes.values())
    check_room(place, telling.total)
    place.parts.mkdir(exist_ok=True)
    files, parts = [], {}
    for number, name in enumerate(names):
        part = parts[name] = place.parts / f"import-{number}"
        part.unlink(missing_ok=True)
        sha256 = _copied(folder / name, part, telling, name)
        if (should := expected.get(name) or _named(folder / name)) and should != sha256:
            part.unlink()
            raise DownloadFailed(
                f"checksum mismatch for {folder / name} "
                f"(expected {should[:12]}..., got {sha256[:12]}...)",
                AGAIN,
            )
        if name.endswith(".safetensors"):
            check_header(part, name)
        telling.have(sizes[name])
        files.append(File(name, sizes[name], sha256))
    if lacking := sorted(set(expected) - set(names)):
        raise DownloadFailed(f"{folder} has no {lacking[0]}", AGAIN)
    text = json.dumps([(file.path, file.sha256) for file in files])
    revision = hashlib.sha256(text.encode()).hexdigest()[:40]
    target = real_folder(place.revision(revision), "")
    for name, part in parts.items():
        part.replace(real_folder(target, name) / Path(name).name)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = Manifest(place.hub, revision, "", str(folder), now, tuple(files))
    return keep(place, found, telling, found.size)


def _copied(source: Path, part: Path, telling: Telling, name: str) -> str:
    """Copy a file; its SHA-256."""
    digest, told, done = hashlib.sha256(), telling.of(name, 0), 0
    with source.open("rb") as old, part.open("xb") as new:
        while block := old.read(BLOCK):
            new.write(block)
            digest.update(block)
            done += len(block)
            told(done)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest()


def _named(path: Path) -> str:
    """The SHA-256 after which the hub's library named a file that a link of its cache leads to."""
    name = path.resolve().name if path.is_symlink() else ""
    return name if SHA256.fullmatch(name) else ""


def check_header(path: Path, name: str) -> None:
    """Raise BadCheckpoint unless a safetensors file is as long as its header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            if not 2 <= length <= min(HEADER_MAX, size - 8):
                raise ValueError("no header")
            header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
            if 8 + length + end != size:
                raise ValueError("another length")
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise BadCheckpoint(f"{name} is no safetensors file, or was cut short", AGAIN) from None
