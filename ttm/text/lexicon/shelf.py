"""Files of words, read again only when they have changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ttm.text.lexicon import File, Lexicon

Stamp = tuple[int, int, int]


class Shelf:
    """Reads lexicons, and keeps what it read."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[Stamp, File]] = {}

    def lexicon(self, paths: Iterable[Path]) -> Lexicon:
        """Of the files among these that are there; later ones win.

        Raises ConfigError for one that is wrong.
        """
        found: dict[Path, File] = {}
        for path in paths:
            if file := self._file(path):
                found.setdefault(Path(os.path.realpath(path)), file)
        return Lexicon(found.values())

    def _file(self, path: Path) -> File | None:
        try:
            about = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError):
            pass  # reading it says what is wrong
        else:
            stamp = (about.st_ino, about.st_size, about.st_mtime_ns)
            if path in self._kept and self._kept[path][0] == stamp:
                return self._kept[path][1]
            file = _read(path)
            if file:
                self._kept[path] = (stamp, file)
            return file
        return _read(path)


def _read(path: Path) -> File | None:
    from ttm.text.lexicon.reading import read  # most people have no such file

    return read(path)
