"""Workers that end with their test, and engines written for one test alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ttm.worker.client import Limits, Worker


@pytest.fixture
def plugins(faulty, monkeypatch, tmp_path) -> Path:
    """A folder beside the faulty engine's, in which workers find what a test puts there."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([faulty["PYTHONPATH"], str(folder)]))
    return folder


@pytest.fixture
def engine(plugins) -> Callable[[str], str]:
    """Offer an engine of this source, whose class is `Engine`, as another distribution would."""

    def offer(source: str) -> str:
        (plugins / "own.py").write_text(source)
        (about := plugins / "own-1.dist-info").mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1\n")
        (about / "entry_points.txt").write_text("[ttm.engines]\nown = own:Engine\n")
        return "own"

    return offer


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
