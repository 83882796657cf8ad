"""The folder of what was spoken: a file a chunk, bounded, shared by every ttm of a user.

    chunks/ab/...   a take each, named by the digest of what its sound hangs on (`keys`)
    seeds/...       where the random choices of a model with a voice start
    jobs/...        which files of a split are finished (`parts`)
    total           bytes of all takes: what each writer added, one number after the other

Files are the user's alone (0600 in folders of 0700) and appear whole or not at all. None is synced
to the disk: what a power cut leaves of one, its checksum finds out, and it is spoken again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ttm.narration.take import HEAD, TAKE_MAX, Damaged, Take, pack, seconds, unpack

KEY = re.compile(r"[0-9a-f]{64}")
RECORD = struct.Struct("<q")
RECORDS = 1024
"""Writes after which the folder is looked through again, so that `total` stays near the truth."""
FILLED = 0.9
"""Share of the limit that is left when there has to be room, so that not every write makes it."""
SPARE = 128 << 20
"""Bytes of the disk that are left to others."""
SPARE_SHARE = 0.05
"""The same of a small disk, as a share."""
STALE = 3600.0
"""Seconds after which nobody writes on an unfinished file any more."""
CLEARED = 20
"""Times that a folder may be taken away, by those who clear, from under what is being written."""
SMALL_KEPT = 1000
"""Files of `seeds` and of `jobs` that are kept, those used last."""
SEED = re.compile(rb"\d{1,10}\n")


class Full(Exception):
    """There is no room but that of what the same narration needs."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is kept."""

    entries: int
    bytes: int
    seconds: float
    """Of sound."""


@dataclass(frozen=True, slots=True)
class _Found:
    used: float
    """When, in seconds of the epoch."""
    size: int
    path: str


