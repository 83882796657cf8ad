"""Text that knows where each of its characters came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traced:
    """A text made of runs, each copied in order from one place of the original."""

    text: str
    at: tuple[int, ...]
    """Indices of `text` at which runs begin; the first is 0."""
    source: tuple[int, ...]
    """Original offset of each run's first character."""
    end: int
    """Original offset just past everything that this text stands for."""

    def origin(self, i: int) -> int:
        """The original offset of character `i`; the end of the text maps to the end."""
        if i >= len(self.text):
            return self.end
        if len(self.at) == 1:
            return self.source[0] + i
        run = bisect_right(self.at, i) - 1
        return self.source[run] + i - self.at[run]

    def cut(self, start: int, stop: int) -> Traced:
        """The part from `start` up to `stop`."""
        text = self.text[start:stop]
        if len(self.at) == 1 and start < stop < len(self.text):
            first = self.source[0] + start
            return Traced(text, (0,), (first,), first + len(text))
        first, end = self.origin(start), self.origin(stop)
        if not text or len(self.at) == 1:
            return Traced(text, (0,), (first,), end)
        run, stop_run = bisect_right(self.at, start), bisect_left(self.at, stop)
        at = (0, *(i - start for i in self.at[run:stop_run]))
        return Traced(text, at, (first, *self.source[run:stop_run]), end)

    def __add__(self, other: Traced) -> Traced:
        if not self.text:
            return other
        if not other.text:
            return Traced(self.text, self.at, self.source, other.end)
        size = len(self.text)
        seamless = self.source[-1] + size - self.at[-1] == other.source[0]
        at, source = other.at[seamless:], other.source[seamless:]
        return Traced(
            self.text + other.text,
            (*self.at, *(i + size for i in at)),
            self.source + source,
            other.end,
        )


def plain(text: str, start: int = 0) -> Traced:
    """`text` as it stands at `start` in the original."""
    return Traced(text, (0,), (start,), start + len(text))


class Tracer:
    """Builds a traced text run by run."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at: list[int] = []
        self._source: list[int] = []
        self._size = 0

    def add(self, text: str, source: int) -> None:
        """Append `text`, which stands at `source` in the original."""
        if not text:
            return
        if not self._at or self._source[-1] + self._size - self._at[-1] != source:
            self._at.append(self._size)
            self._source.append(source)
        self._parts.append(text)
        self._size += len(text)

    def copy(self, traced: Traced, start: int, stop: int) -> None:
        """Append a part of another traced text."""
        part = traced.cut(start, stop)
        for k, i in enumerate(part.at):
            after = part.at[k + 1] if k + 1 < len(part.at) else len(part.text)
            self.add(part.text[i:after], part.source[k])

    def built(self, end: int) -> Traced:
        """The whole; `end` is the original offset just past it."""
        if not self._at:
            return Traced("", (0,), (end,), end)
        return Traced("".join(self._parts), tuple(self._at), tuple(self._source), end)
