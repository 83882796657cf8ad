"""A server as a user runs it, for each module of tests one; and what its clients do."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from ttm.models.registry import FILES, REGISTRY
from ttm.models.speakers import SPEAKERS, TAGS

PLUGIN = Path(__file__).parents[1] / "faulty"

PATIENCE = 60
"""Seconds that anything may take; nothing in a test waits for ever."""

SERVERS: set[int] = set()
"""Processes of servers that run on purpose."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    whole: bool = True
    """Whether it came to its end."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


class Server:
    """A running `ttm serve`."""

    def __init__(self, folder: Path, *words: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("TTM_", "XDG_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ttm", "serve", "--port", "0", *words],
            env={
                **clean,
                "HOME": str(folder),
                "XDG_RUNTIME_DIR": str(folder / "run"),
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(PLUGIN),
                "TTM_PLAYBACK_PLAYER": "none",
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        SERVERS.add(self.process.pid)
        self._log = b""
        try:
            self.port = int(self._heard(rb"listening on http://[^ ]*:(\d+)")[1])
        except BaseException:
            self.end(signal.SIGKILL)
            raise

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "ttm" / "ttm.sock"

    def _read(self, seconds: float) -> bool:
        assert self.process.stderr is not None
        if not select.select([self.process.stderr], [], [], seconds)[0]:
            return False
        block = os.read(self.process.stderr.fileno(), 65536)
        self._log += block
        return bool(block)

    def _heard(self, pattern: bytes) -> re.Match[bytes]:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self._log)):
            if not self._read(1) and (self.process.poll() is not None):
                raise AssertionError(f"the server ended: {self._log.decode()}")
            assert time.monotonic() < deadline, self._log.decode()
        return found

    def line(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first line of the log that is wanted, once it is there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for line in self._log.splitlines():
                with contextlib.suppress(ValueError):
                    if isinstance(row := json.loads(line), dict) and wanted(row):
                        return row
            self._read(0.2)
            assert time.monotonic() < deadline, self._log.decode()

    @property
    def log(self) -> str:
        while self._read(0):
            pass
        return self._log.decode()

    @property
    def takes_connections(self) -> bool:
        try:
            self.connect().close()
        except ConnectionError:
            return False
        return True

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(
        self,
        method: str,
        path: str,
        about: Any = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        by_socket: bool = False,
    ) -> Answer:
        """What it answers; `about` goes as JSON."""
        sent = dict(headers or {})
        if about is not None:
            body = json.dumps(about).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        if by_socket:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(PATIENCE)
            connection.sock.connect(str(self.socket))
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            got = connection.getresponse()
            names = {name.lower(): value for name, value in got.getheaders()}
            try:
                return Answer(got.status, names, got.read())
            except http.client.IncompleteRead as broken:
                return Answer(got.status, names, broken.partial, whole=False)
            except ConnectionError:
                return Answer(got.status, names, b"", whole=False)

    def speech(self, text: str, **about: Any) -> Answer:
        """What `/v1/audio/speech` answers."""
        asked = {"model": "tone", "voice": "alloy", "input": text, "response_format": "wav"}
        return self.ask("POST", "/v1/audio/speech", asked | about)

    def metric(self, name: str) -> float:
        """A sample of `/metrics`, as `ttm_waiting{model="tone"}`; 0 where there is none."""
        text = self.ask("GET", "/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        return float(found[1]) if found else 0.0

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until this holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, self.log[-4000:]
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it; its exit code. Everything that it started ends with it."""
        mine = []
        with contextlib.suppress(psutil.NoSuchProcess):
            mine = psutil.Process(self.process.pid).children(recursive=True)
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(PATIENCE)
            while self._read(0):
                pass
        finally:
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()
            SERVERS.discard(self.process.pid)
        _, left = psutil.wait_procs(mine, 5)
        assert not left
        return code


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start a server: `start("--set", "server.max_queue=2")`."""
    started: list[Server] = []

    def begin(*words: str, env: dict[str, str] | None = None, folder: Path | None = None) -> Server:
        started.append(Server(folder or tmp_path_factory.mktemp("server"), *words, env=env))
        return started[-1]

    yield begin
    for each in started:
        if each.process.pid in SERVERS:
            each.end()


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all modules that leave it as it was; to start one costs a second."""
    aliases = '{ narrator = "low", "my-tts" = "tone", reader = "de", "their-model" = "tone" }'
    words = ("--set", f"server.aliases={aliases}", "--set", "server.max_characters=5000")
    server = Server(tmp_path_factory.mktemp("common"), *words)
    yield server
    server.end()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Qwen3's checkpoints, without weights, but for the last one."""
    folder = tmp_path_factory.mktemp("models")
    for entry in REGISTRY[:-1]:
        place = folder / entry.hub.replace("/", "--")
        for name in FILES:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(b"{}")
        about = {
            "model_type": "qwen3_tts",
            "tts_model_type": entry.mode,
            "tts_model_size": entry.size.replace(".", "b").removesuffix("B"),
            "talker_config": {
                "spk_id": dict.fromkeys(SPEAKERS if entry.mode == "custom_voice" else (), 0),
                "codec_language_id": dict.fromkeys(TAGS.values(), 0),
            },
        }
        (place / "config.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="module")
def fakes(models: Path) -> dict[str, str]:
    """The environment in which a fake speaks with them; see tests/server/checkpointed."""
    places = [str(Path(__file__).parent / "checkpointed"), str(PLUGIN)]
    return {"PYTHONPATH": os.pathsep.join(places), "TTM_MODELS_DIR": str(models)}


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a process behind, those of the running servers aside."""
    yield
    me = psutil.Process()
    deadline = time.monotonic() + 3
    while left := [child for child in me.children() if child.pid not in SERVERS]:
        if time.monotonic() > deadline:
            pytest.fail(f"left running: {[' '.join(child.cmdline())[:120] for child in left]}")
        time.sleep(0.02)
