"""What the server tells of itself: one JSON object a line on stderr, without anybody's text."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

CUT = 200
"""Characters of a value that are logged."""
WAITING = 2_000
"""Lines that may wait to be written; more are left out, and counted."""
PATIENCE = 1.0
"""Seconds that the last lines are given when the server ends."""


class Log:
    """Writes lines in a thread of its own: a pipe that nobody reads would hold the loop for ever.

    What cannot be written is lost, and nothing else is.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._lines: deque[str] = deque()
        self._lost = 0
        self._ended = False
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def line(self, event: str, **about: Any) -> None:
        """One thing that happened. Never give it a text, a key or a file's name of a client."""
        self._put(_row(event, about))

    def say(self, sentence: str) -> None:
        """A line for a person."""
        self._put(sentence)

    def bug(self, failure: BaseException, **about: Any) -> None:
        """An exception that nobody foresaw: its kind and where it came from, not its words."""
        frames = traceback.extract_tb(failure.__traceback__)
        where = [f"{frame.filename.rpartition('/ttm/')[2]}:{frame.lineno}" for frame in frames]
        self.line("bug", kind=type(failure).__name__, where=" < ".join(where[:-6:-1]), **about)

    def close(self) -> None:
        """Write what waits, if somebody takes it soon."""
        with self._news:
            self._ended = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _put(self, line: str) -> None:
        with self._news:
            if len(self._lines) >= WAITING:
                self._lost += 1
                return
            self._lines.append(line)
            self._news.notify()
            if self._thread is None:
                # A daemon: one that is held by a full pipe does not keep the process.
                self._thread = threading.Thread(target=self._run, name="ttm-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._lines and not self._ended:
                    self._news.wait()
                if not self._lines:
                    return
                line, lost = self._lines.popleft(), 0
                if not self._lines:
                    lost, self._lost = self._lost, 0
            try:
                self._write(line)
                if lost:
                    self._write(_row("lines_lost", {"lines": lost}))
            except (OSError, ValueError):
                continue


def _row(event: str, about: dict[str, Any]) -> str:
    row = {"time": round(time.time(), 3), "event": event}
    row |= {key: _short(value) for key, value in about.items() if value not in (None, "")}
    # Escaped to ASCII: no line break and no control of a client's reaches a terminal.
    return json.dumps(row)


def _short(value: Any) -> Any:
    return value[:CUT] if isinstance(value, str) else value
