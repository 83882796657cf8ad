"""Which files of a split are finished, so that an interrupted one goes on where it ended."""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from ttm.narration.cache import private_folder
from ttm.narration.plan import Chunk

RECORD = struct.Struct("<16s32sqq")
"""Digests of a file's path and of what it was made of; its size, and when it was written."""
READ_MAX = 64 << 20
"""Bytes of a file of records that are read: those of a million parts."""


class Recipe:
    """A digest of what a part is made of: all that is asked for, and its chunks."""

    def __init__(self, asked: bytes, *, spans: bool) -> None:
        """`spans`: whether it also counts where in the text the part stands, as its timings do."""
        self._digest = hashlib.blake2b(asked, digest_size=32)
        self._spans = spans

    def add(self, chunk: Chunk) -> None:
        at = f"{chunk.start} {chunk.end} " if self._spans else ""
        words = f"{at}{chunk.begins}\0{chunk.text}\0"
        self._digest.update(words.encode(errors="surrogatepass"))

    def noted(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks, each added as it is taken."""
        for chunk in chunks:
            self.add(chunk)
            yield chunk

    def made(self) -> bytes:
        return self._digest.digest()


class Finished:
    """The finished files of one split, by their paths; `name` is what tells it from others.

    What cannot be read or written is as if nothing was finished.
    """

    def __init__(self, folder: Path, name: str, *, anew: bool) -> None:
        digest = hashlib.blake2b(os.fsencode(name), digest_size=32)
        self._file = folder / digest.hexdigest()
        self._known: dict[bytes, tuple[bytes, int, int]] = {}
        if anew:
            with contextlib.suppress(OSError):
                self._file.unlink()
        else:
            self._read()

    def has(self, path: str, made: bytes) -> bool:
        """Whether this file is finished, made of that, and as it was left."""
        try:
            about = os.stat(path)
        except OSError:
            return False
        found = self._known.get(_name(path))
        return found == (made, about.st_size, about.st_mtime_ns)

    def add(self, path: str, made: bytes) -> None:
        """Remember that this file is finished."""
        with contextlib.suppress(OSError):
            about = os.stat(path)
            private_folder(self._file.parent)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            with open(os.open(self._file, flags, 0o600), "wb", buffering=0) as file:
                file.write(RECORD.pack(_name(path), made, about.st_size, about.st_mtime_ns))

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._file.open("rb") as file:
            block = file.read(READ_MAX)
            whole = len(block) - len(block) % RECORD.size
            for name, made, size, written in RECORD.iter_unpack(block[:whole]):
                self._known[name] = made, size, written


def _name(path: str) -> bytes:
    return hashlib.blake2b(os.fsencode(os.path.abspath(path)), digest_size=16).digest()
