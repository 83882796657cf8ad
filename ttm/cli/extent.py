"""How long a text is that comes in pieces."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from ttm.text.markup import Opening


class Extent:
    """How long the text is, where that is known: as an argument, or in files."""

    def __init__(self) -> None:
        self._files: list[tuple[int, int, int]] = []
        """Each descriptor, with where in it the text begins and ends."""
        self._characters = 0
        """Read so far."""
        self._known = True

    def part(self, characters: int) -> float | None:
        """Which part of the text so many characters are, from 0 to 1; None where nobody knows.

        Files are measured in bytes, and what has been read of them tells how many make a character.
        """
        if not self._known or not self._characters:
            return None
        whole = float(self._characters)
        if self._files:
            read = sum(os.lseek(fd, 0, os.SEEK_CUR) - start for fd, start, _ in self._files)
            whole *= sum(end - start for _, start, end in self._files) / max(1, read)
        return min(1.0, characters / whole) if whole else None

    def add(self, fd: int, *, known: bool = True) -> None:
        """A file whose text belongs to it, of a length that its bytes tell if `known`."""
        about = os.fstat(fd)
        self._known = self._known and known and stat.S_ISREG(about.st_mode)
        if self._known:
            self._files.append((fd, os.lseek(fd, 0, os.SEEK_CUR), about.st_size))

    def counted(self, pieces: Iterable[str | Opening]) -> Iterator[str | Opening]:
        """The pieces of the text, each counted as it is read."""
        for piece in pieces:
            if isinstance(piece, str):
                self._characters += len(piece)
            yield piece
