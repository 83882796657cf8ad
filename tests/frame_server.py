"""A server that speaks frames as ttm's does, or misbehaves as it is told to.

Not a server of ttm: what it answers is written down by the test, down to the bytes.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from ttm import __version__
from ttm.audio import Audio
from ttm.narration.frames import MEDIA_TYPE, Begin, End, Sound, encode
from ttm.speech import Timing

BEGIN = Begin("tone", "tone", "tone", "en", 7, "a beep a word")
PCM = b"\x01\x00" * 2400
TIMINGS = (
    Timing("word", 0, 4, 0.0, 0.05, True, "Good", ""),
    Timing("word", 5, 9, 0.05, 0.1, True, "day.", ""),
)
WHOLE = Timing("sentence", 0, 9, 0.0, 0.2, True, "Good day.", "")
SPOKEN = (
    encode(BEGIN)
    + encode(Sound(Audio(PCM, 24_000, "s16", TIMINGS)))
    + encode(Sound(Audio(PCM, 24_000, "s16", (WHOLE,))))
)
"""0.2 seconds of sound."""


def report(**more: Any) -> bytes:
    """The frame that ends a speech."""
    about = {"model": "tone", "voice": "tone", "language": "en", "seed": 7, "engine": "tone"}
    about |= {"chunks": 1, "characters": 9, "seconds": 0.2, "effective": {"device": "cpu"}}
    return encode(End({**about, **more}))


Answer = tuple[int, dict[str, str], bytes | Iterable[bytes]]


def spoken(*blocks: bytes) -> Answer:
    """An answer of these frames, as they come."""
    return 200, {"Content-Type": MEDIA_TYPE}, iter(blocks)


def refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    """An answer with the envelope of an error."""
    told = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return status, {"Content-Type": "application/json", **headers}, json.dumps(told).encode()


class FrameServer:
    """Answers as `routes` say, by `METHOD /path`: an Answer, or a function that gives one; bytes
    alone are written as they are, without HTTP. `asked` holds each request's line and body.

    Listens on a port of loopback, or on a unix socket.
    """

    def __init__(self, socket: Path | None = None) -> None:
        self.routes: dict[str, Any] = {
            "POST /v1/ttm/say": lambda body: spoken(SPOKEN, report()),
            "GET /v1/ttm/status": lambda body: self.status(),
        }
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.version, self.settings = __version__, ""
        self.left = threading.Event()
        """Somebody hung up in the middle of an answer."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self) -> str:
                return "client"

            def log_message(self, *what: object) -> None:
                pass

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_GET

        kind: Any = socketserver.ThreadingUnixStreamServer if socket else socketserver.TCPServer
        if not socket:
            kind = type("Tcp", (socketserver.ThreadingMixIn, socketserver.TCPServer), {})
        kind.daemon_threads = True
        kind.block_on_close = False
        kind.handle_error = lambda *what: None
        self._server = kind(os.fspath(socket) if socket else ("127.0.0.1", 0), Handler)
        where = self._server.server_address
        self.url = f"unix:{socket}" if socket else f"http://127.0.0.1:{where[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def status(self) -> Answer:
        told = {"version": self.version, "pid": os.getpid(), "settings": self.settings}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        name = f"{handler.command} {handler.path}"
        self.asked.append((name, dict(handler.headers), json.loads(body) if body else None))
        route: Callable[[Any], Any] | Any = self.routes.get(name, refusal(404, "not_found", "no"))
        answer = route(body) if callable(route) else route
        if isinstance(answer, bytes):
            handler.wfile.write(answer)
            handler.close_connection = True
            return
        status, headers, content = answer
        handler.send_response(status)
        for key, value in headers.items():
            handler.send_header(key.replace("_", "-"), value)
        if isinstance(content, bytes):
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
            return
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for block in content:
                handler.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.left.set()
            handler.close_connection = True
