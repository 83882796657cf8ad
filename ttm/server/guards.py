"""Who may ask, and how much at a time: stands before every route, and answers for all of them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import time
from collections import OrderedDict, deque
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm.config import Config
from ttm.server.listening import is_loopback
from ttm.server.log import Log
from ttm.server.metrics import Metrics
from ttm.server.problems import Broken, Problem, as_bytes

OPEN = ("/health", "/ready")
"""Routes that need no key."""
DISCOVERY = ("/v1/audio/models", "/v1/audio/voices")
"""Lists that clients read before anybody has given them a key."""

FAILURES, WINDOW = 20, 60.0
"""Wrong keys that an address may try within so many seconds."""
ADDRESSES = 1_000
"""Addresses whose failures are remembered."""

ALLOWED = "authorization, content-type, x-request-id"
"""Headers that a page of an allowed origin may send."""
EXPOSED = (
    "x-request-id, x-ttm-model, x-ttm-voice, x-ttm-seed, x-ttm-ignored, x-audio-sample-rate,"
    " retry-after"
)
"""Headers that it may read."""


class Guard:
    """The middleware: ids, hosts, origins, keys, sizes, and what is told of each request."""

    def __init__(
        self, app: ASGIApp, *, config: Config, key: bytes, metrics: Metrics, log: Log
    ) -> None:
        self._app = app
        self._config = config.server
        self._key = key
        self._metrics = metrics
        self._log = log
        self._hosts = {host.casefold() for host in self._config.allowed_hosts.split()}
        self._anywhere = not is_loopback(self._config.host) and not self._hosts
        self._origins = set(self._config.cors_origins.split())
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._log, self._metrics)
        headers = exchange.headers
        try:
            local = bool(getattr(scope["state"].get("wire"), "local", False))
            if not local:
                self._check_host(headers)
            exchange.origin = self._checked_origin(headers, local=local)
            if scope["method"] == "OPTIONS" and exchange.origin:
                await exchange.preflight()
                return
            if not local:
                self._check_key(exchange)
            exchange.body = await self._body(exchange)
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Problem as problem:
            await exchange.refuse(problem)
        except Broken as broken:
            await exchange.refuse(broken.problem)
        except Exception as bug:
            self._log.bug(bug, id=exchange.id)
            await exchange.refuse(
                Problem(500, "internal_error", f"A bug in ttm; its log tells more of {exchange.id}")
            )
        finally:
            exchange.done()

    def _check_host(self, headers: dict[bytes, list[bytes]]) -> None:
        given = headers.get(b"host", [])
        if len(given) == 1 and (host := _host(given[0])):
            if self._anywhere or host in self._hosts or is_loopback(host):
                return
        raise Problem(
            403, "host_not_allowed", "The server does not go by this name; server.allowed_hosts"
            " lists those that it goes by",
        )  # fmt: skip

    def _checked_origin(self, headers: dict[bytes, list[bytes]], *, local: bool) -> str:
        """The page's origin, where it is another's and may ask."""
        given = headers.get(b"origin", [])
        if not given:
            return ""
        origin = given[0].decode("latin-1").casefold()
        if len(given) == 1 and origin in self._origins:
            return origin
        own = headers.get(b"host", [b""])[0].decode("latin-1").casefold()
        if len(given) == 1 and not local and own and origin in (f"http://{own}", f"https://{own}"):
            return ""
        raise Problem(
            403, "origin_not_allowed", "Pages of this origin may not use the server;"
            " server.cors_origins lists those that may",
        )  # fmt: skip

    def _check_key(self, exchange: _Exchange) -> None:
        path = exchange.scope["path"]
        public = self._config.public_discovery and path in DISCOVERY
        reads = exchange.scope["method"] in ("GET", "HEAD")
        if not self._key or path in OPEN or (public and reads):
            return
        failures = self._failures.get(exchange.client, deque())
        now = time.monotonic()
        while failures and now - failures[0] > WINDOW:
            failures.popleft()
        if len(failures) >= FAILURES:
            raise Problem(
                429, "too_many_attempts", "Too many wrong keys came from this address",
                headers={"Retry-After": str(round(WINDOW - (now - failures[0])) + 1)},
            )  # fmt: skip
        given = exchange.headers.get(b"authorization", [])
        scheme, _, key = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        right = hmac.compare_digest(hashlib.sha256(key.strip()).digest(), self._key)
        if right and scheme.lower() == b"bearer":
            return
        if given:
            failures.append(now)
            self._failures[exchange.client] = failures
            self._failures.move_to_end(exchange.client)
            while len(self._failures) > ADDRESSES:
                self._failures.popitem(last=False)
        raise Problem(
            401, "invalid_api_key", "The key is missing or wrong; send it as Authorization: Bearer",
            headers={"WWW-Authenticate": 'Bearer realm="ttm"'},
        )  # fmt: skip

    async def _body(self, exchange: _Exchange) -> bytes:
        """All of the request's body."""
        most = self._config.max_body
        large = Problem(413, "body_too_large", f"The body has more than {most} bytes")
        coding = exchange.headers.get(b"content-encoding", [b"identity"])
        if coding != [b"identity"]:
            raise Problem(415, "unsupported_encoding", "The body has to come as it is, not packed")
        length = exchange.headers.get(b"content-length", [b"0"])[0]
        if length.isdigit() and int(length[:20]) > most:
            raise large
        body = bytearray()
        while True:
            message = await exchange.take()
            if message["type"] == "http.disconnect":
                raise Problem(400, "incomplete_body", "The client left before its request was here")
            body += message.get("body", b"")
            if len(body) > most:
                raise large
            if not message.get("more_body", False):
                return bytes(body)


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, log: Log, metrics: Metrics
    ) -> None:
        self.headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name, []).append(value)
        wished = self.headers.get(b"x-request-id", [b""])[0].decode("latin-1")
        self.id = wished if re.fullmatch(r"[\w.-]{1,64}", wished, re.A) else os.urandom(8).hex()
        self.client = (scope.get("client") or ("local", 0))[0]
        self.scope = dict(scope)
        self.scope["state"] = {**scope["state"], "id": self.id, "address": self.client}
        if scope["method"] == "HEAD":  # answered as GET is; the protocol leaves out the body
            self.scope["method"] = "GET"
        self.origin = ""
        self.body: bytes | None = None
        self.take = receive
        self._method = scope["method"]
        self._send = send
        self._log, self._metrics = log, metrics
        self._began = time.monotonic()
        self._status = self._sent = 0
        self._ended = False
        metrics.running.inc()

    async def receive(self) -> Message:
        """The whole body at once; after that, when the client leaves."""
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return await self.take()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", []), *self._usual()]
        else:
            self._sent += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        await self._send(message)

    def _usual(self) -> list[tuple[bytes, bytes]]:
        """Headers of every answer."""
        headers = [
            (b"x-request-id", self.id.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
        ]
        if self.origin:
            headers += [
                (b"access-control-allow-origin", self.origin.encode()),
                (b"access-control-expose-headers", EXPOSED.encode()),
                (b"vary", b"Origin"),
            ]
        return headers

    async def preflight(self) -> None:
        """Tell a browser that this origin may ask."""
        headers = [
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-allow-headers", ALLOWED.encode()),
            (b"access-control-max-age", b"600"),
        ]
        if b"access-control-request-private-network" in self.headers:
            headers.append((b"access-control-allow-private-network", b"true"))
        await self.send({"type": "http.response.start", "status": 204, "headers": headers})
        await self.send({"type": "http.response.body", "body": b""})

    async def refuse(self, problem: Problem) -> None:
        """Answer with what is wrong, or break off what was answered already."""
        self.scope["state"]["code"] = problem.code
        if self._status:
            if not self._ended and (wire := self.scope["state"].get("wire")):
                new = self.scope.get("http_version") != "1.0"
                wire.break_off(chunked=new, stalled=problem.status == 408)
            return
        body = as_bytes(problem)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
        ]
        await self.send(
            {"type": "http.response.start", "status": problem.status, "headers": headers}
        )
        await self.send({"type": "http.response.body", "body": body})

    def done(self) -> None:
        """Count it, and tell of it."""
        route = getattr(self.scope.get("route"), "path", "") or "none"
        state: dict[str, Any] = self.scope["state"]
        took = time.monotonic() - self._began
        self._metrics.running.dec()
        self._metrics.requests.labels(_known(self._method), route, str(self._status)).inc()
        self._log.line(
            "request",
            id=self.id,
            client=self.client,
            method=_known(self._method),
            route=route,
            status=self._status,
            seconds=round(took, 4),
            bytes=self._sent,
            model=state.get("model"),
            voice=state.get("voice"),
            characters=state.get("characters"),
            code=state.get("code"),
            detail=state.get("detail"),
        )


def _known(method: str) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return method if method in known else "other"


def _host(given: bytes) -> str:
    """The name in a Host header; empty for one that is none."""
    try:
        text = given.decode("ascii").casefold()
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    plain = f"[{host}]" if ":" in host else host
    return host if text in (plain, f"{plain}:{port}") else ""


async def until_left(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
