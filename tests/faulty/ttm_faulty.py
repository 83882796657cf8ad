"""An engine that does what its text says: `kill 11` dies by that signal, `hang` sleeps.

A real engine in a real worker process, found as any other distribution's engine would be.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ttm.audio import Audio
from ttm.engine import Tell
from ttm.engine.tone import ToneEngine
from ttm.errors import BadCheckpoint, BadRecording, UsageError
from ttm.speech import Speech, Voice
from ttm.voicefile import Prompt, Tensor, is_voice, read

RATE = 24_000
FRAME = RATE * 2 * 8 // 100
"""Bytes that come at once at a pace: 80 ms, as of a neural codec's frame."""

LEAKED: list[bytes] = []
"""What the order `leak` keeps."""


class FaultyEngine(ToneEngine):
    """Beeps like `tone`, but each word of the form `order` or `order-argument` is obeyed.

    kill-N        dies by signal N before any sound
    later-N       half a second of sound, then dies by signal N
    once-PATH     dies by SIGKILL unless the file exists, and makes it
    until-PATH    waits for the file, yielding nothing to hear
    leak-N        keeps N kilobytes for as long as it lives, and beeps
    hang          makes no sound and never ends, heart beating
    stop          stops the whole process (SIGSTOP)
    nothing       no sound at all
    nan           samples that are no numbers
    raises        an exception of its own
    prints        junk on stdout, from Python and from below, then a beep
    endless       sound that never ends
    stray         leaves a process behind and hangs
    words         last words on stderr, then SIGSEGV
    breathe-N     nothing to hear N times, a tenth of a second each
    note-WORD     a note for the user
    asked         a note of what it was asked for beside the text
    pace-N        from here on, a second of beeps takes N tenths of a second to make
    refuse        says that it cannot be asked for that
    lost          says that its checkpoint is damaged
    """

    def voices(self) -> list[Voice]:
        return [Voice("faulty", ("und",), "does what it is told", model="faulty")]

    def speak(self, speech: Speech) -> Iterator[Audio | str]:
        self.speech = speech
        for word in speech.text.split():
            order, _, argument = word.strip(".,!?").partition("-")
            yield from getattr(self, f"do_{order}", self.do_beep)(argument)

    pace = 0.0
    due = 0.0

    def do_pace(self, tenths: str) -> Iterator[Audio]:
        self.pace, self.due = int(tenths) / 10, time.monotonic()
        yield from ()

    def do_beep(self, word: str = "") -> Iterator[Audio]:
        for audio in super().speak(Speech(word or "beep")):
            if not self.pace:
                yield audio
                continue
            for i in range(0, len(audio.pcm), FRAME):
                block = Audio(audio.pcm[i : i + FRAME], RATE)
                self.due += block.seconds * self.pace
                time.sleep(max(0.0, self.due - time.monotonic()))
                yield block

    def do_kill(self, number: str) -> Iterator[Audio]:
        os.kill(os.getpid(), int(number))
        time.sleep(60)
        yield from ()

    def do_later(self, number: str) -> Iterator[Audio]:
        yield Audio(b"\x00\x10" * (RATE // 2), RATE)
        time.sleep(0.2)
        yield from self.do_kill(number)

    def do_once(self, path: str) -> Iterator[Audio]:
        if not os.path.exists(path):
            open(path, "w").close()
            yield from self.do_kill("9")
        yield from self.do_beep()

    def do_until(self, path: str) -> Iterator[Audio]:
        if not path:  # a word like any other
            yield from self.do_beep("until")
        while path and not os.path.exists(path):
            time.sleep(0.02)
            yield Audio(b"", RATE)

    def do_leak(self, kilobytes: str) -> Iterator[Audio]:
        LEAKED.append(os.urandom(1024) * int(kilobytes))
        yield from self.do_beep()

    def do_hang(self, _: str) -> Iterator[Audio]:
        while True:
            time.sleep(0.05)
        yield

    def do_stop(self, _: str) -> Iterator[Audio]:
        os.kill(os.getpid(), 19)
        yield from ()

    def do_nothing(self, _: str) -> Iterator[Audio]:
        yield from ()

    def do_nan(self, _: str) -> Iterator[Audio]:
        yield Audio(struct.pack("<f", float("nan")) * RATE, RATE, "f32")

    def do_raises(self, _: str) -> Iterator[Audio]:
        raise ZeroDivisionError("told to")
        yield

    def do_prints(self, _: str) -> Iterator[Audio]:
        print("junk from python", flush=True)
        os.write(1, b'{"type":"done","id":1}\n' + os.urandom(64))
        yield from self.do_beep()

    def do_endless(self, _: str) -> Iterator[Audio]:
        while True:
            yield Audio(b"\x00\x10" * (RATE // 10), RATE)
            time.sleep(0.01)

    def do_stray(self, _: str) -> Iterator[Audio]:
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
        yield from self.do_hang("")

    def do_words(self, _: str) -> Iterator[Audio]:
        sys.stderr.write("last words of the engine\n")
        sys.stderr.flush()
        yield from self.do_kill("11")

    def do_breathe(self, times: str) -> Iterator[Audio]:
        for _ in range(int(times)):
            time.sleep(0.1)
            yield Audio(b"", RATE)

    def do_note(self, word: str) -> Iterator[Audio | str]:
        yield f"noted: {word}"

    def do_asked(self, _: str) -> Iterator[Audio | str]:
        names = ("voice", "language", "instruct", "recording", "transcript", "rate", "pitch")
        yield " ".join(f"{name}={getattr(self.speech, name)}" for name in names)

    def do_refuse(self, _: str) -> Iterator[Audio]:
        raise UsageError("this cannot be asked for", "Ask for something else")
        yield

    def do_lost(self, _: str) -> Iterator[Audio]:
        raise BadCheckpoint("the weights are gone", "Fetch them again")
        yield


class SlowEngine(FaultyEngine):
    """Takes its time to load, speaks several languages, clones and follows instructions.

    The environment's LOADING says how many seconds it takes, 0 without; `hang` never ends. It
    makes a prompt of a recording, but none of one whose transcript begins with `refuse`.
    """

    def __init__(self, loading: Tell | None) -> None:
        wanted = os.environ.get("LOADING", "0")
        while wanted == "hang":
            time.sleep(0.05)
        for part in range(11):
            if loading is not None:
                loading("weights", part / 10)
            time.sleep(float(wanted) / 10)

    def effective(self) -> dict[str, str | int | float | bool]:
        return {"device": "cpu", "threads": 2, "exact": True}

    def prompt(self, recording: str, transcript: str) -> tuple[str, Prompt]:
        if transcript.startswith("refuse"):
            raise BadRecording("this cannot be cloned", "Take another")
        kept = read(Path(recording)).prompts if is_voice(recording) else {}
        made = {"length": Tensor("I16", (1,), struct.pack("<h", len(transcript)))}
        return ("", {}) if "slow-00000001" in kept else ("slow-00000001", made)

    def voices(self) -> list[Voice]:
        return [
            Voice("anna", ("de", "en", "zh"), "German", "female", "slow"),
            Voice("bob", ("en", "de", "zh"), "English", "male", "slow"),
            Voice("chen", ("zh", "de", "en"), "Chinese", "male", "slow"),
        ]


class MuteEngine(SlowEngine):
    """Has no voice of its own."""

    def voices(self) -> list[Voice]:
        return []


class BrokenEngine:
    """Cannot even be started."""

    def __init__(self) -> None:
        raise RuntimeError("no such luck")
