"""The server's process: its signals, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from ttm import __version__
from ttm.config import Config
from ttm.server.app import create_app
from ttm.server.hall import Hall
from ttm.server.listening import BACKLOG, Listening
from ttm.server.log import Log
from ttm.server.wire import Protocol

LOOK = 1.0
"""Seconds between two looks at whether nobody uses the server any more."""
QUIET = 3.0
"""Seconds without a connection before it leaves, in which a client that has found it speaks."""
SETTLED = 0.05
"""Seconds between two looks at whether the last client of one that leaves is done."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Server(uvicorn.Server):
    """Ends at the first signal when what goes on is done, and at the second at once."""

    hall: Hall
    second = 0
    """The second signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit, self.second = True, sig
        self.should_exit = self.hall.closing = True


def serve(
    config: Config,
    place: Listening,
    *,
    idle: float | None = None,
    write: Callable[[str], object],
) -> int:
    """Serve until a signal comes, or nobody has used it for `idle` seconds; the exit code.

    `write` is called with each line of the log, and with where it listens, in a thread that may be
    left behind.
    """
    with contextlib.closing(Log(write)) as log:
        return _served(config, place, idle, log)


def _served(config: Config, place: Listening, idle: float | None, log: Log) -> int:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)  # the guard tells of everything
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    hall = Hall(config)
    app = create_app(config, hall, key=place.key, log=log)
    protocol = type("Bound", (Protocol,), {"receipt": config.server.receipt})
    server = _Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=config.server.grace,  # type: ignore[arg-type]
        )
    )
    server.hall = hall

    async def main() -> None:
        serving = asyncio.create_task(server.serve(place.sockets))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if server.started:
            log.line("listening", pid=os.getpid(), version=__version__, **place.addresses)
            log.say(f"ttm: listening on {' and '.join(place.addresses.values())}")
        watching = asyncio.create_task(_until_idle(server, hall, place, idle)) if idle else None
        await serving
        if watching:
            watching.cancel()

    asyncio.run(main())
    log.line("ended", pid=os.getpid())
    return 128 + server.second if server.second else 0


async def _until_idle(server: _Server, hall: Hall, place: Listening, idle: float) -> None:
    """End the server once nobody has used it for so long.

    Whoever asks whether it is there is about to use it. It is found no more before it ends, and
    whoever had found it by then is served.
    """
    state = server.server_state
    asked, seen = time.monotonic(), 0
    while not server.should_exit:
        await asyncio.sleep(min(LOOK, idle / 4))
        now = time.monotonic()
        if state.connections or state.total_requests != seen:
            asked, seen = now, state.total_requests
        if state.tasks or hall.busy:
            hall.used = now
        if now - hall.used > idle and now - asked > min(QUIET, idle):
            break
    place.withdraw()
    # Connections that nobody has taken yet are taken in one turn of the loop.
    await asyncio.sleep(SETTLED)
    while state.connections or hall.busy:
        await asyncio.sleep(SETTLED)
    server.should_exit = hall.closing = True
