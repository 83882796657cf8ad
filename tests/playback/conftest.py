"""A sound server that plays to nothing and lets one listen, and a device that is asked by hand."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ttm.config import PlaybackSettings
from ttm.errors import DeviceError
from ttm.playback import Player, Source

RATE = 24_000


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A PulseAudio of its own, and the environment in which it is the one."""
    if not shutil.which("pulseaudio") or not shutil.which("parec"):
        pytest.skip("needs Debian's pulseaudio and pulseaudio-utils")
    pytest.importorskip("miniaudio")
    folder.chmod(0o700)
    own = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    # A sink that rewinds hands its monitor the silence that it takes back from its device.
    sink = f"module-null-sink sink_name=ttm rate={RATE} channels=1 format=s16le norewinds=1"
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--exit-idle-time=-1", "--load=module-native-protocol-unix",
         f"--load={sink}"],
        env={**os.environ, **own}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until((folder / "pulse/native").exists)
        yield server, {**own, "TTM_PLAYBACK_PLAYER": "auto", "TTM_PLAYBACK_BACKEND": "miniaudio"}
    finally:
        server.kill()
        server.wait(20)


@pytest.fixture(scope="module")
def pulse(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment in which PulseAudio's default device is a null sink of 24 kHz mono."""
    with served(tmp_path_factory.mktemp("pulse")) as (_, environment):
        yield environment


@pytest.fixture
def mortal_pulse(tmp_path_factory) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """One that a test may kill."""
    with served(tmp_path_factory.mktemp("mortal")) as both:
        yield both


@pytest.fixture
def listening(pulse, tmp_path) -> Callable[[], contextlib.AbstractContextManager[Path]]:
    """Record what the null sink plays, as raw samples, in a `with` block."""

    @contextlib.contextmanager
    def listen() -> Iterator[Path]:
        path = tmp_path / "heard.raw"
        with path.open("wb") as out:
            # With nobody listening the sink takes 2 s at once; so it keeps to 20 ms.
            recorder = subprocess.Popen(
                ["parec", "-d", "ttm.monitor", "--format=s16le", f"--rate={RATE}",
                 "--channels=1", "--latency-msec=20"],
                env={**os.environ, **pulse}, stdout=out, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            until(lambda: path.stat().st_size > RATE)
            yield path
            end = path.stat().st_size
            until(lambda: path.stat().st_size > end + RATE)
        finally:
            recorder.terminate()
            recorder.wait(20)

    return listen


def until(holds: Callable[[], object]) -> None:
    """Wait for it; fail when it does not come to hold within 20 seconds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Hand:
    """A loudspeaker whose callbacks a test makes itself; what it was given stays in `out`."""

    name = about = "by hand"

    def __init__(self) -> None:
        self.out = b""
        self.running = self.closed = self.finished = False
        self.failure: DeviceError | None = None
        self.lazy = True
        self.heard = 0
        self.beat = 0

    def ready(self) -> Hand:
        return self

    def devices(self) -> list[str]:
        return []

    def open(self, rate: int, source: Source) -> Hand:
        self.source = source
        return self

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.closed = True

    def ask(self, frames: int) -> bytes:
        """What a device of ours would play when it needs so many samples."""
        self.beat += 1
        pcm = self.source.pull(frames)
        self.heard = self.source.taken
        self.finished = self.source.drained
        self.out += pcm + bytes(2 * frames - len(pcm))
        return pcm


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds; fail when it does not within 20 seconds."""
    return until


@pytest.fixture
def hand() -> Iterator[Callable[..., tuple[Player, Hand]]]:
    """A player of 24 kHz on a loudspeaker that is moved by hand; settings by name."""
    players = []

    def make(total: float | None = None, **settings: object) -> tuple[Player, Hand]:
        device = Hand()
        chosen = PlaybackSettings(**settings)  # type: ignore[arg-type]
        players.append(Player(device, RATE, chosen, total=lambda: total))
        return players[-1], device

    yield make
    for player in players:
        player.abort()
