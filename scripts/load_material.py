"""What the scripts that load a server share: a server of their own, clients, figures, verdicts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from bench_material import TTM, machine, show

ROOT = Path(__file__).parents[1]
FAULTY = ROOT / "tests" / "faulty"
"""A folder with the engine that does what its text says; see ttm_faulty.py there."""

STARTS = 60.0
"""Seconds that a server has to be there."""
ENDS = 30.0
"""Seconds that it has to be gone."""
CANARY = "quixotic"
"""A word of every text, which no log and no refusal may repeat."""
ROUTE = "/v1/audio/speech"

SETTINGS = """
[say]
model = "faulty"
[models]
keep_alive = "-1"
[engine]
crashes = 10000
[guard]
enabled = false
[cache]
enabled = false
[server]
port = {port}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """A server's processes at a moment."""

    pid: int
    rss: int
    """Bytes of the server alone."""
    peak: int
    """Bytes that it had at the most since it began; 0 where the system does not tell."""
    workers: int
    """Bytes of its children."""
    descriptors: int
    threads: int
    children: tuple[int, ...]
    zombies: int
    files: int
    """Entries of the folder for temporary files."""


class ServerGone(Exception):
    """The server ended by itself, or was ended; its last words."""


class Serving:
    """A `ttm serve` in a home of its own, with the engine `faulty`; ended with the block.

    `settings`: KEY=VALUE each.
    """

    def __init__(self, *settings: str, **environment: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ttm-load-")
        self.home = Path(self._folder.name)
        self.tmp = self.home / "tmp"
        self.tmp.mkdir()
        (self.home / "run").mkdir(mode=0o700)
        self.port = free_port()
        (self.home / "settings.toml").write_text(SETTINGS.format(port=self.port))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TTM_", "XDG_"))}
        env = kept | {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "TMPDIR": str(self.tmp),
            "TTM_CONFIG": str(self.home / "settings.toml"),
            "PYTHONPATH": str(FAULTY),
            **environment,
        }
        self._log = (self.home / "log").open("wb")
        command = [str(TTM), "serve", "--port", str(self.port)]
        for one in settings:
            command += ["--set", one]
        self._popen = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        self.process = psutil.Process(self._popen.pid)

    def __enter__(self) -> Serving:
        try:
            self._await()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        try:
            self.code = self._popen.wait(ENDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self.code = self._popen.wait()
        self._log.close()
        self.said = (self.home / "log").read_text(errors="replace")
        self._folder.cleanup()

    def _await(self) -> None:
        deadline = time.monotonic() + STARTS
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                sys.exit(f"ttm serve ended with {self._popen.returncode}: {self.log()[-2000:]}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5).close()
                return
            time.sleep(0.05)
        sys.exit(f"ttm serve is not there after {STARTS:g} s: {self.log()[-2000:]}")

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def look(self) -> Look:
        """The processes as they are. A server that is gone ends the script with its last words."""
        if not self.running:
            raise ServerGone(f"ttm serve ended with {self._popen.returncode}: {self.log()[-2000:]}")
        workers, zombies, pids = 0, 0, []
        spare = False
        for child in self.process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                # One encoder is kept ready once any was needed.
                if not spare and child.cmdline()[-1:] == ["spare"]:
                    spare = True
                elif child.status() == psutil.STATUS_ZOMBIE:
                    zombies += 1
                else:
                    workers += child.memory_info().rss
                    pids.append(child.pid)
        peak = 0
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        with self.process.oneshot():
            return Look(
                self.process.pid,
                self.process.memory_info().rss,
                peak,
                workers,
                self.process.num_fds(),
                self.process.num_threads(),
                tuple(pids),
                zombies,
                sum(1 for _ in self.tmp.iterdir()),
            )

    def forget_peak(self) -> None:
        """Have VmHWM begin anew; where that is not allowed it tells the whole life's."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def settled(self, before: Look, within: float, slack: int = 2) -> float | None:
        """Seconds until descriptors and threads are as before; None when they are not `within`."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            now = self.look()
            more = (now.descriptors - before.descriptors, now.threads - before.threads)
            if max(more) <= slack and not now.zombies:
                return time.monotonic() - began
            time.sleep(0.05)
        return None


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as sought:
        sought.bind(("127.0.0.1", 0))
        return int(sought.getsockname()[1])


def many_descriptors() -> int:
    """As many as the system gives; a thousand clients need more than the usual 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


# ---- clients


@dataclass(slots=True)
class Reply:
    """What came of a request."""

    fate: str = "reset"
    """answered, left (as was meant), cut (a body without its end), reset, timeout"""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    first: float = 0.0
    """Seconds to the first byte of the body."""
    seconds: float = 0.0

    @property
    def code(self) -> str:
        """`error.code`, where there is one."""
        try:
            return str(json.loads(self.body)["error"]["code"])
        except (ValueError, LookupError, TypeError):
            return ""


def speech(text: str, **fields: Any) -> bytes:
    """The body of a request for speech as PCM."""
    asked = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
    return json.dumps(asked | fields).encode()


async def ask(
    port: int,
    body: bytes = b"",
    *,
    method: str = "POST",
    path: str = ROUTE,
    kind: str = "application/json",
    leave: int | None = None,
    timeout: float = 60.0,
) -> Reply:
    """One request over a connection of its own. `leave`: hang up after so many bytes of sound."""
    reply = Reply()
    began = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                head = (
                    f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
                )
                if body:
                    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                writer.write(head.encode() + b"\r\n" + body)
                await writer.drain()
                await _receive(reader, reply, began, leave)
            finally:
                if reply.fate == "left":
                    writer.transport.abort()
                else:
                    writer.close()
    except TimeoutError:
        reply.fate = "timeout"
    except (OSError, asyncio.IncompleteReadError, ValueError):
        reply.fate = "cut" if reply.status else "reset"
    reply.seconds = time.perf_counter() - began
    return reply


async def _receive(
    reader: asyncio.StreamReader, reply: Reply, began: float, leave: int | None
) -> None:
    reply.status, reply.headers = await head_of(reader)
    found = bytearray()
    length = int(reply.headers.get("content-length", -1))
    chunked = reply.headers.get("transfer-encoding") == "chunked"
    while len(found) != length:
        if chunked:
            size = int(await reader.readuntil(b"\r\n"), 16)
            block = (await reader.readexactly(size + 2))[:-2]
        else:
            block = await reader.read(1 << 16)
            if not block and length >= 0:
                raise asyncio.IncompleteReadError(bytes(found), length)
        if not block:
            break
        reply.first = reply.first or time.perf_counter() - began
        found += block
        if leave is not None and len(found) >= leave:
            reply.fate = "left"
            return
    reply.body = bytes(found)
    reply.fate = "answered"


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer, the names in lower case."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(lines[0].split()[1]), headers


# ---- figures


@dataclass(slots=True)
class Case:
    """One thing that was done to a server: figures as they were seen, and what has to hold."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)
    bounds: list[tuple[str, str, bool]] = field(default_factory=list)
    """What has to hold, what was seen, whether it does."""

    def see(self, **figures: Any) -> None:
        self.figures |= {name: rounded(one) for name, one in figures.items()}

    def must(self, what: str, seen: object, holds: bool) -> None:
        self.bounds.append((what, str(rounded(seen)), bool(holds)))

    @property
    def held(self) -> bool:
        return all(holds for *_, holds in self.bounds)

    def show(self) -> None:
        print(f"\n{self.name}")
        for name, figure in self.figures.items():
            print(f"  {name:<26} {figure}")
        for what, seen, holds in self.bounds:
            print(f"  {'holds' if holds else 'FAILS':<6} {what}: {seen}")


def rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict | Counter):
        return {str(k): rounded(v) for k, v in value.items()}
    return value


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median, 95 % and most, in seconds; empty for nothing."""
    if not seconds:
        return {}
    ranked = sorted(seconds)
    at = min(len(ranked) - 1, int(0.95 * len(ranked)))
    return {"p50": statistics.median(ranked), "p95": ranked[at], "max": ranked[-1]}


def quiet(case: Case, serving: Serving) -> None:
    """What holds after everything: the server lives, and its log has neither traces nor texts."""
    log = serving.log()
    case.must("the server lives", serving.running, serving.running)
    case.must("tracebacks in its log", log.count("Traceback"), "Traceback" not in log)
    case.must("texts in its log", log.count(CANARY), CANARY not in log)


def report(cases: list[Case], where: Path | None, **more: Any) -> int:
    """Print the sum and write the figures; the exit code."""
    failed = [case.name for case in cases if not case.held]
    print(
        f"\n{len(cases) - len(failed)} of {len(cases)} hold"
        + f"; not {', '.join(failed)}" * bool(failed)
    )
    if where is not None:
        figures = [asdict(case) | {"held": case.held} for case in cases]
        where.write_text(
            json.dumps({"machine": machine(), **more, "cases": figures}, indent=2) + "\n"
        )
    return 1 if failed else 0


def introduce() -> None:
    """Print where this is measured."""
    show(machine())
    print(f"{'files':<10} {many_descriptors()}")


def numbered(cases: dict[str, Any], only: list[str]) -> Iterator[tuple[str, Any]]:
    """The cases that were asked for; all of them without any."""
    for name in only:
        if name not in cases:
            sys.exit(f"there is no case '{name}'; there are {', '.join(cases)}")
    for name, case in cases.items():
        if not only or name in only:
            yield name, case