class Cache:
    """The takes in a folder; nothing is made before one is put in."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.jobs = folder / "jobs"
        self._chunks = folder / "chunks"
        self._seeds = folder / "seeds"
        self._total = folder / "total"

    def has(self, key: str) -> bool:
        """Whether there is something for this key, damaged or not."""
        return os.path.exists(self._path(key))

    def get(self, key: str) -> Take | None:
        """What was put in for this key, which counts as a use; a damaged file is removed."""
        path = self._path(key)
        try:
            file = _read(path)
        except (OSError, ValueError):
            return None
        try:
            take = unpack(key, file)
        except Damaged:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return take

    def put(self, key: str, take: Take, since: float) -> None:
        """Keep a take. What was used longest ago makes room for it, though nothing that was used
        after `since` (seconds of the epoch): a text that is longer than the limit would push out
        its own beginning, and find nothing of itself the next time.

        Raises Full, and OSError.
        """
        file = pack(key, take)
        if len(file) > min(TAKE_MAX, self.max_bytes):
            return
        private_folder(self.folder)
        disk = os.statvfs(self.folder)
        free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        if free < len(file) + min(SPARE, SPARE_SHARE * whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._make_room(len(file), since)
        self._write(self._path(key), file)
        self._count(len(file))

    def seed(self, key: str, drawn: int) -> int:
        """The seed that is kept for this key; `drawn` where there was none. Raises OSError."""
        path = self._seeds / key[:32]
        for _ in range(2):
            with contextlib.suppress(OSError, ValueError):
                kept = _read(path)
                if SEED.fullmatch(kept) and int(kept) < 1 << 32:
                    os.utime(path)
                    return int(kept)
                path.unlink()
            with contextlib.suppress(FileExistsError):  # two at once: the other's holds
                self._write(path, b"%d\n" % drawn, over=False)
                break
        return drawn

    def status(self) -> Status:
        """What is kept, counted anew."""
        found, length = list(self._scan()), 0.0
        for one in found:
            with contextlib.suppress(OSError), open(one.path, "rb") as file:
                length += seconds(file.read(HEAD.size), one.size)
        return Status(len(found), sum(one.size for one in found), length)

    def clear(self, before: float | None = None) -> Status:
        """Remove what was not used after `before`, or everything; what that was.

        Raises OSError for what cannot be removed.
        """
        entries = freed = 0
        length = 0.0
        for one in self._scan():
            if before is not None and one.used >= before:
                continue
            with contextlib.suppress(FileNotFoundError):  # another ttm was faster
                with contextlib.suppress(PermissionError), open(one.path, "rb") as file:
                    length += seconds(file.read(HEAD.size), one.size)
                os.unlink(one.path)
                entries, freed = entries + 1, freed + one.size
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._total.unlink()
        if before is None:
            for folder in (self._seeds, self.jobs):
                for path in _listed(folder):
                    path.unlink(missing_ok=True)
            for folder in (*_listed(self._chunks), self._chunks, self._seeds, self.jobs):
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return Status(entries, freed, length)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"no key: {key!r}")
        return self._chunks / key[:2] / key[2:]

    def _write(self, path: Path, file: bytes, *, over: bool = True) -> None:
        """Put a file there: all of it, or nothing. Raises FileExistsError unless `over`."""
        for _ in range(CLEARED):
            with contextlib.suppress(FileNotFoundError):  # a `clear` took its folder away
                return self._write_once(path, file, over=over)
        return self._write_once(path, file, over=over)

    def _write_once(self, path: Path, file: bytes, *, over: bool) -> None:
        private_folder(path.parent)
        part = path.with_name(f".{os.urandom(6).hex()}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with open(os.open(part, flags, 0o600), "wb", buffering=0) as out:
                view = memoryview(file)
                while view:
                    view = view[out.write(view) :]
            if over:
                os.replace(part, path)
                return
            os.link(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _make_room(self, size: int, since: float) -> None:
        """Raises Full, OSError."""
        total = self._counted()
        if total is not None and total + size <= self.max_bytes:
            return
        with self._locked() as mine:
            if not mine:  # another ttm is making room
                return
            found = sorted(self._scan(), key=lambda one: one.used)
            total = sum(one.size for one in found)
            wanted = FILLED * self.max_bytes if total + size > self.max_bytes else self.max_bytes
            for one in found:
                if total + size <= wanted or one.used >= since:
                    break
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(one.path)
                total -= one.size
            self._write(self._total, RECORD.pack(total))
            for folder in (self._seeds, self.jobs):
                _pruned(folder)
        if total + size > self.max_bytes:
            raise Full

    def _counted(self) -> int | None:
        """Bytes of all takes; None when it is time to look."""
        try:
            numbers = _read(self._total, RECORD.size * (RECORDS + 1))
            total = sum(number for (number,) in RECORD.iter_unpack(numbers))
        except (OSError, ValueError, struct.error):
            return None
        return total if numbers and total >= 0 else None

    def _count(self, size: int) -> None:
        # Appending is one step for the system: writers at once lose nothing of each other's.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        with open(os.open(self._total, flags, 0o600), "wb", buffering=0) as file:
            file.write(RECORD.pack(size))

    def _scan(self) -> Iterator[_Found]:
        """Every take, sweeping away what writers that were killed have left."""
        for shard in _listed(self._chunks):
            try:
                entries = list(os.scandir(shard))
            except OSError:
                continue
            for entry in entries:
                with contextlib.suppress(OSError):  # it went meanwhile
                    about = entry.stat(follow_symlinks=False)
                    if not stat.S_ISREG(about.st_mode):
                        continue
                    if KEY.fullmatch(shard.name + entry.name):
                        yield _Found(about.st_mtime, about.st_size, entry.path)
                    elif entry.name.endswith(".part") and time.time() - about.st_mtime > STALE:
                        os.unlink(entry.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[bool]:
        """Whether this is the only one who makes room. Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.folder / ".lock", flags, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)


def private_folder(folder: Path) -> None:
    """Make the folder, and those above it, for the user alone. Raises OSError."""
    if not folder.is_absolute():
        raise OSError(errno.ENOENT, "there is no home folder")
    if not folder.is_dir():
        for each in (*reversed(folder.parents), folder):
            with contextlib.suppress(FileExistsError):
                each.mkdir(mode=0o700)


def _read(path: Path, most: int = TAKE_MAX) -> bytes:
    """A file of at most so many bytes. Raises OSError, and ValueError for anything else."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    with FileIO(os.open(path, flags)) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > most:
            raise ValueError(path.name)
        return file.read()


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _pruned(folder: Path) -> None:
    """Leave what was used last."""
    if len(files := _listed(folder)) > SMALL_KEPT:
        with contextlib.suppress(OSError):
            for old in sorted(files, key=lambda path: path.stat().st_mtime)[:-SMALL_KEPT]:
                old.unlink()
