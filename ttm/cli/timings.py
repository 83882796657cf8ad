"""The files of `ttm say --timings`, `--srt` and `--vtt`: when each span of the text was said."""

from __future__ import annotations

from collections.abc import Iterable

from ttm.audio.target import Target
from ttm.narration.subtitles import Rows, Srt, Vtt
from ttm.speech import Timing


class TimingFile:
    """Timings in one of their formats, written as they come."""

    def __init__(self, target: Target, form: Srt | Vtt | Rows) -> None:
        self._target = target
        self._form = form

    def write(self, timings: Iterable[Timing]) -> None:
        """Raises OutputError."""
        self._target.write(self._form.feed(timings).encode(errors="replace"))

    def end(self) -> None:
        """Write the rest. Raises OutputError."""
        self._target.write(self._form.finish().encode(errors="replace"))

    def commit(self) -> None:
        """Make the file final. Raises OutputError."""
        self._target.commit()
