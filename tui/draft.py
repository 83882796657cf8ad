"""The text that is being written, kept on disk while it is."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from ttm import paths

QUIET = 1.0
"""Seconds without a change after which the text is written."""


def place() -> Path:
    """Where it is kept."""
    return paths.history_dir() / "draft.txt"


class Draft:
    """The text, in memory and in a file that only its owner can read.

    `write` returns at once; a thread of its own writes the file a moment after the last change,
    whole or not at all. Where `kept` is false nothing reaches a disk.
    """

    def __init__(self, path: Path | None = None, *, kept: bool = True) -> None:
        self.path = path or place()
        self._kept = kept
        self._text = ""
        self._unsaved = False
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._aside = False
        """Whether what is on the disk is another draft, to be put aside before it is replaced."""
        self._opened = False
        """Whether the text is one that was opened, and not changed since: nobody's draft."""
        self.trouble = ""
        """Why it could not be written, the last time; empty when it could."""

    @property
    def text(self) -> str:
        """What was written last."""
        return self._text

    def read(self) -> str:
        """What was kept before, which becomes the text; empty where there was nothing."""
        if self._kept:
            with contextlib.suppress(OSError, ValueError):
                self._text = self.path.read_text(encoding="utf-8")
        return self._text

    @property
    def before(self) -> Path:
        """Where the draft is kept that was written before another text was opened."""
        return self.path.with_name("draft-before.txt")

    def open(self, text: str) -> bool:
        """Take this text, which was written elsewhere; whether there was a draft, which is then
        kept as `before` as soon as this one is changed."""
        self.save()
        with self._lock:
            self._text, self._aside = text, self._aside or not self._opened
            self._opened = True
            return self._kept and self._aside and _has_text(self.path)

    def keep(self) -> None:
        """Have the text on the disk, though it may be one that was only opened."""
        with self._lock:
            if self._opened:
                self._opened, self._unsaved = False, True
        self.save()

    def write(self, text: str) -> None:
        """Take this text, and keep it soon."""
        with self._lock:
            if text == self._text:
                return
            self._text, self._unsaved, self._opened = text, True, False
            if not self._kept:
                return
            if self._timer:
                self._timer.cancel()
            self._timer = threading.Timer(QUIET, self.save)
            self._timer.daemon = True
            self._timer.start()

    def save(self) -> None:
        """Write it where it is kept, if it has changed; `trouble` says what went wrong."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            if not (self._kept and self._unsaved):
                return
            text, self._unsaved = self._text, False
            try:
                if self._aside:
                    with contextlib.suppress(FileNotFoundError):
                        os.replace(self.path, self.before)
                    self._aside = False
                self._replace(text.encode("utf-8", "replace"))
                self.trouble = ""
            except OSError as failure:
                self._unsaved = True
                self.trouble = failure.strerror or str(failure)

    def _replace(self, block: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _has_text(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
