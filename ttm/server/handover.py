"""Between a thread that makes something and the loop that passes it on: bounded, and left at any
time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

ROOM = 2 << 20
"""Bytes that may wait for the loop; more keep the thread waiting."""


class Left(Exception):
    """Nobody wants what a thread makes any more."""


class Handover(Generic[T]):
    """Made in the loop; `put` and `end` are for one thread, the rest for the loop."""

    def __init__(self, room: int = ROOM) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = room
        self._items: deque[tuple[T, int]] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._news = asyncio.Event()
        self._ended = self._left = False
        self._failure: BaseException | None = None

    @property
    def left(self) -> bool:
        return self._left

    def check(self) -> None:
        """Raise Left when nobody wants any more."""
        if self._left:
            raise Left

    def put(self, item: T, size: int) -> None:
        """Pass on an item of so many bytes, once there is room. Raises Left."""
        with self._changed:
            while self._size and self._size + size > self._room and not self._left:
                self._changed.wait()
            self.check()
            self._items.append((item, size))
            self._size += size
        self._tell()

    def end(self, failure: BaseException | None = None) -> None:
        """There is no more, because of a failure or not."""
        with self._changed:
            self._ended, self._failure = True, self._failure or failure
        self._tell()

    async def get(self) -> T | None:
        """The next item; None at the end. Raises the failure that it ended with."""
        while True:
            with self._changed:
                if self._items:
                    item, size = self._items.popleft()
                    self._size -= size
                    self._changed.notify_all()
                    return item
                if self._ended and self._failure is not None:
                    raise self._failure
                if self._ended or self._left:
                    return None
                self._news.clear()
            await self._news.wait()

    def leave(self) -> None:
        """Want no more."""
        with self._changed:
            self._left = True
            self._items.clear()
            self._size = 0
            self._changed.notify_all()
        self._news.set()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits in it
            self._loop.call_soon_threadsafe(self._news.set)
