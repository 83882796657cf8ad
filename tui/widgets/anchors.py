"""Where a text that was taken from an editor stands in it, while somebody goes on writing."""

from __future__ import annotations


class Anchors:
    """`text` stood at character `start` of what was written; `changed` hears of each new state."""

    def __init__(self, written: str, start: int, text: str) -> None:
        self._written = written
        self._start = start
        self._text = text
        self._edits: list[tuple[int, int, int]] = []
        """Where, how many characters went, and how many came, one after the other."""

    def changed(self, written: str) -> None:
        """What is written has become this."""
        old, self._written = self._written, written
        if old == written:
            return
        most = min(len(old), len(written))
        head = _same(old, written, most)
        tail = _same_end(old, written, most - head)
        edit = (head, len(old) - head - tail, len(written) - head - tail)
        if self._edits:
            at, gone, came = self._edits[-1]
            if not edit[1] and edit[0] == at + came:  # somebody who types on
                self._edits[-1] = (at, gone, came + edit[2])
                return
        self._edits.append(edit)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where these characters of the text stand; None where they were changed."""
        first, last = start + self._start, end + self._start
        for at, gone, came in self._edits:
            if at + gone <= first:
                first, last = first + came - gone, last + came - gone
            elif at < last:
                return None
        return first, last

    def place(self, written: int) -> int | None:
        """Which character of the text stands there, if one does."""
        for at, gone, came in reversed(self._edits):
            if written >= at + came:
                written += gone - came
            elif written > at:
                return None
        place = written - self._start
        return place if 0 <= place <= len(self._text) else None

    def reworded(self, written: str, text: str) -> Anchors | None:
        """For the same text after one change, made in what is written and in the text alike; None
        where other changes were made before that."""
        return None if self._edits else Anchors(written, self._start, text)


def _same(one: str, other: str, most: int) -> int:
    """How many characters they have in common at the start."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_end(one: str, other: str, most: int) -> int:
    """The same at the end."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
