"""One request to a server and its answer, read by a thread of its own.

The engine is never stuck in a socket: it looks at what has come, draws breath, and can leave at
any time. The standard library's client does it: requests are few, one at a time, and what a
library would add (pools, redirects, cookies, proxies from the environment) is what must not happen.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from ttm.engine.remote.refusal import Passing, broken_off, unreachable
from ttm.errors import RemoteError, RemoteRefused, RemoteUnreachable

BREATH = 0.1
"""Seconds after which a cancel is looked at."""
BLOCK = 1 << 16
"""Bytes that are taken from the socket at most."""
CONNECT = 10.0
"""Seconds that a connection may take."""
AFTER = 5.0
"""Seconds by which the socket is more patient than the engine, which says what happened."""
WAITING = 32
"""Blocks that may wait for the engine; then the server has to."""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins."""

    status: int
    headers: http.client.HTTPMessage

    @property
    def kind(self) -> str:
        """The media type, in lower case and without parameters; empty where none was said."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


class Server:
    """Where requests go; one after the other.

    A connection that is still good afterwards serves the next request. Redirects are not
    followed, so that neither key nor text goes anywhere that the user did not name.
    """

    def __init__(self, name: str, url: str, key: str, timeout: float, insecure: bool) -> None:
        parts = urlsplit(url.rstrip("/").removesuffix("/audio/speech"))
        self.name = name
        self.secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        # Everybody's documentation gives the address with it, and half of the users leave it out.
        self.path = parts.path.rstrip("/") or "/v1"
        self.timeout = timeout
        self._insecure = insecure
        self._key = key
        self._idle: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: bytes = b"", *, timeout: float = 0.0
    ) -> Generator[Head | bytes | None]:
        """The head of the answer, then its body as it comes; None is a breath in between.

        Raises RemoteError, or Passing around one that may not come again. To cancel, close it.
        """
        exchange = _Exchange(self, method, self.path + path, body)
        try:
            yield from exchange.answer(timeout or self.timeout)
        finally:
            exchange.close()

    def close(self) -> None:
        """Hang up."""
        if self._idle is not None:
            self._idle.close()
        self._idle = None

    def headers(self) -> dict[str, str]:
        """What goes with every request."""
        headers = {"User-Agent": "ttm", "Accept": "*/*"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def hidden(self, text: str) -> str:
        """`text` without the key, should the server have quoted it."""
        return text.replace(self._key, "***") if self._key else text

    def take(self) -> http.client.HTTPConnection | None:
        """The connection that is left from the last request."""
        idle, self._idle = self._idle, None
        return idle

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Keep a connection for the next request."""
        self._idle = connection

    def connect(self) -> http.client.HTTPConnection:
        """A new connection. Raises RemoteRefused for one that everybody could listen to."""
        made: http.client.HTTPConnection
        patience = min(CONNECT, self.timeout + AFTER)
        if self.secure:
            import ssl

            context = ssl.create_default_context()
            made = http.client.HTTPSConnection(
                self._host, self._port, timeout=patience, context=context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=patience)
        made.connect()
        made.sock.settimeout(self.timeout + AFTER)
        # Asked of the connection itself: what a name means can change between two look-ups.
        if not self.secure and not self._insecure and _public(made.sock.getpeername()[0]):
            made.close()
            raise RemoteRefused(
                f"the server '{self.name}' is outside your network, and http is not encrypted",
                f"Give engine.remote.{self.name}.url an https address, "
                f"or set engine.remote.{self.name}.insecure",
            )
        return made


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global


class _Exchange:
    """The thread's work and the engine's view of it, with a queue between them."""

    def __init__(self, server: Server, method: str, path: str, body: bytes) -> None:
        self._server = server
        self._request = (method, path, body)
        self._queue: queue.Queue[Head | bytes | Exception | None] = queue.Queue(WAITING)
        self._left = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, timeout: float) -> Iterator[Head | bytes | None]:
        began = time.monotonic()
        heard = False
        while True:
            try:
                found = self._queue.get(timeout=BREATH)
            except queue.Empty:
                if time.monotonic() - began > timeout:
                    raise RemoteUnreachable(
                        f"the server '{self._server.name}' sent nothing for {timeout:g} s",
                        f"Try again, or set engine.remote.{self._server.name}.timeout",
                    ) from None
                yield None
                continue
            if found is None:
                return
            if isinstance(found, RemoteError):
                raise found
            if isinstance(found, Exception):
                raise self._failure(found, heard) from found
            heard = True
            yield found
            began = time.monotonic()

    def close(self) -> None:
        """Leave the server, wherever the answer is."""
        self._left.set()
        if self._thread.is_alive() and self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _failure(self, failure: Exception, heard: bool) -> Exception:
        dropped = isinstance(failure, http.client.HTTPException | ConnectionError | EOFError)
        if heard or (dropped and not isinstance(failure, ConnectionRefusedError)):
            return Passing(broken_off(self._server.name))
        return unreachable(self._server.name, failure)

    def _run(self) -> None:
        """Send the request and pass on what comes; in the thread."""
        try:
            response = self._sent()
            self._put(Head(response.status, response.headers))
            while block := response.read1(BLOCK):
                self._put(block)
            # A body that ends before its stated length is no error to http.client.
            if response.length:
                raise EOFError(f"{response.length} bytes are missing")
            response.close()  # or the connection takes no other request
            if self._connection is not None:
                if response.will_close or self._left.is_set():
                    self._connection.close()
                else:
                    self._server.keep(self._connection)
            self._put(None)
        except Exception as failure:
            if self._connection is not None:
                self._connection.close()
            self._put(failure)

    def _sent(self) -> http.client.HTTPResponse:
        method, path, body = self._request
        headers = self._server.headers()
        if body:
            headers["Content-Type"] = "application/json"
        used = self._server.take()
        if used is not None:
            self._connection, self._socket = used, used.sock
            # The server may have hung up meanwhile.
            with contextlib.suppress(ConnectionError):  # RemoteDisconnected is one
                used.request(method, path, body or None, headers)
                return used.getresponse()
            used.close()
        self._connection = self._server.connect()
        self._socket = self._connection.sock
        self._connection.request(method, path, body or None, headers)
        return self._connection.getresponse()

    def _put(self, found: Head | bytes | Exception | None) -> None:
        while not self._left.is_set():
            with contextlib.suppress(queue.Full):
                return self._queue.put(found, timeout=BREATH)
        if not isinstance(found, Exception):
            raise InterruptedError("nobody listens any more")
