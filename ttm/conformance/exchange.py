"""A server, and one request after another over a connection to it, byte for byte as a client's."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from ttm.errors import RemoteRefused, RemoteUnreachable, UsageError

BLOCK = 1 << 16
"""Bytes that are taken from the socket at most."""
LARGEST = 1 << 26
"""Bytes of an answer. Half an hour of PCM; the longest text here is five minutes."""
CONNECT = 10.0
"""Seconds that a connection may take."""

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    """Without its content encoding."""
    first: float
    """Seconds from the request to the first byte of the body; to its end where it is empty."""
    total: float
    """Seconds to its last byte."""
    kept: bool
    """The connection can be used again."""

    @property
    def kind(self) -> str:
        """The media type, in lower case and without parameters; empty where none was said."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return json.loads(self.body)


class Server:
    """The server that is looked at, and how it is to be asked.

    `url`: with or without `/v1` or `/v1/audio/speech`. `model` and `voice`: what the clients are
    set up with. `timeout`: seconds for one answer. Raises UsageError for a URL that is none.
    """

    def __init__(
        self, url: str, key: str = "", *, model: str, voice: str, timeout: float = 60.0
    ) -> None:
        try:
            parts = urlsplit(url.rstrip("/").removesuffix("/audio/speech"))
            self._port = parts.port
        except ValueError:
            raise UsageError(f"'{url}' is no URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            fix = "Write http://HOST:PORT or https://HOST"
            raise UsageError(f"'{url}' is no URL of a server", fix)
        self._host = parts.hostname
        self._secure = parts.scheme == "https"
        self.path = parts.path.rstrip("/") or "/v1"
        """What comes before `/audio/speech`."""
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self.path}"
        self.key, self.model, self.voice, self.timeout = key, model, voice, timeout

    def greet(self) -> None:
        """Connect, and hang up. Raises RemoteUnreachable and RemoteRefused."""
        try:
            self.connect().close()
        except OSError as failure:
            why = failure.strerror or type(failure).__name__
            raise RemoteUnreachable(
                f"{self.url} cannot be reached: {why}", "Is the server running, and the URL right?"
            ) from failure

    def connect(self) -> http.client.HTTPConnection:
        """A new connection. Raises RemoteRefused where everybody could read the key on its way."""
        made: http.client.HTTPConnection
        patience = min(CONNECT, self.timeout)
        if self._secure:
            import ssl

            context = ssl.create_default_context()
            made = http.client.HTTPSConnection(
                self._host, self._port, timeout=patience, context=context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=patience)
        made.connect()
        if self.key and not self._secure and _public(made.sock.getpeername()[0]):
            made.close()
            raise RemoteRefused(
                f"{self.url} is outside your network, and http would show everybody the key",
                "Use https",
            )
        return made

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """A connection for one request or several."""
        connection = self.connect()
        try:
            yield Line(connection, self)
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, headers: Headers, body: bytes = b"", *, until: int = LARGEST
    ) -> Answer:
        """One request over a connection of its own; see `Line.ask`."""
        with self.line() as line:
            return line.ask(method, path, headers, body, until=until)


class Line:
    """A connection on which requests follow each other."""

    def __init__(self, connection: http.client.HTTPConnection, server: Server) -> None:
        self._connection = connection
        # Its own reference is gone as soon as an answer says that it is the last.
        self._socket = connection.sock
        self._server = server
        self._late = False

    def ask(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: bytes = b"",
        *,
        until: int = LARGEST,
        chunked: bool = False,
    ) -> Answer:
        """Ask for `path` below the server's own, and read the answer, `until` so many bytes of it.

        `Host` comes before the headers, what says how long the body is after them. Raises
        TimeoutError, OSError or http.client.HTTPException.
        """
        # The socket's own timeout is for each packet: a trickle would never end.
        clock = threading.Timer(self._server.timeout, self._give_up)
        clock.daemon = True
        clock.start()
        self._socket.settimeout(self._server.timeout)
        began = time.monotonic()
        try:
            self._send(method, path, headers, body, chunked)
            return self._answer(self._connection.getresponse(), began, until)
        except (OSError, http.client.HTTPException):
            if self._late:
                raise TimeoutError from None
            raise
        finally:
            clock.cancel()

    def _send(self, method: str, path: str, headers: Headers, body: bytes, chunked: bool) -> None:
        line = self._connection
        line.putrequest(method, self._server.path + path, skip_accept_encoding=True)
        for name, value in headers:
            line.putheader(name, value)
        if chunked:
            line.putheader("Transfer-Encoding", "chunked")
        elif body:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body or None, encode_chunked=chunked)

    def _answer(self, response: http.client.HTTPResponse, began: float, until: int) -> Answer:
        body = bytearray()
        first = 0.0
        ended = False
        while not ended and len(body) < until:
            block = response.read1(BLOCK)
            ended = not block
            first = first or time.monotonic() - began
            body += block
        total = time.monotonic() - began
        if self._late:
            raise TimeoutError
        # A body that ends before its stated length is no error to http.client.
        if ended and response.length:
            raise http.client.IncompleteRead(bytes(body), response.length)
        if ended:
            response.close()  # or the connection takes no other request
        plain = _plain(bytes(body), response.headers.get("Content-Encoding", ""))
        kept = ended and not response.will_close
        return Answer(response.status, response.headers, plain, first, total, kept)

    def _give_up(self) -> None:
        self._late = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _plain(body: bytes, coding: str) -> bytes:
    """The body without what a server may wrap it in for a client that says it can undo it."""
    if coding.strip().lower() not in ("gzip", "deflate"):
        return body
    try:
        # 32: gzip's header or zlib's, whichever is there. A part of it is undone as far as it goes.
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, LARGEST)
    except zlib.error:
        return body


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global
