"""The server in the background, from the side of who wants it: found, started once, stopped.

Imports nothing of a server: `ttm say` looks here whether one runs, and that is one connection.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttm import __version__
from ttm.child import SECRETS, own_module
from ttm.errors import EngineUnavailable, OutputError, RemoteUnreachable
from ttm.paths import sockets_dir

if TYPE_CHECKING:
    from ttm.narration.exchange import Server

SOCKET = "ttm.sock"
"""In the folder of sockets, which is its user's alone. Beside it is a file that a server holds
locked as long as it lives, and in which stands who it is."""
LOCK = "start.lock"
"""Held while a server is being started, so that two commands start one."""
LOG = "serve.log"
LOG_MAX = 1 << 20
"""Bytes of the log of servers in the background, from which on it begins anew."""

ASK = 2.0
"""Seconds that a running server has to say who it is."""
START = 20.0
"""Seconds that one has to be there; loading no model, it takes one."""
LOOK = 0.02
"""Seconds between two looks whether it is there, or gone."""

NEEDED = ("fastapi", "uvicorn", "multipart", "prometheus_client")
"""Packages of the extra `server`."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A server that runs on this machine."""

    server: Server
    pid: int
    version: str
    settings: str
    """The fingerprint of its settings; empty from one that tells none."""
    record: Mapping[str, Any]
    """All that it tells of itself."""

    @property
    def same(self) -> bool:
        """Whether it is of this version, and so means the same by everything."""
        return self.version == __version__


def socket_path() -> Path:
    """Where the server of this user listens on this machine."""
    return sockets_dir() / SOCKET


def log_path() -> Path:
    """Where a server in the background writes."""
    from ttm.paths import log_dir

    return log_dir() / LOG


def listens(path: Path) -> bool:
    """Whether somebody answers there; one connection, and nothing is imported for it.

    The socket of a server that was killed answers nothing.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ASK)
        try:
            probe.connect(os.fspath(path))
        except (OSError, ValueError):
            return False
    return True


def find(
    *, timeout: float = 120.0, heard: Callable[[str], None] = lambda sentence: None
) -> Daemon | None:
    """The server that runs on this machine; None where there is none.

    `timeout`: seconds without a byte after which it is given up, once it has said who it is.
    Raises RemoteError for one that does not.
    """
    path = socket_path()
    if not listens(path):
        return None
    from ttm.narration.address import Address
    from ttm.narration.exchange import Server
    from ttm.narration.remote import STATUS

    where = Address(f"unix:{path}", os.fspath(path))
    with contextlib.closing(Server(where, timeout=ASK)) as asked:
        told = asked.record("GET", STATUS)
    pid, version, settings = (told.get(name) for name in ("pid", "version", "settings"))
    return Daemon(
        Server(where, timeout=timeout, heard=heard),
        pid if type(pid) is int and pid > 1 else 0,
        str(version),
        settings if isinstance(settings, str) else "",
        told,
    )


def missing() -> list[str]:
    """The packages of the extra `server` that are not installed; imports none of them."""
    return [name for name in NEEDED if find_spec(name) is None]


def require_server() -> None:
    """Raise EngineUnavailable unless what a server needs is installed."""
    if lacking := missing():
        raise EngineUnavailable(
            f"the server needs {', '.join(lacking)}, not installed here",
            "Get it with pip install 'ttm-speech[server]'",
        )


def start(*words: str, environ: Mapping[str, str]) -> Daemon:
    """The server that runs on this machine, started if there is none; two commands start one.

    `words`: options of `ttm serve`. Raises RemoteError and OutputError for one that does not come,
    and what `require_server` raises.
    """
    with _starting():
        if running := find():
            return running
        require_server()
        process = _begun(words, environ)
        deadline = time.monotonic() + START
        while True:
            if running := find():
                return running
            if (code := process.poll()) is not None:
                # Another one may have been quicker, by hand.
                if running := find():
                    return running
                told = _last_words()
                what = f"the server ended as it began (exit code {code})"
                raise RemoteUnreachable(f"{what}: {told}" if told else what, f"See {log_path()}")
            if time.monotonic() > deadline:
                process.terminate()
                process.wait()
                raise RemoteUnreachable(
                    f"the server was not there after {START:g} s", f"See {log_path()}"
                )
            time.sleep(LOOK)


def stop(patience: float) -> int:
    """End the server that runs on this machine; its process id, 0 where there is none.

    What it speaks may end within `patience` seconds; then it is told again. Raises
    RemoteUnreachable for one that stays.
    """
    path = socket_path()
    pid = _listening(path)
    if not pid:
        return 0
    with contextlib.suppress(ProcessLookupError):
        for seconds in (patience, ASK):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if not _alive(pid):
                    return pid
                time.sleep(LOOK)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + ASK
        while time.monotonic() < deadline:
            if not _alive(pid):
                return pid
            time.sleep(LOOK)
        raise RemoteUnreachable(f"the server (process {pid}) does not end", f"See {log_path()}")
    return pid


def _listening(path: Path) -> int:
    """The process that listens there: as the kernel knows it, else as it says itself."""
    from ttm.narration.exchange import peer

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ASK)
        try:
            probe.connect(os.fspath(path))
        except (OSError, ValueError):
            return 0
        pid, uid = peer(probe)
    if uid not in (os.getuid(), -1):
        raise RemoteUnreachable(f"the server at {path} is another user's")
    if pid:
        return pid
    running = find()
    return running.pid if running else 0


def _alive(pid: int) -> bool:
    """Whether it runs; one that only waits to be buried does not."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def _starting() -> Iterator[None]:
    """Alone among those that would start a server. Raises OutputError."""
    folder = sockets_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise OutputError(
                f"{folder} is not a folder of yours alone",
                "Set XDG_RUNTIME_DIR to a folder of your own",
            )
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise OutputError(f"cannot use {folder}: {failure.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _begun(words: tuple[str, ...], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A server that outlives this command and its terminal."""
    log = log_path()
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        if log.exists() and log.stat().st_size > LOG_MAX:
            flags |= os.O_TRUNC
        written = os.open(log, flags, 0o600)
    except OSError as failure:
        raise OutputError(f"cannot write {log}: {failure.strerror}") from None
    env = {name: one for name, one in environ.items() if not name.upper().endswith(SECRETS)}
    try:
        return subprocess.Popen(
            own_module("ttm", "serve", *words),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
            cwd="/",  # no folder is held that somebody may want to unmount
            env=env,
        )
    except OSError as failure:
        raise RemoteUnreachable(f"cannot start a server: {failure.strerror}") from None
    finally:
        os.close(written)


def _last_words() -> str:
    """The last line that a server has written."""
    with contextlib.suppress(OSError), log_path().open("rb") as file:
        file.seek(max(0, os.path.getsize(log_path()) - 2048))
        lines = file.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:200].removeprefix("ttm: error: ") if lines else ""
    return ""
