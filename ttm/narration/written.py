"""What a user wrote where a chunk speaks: its words with every change taken back."""

from __future__ import annotations

from bisect import bisect_left

from ttm.narration.plan import Chunk
from ttm.text.traced import Change, plain

LONGEST = 200
"""Characters of the longest stretch that is shown as it was written; where more became something
else, such as a listing, what is said for it is shown."""


class Written:
    """A chunk as it was written, and the way there from the original's offsets."""

    def __init__(self, chunk: Chunk) -> None:
        self._spoken = chunk.text
        words = chunk.words or plain(chunk.text, chunk.start)
        self._origins = [words.origin(i) for i in range(len(chunk.text))]
        parts: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Where in `text` what stands for a spoken character begins and ends."""
        done = size = 0
        for change in chunk.changes:
            parts.append(self._kept(done, change.start, size))
            size += len(parts[-1])
            parts.append(shown(change, chunk.text[change.start : change.end]))
            self._starts += [size] * (change.end - change.start)
            size += len(parts[-1])
            self._ends += [size] * (change.end - change.start)
            done = change.end
        parts.append(self._kept(done, len(chunk.text), size))
        self.text = "".join(parts)
        """The chunk as a reader is shown it: white space collapsed, without markup."""

    def between(self, first: int, last: int) -> tuple[str, str]:
        """What was written at these offsets of the original, and what is said for it."""
        start = bisect_left(self._origins, first)
        end = max(start + 1, bisect_left(self._origins, last))
        if start >= len(self._origins):
            return "", ""
        return self.text[self._starts[start] : self._ends[end - 1]], self._spoken[start:end].strip()

    def _kept(self, start: int, end: int, size: int) -> str:
        """What is spoken as it was written, which comes `size` characters into the text."""
        self._starts += range(size, size + end - start)
        self._ends += range(size + 1, size + 1 + end - start)
        return self._spoken[start:end]


def shown(change: Change, spoken: str) -> str:
    """What a reader is shown for a stretch that is spoken otherwise than it was written.

    A rule with a dot in its name is one of a markup: what was written there is markup.
    """
    written = " ".join(change.written.split())
    if not written or len(written) > LONGEST or "." in change.rule:
        return spoken
    return written
