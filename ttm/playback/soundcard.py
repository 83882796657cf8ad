"""miniaudio: PulseAudio, PipeWire, ALSA, JACK and Core Audio through one library."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

from ttm.errors import DeviceError, UnknownName, UsageError, did_you_mean
from ttm.playback.feed import WIDTH
from ttm.playback.headstart import BUFFER
from ttm.playback.loudspeaker import INSTEAD, Loudspeaker, Source

PERIODS = 2
"""Callbacks that a device's buffer lasts for: 100 ms each. With half of it, three busy threads of
ours were enough to be late."""

NULL = "null"
"""The device that plays to nothing, at the pace of a loudspeaker."""

DROPS = ("ALSA",)
"""Backends that throw away what they have not played when they are stopped."""

KEEPS_CONTEXTS = ("1.71",)
"""Versions of miniaudio that never give a device's context back: a connection to PulseAudio and
five descriptors each."""


def installed() -> bool:
    """Whether miniaudio is there; it has no build for every machine."""
    return importlib.util.find_spec("miniaudio") is not None


class SoundCard:
    """A device of this machine's, the default one unless it is named.

    `instead()` finds what stands in where there is none, or raises DeviceError.
    """

    name = "miniaudio"

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._backend: Any = None
        self._id: Any = None
        self._called = ""

    @property
    def about(self) -> str:
        version = importlib.metadata.version("miniaudio")
        device = f"'{self._called}'" if self._called else "the default device"
        return f"miniaudio {version}: {device} of {_named(self._backend)}"

    def ready(self) -> Loudspeaker:
        if self._backend is not None:
            return self
        if self._device:
            names = self._listed()
            self._called, self._id = _meant(self._device, names)
            return self
        failures = []
        for backend in _backends(self._device):
            try:
                CardStream(backend, None, 24_000, None).close()
            except _library().MiniaudioError as failure:
                failures.append(f"{_named(backend)} {failure.args[-1]}")
            else:
                self._backend = backend
                return self
        raise DeviceError(f"no loudspeaker was found ({', '.join(failures)})", INSTEAD)

    def devices(self) -> list[str]:
        return [name for name, _ in self._listed()]

    def open(self, rate: int, source: Source) -> CardStream:
        return _opened(self._backend, self._id, rate, source)

    def _listed(self) -> list[tuple[str, Any]]:
        """Names and ids of the first backend that has any; it becomes ours."""
        miniaudio = _library()
        for backend in _backends(self._device):
            with _hushed(), contextlib.suppress(miniaudio.MiniaudioError):
                found = miniaudio.Devices([backend]).get_playbacks()
                if found:
                    self._backend = backend
                    return [(_unique(each["name"], i, found), each["id"])
                            for i, each in enumerate(found)]  # fmt: skip
        raise DeviceError("no loudspeaker was found", INSTEAD)


def _unique(name: str, place: int, found: list[dict[str, Any]]) -> str:
    """The name, with a number behind it where another device has the same."""
    same = [i for i, each in enumerate(found) if each["name"] == name]
    return name if len(same) == 1 else f"{name} ({same.index(place) + 1})"


def _meant(word: str, devices: list[tuple[str, Any]]) -> tuple[str, Any]:
    """The device of this name, or of the only one that begins so."""
    wanted = word.casefold()
    if wanted == NULL:
        return "", None
    same = [each for each in devices if each[0].casefold() == wanted]
    begun = same or [each for each in devices if each[0].casefold().startswith(wanted)]
    names = [name for name, _ in begun or devices]
    listed = ", ".join(f"'{name}'" for name in names)
    if len(begun) > 1:
        raise UsageError(f"the device '{word}' can be {listed}", "Type more of its name")
    if not begun:
        hint = did_you_mean(word, names) or f"There is {listed}"
        raise UnknownName(f"there is no device '{word}'", hint)
    return begun[0]


class CardStream:
    """A device that asks for samples when it needs some, on a thread of its own."""

    lazy = True

    def __init__(self, backend: Any, device_id: Any, rate: int, source: Source | None) -> None:
        miniaudio = _library()
        self._source = source
        self._rate = rate
        self._failure: DeviceError | None = None
        self._stopping = self._closed = False
        self._given = 0
        """Frames that the device got, silence included."""
        self._drained_at: int | None = None
        self._marks: deque[tuple[int, int]] = deque([(0, 0)], maxlen=32)
        """What it had got after each callback, and how much of that was the source's."""
        self._asked = 0.0
        self._beat = 0
        self._frozen: int | None = None
        self._pulls = self._pulled()
        next(self._pulls)
        with _hushed():
            self._device = miniaudio.PlaybackDevice(
                miniaudio.SampleFormat.SIGNED16, 1, rate, round(BUFFER * 1000 / PERIODS),
                device_id, PERIODS, [backend], app_name="ttm",
            )  # fmt: skip
        self._device.stop_callback = self._stopped
        self._drops = self._device.backend in DROPS

    def start(self) -> None:
        self._stopping = False
        self._frozen = None
        self._tried(lambda: self._device.start(self._pulls))

    def stop(self) -> None:
        heard = self.heard
        self._stopping = True
        self._tried(self._device.stop)
        self._frozen = heard
        if self._drops and self._source is not None:
            self._source.put_back(self._source.taken - heard)
            self._marks.append((self._given, self._source.taken))
            self._drained_at = None

    def close(self) -> None:
        if self._closed:
            return
        self._frozen = self.heard
        self._closed = self._stopping = True
        context = self._device._context
        self._device.close()
        miniaudio = _library()
        if miniaudio.__version__ in KEEPS_CONTEXTS:
            miniaudio.lib.ma_context_uninit(context)

    @property
    def heard(self) -> int:
        """What was handed over 0.2 s ago, and as much as the time since then takes."""
        if self._frozen is not None:
            return self._frozen
        marks = tuple(self._marks)
        passed = (time.monotonic() - self._asked) * self._rate if self._asked else 0.0
        out = min(self._given, self._given - BUFFER * self._rate + passed)
        before, had = 0, 0
        for until, has in marks:
            if out < until:
                return max(0, min(has, had + round(out - before)))
            before, had = until, has
        return had

    @property
    def finished(self) -> bool:
        # The device still has its buffer to play when it gets the last sample.
        end = self._drained_at
        return end is not None and self._given - end >= BUFFER * self._rate

    @property
    def failure(self) -> DeviceError | None:
        return self._failure

    @property
    def beat(self) -> int:
        return self._beat

    def _pulled(self) -> Generator[bytes, int, None]:
        """What the device's callback asks; an exception in here would only be printed."""
        need = yield b""
        while True:
            need = yield self._next(need)

    def _next(self, need: int) -> bytes:
        source = self._source
        pcm = b""
        try:
            if source is not None:
                pcm = source.pull(need)
                self._given += need
                self._marks.append((self._given - need + len(pcm) // WIDTH, source.taken))
                self._marks.append((self._given, source.taken))
                if source.drained and self._drained_at is None:
                    self._drained_at = self._given - need + len(pcm) // WIDTH
        except Exception as bug:
            self._failure = DeviceError(f"playback failed ({type(bug).__name__})", INSTEAD)
        self._asked = time.monotonic()
        self._beat += 1
        return pcm

    def _stopped(self) -> None:
        """Called on any thread, also when it was us who stopped it."""
        if not self._stopping:
            self._failure = DeviceError("the loudspeaker is gone", INSTEAD)

    def _tried(self, what: Callable[[], None]) -> None:
        try:
            what()
        except _library().MiniaudioError as failure:
            raise DeviceError(f"the loudspeaker failed: {_reason(failure)}", INSTEAD) from None


def _opened(backend: Any, device_id: Any, rate: int, source: Source | None) -> CardStream:
    try:
        return CardStream(backend, device_id, rate, source)
    except _library().MiniaudioError as failure:
        what = f"{_named(backend)} cannot open its device: {_reason(failure)}"
        raise DeviceError(what, INSTEAD) from None


def _library() -> Any:
    """miniaudio, 0.16 s the first time. Raises DeviceError."""
    try:
        import miniaudio
    except ImportError:
        fix = "Install it with pip install miniaudio, or set playback.backend to command"
        raise DeviceError("miniaudio is not installed", fix) from None
    return miniaudio


def _backends(device: str) -> list[Any]:
    """Those to be tried, the best first, as miniaudio orders them."""
    miniaudio = _library()
    every = miniaudio.Backend
    if device.casefold() == NULL:
        return [every.NULL]
    # Left to itself it would take the null backend where nothing else is there.
    return [each for each in every if each not in (every.NULL, every.CUSTOM)
            and miniaudio.is_backend_enabled(each)]  # fmt: skip


NAMES = {"PULSEAUDIO": "PulseAudio", "COREAUDIO": "Core Audio", "NULL": "the null backend"}


def _named(backend: Any) -> str:
    return NAMES.get(backend.name) or str(backend.name)


def _reason(failure: Exception) -> str:
    """`failed to init device (-401)`"""
    said, *code = failure.args
    return f"{said} ({code[0]})" if code else str(said)


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep what ALSA and JACK print about devices that are not there from stdout and stderr."""
    kept = [os.dup(fd) for fd in (1, 2)]
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        yield
    finally:
        for fd, was in zip((1, 2), kept, strict=True):
            os.dup2(was, fd)
            os.close(was)
        os.close(null)
