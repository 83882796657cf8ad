"""A server of ttm as its clients reach it: over TCP or a unix socket, one request at a time.

The standard library's client does it: what a library would add (pools, redirects, cookies, proxies
from the environment) is what must not happen to a text and a key.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from ttm import __version__
from ttm.errors import (
    ConfigError,
    RemoteBusy,
    RemoteError,
    RemoteRefused,
    RemoteUnreachable,
    TtmError,
    UsageError,
    every_error,
)
from ttm.narration.frames import PROTOCOL, SPEAKS, failure

CONNECT = 10.0
"""Seconds that a connection may take."""
ANSWER_MAX = 16 << 20
"""Bytes of an answer without sound that are read."""
QUOTED = 300
"""Characters of a server's own words that are passed on."""
WAIT_MAX = 10.0
"""Seconds that a busy server may ask us to wait before the request is sent once more."""
KEY_MAX = 4096
"""Bytes of a key."""

HOW = "Start it with `ttm serve`, or check the address"
OURS = "Check that it is a server of ttm"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    text: str
    """As messages call it."""
    path: str = ""
    """Of a unix socket; empty for TCP."""
    host: str = ""
    port: int = 0
    secure: bool = False
    prefix: str = ""
    """What stands before the path of every route."""


def address(text: str) -> Address:
    """The address that a user wrote: http://, https:// or unix:/path. Raises UsageError."""
    if text.startswith("unix:"):
        path = "/" + text.removeprefix("unix:").lstrip("/")
        if "\0" in path or len(os.fsencode(path)) > 100:  # sun_path has 104 bytes on macOS
            raise UsageError(f"'{path[:60]}' can be no socket", "Its path may have 100 bytes")
        return Address(f"unix:{path}", path)
    what, fix = f"'{text[:100]}' is no address of a server", "Give one such as http://nas:8080"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(what, fix) from None
    if "@" in parts.netloc:
        raise UsageError("an address with a name or key in it would be shown to others", fix)
    plain = text.isascii() and text.isprintable() and " " not in text
    if parts.scheme not in ("http", "https") or not host or port == 0 or not plain:
        raise UsageError(what, fix)
    secure = parts.scheme == "https"
    # Where OpenAI's clients are told an address, it ends so.
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    shown = f"{parts.scheme}://{parts.netloc}{prefix}"
    return Address(shown, "", host, port or (443 if secure else 8080), secure, prefix)


def read_key(path: str) -> str:
    """The key in this file. Raises ConfigError for one that cannot be read or holds none."""
    file = Path(os.path.expanduser(path))
    try:
        if not file.is_file():  # a FIFO would be waited for
            raise ConfigError(f"there is no file {path} with the server's key", "Put the key there")
        with file.open("rb") as opened:
            text = opened.read(KEY_MAX + 1)
    except (OSError, ValueError) as refusal:
        reason = getattr(refusal, "strerror", None) or "no such path"
        raise ConfigError(f"cannot read the server's key in {path}: {reason}") from None
    try:
        key = text.decode("ascii").strip()
    except UnicodeDecodeError:
        key = ""
    # It becomes part of a header: a line break in it would begin another one.
    if not key or len(text) > KEY_MAX or not key.isprintable() or " " in key:
        raise ConfigError(f"{path} does not hold a key", "Only the key may stand there")
    return key


class _Socket(http.client.HTTPConnection):
    """A connection through a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._path)
        except BaseException:
            self.sock.close()
            raise


class Answer:
    """What a server answers; its body is read as it comes. Leaving the `with` block hangs up."""

    def __init__(self, server: Server, response: http.client.HTTPResponse) -> None:
        self._server, self._response = server, response
        self.status = response.status
        self.headers = response.headers

    @property
    def kind(self) -> str:
        """The media type, in lower case and without parameters; empty where none was said."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    def read1(self, n: int = 1 << 16, /) -> bytes:
        """What there is of the body, at most `n` bytes; none at its end. Raises RemoteError."""
        with self._server.trouble(heard=True):
            block = self._response.read1(n)
            if not block and self._response.length:
                raise EOFError
            if not block:
                self._response.close()  # or the connection takes no other request
            return block

    def all(self, most: int = ANSWER_MAX) -> bytes:
        """The whole body. Raises RemoteError, also for one of more than `most` bytes."""
        body = b""
        while block := self.read1():
            body += block
            if len(body) > most:
                raise RemoteError(f"{self._server} answered with over {most >> 20} MiB", OURS)
        return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._response.isclosed():
            self._server.close()


