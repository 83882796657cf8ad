"""A server with OpenAI's interface on this machine, which does what a test tells it to."""

from __future__ import annotations

import json
import math
import struct
import threading
from array import array
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

RATE = 16_000
"""Hertz of what the server says; not the rate that is assumed where nothing is said."""

Answer = Callable[["Handler", dict[str, Any]], None]


@pytest.fixture(autouse=True)
def _unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server says is a steady tone, which the guard would not take for speech."""
    monkeypatch.setenv("TTM_GUARD_ENABLED", "false")


def samples(seconds: float) -> bytes:
    """A tone as signed 16-bit samples."""
    wave = (8000 * math.sin(i * 2 * math.pi * 220 / RATE) for i in range(round(seconds * RATE)))
    return array("h", map(round, wave)).tobytes()


def header(size: int = 0xFFFFFFFF) -> bytes:
    """The header of a WAV; without a size, as a stream has it."""
    fmt = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    riff = size if size == 0xFFFFFFFF else size + 36
    return (
        struct.pack("<4sI4s4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16)
        + fmt
        + struct.pack("<4sI", b"data", size)
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), None))
        if self.server.voices is None:
            self.whole(404, b'{"detail":"Not Found"}', "application/json")
        else:
            self.whole(200, json.dumps(self.server.voices).encode(), "application/json")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, body)

    def whole(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, kind: str = "audio/wav", **headers: str) -> None:
        """Begin a chunked answer."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, block: bytes) -> None:
        """One chunk; an empty one is the end."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        self.wfile.flush()

    def cut(self) -> None:
        """Hang up."""
        self.close_connection = True
        self.connection.close()


class Server(ThreadingHTTPServer):
    """What it was asked, and how it answers: with each of `answers`, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.answers: list[Answer] = [spoken]
        self.voices: Any = {"voices": ["anna", {"id": "bert", "name": "Bert", "language": "de"}]}

    def handle_error(self, *_: Any) -> None:
        """Clients that leave are what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def spoken(self) -> list[dict[str, Any]]:
        """The requests for speech."""
        return [body for _, _, body in self.asked if body is not None]


def spoken(handler: Handler, body: dict[str, Any]) -> None:
    """A tenth of a second for each character, as a stream."""
    handler.begin()
    handler.chunk(header() + samples(0.1 * len(body["input"])))
    handler.chunk(b"")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as served:
        threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True).start()
        yield served
        served.shutdown()


@pytest.fixture
def remote(server, monkeypatch) -> Server:
    """The server, as `remote:home` of the settings."""
    monkeypatch.setenv("TTM_ENGINE_REMOTE_HOME_URL", server.url)
    return server


class _Sounds:
    """What answers are made of."""

    header = staticmethod(header)
    samples = staticmethod(samples)
    spoken = staticmethod(spoken)


@pytest.fixture
def sounds() -> type[_Sounds]:
    return _Sounds
