"""What a fetched model consists of: written when every file was verified, and not before."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ttm.models.registry import COMMIT

NAME = "manifest.json"
SIZE_MAX = 1 << 20
"""Bytes of a manifest; a checkpoint of a dozen files has 2 kB."""
PATH = re.compile(r"(?!.{201})[A-Za-z0-9_][\w.+=-]*(?:/[A-Za-z0-9_][\w.+=-]*){0,3}", re.ASCII)
"""What a file of a model may be called: never absolute, hidden, or above its folder."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was verified."""

    path: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one revision of a model."""

    hub: str
    """`Owner/Name`."""
    revision: str
    """The commit; of an imported folder, 40 digits that are made from its files."""
    asked: str
    """The branch, tag or commit that it was fetched by; empty for an imported folder."""
    source: str
    """The hub's address, or the folder that it was imported from."""
    pulled: str
    """When, as ISO 8601 in UTC."""
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def read(folder: Path) -> Manifest | None:
    """The manifest of the model in this folder; None where there is none that can be believed."""
    try:
        with (folder / NAME).open("rb") as file:
            table = json.loads(file.read(SIZE_MAX))
        files = tuple(File(**entry) for entry in table.pop("files"))
        found = Manifest(**table, files=files)
        texts = (found.hub, found.revision, found.asked, found.source, found.pulled)
        sound = all(isinstance(text, str) for text in texts) and bool(files)
        sound = sound and COMMIT.fullmatch(found.revision) is not None and all(map(_sound, files))
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return found if sound else None


def _sound(file: File) -> bool:
    return (
        isinstance(file.size, int)
        and file.size >= 0
        and PATH.fullmatch(file.path) is not None
        and SHA256.fullmatch(file.sha256) is not None
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all, and have it survive a power cut. Raises OSError."""
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    part = folder / f".{NAME}.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / NAME)
    sync(folder)


def sync(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def whole(folder: Path, files: Iterable[File]) -> bool:
    """Whether every file lies there with its size; what is in them, only hashing tells."""
    return not lacking(folder, files)


def lacking(folder: Path, files: Iterable[File]) -> list[str]:
    """The files that do not lie there with their size."""
    return [file.path for file in files if not _lies(folder / file.path, file.size)]


def _lies(path: Path, size: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False
