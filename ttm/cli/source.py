"""Where `ttm say` takes its text from: arguments, files, or stdin."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from ttm.config import TextSettings
from ttm.errors import NothingToSpeak, UsageError
from ttm.narration.plan import join
from ttm.text.cleaning import clean
from ttm.text.reading import open_text, read_text
from ttm.text.speakable import speakable


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

    def add(self, fd: int) -> None:
        """A file whose text belongs to it."""
        about = os.fstat(fd)
        self._known = self._known and stat.S_ISREG(about.st_mode)
        if self._known:
            self._files.append((fd, os.lseek(fd, 0, os.SEEK_CUR), about.st_size))

    def counted(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces of the text, each counted as it is read."""
        for piece in pieces:
            self._characters += len(piece)
            yield piece


def read(
    words: Sequence[str], files: Sequence[str], settings: TextSettings, extent: Extent
) -> Iterator[str]:
    """The text in pieces, as it arrives. A file that is not there is known at once."""
    if words and tuple(words) != ("-",):
        return extent.counted([" ".join(words)])
    if not words and not files and os.isatty(0):
        raise UsageError(
            "no text was given", "Type it as an argument, name a file with -f, or pipe it in"
        )
    opened = [("stdin", 0) if name == "-" else (name, open_text(name)) for name in files or "-"]
    for _, fd in opened:
        extent.add(fd)
    return extent.counted(
        join(
            read_text(fd, name=name, encoding=settings.encoding, errors=settings.errors)
            for name, fd in opened
        )
    )


def at_hand(words: Sequence[str], files: Sequence[str]) -> bool:
    """Whether all of the text is there, so that reading on never waits."""
    if words and tuple(words) != ("-",):
        return True
    sources = [0 if name == "-" else name for name in files or "-"]
    return all(stat.S_ISREG(os.stat(source).st_mode) for source in sources)


def begin(pieces: Iterator[str]) -> list[str]:
    """The pieces up to the first that can be spoken: no engine starts for a text without one.

    Raises NothingToSpeak.
    """
    begun = []
    for piece in pieces:
        begun.append(piece)
        if speakable(clean(piece).text):
            return begun
    why = "holds no letter, digit or symbol" if any(map(str.strip, begun)) else "is empty"
    raise NothingToSpeak(f"there is nothing to speak: the text {why}")
