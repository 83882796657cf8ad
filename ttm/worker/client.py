"""The parent's side of a worker: start it, speak, cancel, notice its death, start it again.

Knows nothing of engines but their names; the child is started as `python -m ttm.worker`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from ttm.audio import Audio
from ttm.child import Child, death, own_module
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
from ttm.voicefile import Prompt
from ttm.worker.wire import (
    BEAT,
    AskPhonemes,
    AskPrompt,
    Beat,
    Cancel,
    Channel,
    Done,
    Failed,
    ListVoices,
    Load,
    Loading,
    MadePhonemes,
    MadePrompt,
    Message,
    Note,
    Ready,
    Sound,
    Speak,
    Voices,
)

DOCTOR = "Run `ttm doctor`"

ANSWERS = (Done, Voices, MadePrompt, MadePhonemes)
"""What ends a request that went well."""

CRASH_WINDOW = 60.0
"""Seconds within which crashes are counted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a worker is given up; all in seconds but `crashes`."""

    no_progress: float = 30.0
    """An engine that yields and reports nothing for so long is killed."""
    unresponsive: float = 3.0
    """A worker whose heartbeat stops for so long is killed; it is due once the engine is loaded,
    and before that within `no_progress`."""
    cancel: float = 1.0
    """A worker that does not stop within this time of a cancel is killed."""
    crashes: int = 3
    """So many crashes within a minute, and the engine is left alone until they are past."""


class Worker:
    """An engine in a process of its own; answers to the Engine protocol.

    Starts at the first need, or at `start()`. One request at a time: the caller finishes or
    closes one iteration before the next. `stop()` alone may come from another thread. `loading`
    hears what is being loaded, and how much of it is there from 0 to 1, while somebody waits.
    `seat`, asked at each start, gives another Python than ours to run the child with, and a
    descriptor that the child keeps open.
    """

    def __init__(
        self,
        engine: str,
        options: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        *,
        loading: Callable[[str, float], None] | None = None,
        seat: Callable[[], tuple[str, int]] | None = None,
    ) -> None:
        self.engine = engine
        self.effective: Mapping[str, Any] = {}
        """What the engine runs with, where it says so; empty until it is loaded."""
        self.options: Mapping[str, Any] = dict(options or {})
        """What the engine is called with."""
        self.stops = 0
        """Requests that `stop` has ended, whose answers are not whole."""
        self._loading = loading
        self._seat = seat
        self._limits = limits or Limits()
        self._numbers = itertools.count(1)
        self._child: Child | None = None
        self._channel: Channel | None = None
        self._loaded = False
        """Whether the engine is ready."""
        self._speaking = self._stopped = 0
        """Numbers of the request being answered, and of the last one that was to stop."""
        self._deaths: list[float] = []

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid if self._child else None

    @property
    def ready(self) -> bool:
        """Whether the child lives and its engine is loaded."""
        return self._child is not None and self._child.alive and self._loaded

    def start(self) -> None:
        """Start the child if none runs; returns before the engine is loaded.

        Raises EngineUnavailable when it crashed too often of late, or cannot be started, and
        RuntimeMissing when the Python that it needs is gone.
        """
        if self._child is not None and self._child.alive:
            return
        self.close()
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < CRASH_WINDOW]
        if len(self._deaths) >= self._limits.crashes:
            wait = CRASH_WINDOW - (now - self._deaths[0])
            raise EngineUnavailable(
                f"engine '{self.engine}' crashed {len(self._deaths)} times within a minute",
                f"Try again in {wait:.0f} s, or run `ttm doctor`",
            )
        try:
            near, far = socket.socketpair()
            with far, contextlib.ExitStack() as failing, contextlib.ExitStack() as leaving:
                failing.callback(near.close)
                python, passed = "", [far.fileno()]
                if self._seat is not None:
                    python, kept = self._seat()
                    leaving.callback(os.close, kept)
                    passed.append(kept)
                argv = own_module("ttm.worker", str(far.fileno()), python=python)
                self._child = Child(argv, pass_fds=passed)
                failing.pop_all()
        except OSError as failure:
            raise EngineUnavailable(f"cannot start a worker: {failure.strerror}") from failure
        self._channel = Channel(near)
        self._loaded = False
        self._send(Load(self.engine, dict(self.options)))

    def load(self) -> None:
        """Wait until the engine is loaded. Raises what `speak` raises for one that cannot be."""
        for _ in self._ask(None):
            pass

    def voices(self) -> list[Voice]:
        """Who can speak."""
        for message in self._ask(ListVoices):
            if isinstance(message, Voices):
                return list(message.voices)
        return []

    def prompt(self, recording: str, transcript: str) -> tuple[str, Prompt]:
        """What the engine makes of a recording whose voice it clones, and the fingerprint of what
        made it; both empty where there is nothing to keep.

        Raises what `speak` raises.
        """
        for message in self._ask(lambda number: AskPrompt(number, recording, transcript)):
            if isinstance(message, MadePrompt):
                return message.fingerprint, message.prompt
        return "", {}

    def phonemes(self, text: str, voice: str) -> str:
        """The text in IPA as this voice says it; empty where the engine cannot tell.

        Raises what `speak` raises.
        """
        for message in self._ask(lambda number: AskPhonemes(number, text, voice)):
            if isinstance(message, MadePhonemes):
                return message.ipa
        return ""

    def speak(self, speech: Speech, then: tuple[Speech, ...] = ()) -> Generator[Audio | str]:
        """The engine's audio and notes as they come; to cancel, close the iterator.

        `then` is what will probably be asked for next, for an engine that can begin with it.
        Raises the engine's own TtmError, EngineCrashed when the process died, EngineHung when
        it had to be killed, EngineUnavailable when it could not load.
        """
        with contextlib.closing(self._ask(lambda number: Speak(number, speech, then))) as answers:
            for message in answers:
                if isinstance(message, Sound):
                    yield message.audio
                elif isinstance(message, Note):
                    yield message.sentence

    def stop(self) -> None:
        """Cancel what is being spoken, from any thread; the speaking iterator then ends."""
        self._stopped = self._speaking
        channel = self._channel
        if self._stopped and channel is not None:
            with contextlib.suppress(OSError):
                channel.send(Cancel(self._stopped))

    def close(self) -> None:
        """End the child and everything it started."""
        if self._child is not None and self._child.alive:
            self._child.kill()
        if self._channel is not None:
            self._channel.close()
        self._child = self._channel = None

    def _ask(
        self, request: Callable[[int], Speak | ListVoices | AskPrompt | AskPhonemes] | None
    ) -> Generator[Message]:
        """The answers to a request; without one, nothing once the engine is loaded."""
        self.start()
        number = self._speaking = next(self._numbers)
        if request is not None:
            self._send(request(number))
        finished = request is None and self._loaded
        try:
            while not finished and (message := self._hear(number)) is not None:
                if isinstance(message, Failed) and message.id in (0, number):
                    finished = True
                    raise self._error(message)
                if isinstance(message, Ready):
                    finished = request is None
                elif getattr(message, "id", None) == number:
                    finished = isinstance(message, ANSWERS)
                    if not isinstance(message, Done):
                        yield message
        except (EngineUnavailable, EngineCrashed, EngineHung, WireError):
            finished = True
            raise
        except (Exception, GeneratorExit):
            raise
        except BaseException:
            # Ctrl-C and its like: who ends the program does not wait for the engine's manners.
            finished = True
            self.close()
            raise
        finally:
            self._speaking = 0
            self.stops += not finished and self._stopped == number
            if not finished:
                self._quieten(number)

    def _hear(self, number: int) -> Message | None:
        """The next message of interest, or None when `stop` was called; kills a worker that is
        silent for too long.

        Time is counted in the waits that came back empty, so that a parent which was suspended
        meanwhile (Ctrl-Z) does not take its own sleep for the worker's.
        """
        assert self._channel is not None
        silent = stuck = 0.0
        while self._stopped != number:
            try:
                message = self._channel.receive(BEAT)
            except TimeoutError:
                silent += BEAT
                limits = self._limits
                # To import torch keeps every thread of the child from running for seconds.
                if silent >= (limits.unresponsive if self._loaded else limits.no_progress):
                    raise self._killed("does not respond") from None
                continue
            except WireError:
                self._killed("sent junk")
                raise
            if message is None:
                raise self._dead()
            silent = 0.0
            if isinstance(message, Beat):
                stuck = 0.0 if message.breathing else stuck + BEAT
                if stuck >= self._limits.no_progress:
                    what = "made no sound" if self._loaded else "did not go on loading"
                    raise self._killed(f"{what} for {self._limits.no_progress:g} s")
            elif isinstance(message, Loading):
                stuck = 0.0
                if self._loading is not None:
                    self._loading(message.what, message.part)
            else:
                self._note_ready(message)
                return message
        return None

    def _note_ready(self, message: Message | None) -> None:
        if isinstance(message, Ready):
            self._loaded = True
            self.effective = message.effective

    def _quieten(self, number: int) -> None:
        """Cancel a request that nobody listens to any more, and read past what it still sent."""
        if self._channel is None:
            return
        deadline = time.monotonic() + self._limits.cancel
        try:
            self._channel.send(Cancel(number))
            while (left := deadline - time.monotonic()) > 0:
                message = self._channel.receive(left)
                self._note_ready(message)
                if message is None or (
                    isinstance(message, (Failed, *ANSWERS)) and message.id in (0, number)
                ):
                    return
        except (OSError, WireError):
            pass
        self.close()

    def _send(self, message: Message) -> None:
        assert self._channel is not None
        # Whoever is gone may have said why before; that is still to be heard.
        with contextlib.suppress(OSError):
            self._channel.send(message)

    def _dead(self) -> TtmError:
        """The error for a worker whose end of the wire closed."""
        assert self._child is not None
        status = self._child.wait(1.0)
        if status is None:
            return self._killed("closed its wire")
        log = self._child.last_words()
        self._deaths.append(time.monotonic())
        self.close()
        how = death(status)
        if not self._loaded:
            why = ": ".join([how, *log.splitlines()[-1:]])
            return EngineUnavailable(f"engine '{self.engine}' cannot start ({why})", DOCTOR)
        what, killed = f"engine '{self.engine}' crashed ({how})", how == "SIGKILL"
        hint = "It was probably out of memory; try a smaller model" if killed else DOCTOR
        return EngineCrashed(what, hint, killed=killed, log=log)

    def _killed(self, why: str) -> EngineHung:
        """Kill a worker that does not do its work; the error that says so."""
        self._deaths.append(time.monotonic())
        self.close()
        return EngineHung(f"engine '{self.engine}' {why} and was stopped", DOCTOR)

    def _error(self, failed: Failed) -> TtmError:
        if failed.id == 0:
            self.close()
        leaves = {leaf.code: leaf for leaf in every_error()}
        leaf = leaves.get(failed.code, SynthesisError)
        if issubclass(leaf, EngineCrashed):
            return leaf(failed.what, failed.fix, contained=failed.contained, log=failed.log)
        return leaf(failed.what, failed.fix)
