"""Who computes on how many cores, where the codec decodes while the talker goes on.

The codec has one core. The kernels have all of them while it is idle, and leave it one while it is
not. Where it falls behind, as it does when several texts are spoken at once, the talker's thread
decodes too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import NamedTuple

import numba
import torch
from torch import Tensor

BEHIND = 3
"""Pieces of work that wait before the talker's thread helps."""


class _Work(NamedTuple):
    owner: Hashable
    """Work of one owner is done in the order in which it came."""
    do: Callable[[], Tensor]
    done: Future[Tensor]


class Cores:
    """The cores of a quantized model."""

    def __init__(self, count: int) -> None:
        """`count` of them, the codec's included; with one, everything takes turns."""
        # More than there are is an error to numba.
        self.count = max(1, min(count, numba.get_num_threads()))
        self._waiting: deque[_Work] = deque()
        self._owners: set[Hashable] = set()
        """Whose work is being done."""
        self._changed = threading.Condition()
        if self.count > 1:
            threading.Thread(target=self._decode, name="codec", daemon=True).start()

    def share(self) -> None:
        """Let the kernels that this thread calls next use what cores there are."""
        numba.set_num_threads(self.count - bool(self._owners))

    def beside(self, owner: Hashable, do: Callable[[], Tensor]) -> Future[Tensor]:
        """Have this done on the codec's core, behind what its owner asked for before."""
        work = _Work(owner, do, Future())
        with self._changed:
            self._waiting.append(work)
            self._changed.notify()
        while self.count == 1 or len(self._waiting) > BEHIND:
            if not self._help():
                break
        return work.done

    def result(self, done: Future[Tensor]) -> Tensor:
        """Wait for it, and help meanwhile."""
        while not done.done() and self._help():
            pass
        return done.result()

    def _help(self) -> bool:
        """Do a piece of work that waits; whether there was one that could be done."""
        with self._changed:
            work = self._next()
        if work:
            self._do(work)
        return work is not None

    def _next(self) -> _Work | None:
        """The first piece that may be done: nobody else is at work for its owner."""
        for work in self._waiting:
            if work.owner not in self._owners:
                self._waiting.remove(work)
                self._owners.add(work.owner)
                return work
        return None

    def _do(self, work: _Work) -> None:
        try:
            work.done.set_result(work.do())
        except BaseException as failure:
            work.done.set_exception(failure)
        with self._changed:
            self._owners.discard(work.owner)
            self._changed.notify()

    def _decode(self) -> None:
        # Both libraries count their threads for each thread that calls them.
        numba.set_num_threads(1)
        torch.set_num_threads(1)
        while True:
            with self._changed:
                while (work := self._next()) is None:
                    self._changed.wait()
            self._do(work)
