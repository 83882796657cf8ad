"""The parent's side of a worker: start it, speak, cancel, notice its death, start it again.

Knows nothing of engines but their names; the child is started as `python -m ttm.worker`.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttm.audio import Audio
from ttm.child import Child, death
from ttm.errors import (
    EngineCrashed,
    EngineHung,
    EngineUnavailable,
    SynthesisError,
    TtmError,
    WireError,
    every_error,
)
from ttm.speech import Speech, Voice
from ttm.worker.wire import (
    BEAT,
    Beat,
    Cancel,
    Channel,
    Done,
    Failed,
    ListVoices,
    Load,
    Message,
    Sound,
    Speak,
    Voices,
)

CRASH_WINDOW = 60.0
"""Seconds within which crashes are counted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a worker is given up; all in seconds but `crashes`."""

    no_progress: float = 30.0
    """An engine that yields nothing for so long is killed."""
    unresponsive: float = 3.0
    """A worker whose heartbeat stops for so long is killed."""
    cancel: float = 1.0
    """A worker that does not stop within this time of a cancel is killed."""
    crashes: int = 3
    """So many crashes within a minute, and the engine is left alone until they are past."""


class Worker:
    """An engine in a process of its own; answers to the Engine protocol.

    Starts at the first need, or at `start()`. One request at a time: the caller finishes or
    closes one iteration before the next. `stop()` alone may come from another thread.
    """

    def __init__(
        self, engine: str, options: Mapping[str, Any] | None = None, limits: Limits | None = None
    ) -> None:
        self.engine = engine
        self._options = dict(options or {})
        self._limits = limits or Limits()
        self._numbers = itertools.count(1)
        self._child: Child | None = None
        self._channel: Channel | None = None
        self._speaking = 0
        self._deaths: list[float] = []
        self._stopping = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the child if none runs; returns before the engine is loaded.

        Raises EngineUnavailable when it crashed too often of late, or cannot be started.
        """
        if self._child is not None and self._child.alive:
            return
        self._bury()
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < CRASH_WINDOW]
        if len(self._deaths) >= self._limits.crashes:
            wait = CRASH_WINDOW - (now - self._deaths[0])
            raise EngineUnavailable(
                f"engine '{self.engine}' crashed {len(self._deaths)} times within a minute",
                f"try again in {wait:.0f} s, or run `ttm doctor`",
            )
        ours, theirs = socket.socketpair()
        with theirs:
            argv = [sys.executable, "-m", "ttm.worker", str(theirs.fileno())]
            try:
                self._child = Child(argv, pass_fds=[theirs.fileno()])
            except OSError as failure:
                ours.close()
                raise EngineUnavailable(f"cannot start a worker: {failure.strerror}") from failure
        self._channel = Channel(ours)
        self._send(Load(self.engine, self._options))

    def voices(self) -> list[Voice]:
        """Who can speak."""
        for message in self._ask(lambda number: ListVoices(number)):
            if isinstance(message, Voices):
                return list(message.voices)
        raise WireError(f"engine '{self.engine}' did not answer")

    def speak(self, speech: Speech) -> Generator[Audio]:
        """The engine's audio as it comes; to cancel, close the iterator.

        Raises the engine's own TtmError, EngineCrashed when the process died, EngineHung when
        it had to be killed, EngineUnavailable when it could not load.
        """
        for message in self._ask(lambda number: Speak(number, speech)):
            if isinstance(message, Sound):
                yield message.audio

    def stop(self) -> None:
        """Cancel what is being spoken, from any thread; the speaking iterator then ends."""
        with self._stopping:
            if self._channel is not None and self._speaking:
                with contextlib.suppress(OSError):
                    self._channel.send(Cancel(self._speaking))

    def close(self) -> None:
        """End the child and everything it started."""
        if self._child is not None:
            self._child.kill()
        self._bury()

    def _ask(self, request: Callable[[int], Speak | ListVoices]) -> Iterator[Message]:
        self.start()
        number = next(self._numbers)
        self._send(request(number))
        self._speaking = number
        finished = False
        try:
            while True:
                message = self._hear()
                if isinstance(message, Failed) and message.id in (0, number):
                    finished = True
                    raise self._error(message)
                if getattr(message, "id", None) != number:
                    continue
                finished = isinstance(message, Done | Voices)
                if not isinstance(message, Done):
                    yield message
                if finished:
                    return
        except (EngineCrashed, EngineHung, WireError):
            finished = True
            raise
        finally:
            with self._stopping:
                self._speaking = 0
            if not finished:
                self._quieten(number)

    def _hear(self) -> Message:
        """The next message but beats; kills a worker that is silent for too long.

        Time is counted in the waits that came back empty, so that a parent which was suspended
        meanwhile (Ctrl-Z) does not take its own sleep for the worker's.
        """
        assert self._channel is not None
        silent = stuck = 0.0
        while True:
            try:
                message = self._channel.receive(BEAT)
            except TimeoutError:
                silent += BEAT
                if silent >= self._limits.unresponsive:
                    raise self._killed("does not respond") from None
                continue
            except WireError:
                self._killed("sent junk")
                raise
            if message is None:
                raise self._dead()
            if not isinstance(message, Beat):
                return message
            silent = 0.0
            stuck += BEAT
            if stuck >= self._limits.no_progress:
                raise self._killed(f"made no sound for {self._limits.no_progress:g} s")

    def _quieten(self, number: int) -> None:
        """Cancel a request that nobody listens to any more, and read past what it still sent."""
        if self._channel is None:
            return
        try:
            self._channel.send(Cancel(number))
            waits = max(1, round(self._limits.cancel / BEAT))
            while waits > 0:
                try:
                    message = self._channel.receive(BEAT)
                except TimeoutError:
                    waits -= 1
                    continue
                if message is None or (
                    isinstance(message, Done | Failed | Voices) and message.id == number
                ):
                    return
                waits -= isinstance(message, Beat)
        except (OSError, WireError):
            pass
        self.close()

    def _send(self, message: Message) -> None:
        assert self._channel is not None
        try:
            self._channel.send(message)
        except OSError:
            raise self._dead() from None

    def _dead(self) -> SynthesisError:
        """The error for a worker whose end of the wire closed."""
        assert self._child is not None
        status = self._child.wait(1.0)
        if status is None:
            status = self._child.kill()
        log = self._child.last_words()
        self._deaths.append(time.monotonic())
        self._bury()
        how = death(status)
        hint = "run `ttm doctor`"
        if how == "SIGKILL":
            hint = "it was probably out of memory; try a smaller model"
        return EngineCrashed(f"engine '{self.engine}' crashed ({how})", hint, log=log)

    def _killed(self, why: str) -> EngineHung:
        """Kill a worker that does not do its work; the error that says so."""
        self._deaths.append(time.monotonic())
        self.close()
        return EngineHung(f"engine '{self.engine}' {why} and was stopped", "run `ttm doctor`")

    def _error(self, failed: Failed) -> TtmError:
        if failed.id == 0:
            self.close()
        leaves = {leaf.code: leaf for leaf in every_error()}
        leaf = leaves.get(failed.code, SynthesisError)
        if issubclass(leaf, EngineCrashed):
            return leaf(failed.what, failed.fix, contained=failed.contained, log=failed.log)
        return leaf(failed.what, failed.fix)

    def _bury(self) -> None:
        """Forget a child that is gone."""
        if self._channel is not None:
            self._channel.close()
        if self._child is not None and self._child.alive:
            self._child.kill()
        self._child = self._channel = None
