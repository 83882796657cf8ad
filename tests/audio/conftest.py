"""Speech-like sound, a pipe that is read, and a look at what this process holds open."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest

from ttm.audio import Audio
from ttm.audio.formats import FORMATS
from ttm.audio.sink import Written, open_sink
from ttm.audio.target import open_target


@pytest.fixture(scope="session")
def speech() -> Audio:
    """Two seconds at 22,050 Hz."""
    return _speech_like(2, 22_050)


def _speech_like(seconds: float, rate: int) -> Audio:
    """Voiced syllables of 0.25 s between hisses: a pulse train through resonances, with pauses."""
    rng = np.random.default_rng(7)
    t = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * t)
    phase = np.cumsum(pitch) / rate
    voiced = sum(
        np.sin(2 * np.pi * n * phase) * np.exp(-(((n * 120 - f) / 250) ** 2))
        for f in (600, 1200, 2500)
        for n in range(1, 30)
    )
    syllable = np.clip(np.sin(2 * np.pi * 2 * t), 0, None) ** 0.5
    hiss = rng.standard_normal(len(t)) * (np.sin(2 * np.pi * 2 * t) < -0.7)
    samples = 0.25 * voiced * syllable / np.abs(voiced).max() * 2 + 0.02 * hiss
    return Audio((samples * 32767).clip(-32768, 32767).astype("<i2").tobytes(), rate)


@pytest.fixture(scope="session")
def blocks() -> Callable[[Audio, int], Iterator[Audio]]:
    """Cuts 16-bit sound into blocks of so many samples."""

    def cut(audio: Audio, size: int) -> Iterator[Audio]:
        for at in range(0, audio.samples, size):
            yield Audio(audio.pcm[2 * at : 2 * (at + size)], audio.rate)

    return cut


@pytest.fixture(scope="session")
def write() -> Callable[..., Written]:
    """Writes blocks of sound to a path in a format, from opening to closing."""

    def write_all(
        path: object, name: str, pieces: Iterable[Audio], rate: int = 22_050, **how: Any
    ) -> Written:
        target = open_target(str(path))
        with open_sink(target, FORMATS[name], native_rate=rate, **how) as sink:
            for piece in pieces:
                sink.write(piece)
            return sink.close()

    return write_all


class Reader:
    """A pipe whose other end is read by a thread until it is closed."""

    def __init__(self) -> None:
        self._source, self.fd = os.pipe()
        self.path = f"/dev/fd/{self.fd}"
        self.got = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while block := os.read(self._source, 65536):
            self.got += block
        os.close(self._source)

    def all(self) -> bytes:
        """Everything, once whoever writes is done."""
        os.close(self.fd)
        self._thread.join(20)
        assert not self._thread.is_alive()
        return bytes(self.got)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def no_leftovers() -> Iterator[None]:
    """Holds a test to leaving no descriptor, no child process (or zombie) and no thread behind."""
    own = psutil.Process()

    def held() -> tuple[int, int, int]:
        return own.num_fds(), len(own.children()), own.num_threads()

    before = held()
    yield
    deadline = time.monotonic() + 5
    while any(now > then for now, then in zip(held(), before, strict=True)):
        assert time.monotonic() < deadline, (before, held())
        time.sleep(0.01)
