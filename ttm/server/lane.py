"""One model: who waits for it, and the one thread in which it is loaded, speaks and is let go."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ttm.config import Config
from ttm.errors import QueueFull, TtmError
from ttm.models.status import ModelStatus
from ttm.narration.narrator import Narrator

T = TypeVar("T")

AGAIN = 0.05
"""Seconds between two attempts to stop what goes on."""

USUAL = 2.0
"""Seconds that a turn is taken to last before one was seen."""

IDLE, LOADING, READY, FAILED = "unloaded", "loading", "ready", "failed"
"""What a lane can be."""


class Line:
    """Who may go next: first come, first served, but one client's orders never all come before
    another's. At most `most` wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._clients: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.taken = False
        self.waiting = 0
        self._usual = USUAL

    @contextlib.asynccontextmanager
    async def turn(self, client: str, what: str) -> AsyncIterator[None]:
        """Have one's turn, after those who came before. Raises QueueFull."""
        await self._come(client, what)
        began = time.monotonic()
        try:
            yield
        finally:
            self._usual += (time.monotonic() - began - self._usual) / 8
            self._go_on()

    async def _come(self, client: str, what: str) -> None:
        if not self.taken:
            self.taken = True
            return
        if self.waiting >= self._most:
            again = min(60.0, max(1.0, self._usual * (self.waiting + 1)))
            raise QueueFull(
                f"{self.waiting} requests wait for {what} already",
                f"Try again in {again:.0f} s",
                again_in=again,
            )
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clients.setdefault(client, deque()).append(place)
        self.waiting += 1
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._go_on()  # it was called in the moment in which it left
            else:
                self._forget(client, place)
            raise

    def _forget(self, client: str, place: asyncio.Future[None]) -> None:
        places = self._clients.get(client)
        if places is None or place not in places:
            return  # passed over already
        self.waiting -= 1
        places.remove(place)
        if not places:
            del self._clients[client]

    def _go_on(self) -> None:
        while self._clients:
            client, places = next(iter(self._clients.items()))
            place = places.popleft()
            self.waiting -= 1
            if places:
                self._clients.move_to_end(client)
            else:
                del self._clients[client]
            if not place.done():  # it is where its client has left, and does not know it yet
                place.set_result(None)
                return
        self.taken = False


class Lane:
    """A model's line, thread and narrator. Everything but `_in_thread` happens in the loop."""

    def __init__(self, model: str, config: Config, *, large: bool) -> None:
        self.model = model
        self.large = large
        """Whether it speaks with a checkpoint, which takes memory."""
        self.line = Line(config.server.max_queue)
        self.state = IDLE
        self.detail = "not loaded yet"
        self.progress: tuple[str, str, float] | None = None
        """Which model is being loaded, what of it, and how much of that is there from 0 to 1."""
        self.status: ModelStatus | None = None
        """As it was after the last turn."""
        self.served = False
        """Whether it was loaded before."""
        self.expires: float | None = None
        """When it is let go if nobody uses it, in seconds of the monotonic clock."""
        self.used = time.monotonic()
        self.timer: asyncio.TimerHandle | None = None
        self._config = config
        self._narrator = Narrator(config, loading=self._loading)
        self._thread = ThreadPoolExecutor(1, f"ttm-{model}"[:15])

    @property
    def busy(self) -> bool:
        """Whether somebody has a turn, or waits for one."""
        return self.line.taken or self.line.waiting > 0

    async def run(self, work: Callable[[Narrator], T], leave: Callable[[], None]) -> T:
        """Do this in the lane's thread. When the caller is cancelled, `leave` is called, and what
        goes on is stopped before this returns."""
        done = asyncio.wrap_future(self._thread.submit(work, self._narrator))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            leave()
            await self._stopped(done)
            raise

    async def _stopped(self, done: asyncio.Future[T]) -> None:
        """Wait until the thread is done, and see to it that it is soon."""
        while not done.done():
            self._narrator.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([done], timeout=AGAIN)
        if not done.cancelled():
            done.exception()  # nobody else asks for it

    def load(self, narrator: Narrator) -> None:
        """In the lane's thread: have the model ready. Raises what loading raises."""
        status = narrator.status(self.model) if self.state == READY else None
        if status is not None and status.ready:
            return
        self.state, self.detail = LOADING, f"loading {self.model}"
        try:
            warning = narrator.settle(self.model)
            narrator.load(self.model)
            self.status = narrator.status(self.model)
            if not self.status.ready:
                self.state, self.detail = IDLE, "loading was stopped"
                return
            self.served = True
            self.state, self.detail = READY, warning or f"{self.model} is loaded and ready"
        except TtmError as failure:
            self.state, self.detail = FAILED, failure.sentence
            raise

    def look(self, narrator: Narrator) -> None:
        """In the lane's thread: see what became of the model."""
        if self.state != READY:
            return
        self.status = narrator.status(self.model)
        if not self.status.ready:
            self.state, self.detail = FAILED, f"the worker of {self.model} is gone"

    def let_go(self, narrator: Narrator) -> None:
        """In the lane's thread: end the workers, so that the memory is free."""
        narrator.close()
        self.state, self.detail, self.status = IDLE, "not loaded", None

    async def close(self) -> None:
        """End the thread and the workers."""
        if self.timer:
            self.timer.cancel()
        await self._stopped(asyncio.wrap_future(self._thread.submit(self.let_go, self._narrator)))
        self._thread.shutdown(wait=False)

    def _loading(self, model: str, what: str, part: float) -> None:
        self.progress = (model, what, part)
        self.detail = f"loading {model}: {what} ({part:.0%})"
