"""The child: one process that owns one engine. Started as `python -m ttm.worker FD`, by name,
so that nothing above ever imports an engine.

Descriptor FD is the wire. Standard output is turned into standard error first: whatever a
library prints there cannot reach the wire, and is kept as its last words.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import threading
import warnings
from typing import TYPE_CHECKING

from ttm.child import settle_in
from ttm.engine import Cloning, Configured, Engine, Foresighted, Phonetic, load
from ttm.errors import EngineCrashed, EngineUnavailable, SynthesisError, TtmError
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

if TYPE_CHECKING:
    from ttm.voicefile import Prompt


class Servant:
    """Answers one request after the other; hears a cancel while it speaks."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cancelled = 0
        """Every request up to this number was cancelled; a parent asks in rising order."""
        self._busy = threading.Event()
        """Beats are for a parent that waits; nobody would read those of an idle worker."""
        self._breathing = False
        """Whether the engine drew breath since the last beat."""

    def serve(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        self._busy.set()
        engine = self._load(self._requests.get())
        while True:
            self._busy.clear()
            request = self._requests.get()
            self._busy.set()
            self._answer(engine, request)

    def _listen(self) -> None:
        """Ends the process, and whatever the engine forked, when the parent is gone."""
        try:
            while (message := self._channel.receive()) is not None:
                if isinstance(message, Cancel):
                    self._cancelled = max(self._cancelled, message.id)
                else:
                    self._requests.put(message)
        finally:
            os.killpg(0, signal.SIGKILL)

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT):
            self._busy.wait()
            breathing, self._breathing = self._breathing, False
            self._channel.send(Beat(breathing))

    def _load(self, message: Message) -> Engine:
        assert isinstance(message, Load), message
        try:
            engine = load(message.engine, message.options, self._tell)
            effective = engine.effective() if isinstance(engine, Configured) else {}
        except Exception as failure:
            self._fail(
                0, failure, EngineUnavailable.code, f"engine '{message.engine}' cannot start"
            )
            raise SystemExit(1) from failure
        self._channel.send(Ready(message.engine, effective))
        return engine

    def _tell(self, what: str, part: float) -> None:
        self._channel.send(Loading(what, float(part)))

    def _answer(self, engine: Engine, message: Message) -> None:
        try:
            match message:
                case Speak(number, speech, then):
                    if then and isinstance(engine, Foresighted):
                        engine.expect(then)
                    for said in engine.speak(speech):
                        if number <= self._cancelled:
                            break
                        if isinstance(said, str):
                            self._channel.send(Note(number, said))
                        elif said.pcm or said.timings or said.codes or said.cut:
                            self._channel.send(Sound(number, said))
                        else:
                            self._breathing = True
                    self._channel.send(Done(number))
                case ListVoices(number):
                    self._channel.send(Voices(number, tuple(engine.voices())))
                case AskPrompt(number, recording, transcript):
                    fingerprint: str = ""
                    made: Prompt = {}
                    if isinstance(engine, Cloning):
                        fingerprint, made = engine.prompt(recording, transcript)
                    self._channel.send(MadePrompt(number, fingerprint, dict(made)))
                case AskPhonemes(number, text, voice):
                    ipa = engine.phonemes(text, voice) if isinstance(engine, Phonetic) else ""
                    self._channel.send(MadePhonemes(number, ipa))
        except Exception as failure:
            self._fail(getattr(message, "id", 0), failure, SynthesisError.code, "the engine failed")

    def _fail(self, number: int, failure: Exception, code: str, otherwise: str) -> None:
        """Report a failure; what is no TtmError is the engine's own, and goes under `code` with
        the sentence `otherwise`."""
        if isinstance(failure, EngineCrashed):
            crash = Failed(
                number,
                failure.code,
                failure.what,
                failure.fix,
                contained=failure.contained,
                log=failure.log,
            )
            self._channel.send(crash)
        elif isinstance(failure, TtmError):
            self._channel.send(Failed(number, failure.code, failure.what, failure.fix))
        else:
            import traceback

            traceback.print_exception(failure, limit=8)
            # Once a text was given, an exception's own words may quote it.
            why = type(failure).__name__ if number else f"{type(failure).__name__}: {failure}"
            self._channel.send(Failed(number, code, f"{otherwise} ({why})", "Run `ttm doctor`"))


def main() -> None:
    settle_in()
    os.dup2(2, 1)
    # An engine that forks for every utterance does so beside our two threads, which hold no
    # lock that the fork needs: they sleep in recv and wait.
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
    end = socket.socket(fileno=int(sys.argv[1]))
    channel = Channel(end)
    # A forked mouth that outlives us must not keep the wire open, or our death goes unnoticed.
    os.register_at_fork(after_in_child=channel.close)
    Servant(channel).serve()


main()
