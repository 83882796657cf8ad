"""A small server of OpenAI's speech routes, as it should be, or wrong in the ways that are named.

The control of `ttm conformance` and of the scripts that load a server: each of their checks is
shown to notice a server that breaks what it looks at. `wrong` holds names; `grep '"name" in'`
tells what each does.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import soundfile

RATE = 24_000
KINDS = {"mp3": "audio/mpeg", "opus": "audio/opus", "flac": "audio/flac", "wav": "audio/wav",
         "pcm": "audio/pcm"}  # fmt: skip
MODELS = ("tts-1", "gpt-4o-mini-tts")
VOICES = ("alloy", "echo")


@lru_cache(maxsize=64)
def encoded(seconds: float, form: str, quiet: bool = False) -> bytes:
    """So many seconds of a tone in a format."""
    time_ = np.arange(int(seconds * RATE)) / RATE
    samples = (0.0 if quiet else 0.3) * np.sin(2 * np.pi * 220 * time_)
    pcm = np.rint(samples * 32767).astype("<i2")
    if form == "pcm":
        return pcm.tobytes()
    kind = {"mp3": ("MP3", "MPEG_LAYER_III"), "opus": ("OGG", "OPUS"), "flac": ("FLAC", "PCM_16"),
            "wav": ("WAV", "PCM_16"), "vorbis": ("OGG", "VORBIS")}[form]  # fmt: skip
    out = io.BytesIO()
    soundfile.write(out, pcm, RATE, format=kind[0], subtype=kind[1])
    body = out.getvalue()
    if form == "wav":  # as a stream has it
        body = body[:4] + b"\xff" * 4 + body[8:40] + struct.pack("<I", 0xFFFFFFFF) + body[44:]
    return body


class FakeServer(ThreadingHTTPServer):
    """Listens on loopback until `end`; `key` is wanted where there is one."""

    daemon_threads = True
    request_queue_size = 2048

    def __init__(self, *wrong: str, key: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.wrong, self.key = set(wrong), key
        self.refusal = ""
        """What every refusal says, instead of its own."""
        self.requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        """Method, path, headers and body of each."""
        self.stuck = threading.Event()
        self.taken = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def end(self) -> None:
        self.stuck.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, *_: Any) -> None:
        """A client that left."""


class Answering(BaseHTTPRequestHandler):
    server: FakeServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self.note(b"")
        wrong, path = self.server.wrong, urlsplit(self.path).path
        listed: dict[str, Any] = {
            "/v1/models": {
                "object": "list",
                "data": [{"id": m, "object": "model"} for m in MODELS],
            },
            "/v1/audio/models": {"models": [{"id": m} for m in MODELS]},
            "/v1/audio/voices": {"voices": [{"id": v, "name": v} for v in VOICES]},
        }
        if "no models" in wrong:
            listed["/v1/models"] = {"models": []}
        if "no audio lists" in wrong or path not in listed:
            return self.refuse(404, "there is no such address")
        if "voices without ids" in wrong:
            listed["/v1/audio/voices"] = {"voices": [{"name": "alloy"}]}
        public = path.startswith("/v1/audio/") and "private lists" not in wrong
        if not public and not self.known():
            return self.refuse(401, "the key is wrong")
        return self.answer(200, "application/json", json.dumps(listed[path]).encode())

    def do_POST(self) -> None:
        body = self.body()
        self.note(body)
        wrong = self.server.wrong
        if "picky accept" in wrong and "audio" not in self.headers.get("Accept", "audio"):
            return self.refuse(406, "accept audio")
        if not self.known():
            return self.refuse(401, "the key is wrong")
        if "few headers" in wrong and len(self.headers) > 8:
            return self.refuse(431, "too many headers")
        if "no expectations" in wrong and self.headers.get("Expect"):
            return self.refuse(417, "do not expect")
        try:
            asked = json.loads(body)
            asked["input"].encode()
        except (ValueError, LookupError, AttributeError):
            return self.refuse(422 if "fastapi" in wrong else 400, "the body is wrong")
        if "ascii" in wrong and not asked["input"].isascii():
            return self.refuse(400, "letters, please")
        problem = self.problem(asked)
        if problem and "anything goes" not in wrong:
            return self.refuse(*problem)
        if "holds up" in wrong:
            if not self.server.taken.acquire(blocking=False):
                self.server.stuck.wait(30)
            return self.speak(asked)  # and never lets go
        if "busy" not in wrong:
            return self.speak(asked)
        if not self.server.taken.acquire(blocking=False):
            return self.refuse(503, "busy")
        time.sleep(0.2)
        self.speak(asked)
        return self.server.taken.release()

    def problem(self, asked: dict[str, Any]) -> tuple[int, str] | None:
        wrong = self.server.wrong
        voice = asked.get("voice")
        if isinstance(voice, dict) and "no voice objects" not in wrong:
            voice = voice["id"]
        known = {"model", "input", "voice", "response_format", "speed", "instructions",
                 "stream_format"}  # fmt: skip
        if "strict fields" in wrong and set(asked) - known:
            return 400, "unknown fields"
        if "short texts" in wrong and len(asked["input"]) > 1000:
            return 400, "too long"
        if "literal None" in wrong and asked.get("instructions") == "None":
            return 400, "no instructions"
        if not asked["input"].strip():
            return 400, "the text is empty"
        if not 0.25 <= asked.get("speed", 1) <= 4:
            return 400, "speed"
        if asked.get("response_format", "mp3") not in KINDS:
            return 400, "format"
        if asked.get("model") not in MODELS:
            return 404, "model"
        return (400, "voice") if voice not in VOICES else None

    def speak(self, asked: dict[str, Any]) -> None:
        wrong = self.server.wrong
        form = asked.get("response_format", "mp3")
        form = form if form in KINDS else "mp3"
        if "response_format" not in asked and "wav by default" in wrong:
            form = "wav"
        speed = 1.0 if "one speed" in wrong else float(asked.get("speed", 1))
        seconds = max(0.2, len(asked["input"]) / 15 / speed)
        if "cut short" in wrong:
            seconds /= 20
        made = "vorbis" if "vorbis" in wrong and form == "opus" else form
        made = "wav" if "wav in disguise" in wrong else made
        sound = encoded(round(seconds, 1), made, "silence" in wrong)
        if "json instead" in wrong:
            return self.answer(200, "application/json", json.dumps({"audio": "x"}).encode())
        if asked.get("stream_format") == "sse" and "no events" not in wrong:
            return self.events(sound)
        kind = "text/plain" if "plain text" in wrong else KINDS[form]
        if "never ends" in wrong:
            self.begin(200, kind)
            self.piece(sound[:100])
            self.server.stuck.wait(30)
            return None
        if "breaks off" in wrong:
            self.begin(200, kind)
            self.piece(sound[:-50])
            self.close_connection = True
            return None
        if "late" in wrong:
            time.sleep(0.3)
        self.begin(200, kind)
        for start in range(0, len(sound), 1 << 15):
            self.piece(sound[start : start + (1 << 15)])
        self.piece(b"")
        if "hangs up" in wrong:
            self.close_connection = True
        return None

    def events(self, sound: bytes) -> None:
        self.begin(200, "text/event-stream")
        sent: list[dict[str, Any]] = []
        for start in range(0, len(sound), 1 << 15):
            block = base64.b64encode(sound[start : start + (1 << 15)]).decode()
            sent.append({"type": "speech.audio.delta", "audio": block})
        usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
        name = "token_usage" if "other usage" in self.server.wrong else "usage"
        sent.append({"type": "speech.audio.done", name: usage})
        for event in sent:
            self.piece(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.piece(b"")

    # ---- the wire

    def known(self) -> bool:
        given = self.headers.get("Authorization", "")
        if "keys have words" in self.server.wrong and given.strip() in ("Bearer", "Bearer null"):
            return False
        key = self.server.key
        return not key or "any key" in self.server.wrong or given == f"Bearer {key}"

    def note(self, body: bytes) -> None:
        self.server.requests.append((self.command, self.path, self.headers.items(), body))

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "lengths only" in self.server.wrong:
            self.close_connection = True
            return b""
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def refuse(self, status: int, message: str) -> None:
        message = self.server.refusal or message
        error: Any = {"message": message, "type": "invalid_request_error", "param": None,
                      "code": "wrong"}  # fmt: skip
        whole = {"detail": message} if "fastapi" in self.server.wrong else {"error": error}
        if "html errors" in self.server.wrong:
            return self.answer(status, "text/html", b"<h1>no</h1>")
        return self.answer(status, "application/json", json.dumps(whole).encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def begin(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

    def piece(self, block: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        self.wfile.flush()
