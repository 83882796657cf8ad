"""Workers that end with their test, and engines written for one test alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from ttm.worker.client import Limits, Worker


@pytest.fixture
def worker(plugins) -> Iterator[Callable[..., Worker]]:
    """Open a worker: `worker("faulty", no_progress=1)`; the rest are limits."""
    opened: list[Worker] = []

    def open_one(
        name: str = "faulty", options: dict[str, object] | None = None, **limits
    ) -> Worker:
        opened.append(Worker(name, options, Limits(**limits)))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def session(leader: int) -> list[psutil.Process]:
    """The living processes of the session that a worker leads."""
    living: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return living


@pytest.fixture
def gone() -> Callable[..., float]:
    """Wait until a worker's process and all that it started are gone; how many seconds it took."""

    def wait(leader: int, within: float = 3) -> float:
        began = time.monotonic()
        while left := session(leader):
            assert time.monotonic() - began < within, f"left running: {left}"
            time.sleep(0.01)
        return time.monotonic() - began

    return wait


@pytest.fixture
def family() -> Callable[[int], list[psutil.Process]]:
    """The living processes of a worker: itself and what it started."""
    return session
