"""A hub on loopback that does whatever hubs and the networks before them have been seen to do.

It answers the two questions that ttm asks: which files a revision has, and their bytes from an
offset. What it is to do wrong is queued by file name, `listing` for the first question:
`hub.faults["model.safetensors"] = [cut(1000), status(503)]`; `hub.always` holds what it does
every time.
"""

from __future__ import annotations

import hashlib
import json
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = 1 << 12
"""Bytes from which a file is kept as a large one, which is known by its SHA-256."""
BLOCK = 1 << 14

CONFIG = {"model_type": "qwen3_tts", "tts_model_type": "custom_voice", "tts_model_size": "0b6"}

Fault = Callable[["Answer", bytes], bool]
"""Answers instead of the hub; whether it did, or leaves that to the hub after all."""


def tensors(size: int, seed: int = 0) -> bytes:
    """A safetensors file of one tensor of so many bytes."""
    header = json.dumps({"x": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    data = hashlib.shake_128(seed.to_bytes(4)).digest(size)
    return struct.pack("<Q", len(header)) + header + data


def checkpoint(size: int = 200_000, seed: int = 0, **config: object) -> dict[str, bytes]:
    """Files in the layout of a published checkpoint; only the configuration means something."""
    return {
        "config.json": json.dumps(CONFIG | config).encode(),
        "model.safetensors": tensors(size, seed),
        "vocab.json": b"{}",
        "merges.txt": b"#version: 0.2\n",
        "speech_tokenizer/config.json": b"{}",
        "speech_tokenizer/model.safetensors": tensors(9_000),
        "README.md": b"# not fetched\n",
        "canary.py": b"raise SystemExit('the canary sang')\n",
    }


def cut(after: int) -> Fault:
    """Close the connection behind this byte of the file."""

    def fault(answer: Answer, body: bytes) -> bool:
        answer.begin(200, len(body))
        answer.send(body[: max(0, after - answer.offset)])
        answer.close_connection = True
        answer.connection.close()
        return True

    return fault


def wrong_bytes(answer: Answer, body: bytes) -> bool:
    """As many as there should be, one of them another."""
    answer.begin(200, len(body))
    answer.send(body[:-1] + bytes([body[-1] ^ 1]))
    return True


def instead(content: bytes, kind: str = "text/html", *, sized: bool = True) -> Fault:
    """Something else, with a status that says all is well."""

    def fault(answer: Answer, body: bytes) -> bool:
        answer.begin(200, len(content) if sized else None, kind=kind, whole=True)
        answer.send(content)
        answer.close_connection = True
        return True

    return fault


def status(code: int, **headers: str) -> Fault:
    def fault(answer: Answer, body: bytes) -> bool:
        answer.begin(code, 0, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return True

    return fault


def hang(after: int = -1) -> Fault:
    """Say nothing for ever; with `after`, say the file up to that byte first."""

    def fault(answer: Answer, body: bytes) -> bool:
        if after >= 0:
            answer.begin(200, len(body))
            answer.send(body[: max(0, after - answer.offset)])
        answer.server.ended.wait()
        answer.close_connection = True
        return True

    return fault


def no_ranges(answer: Answer, body: bytes) -> bool:
    """The whole file, whatever part of it was asked for."""
    answer.begin(200, len(answer.whole), whole=True)
    answer.send(answer.whole)
    return True


def other_range(answer: Answer, body: bytes) -> bool:
    """Another part than was asked for."""
    answer.begin(206, len(body) - 1, headers={"Content-Range": "bytes 1-2/3"}, whole=True)
    answer.send(body[1:])
    return True


def slowly(block: int, pause: float) -> Fault:
    """So many bytes at a time."""

    def fault(answer: Answer, body: bytes) -> bool:
        answer.begin(200, len(body))
        for start in range(0, len(body), block):
            answer.send(body[start : start + block])
            time.sleep(pause)
        return True

    return fault


class MockHub(ThreadingHTTPServer):
    """`repos` holds files by repository; a commit is made from them, or is that in `commits`."""

    cut, status, hang, instead, slowly = map(staticmethod, (cut, status, hang, instead, slowly))
    wrong_bytes, no_ranges = staticmethod(wrong_bytes), staticmethod(no_ranges)
    other_range = staticmethod(other_range)
    checkpoint, tensors = staticmethod(checkpoint), staticmethod(tensors)
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, repos: dict[str, dict[str, bytes]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.repos = repos or {}
        self.commits: dict[str, str] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.always: dict[str, Fault] = {}
        self.cdn: MockHub | None = None
        """Where large files are redirected to."""
        self.listed: dict[str, object] = {}
        """Laid over what is said of a file, by its name."""
        self.log: list[tuple[str, str | None, str | None]] = []
        """Path, Range and Authorization of every request."""
        self.sent: Counter[str] = Counter()
        """Bytes of bodies that were sent, by file name."""
        self.counting = threading.Lock()
        self.busy = 0
        """Connections that are open."""
        self.ended = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def folder(self, repository: str, folder: Path) -> None:
        """Offer the files of a folder."""
        self.repos[repository] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def commit(self, repository: str) -> str:
        files = self.repos[repository]
        made = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        return self.commits.get(repository, made)

    def handle_error(self, *about: object) -> None:
        """A client that leaves is no news."""

    def end(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: MockHub
    name = ""
    offset = 0
    whole = b""

    def log_message(self, *about: object) -> None:
        """Not on stderr."""

    def handle(self) -> None:
        hub = self.server
        with hub.counting:
            hub.busy += 1
        try:
            super().handle()
        finally:
            with hub.counting:
                hub.busy -= 1

    def do_GET(self) -> None:
        headers = self.headers
        hub = self.server
        hub.log.append((self.path, headers.get("Range"), headers.get("Authorization")))
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        self.offset, self.whole, self.name = 0, b"", ""
        if parts[:2] == ["api", "models"] and parts[4:5] == ["revision"]:
            self.name = "listing"
            self.answer(self.listing("/".join(parts[2:4]), parts[5]))
        elif parts[0] == "cdn" or parts[2:3] == ["resolve"]:
            skipped = 1 if parts[0] == "cdn" else 0
            repository, self.name = "/".join(parts[skipped:][:2]), "/".join(parts[skipped:][4:])
            files = hub.repos.get(repository, {})
            if self.name not in files:
                self.refuse("EntryNotFound" if files else "RepoNotFound")
                return
            content = files[self.name]
            if hub.cdn and len(content) >= LARGE:
                self.begin(302, 0, headers={"Location": f"{hub.cdn.url}/cdn{self.path}"})
                return
            self.answer(content)
        else:
            self.refuse("")

    def answer(self, content: bytes | None) -> None:
        """The hub's own answer, unless something is to go wrong."""
        hub = self.server
        self.whole = content or b""
        ranged = self.headers.get("Range", "")
        if ranged:
            self.offset = int(ranged.removeprefix("bytes=").rstrip("-"))
        queued = hub.faults[self.name]
        fault = queued.pop(0) if queued else hub.always.get(self.name)
        if fault and fault(self, self.whole[self.offset :]):
            return
        if content is None:
            self.refuse("RevisionNotFound" if self.name == "listing" else "EntryNotFound")
            return
        body = self.whole[self.offset :]
        self.begin(200, len(body))
        self.send(body)

    def listing(self, repository: str, revision: str) -> bytes | None:
        hub = self.server
        files = hub.repos.get(repository)
        if files is None or revision not in ("main", commit := hub.commit(repository)):
            return None
        siblings = []
        for name, content in files.items():
            about: dict[str, object] = {"rfilename": name, "size": len(content)}
            blob = b"blob %d\0" % len(content) + content
            about["blobId"] = hashlib.sha1(blob).hexdigest()
            if len(content) >= LARGE:
                sha256 = hashlib.sha256(content).hexdigest()
                about["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
            siblings.append(about | hub.listed.get(name, {}))
        commit = hub.commit(repository)
        return json.dumps({"id": repository, "sha": commit, "siblings": siblings}).encode()

    def begin(
        self,
        code: int,
        length: int | None,
        *,
        kind: str = "application/octet-stream",
        headers: dict[str, str] | None = None,
        whole: bool = False,
    ) -> None:
        ranged = code == 200 and self.offset and not whole
        self.send_response(206 if ranged else code)
        said = {"Content-Type": kind, **(headers or {})}
        if length is not None:
            said["Content-Length"] = str(length)
        if ranged:
            end = len(self.whole) - 1
            said["Content-Range"] = f"bytes {self.offset}-{end}/{len(self.whole)}"
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, body: bytes) -> None:
        for start in range(0, len(body), BLOCK):
            block = body[start : start + BLOCK]
            with self.server.counting:  # before, so that nobody has bytes that were not counted
                self.server.sent[self.name] += len(block)
            self.wfile.write(block)

    def refuse(self, code: str) -> None:
        self.begin(404, 0, headers={"X-Error-Code": code})
