"""Text that knows where each of its characters came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a text that is spoken otherwise than it was written."""

    start: int
    """Index of its first character in what is spoken."""
    end: int
    """One past its last character there."""
    first: int
    """Original offset of the first character that it stands for."""
    last: int
    """One past the last of those."""
    rule: str
    """What made it, such as `date`, `lexicon` or `markdown.code`."""
    written: str
    """What stood there."""
    phonemes: str = ""
    """How it sounds, in IPA, where that was given; the text then is what other engines say."""
    final: bool = True
    """Spoken just so; otherwise it is text like any other, to which rules still apply."""


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
    changes: tuple[Change, ...] = ()
    """What does not stand in the original as it is here; in order, without overlaps."""

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
            return Traced(text, (0,), (first,), first + len(text), self._changed(start, stop))
        first, end = self.origin(start), self.origin(stop)
        if not text or len(self.at) == 1:
            return Traced(text, (0,), (first,), end, self._changed(start, stop))
        run, stop_run = bisect_right(self.at, start), bisect_left(self.at, stop)
        at = (0, *(i - start for i in self.at[run:stop_run]))
        source = (first, *self.source[run:stop_run])
        return Traced(text, at, source, end, self._changed(start, stop))

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The original offsets that the characters from `start` up to `stop` stand for."""
        first, last = self.origin(start), self.origin(max(start, stop - 1)) + 1
        for change in self.changes:
            if change.start < stop and change.end > start:
                first, last = min(first, change.first), max(last, change.last)
        return first, last

    def replaced(self, edits: Iterable[tuple[int, int, str, str]]) -> Traced:
        """With other words for some stretches, each given as (start, stop, spoken, rule).

        The edits are in order, do not overlap, and leave alone what was changed before.
        """
        tracer, done = Tracer(), 0
        for start, stop, spoken, rule in edits:
            tracer.copy(self, done, start)
            tracer.say(spoken, self.span(start, stop), rule, self.text[start:stop])
            done = stop
        if not done:
            return self
        tracer.copy(self, done, len(self.text))
        return tracer.built(self.end)

    def respelled(self, text: str) -> Traced:
        """With `text`, of the same length, in place of its own."""
        return replace(self, text=text)

    def _changed(self, start: int, stop: int) -> tuple[Change, ...]:
        """The changes within a part, by its own indices."""
        if not self.changes:
            return ()
        first = bisect_right(self.changes, start, key=attrgetter("end"))
        last = bisect_left(self.changes, stop, key=attrgetter("start"))
        return tuple(
            replace(
                one,
                start=max(one.start, start) - start,
                end=min(one.end, stop) - start,
                # A part of a word does not sound like all of it.
                phonemes=one.phonemes if start <= one.start and one.end <= stop else "",
            )
            for one in self.changes[first:last]
        )

    def __add__(self, other: Traced) -> Traced:
        if not self.text:
            return other
        if not other.text:
            return replace(self, end=other.end)
        size = len(self.text)
        seamless = self.source[-1] + size - self.at[-1] == other.source[0]
        at, source = other.at[seamless:], other.source[seamless:]
        return Traced(
            self.text + other.text,
            (*self.at, *(i + size for i in at)),
            self.source + source,
            other.end,
            self.changes + _moved(other.changes, size),
        )


def _moved(changes: tuple[Change, ...], by: int) -> tuple[Change, ...]:
    return tuple(replace(one, start=one.start + by, end=one.end + by) for one in changes)


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
        self._changes: list[Change] = []

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
        if len(traced.at) == 1 and not traced.changes:
            self.add(traced.text[start:stop], traced.source[0] + start)
            return
        part = traced.cut(start, stop)
        self._changes += _moved(part.changes, self._size)
        for k, i in enumerate(part.at):
            after = part.at[k + 1] if k + 1 < len(part.at) else len(part.text)
            self.add(part.text[i:after], part.source[k])

    def say(
        self,
        text: str,
        span: tuple[int, int],
        rule: str,
        written: str,
        phonemes: str = "",
        final: bool = True,
    ) -> None:
        """Append `text`, which is spoken for the original's `span`."""
        if not text:
            return
        self._changes.append(
            Change(self._size, self._size + len(text), *span, rule, written, phonemes, final)
        )
        self.add(text[0], span[0])
        if more := len(text) - 1:  # each of them stands where what was written begins
            self._parts.append(text[1:])
            self._at += range(self._size, self._size + more)
            self._source += [span[0]] * more
            self._size += more

    def built(self, end: int) -> Traced:
        """The whole; `end` is the original offset just past it."""
        if not self._at:
            return Traced("", (0,), (end,), end)
        at, source = tuple(self._at), tuple(self._source)
        return Traced("".join(self._parts), at, source, end, tuple(self._changes))
