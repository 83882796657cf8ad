"""The chunks of a text, for two who speak it in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from ttm.narration.plan import Chunk


class Script:
    """A plan's chunks by their place, from 0; each is planned when the first one asks for it.

    For several threads; asking waits where the text has to be waited for.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks = iter(chunks)
        self._known: list[Chunk | None] = []
        self._lock = threading.Lock()
        self.kept = True
        """Whether somebody may ask twice; without that, what was asked for is forgotten."""

    def get(self, place: int) -> Chunk | None:
        """None behind the last one."""
        if place >= len(self._known):
            with self._lock:
                while place >= len(self._known):
                    chunk = next(self._chunks, None)
                    if chunk is None:
                        return None
                    self._known.append(chunk)
        found = self._known[place]
        if not self.kept:
            self._known[place] = None
        return found

    def sentence(self, place: int) -> list[Chunk]:
        """From this chunk to the one that ends its sentence."""
        found = []
        while (chunk := self.get(place)) is not None:
            found.append(chunk)
            place += 1
            if chunk.ends != "cut" or not chunk.text:
                break
        return found

    def since(self, place: int) -> Iterator[Chunk]:
        """This one and all after it."""
        while (chunk := self.get(place)) is not None:
            yield chunk
            place += 1

    def end(self) -> None:
        """Plan all of it."""
        for _ in self.since(len(self._known)):
            pass