class Server:
    """Where requests go; one after the other, over one connection as long as it is good. Leaving
    the `with` block hangs up.

    `timeout`: seconds without a byte after which it is given up. `heard`: is told of each request
    and answer, in words.
    """

    def __init__(
        self,
        where: Address,
        *,
        key: str = "",
        timeout: float = 120.0,
        heard: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.address = where
        self._key = key
        self._timeout = timeout
        self.heard = heard
        """Is told of each request and answer, in words."""
        self._connection: http.client.HTTPConnection | None = None

    def __str__(self) -> str:
        return f"the server at {self.address.text}"

    def ask(self, method: str, path: str, body: object = None, *, kind: str = "") -> Answer:
        """The answer to a request, whose `body` goes as JSON; a busy server is asked twice.

        `kind`: the media type that it must have. Raises RemoteError, and the error that the server
        names, for every status but those from 200 to 299.
        """
        payload = None if body is None else json.dumps(body).encode()
        answer = self._asked(method, path, payload)
        if answer.status in (429, 503):
            wait = _seconds(answer.headers.get("Retry-After"))
            if wait is not None and wait <= WAIT_MAX:
                answer.all()
                self.heard(f"{self} is busy; asking again in {wait:g} s")
                time.sleep(wait)
                answer = self._asked(method, path, payload)
        with contextlib.ExitStack() as stack:
            stack.enter_context(answer)
            if not 200 <= answer.status < 300:
                raise self._refused(answer)
            if kind and answer.kind != kind:
                told = answer.kind[:60] or "no type"
                raise RemoteError(f"{self} answered with {told} instead of {kind}", OURS)
            stack.pop_all()
        return answer

    def json(self, method: str, path: str, body: object = None) -> Any:
        """The JSON that it answers with. Raises what `ask` raises."""
        with self.ask(method, path, body, kind="application/json") as answer:
            try:
                return json.loads(answer.all())
            except (ValueError, RecursionError):
                raise RemoteError(f"{self} answered with something that is no JSON", OURS) from None

    def record(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The same for an answer that is to be an object."""
        found = self.json(method, path, body)
        if not isinstance(found, dict):
            raise RemoteError(f"{self} answered with JSON of another shape", OURS)
        return found

    def close(self) -> None:
        """Hang up; what it does for us ends."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def cut_off(self) -> None:
        """From any thread: end whatever is waited for, as if the server had hung up."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):  # it is over already
                connection.sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def trouble(self, *, heard: bool) -> Iterator[None]:
        """Make of what the network does inside what a user is told. `heard`: it has answered."""
        try:
            yield
        except RemoteError:
            raise
        except TimeoutError:
            connected = self._connection is not None
            self.close()
            if not connected:
                raise RemoteUnreachable(f"cannot reach {self}: it does not answer", HOW) from None
            told = f"{self} sent nothing for {self._timeout:g} s"
            raise RemoteUnreachable(told, "Try again, or set daemon.timeout") from None
        except (OSError, http.client.HTTPException, EOFError, ValueError) as trouble:
            self.close()
            if heard or isinstance(trouble, EOFError):
                told = f"{self} broke off in the middle of its answer"
                raise RemoteError(told, "Try again") from None
            if isinstance(trouble, http.client.HTTPException | ValueError):
                told = f"{self} answered with something that is no HTTP"
                raise RemoteError(told, OURS) from None
            raise self._unreachable(trouble) from None

    def _asked(self, method: str, path: str, payload: bytes | None) -> Answer:
        headers = {"User-Agent": f"ttm/{__version__}", "Accept": "*/*", SPEAKS: str(PROTOCOL)}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if payload is not None:
            headers["Content-Type"] = "application/json"
        self.heard(f"-> {method} {self.address.text}{path}")
        where = self.address.prefix + path
        used, response = self._connection, None
        if used is not None:
            # The server may have hung up meanwhile; RemoteDisconnected is a ConnectionError.
            with self.trouble(heard=False), contextlib.suppress(ConnectionError):
                used.request(method, where, payload, headers)
                response = used.getresponse()
        if response is None:
            self.close()
            with self.trouble(heard=False):
                self._connection = self._connected()
            with self.trouble(heard=False):
                self._connection.request(method, where, payload, headers)
                response = self._response()
        self.heard(f"<- {response.status} {self.address.text}{path}")
        return Answer(self, response)

    def _response(self) -> http.client.HTTPResponse:
        assert self._connection is not None
        try:
            return self._connection.getresponse()
        except http.client.RemoteDisconnected:
            raise EOFError from None

    def _connected(self) -> http.client.HTTPConnection:
        """A new connection. Raises RemoteRefused for one that everybody could listen to."""
        where = self.address
        patience = min(CONNECT, self._timeout)
        made: http.client.HTTPConnection
        if where.path:
            made = _Socket(where.path, patience)
        elif where.secure:
            import ssl

            context = ssl.create_default_context()
            made = http.client.HTTPSConnection(
                where.host, where.port, timeout=patience, context=context
            )
        else:
            made = http.client.HTTPConnection(where.host, where.port, timeout=patience)
        made.connect()
        made.sock.settimeout(self._timeout)
        if where.path and peer(made.sock)[1] not in (os.getuid(), 0, -1):
            made.close()
            raise RemoteRefused(f"{self} is another user's", "Name one of your own")
        # Asked of the connection itself: what a name means can change between two look-ups.
        if not where.path and not where.secure and _public(made.sock.getpeername()[0]):
            made.close()
            raise RemoteRefused(
                f"{self} is outside your network, and http is not encrypted",
                "Give it an https address, or reach it through `ssh -L`",
            )
        return made

    def _unreachable(self, trouble: Exception) -> RemoteUnreachable:
        what = f"cannot reach {self}"
        match trouble:
            case ConnectionRefusedError() | FileNotFoundError():
                return RemoteUnreachable(f"{what}: nobody answers there", HOW)
            case socket.gaierror():
                return RemoteUnreachable(f"{what}: its name is not known", "Check the address")
            case OSError() if type(trouble).__name__ == "SSLCertVerificationError":
                return RemoteUnreachable(
                    f"{what}: its certificate is not trusted",
                    "Name the file with the certificate of its authority in SSL_CERT_FILE",
                )
            case OSError() if type(trouble).__name__.startswith("SSL"):
                return RemoteUnreachable(f"{what}: it speaks no TLS there", "Check http or https")
            case OSError(strerror=str(reason)):
                return RemoteUnreachable(f"{what}: {reason}", HOW)
        return RemoteUnreachable(f"{what} ({type(trouble).__name__})", HOW)

    def _refused(self, answer: Answer) -> TtmError:
        """The error for an answer that is a refusal."""
        code, said = _envelope(answer)
        if self._key:
            said = said.replace(self._key, "***")
        status = answer.status
        if status == 401:
            told = "wants a key" if not self._key else "does not know the key"
            fix = "Name the file that holds it in TTM_SERVER_KEY_FILE or daemon.key_file"
            return RemoteRefused(f"{self} {told}", fix)
        if 300 <= status < 400:
            return RemoteRefused(f"{self} sends us on to another address", "Give that one")
        if said and code in (leaf.code for leaf in every_error()):
            return failure(code, said)
        about = f"{self} answered with status {status}"
        if said:
            about += f": {said}"
        if status in (429, 503):
            return RemoteBusy(about, "Try again later")
        return RemoteError(about, OURS) if status >= 500 else RemoteRefused(about, OURS)


def _envelope(answer: Answer) -> tuple[str, str]:
    """The code and the message of an error; empty where it has none."""
    try:
        found = json.loads(answer.all(1 << 20))
    except (ValueError, RecursionError, RemoteError):
        return "", ""
    told = found.get("error") if isinstance(found, dict) else None
    if not isinstance(told, dict):
        told = {"message": told or (found.get("detail") if isinstance(found, dict) else "")}
    code, said = told.get("code"), told.get("message")
    line = " ".join(said.split()) if isinstance(said, str) else ""
    line = line[:QUOTED] + "…" * (len(line) > QUOTED)
    return code if isinstance(code, str) else "", line


def _seconds(text: str | None) -> float | None:
    """Seconds that a Retry-After names; it may also be a date, which needs both clocks right."""
    if text is None or not (text.strip().isascii() and text.strip().isdecimal()):
        return None
    return float(int(text.strip()[:9]))


def _public(where: str) -> bool:
    found = ip_address(where.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global


def peer(connected: socket.socket) -> tuple[int, int]:
    """The process and the user at the other end of a unix socket; 0 and -1 where the system does
    not say, and the socket's folder, which is its user's alone, has to do."""
    if sys.platform != "linux":
        return 0, -1
    size = struct.calcsize("3i")
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = struct.unpack("3i", told)
    return pid, uid
