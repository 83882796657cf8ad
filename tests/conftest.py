"""What every test stands on: a home of its own, the command as a user runs it, no leftovers."""

from __future__ import annotations

import compileall
import contextlib
import itertools
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

PLUGIN = Path(__file__).parent / "faulty"
"""A folder with an engine that fails on demand, offered through the entry-point group."""

FAKE_SERVER = Path(__file__).parent / "fake_server.py"
MOCK_HUB = Path(__file__).parent / "mock_hub.py"
WARM = Path(__file__).parent / "warm.py"
FRAME_SERVER = Path(__file__).parent / "frame_server.py"

LISTED = os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")

LIMIT = 60
"""Seconds that a command may take; nothing in a test waits for ever."""

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there yet. `mktemp` looks through all that there are before it makes
    one: 5 ms when there are thousands."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; no setting of the person who runs the tests reaches them."""
    folder, runtime = next(_homes), next(_homes)
    folder.mkdir(0o700)
    runtime.mkdir(0o700)
    for name in [n for n in os.environ if n.startswith(("TTM_", "XDG_", "LC_", "HF_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    # Where running programs of ttm find each other; a socket's path may have 100 bytes. Tests that
    # play must not wait for each other's turn.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("LANG", "C.UTF-8")
    # A player that the machine has must not begin to speak during the tests.
    monkeypatch.setenv("TTM_PLAYBACK_PLAYER", "none")
    # Nor may a command at a pseudo-terminal leave a server behind.
    monkeypatch.setenv("TTM_DAEMON_AUTOSTART", "false")
    return folder


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a child process running or a zombie unburied."""
    me = os.getpid()
    before = offspring(me)
    yield
    deadline = time.monotonic() + 3
    while left := offspring(me) - before:
        if time.monotonic() > deadline:
            names = [_named(each) for each in left]
            pytest.fail(f"left running: {names}")
        time.sleep(0.02)


def offspring(pid: int) -> set[int]:
    """Its children, their children and so on. Where Linux has a list, it is read: psutil asks every
    process of the machine for its parent, which takes 2 ms, twice a test."""
    if not LISTED:
        return {each.pid for each in psutil.Process(pid).children(recursive=True)}
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found |= set(map(int, file.read().split()))
    return found.union(*map(offspring, found))


def _named(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return " ".join(process.cmdline())[:120] or process.name()
    except psutil.Error as unknown:
        return repr(unknown)


def pytest_configure(config: pytest.Config) -> None:
    # Where PYTHONDONTWRITEBYTECODE is set, each of some thousand processes would compile anew what
    # was edited, and each worker would rewrite the assertions of every test, which takes it 4 s.
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        root = Path(__file__).parent.parent
        for folder in (root / "ttm", root / "tui", PLUGIN):
            compileall.compile_dir(folder, quiet=2)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: a third of the tests' time is spent waiting for something."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fresh", action="store_true", help="start every `ttm` as a new process")


@pytest.fixture(scope="session")
def _warm(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[list[Any]]:
    """Pythons that have imported ttm already, without and with the faulty engine on their path."""
    warm: list[Any] = []
    if not pytestconfig.getoption("--fresh"):
        known = runpy.run_path(str(WARM))["Warm"]
        usual = {**os.environ, "LANG": "C.UTF-8"}
        for name in [n for n in usual if n.startswith("LC_")]:
            del usual[name]
        for extra in ({}, {"PYTHONPATH": str(PLUGIN)}):
            warm.append(known(tmp_path_factory.mktemp("warm"), {**usual, **extra}))
    yield warm
    for each in warm:
        each.close()


@pytest.fixture
def ttm(tmp_path: Path, _warm: list[Any]) -> Run:
    """Run `ttm` in an empty folder: `ttm("say", "hi", "-o", "x.wav", input=b"", env={...})`.

    stdin is empty unless `input` or `stdin` is given. It is a fork of a Python that has imported
    ttm already (tests/warm.py) where that makes no difference but 0.15 s: not when the call asks
    for another start of Python (PYTHONPATH, a locale, COLUMNS, TTM_DEBUG, ...) or has a terminal,
    nor under `--fresh`. What `begin` and `shell` start is always a process of its own.
    """

    def run(
        *words: str | Path,
        input: bytes | None = None,
        env: dict[str, str] | None = None,
        **options: object,
    ) -> subprocess.CompletedProcess[bytes]:
        if input is None and "stdin" not in options:
            options["stdin"] = subprocess.DEVNULL
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", tmp_path)
        environment = {**os.environ, **(env or {})}
        texts = list(map(str, words))
        for each in _warm:
            if each.fits(environment, options):
                return each.run(texts, input=input, env=environment, timeout=LIMIT, **options)
        return subprocess.run(
            [sys.executable, "-m", "ttm", *texts],
            input=input,
            env=environment,
            timeout=LIMIT,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run


@pytest.fixture
def mock_hub() -> Iterator[Callable[..., Any]]:
    """Start hubs on loopback; see tests/mock_hub.py."""
    started = []

    def start(**options: Any) -> Any:
        started.append(runpy.run_path(str(MOCK_HUB))["MockHub"](**options))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture(scope="session")
def _fake_server() -> Any:
    """The class; read once, because it keeps what it has encoded."""
    return runpy.run_path(str(FAKE_SERVER))["FakeServer"]


@pytest.fixture
def fake_server(_fake_server) -> Iterator[Callable[..., Any]]:
    """Start servers of OpenAI's routes on loopback; see tests/fake_server.py."""
    started = []

    def start(*wrong: str, key: str = "") -> Any:
        started.append(_fake_server(*wrong, key=key))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture
def frames() -> Iterator[SimpleNamespace]:
    """What is in tests/frame_server.py; `frames.start()` starts a server."""
    known = runpy.run_path(str(FRAME_SERVER))
    started = []

    def start(socket: Path | None = None) -> Any:
        started.append(known["FrameServer"](socket))
        return started[-1]

    yield SimpleNamespace(**{**known, "start": start})
    for each in started:
        each.end()


@pytest.fixture
def faulty() -> dict[str, str]:
    """The environment in which the model `faulty` exists; see tests/faulty/ttm_faulty.py.

    The orders in its texts reach it as they are written: `loop-1` is not `loop minus one`.
    """
    return {"PYTHONPATH": str(PLUGIN), "TTM_TEXT_NORMALIZE": "off"}


@pytest.fixture
def plugins(faulty, monkeypatch, tmp_path) -> Path:
    """A folder beside the faulty engine's, in which this process and its workers find engines."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    places = [faulty["PYTHONPATH"], str(folder)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    for place in places:
        monkeypatch.syspath_prepend(place)
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
