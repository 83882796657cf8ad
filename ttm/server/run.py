"""The server's process: its sockets, its lock, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import os
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import FrameType

import uvicorn

from ttm import __version__
from ttm.config import Config
from ttm.errors import OutputError, UsageError
from ttm.server.app import create_app
from ttm.server.guards import is_loopback, read_key
from ttm.server.hall import Hall
from ttm.server.log import Log
from ttm.server.wire import Protocol

BACKLOG = 1_024
"""Connections that wait to be taken; a burst of a thousand clients is not turned away."""

LOOK = 1.0
"""Seconds between two looks at whether nobody uses the server any more."""

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
    *,
    http: bool = True,
    path: Path | None = None,
    idle: float | None = None,
    write: Callable[[str], object],
) -> int:
    """Serve until a signal comes, or nobody has used it for `idle` seconds; the exit code.

    `http`: on TCP too. `path`: of the unix socket, None for none. `write` is called with each line
    of the log, and with where it listens, in a thread that may be left behind. Raises UsageError
    for an address that cannot be listened on, and ConfigError for a key that cannot be read,
    before anything is loaded.
    """
    key = read_key(config.server.api_key_file)
    if http and not is_loopback(config.server.host) and not key:
        raise UsageError(
            f"refusing to listen on {config.server.host}, which others can reach, without a key",
            "Write one into a file and name it with server.api_key_file",
        )
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        addresses: dict[str, str] = {}
        if http:
            sockets.append(stack.enter_context(_tcp(config.server.host, config.server.port)))
            addresses["url"] = _url(sockets[0])
        if path is not None:
            lock = stack.enter_context(_lock(path))
            sockets.append(stack.enter_context(_unix(path)))
            addresses["socket"] = str(path)
            _note(lock, path, addresses)
        if not sockets:
            raise UsageError("there is nothing to listen on", "Leave out --no-http")
        return _run(config, key, sockets, addresses, idle, stack.enter_context(closing(Log(write))))


def _run(
    config: Config,
    key: bytes,
    sockets: list[socket.socket],
    addresses: dict[str, str],
    idle: float | None,
    log: Log,
) -> int:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)  # the guard tells of everything
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    hall = Hall(config)
    app = create_app(config, hall, key=key, log=log)
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
        serving = asyncio.create_task(server.serve(sockets))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if server.started:
            log.line("listening", pid=os.getpid(), version=__version__, **addresses)
            log.say(f"ttm: listening on {' and '.join(addresses.values())}")
        watching = asyncio.create_task(_until_idle(server, hall, idle)) if idle else None
        await serving
        if watching:
            watching.cancel()

    asyncio.run(main())
    log.line("ended", pid=os.getpid())
    return 128 + server.second if server.second else 0


async def _until_idle(server: _Server, hall: Hall, idle: float) -> None:
    while not server.should_exit:
        await asyncio.sleep(min(LOOK, idle / 4))
        if server.server_state.tasks or hall.busy:
            hall.used = time.monotonic()
        if time.monotonic() - hall.used > idle:
            server.should_exit = hall.closing = True


def _tcp(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError."""
    bare = host.strip("[]")
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, number)
    except OSError:
        raise UsageError(f"'{host}' is no address of this machine", "Give another --host") from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        return made
    except OSError as failure:
        made.close()
        what = f"cannot listen on port {port} of {host}: {failure.strerror}"
        if failure.errno == errno.EADDRINUSE:
            what = f"port {port} is in use by another process"
        raise UsageError(what, "Give another --port, or 0 for one that is free") from None


def _url(made: socket.socket) -> str:
    host, port = made.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[int]:
    """The file beside the socket that only a living server holds. Raises UsageError when one
    does, OutputError where none can be made."""
    where = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = path.parent.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            raise UsageError(f"{path.parent} belongs to somebody else", "Name another --socket")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        held = os.open(where, flags, 0o600)
    except OSError as failure:
        raise OutputError(f"cannot make {where}: {failure.strerror}") from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with contextlib.suppress(ValueError, OSError, AttributeError):
                pid = json.loads(os.pread(held, 4096, 0)).get("pid")
                what = f"a server of ttm listens on {path} already (pid {pid})"
                raise UsageError(what, "Stop it, or name another --socket") from None
            raise UsageError(f"a server of ttm listens on {path} already") from None
        yield held
        for left in (_pid_file(path), where):
            with contextlib.suppress(OSError):
                left.unlink()
    finally:
        os.close(held)


def _pid_file(path: Path) -> Path:
    return path.with_suffix(".pid")


def _note(lock: int, path: Path, addresses: dict[str, str]) -> None:
    """Say who holds the lock, in it and in a file for scripts."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(_pid_file(path), flags, 0o600), "w") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as failure:
        raise OutputError(f"cannot write {_pid_file(path)}: {failure.strerror}") from None
    os.ftruncate(lock, 0)
    row = {"pid": os.getpid(), "version": __version__, **addresses}
    os.pwrite(lock, json.dumps(row).encode(), 0)


@contextlib.contextmanager
def _unix(path: Path) -> Iterator[socket.socket]:
    """A socket of a file that is the user's alone; what a server that died left is replaced.

    Raises UsageError for a place where something else is, OutputError where none can be made.
    """
    try:
        about = path.lstat()
    except OSError:
        about = None
    if about is not None:
        if not stat.S_ISSOCK(about.st_mode) or about.st_uid != os.getuid():
            raise UsageError(f"{path} is something else than a socket of yours")
        path.unlink()  # whoever listened there would hold the lock
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(str(path))
        made.listen(BACKLOG)
    except OSError as failure:
        made.close()
        what = f"cannot listen on {path}: {failure.strerror or failure}"
        raise UsageError(what, "Name a shorter path with --socket") from None
    finally:
        os.umask(before)
    try:
        yield made
    finally:
        made.close()
        with contextlib.suppress(OSError):
            path.unlink()
