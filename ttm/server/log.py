"""What the server tells of itself: one JSON object a line on stderr, without anybody's text."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from typing import Any

CUT = 200
"""Characters of a value that are logged."""


class Log:
    """Writes lines; what cannot be written is lost, and nothing else is."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def line(self, event: str, **about: Any) -> None:
        """One thing that happened. Never give it a text, a key or a file's name of a client."""
        row = {"time": round(time.time(), 3), "event": event}
        row |= {key: _short(value) for key, value in about.items() if value not in (None, "")}
        try:
            # Escaped to ASCII: no line break and no control of a client's reaches a terminal.
            self._write(json.dumps(row))
        except (OSError, ValueError):
            return

    def bug(self, failure: BaseException, **about: Any) -> None:
        """An exception that nobody foresaw: its kind and where it came from, not its words."""
        frames = traceback.extract_tb(failure.__traceback__)
        where = [f"{frame.filename.rpartition('/ttm/')[2]}:{frame.lineno}" for frame in frames]
        self.line("bug", kind=type(failure).__name__, where=" < ".join(where[:-6:-1]), **about)


def _short(value: Any) -> Any:
    return value[:CUT] if isinstance(value, str) else value
