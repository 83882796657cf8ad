"""The file of `ttm say --timings`: when each span of the text was said."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from ttm.audio.target import Target
from ttm.speech import Timing


class TimingFile:
    """Timings as one JSON object, a row a line, written as they come."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._before = b'{"unit": "characters and seconds", "timings": [\n'

    def write(self, timings: Iterable[Timing]) -> None:
        """Raises OutputError."""
        for timing in timings:
            row = asdict(timing)
            row |= {"at": round(timing.at, 4), "until": round(timing.until, 4)}
            self._target.write(self._before + json.dumps(row).encode())
            self._before = b",\n"

    def end(self) -> None:
        """Write the end of the object. Raises OutputError."""
        opening = b"" if self._before == b",\n" else self._before
        self._target.write(opening + b"\n]}\n")

    def commit(self) -> None:
        """Make the file final. Raises OutputError."""
        self._target.commit()
