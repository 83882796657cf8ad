"""What uvicorn lacks of HTTP's manners: requests that have to be here in time, and connections that
are broken off rather than ended."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ttm.server.problems import Problem, as_bytes

CHUNKS = 65_536
"""Pieces that a body may come in (Triton's bound): 32 MiB of single bytes would take minutes."""

HEADERS = 200
"""Headers that a request may have; h11 bounds their bytes alone, and those not where they come at
once."""

READ = 65_536
"""Bytes that are read at a time; a request of many small pieces holds the loop for so long."""

SLOW = Problem(408, "request_timeout", "The request was not here in time")
MALFORMED = Problem(400, "malformed_request", "This is no HTTP request")


class _Connection(h11.Connection):
    """Counts headers, and the pieces of a body."""

    _pieces = 0

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._pieces = 0
            if len(event.headers) > HEADERS:
                raise h11.RemoteProtocolError("too many headers")
        elif isinstance(event, h11.Data):
            self._pieces += 1
            if self._pieces > CHUNKS:
                raise h11.RemoteProtocolError("too many pieces")
        return event


class Protocol(H11Protocol):
    """One connection. `receipt` seconds from a request's first byte to its last."""

    receipt = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.conn = _Connection(h11.SERVER, self.conn._max_incomplete_event_size)
        transport.max_size = READ  # type: ignore[attr-defined]
        self._slow: asyncio.TimerHandle | None = None
        made = transport.get_extra_info("socket")
        self.app_state = {**self.app_state, "wire": Wire(transport, local=_local(made))}
        super().connection_made(transport)
        if _local(made) and not _same_user(made):
            transport.abort()
            return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        if self.cycle is not None and self.cycle.response_started:
            self.transport.abort()
        else:
            self._refuse(MALFORMED)

    def _look(self) -> None:
        """Whether a request has begun to come, and is not all here."""
        begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if not self.transport.is_closing() and (begun or self.conn.their_state is h11.SEND_BODY):
            if self._slow is None:
                self._expect()
        else:
            self._calm()

    def _expect(self) -> None:
        self._slow = self.loop.call_later(self.receipt, self._too_slow)

    def _calm(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _too_slow(self) -> None:
        waits = self.conn.their_state is h11.IDLE
        answered = not waits and self.cycle is not None and self.cycle.response_started
        if answered or (waits and not self.conn.trailing_data[0]):
            self.transport.close()
        else:
            self._refuse(SLOW)

    def _refuse(self, problem: Problem) -> None:
        """Answer before any route could, and hang up."""
        body = as_bytes(problem)
        head = (
            f"HTTP/1.1 {problem.status} {'Request Timeout' if problem is SLOW else 'Bad Request'}"
            f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class Wire:
    """What a route may know of the connection that its request came by, and do to it."""

    def __init__(self, transport: asyncio.Transport, *, local: bool) -> None:
        self._transport = transport
        self.local = local
        """By the unix socket, which nobody but its owner can open."""

    def break_off(self, *, chunked: bool, stalled: bool = False) -> None:
        """End it so that nobody takes what was sent for all there is.

        Where an answer comes in `chunked` pieces, the last is missed. One that would end by closing
        ends with a reset, and so does what a `stalled` client will not read.
        """
        if chunked and not stalled:
            self._transport.close()
            return
        made = self._transport.get_extra_info("socket")
        if made is not None and not self.local:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def _local(made: socket.socket | None) -> bool:
    return made is not None and made.family == getattr(socket, "AF_UNIX", None)


def _same_user(made: socket.socket) -> bool:
    """Whether the other end is of our own user, or of root; where nobody says, the socket's
    permissions have to do."""
    import os

    if not hasattr(socket, "SO_PEERCRED"):
        return True
    about = made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", about)[1] in (os.getuid(), 0)
