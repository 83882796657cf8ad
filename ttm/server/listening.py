"""Where a server listens: its sockets, its lock, its key. Imports nothing of a server, so that what
is wrong with them is told at once."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import ipaddress
import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ttm import __version__
from ttm.config import Config
from ttm.errors import ConfigError, OutputError, UsageError

BACKLOG = 1_024
"""Connections that wait to be taken; a burst of a thousand clients is not turned away."""
KEY_MAX = 4_096
"""Bytes that a key may have."""


@dataclass(slots=True)
class Listening:
    """What a server listens on."""

    key: bytes
    """The digest of what clients have to send; empty for nothing."""
    sockets: list[socket.socket] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    """The `url` of the one, and the path of the other `socket`."""
    files: ExitStack = field(default_factory=ExitStack)

    def withdraw(self) -> None:
        """Be found no more: another server may take the place, while this one does what is left."""
        self.files.close()


@contextlib.contextmanager
def listening(
    config: Config, *, http: bool = True, path: Path | None = None
) -> Iterator[Listening]:
    """Listen as the settings say; nothing of it is left behind.

    `http`: on TCP too. `path`: of the unix socket, None for none. Raises UsageError for an address
    that cannot be listened on, ConfigError for a key that cannot be read, and OutputError where no
    file can be made.
    """
    key = read_key(config.server.api_key_file)
    if http and not is_loopback(config.server.host) and not key:
        raise UsageError(
            f"refusing to listen on {config.server.host}, which others can reach, without a key",
            "Write one into a file and name it with server.api_key_file",
        )
    if not http and path is None:
        raise UsageError("there is nothing to listen on", "Leave out --no-http")
    place = Listening(key)
    with ExitStack() as stack:
        stack.enter_context(place.files)
        if http:
            made = stack.enter_context(_tcp(config.server.host, config.server.port))
            place.sockets.append(made)
            place.addresses["url"] = _url(made)
        if path is not None:
            lock = place.files.enter_context(_lock(path))
            place.sockets.append(stack.enter_context(_unix(path, place.files)))
            place.addresses["socket"] = str(path)
            _note(lock, path, place.addresses)
        yield place


def read_key(path: str) -> bytes:
    """The key in a file, hashed; empty for no file. Raises ConfigError for one that holds none."""
    if not path:
        return b""
    where = Path(os.path.expanduser(path))
    try:
        if not stat.S_ISREG(where.stat().st_mode):
            raise ConfigError(f"{where}, which server.api_key_file names, is no file")
        key = where.read_bytes()[: KEY_MAX + 1].strip()
    except OSError as failure:
        what = f"cannot read {where}, which server.api_key_file names: {failure.strerror}"
        raise ConfigError(what) from None
    if not key or len(key) > KEY_MAX or re.search(rb"\s", key):
        what = f"{where}, which server.api_key_file names, holds no key"
        raise ConfigError(what, "Write one into it, on one line and without spaces")
    return hashlib.sha256(key).digest()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


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
    held = _held(path, where)
    try:
        yield held
    finally:
        for left in (_pid_file(path), where):
            with contextlib.suppress(OSError):
                left.unlink()
        os.close(held)


def _held(path: Path, where: Path) -> int:
    """The lock file, which is ours."""
    while True:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = path.parent.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                raise UsageError(f"{path.parent} belongs to somebody else", "Name another --socket")
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            held = os.open(where, flags, 0o600)
        except OSError as failure:
            raise OutputError(f"cannot make {where}: {failure.strerror}") from None
        with ExitStack() as failing:
            failing.callback(os.close, held)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise _taken(path, held) from None
            with contextlib.suppress(OSError):
                # Whoever held it may have removed it since we opened it; then it is nobody's lock.
                if os.path.samestat(os.fstat(held), where.lstat()):
                    failing.pop_all()
                    return held


def _taken(path: Path, held: int) -> UsageError:
    what, fix = f"a server of ttm listens on {path} already", "Stop it, or name another --socket"
    with contextlib.suppress(ValueError, OSError, AttributeError):
        what += f" (pid {json.loads(os.pread(held, 4096, 0)).get('pid')})"
    return UsageError(what, fix)


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
def _unix(path: Path, files: ExitStack) -> Iterator[socket.socket]:
    """A socket of a file that is the user's alone; what a server that died left is replaced.

    Nobody can connect before the server itself listens: who finds it may count on an answer.
    `files` removes it. Raises UsageError for a place where something else is.
    """
    try:
        about = path.lstat()
    except OSError:
        about = None
    if about is not None:
        if not stat.S_ISSOCK(about.st_mode) or about.st_uid != os.getuid():
            raise UsageError(f"{path} is something else than a socket of yours")
        path.unlink()  # whoever listened there would hold the lock
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        before = os.umask(0o177)
        try:
            made.bind(str(path))
            files.callback(path.unlink, missing_ok=True)
        except OSError as failure:
            what = f"cannot listen on {path}: {failure.strerror or failure}"
            raise UsageError(what, "Name a shorter path with --socket") from None
        finally:
            os.umask(before)
        yield made
