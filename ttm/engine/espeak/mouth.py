"""A mouth: a process forked to speak one text and gone afterwards.

Forking from a library that never spoke gives every text the same start, so the same request
gives the same samples whatever came before (in one process the same call gives other samples
each time, and nothing short of loading the library anew resets it: 22 ms against 2 ms for a
fork). And when the text kills espeak-ng, only the mouth dies.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ttm.child import death, die_with_parent
from ttm.engine.espeak.library import Event, Library
from ttm.errors import EngineCrashed, UnknownName

NO_VOICE = 3
"""Exit code of a mouth that has not got the voice."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a mouth said."""

    pcm: bytes
    """s16 samples."""
    events: tuple[Event, ...]


def speak(
    library: Library, text: str, *, voice: str, parameters: Iterable[tuple[str, int]]
) -> Utterance:
    """Fork, speak, and return everything said, or nothing.

    Raises EngineCrashed (contained) when the text killed the mouth, UnknownName for a voice
    that espeak-ng has not got.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _in_the_mouth(library, text, voice, tuple(parameters), writing)
    os.close(writing)
    blocks: list[bytes] = []
    finished = False
    try:
        while block := os.read(reading, 1 << 20):
            blocks.append(block)
        finished = True
    finally:
        os.close(reading)
        if not finished:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == NO_VOICE:
        raise UnknownName(f"espeak-ng has no voice '{voice}'", "`ttm voices list` shows them")
    if status != 0:
        raise EngineCrashed(
            f"espeak-ng crashed ({death(status)})", "run `ttm doctor`", contained=True
        )
    return _parse(b"".join(blocks))


def _in_the_mouth(
    library: Library, text: str, voice: str, parameters: tuple[tuple[str, int], ...], out: int
) -> None:
    """Samples first, then a line of events and its length; never returns."""
    status = 1
    try:
        die_with_parent()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        events: list[tuple[int, int, int, int]] = []

        def hear(pcm: bytes, heard: list[Event]) -> None:
            events.extend((e.type, e.position, e.length, e.sample) for e in heard)
            _write_all(out, pcm)

        if not library.set_voice(voice):
            os._exit(NO_VOICE)
        for name, value in parameters:
            library.set_parameter(name, value)
        library.synthesize(text, _guarded(hear))
        tail = json.dumps(events).encode()
        _write_all(out, tail + len(tail).to_bytes(4, "little"))
        status = 0
    finally:
        os._exit(status)


def _guarded(hear: Callable[[bytes, list[Event]], None]) -> Callable[[bytes, list[Event]], None]:
    """ctypes prints and forgets what a callback raises; a mouth that cannot write must end."""

    def heard(pcm: bytes, events: list[Event]) -> None:
        try:
            hear(pcm, events)
        except BaseException:
            os._exit(1)

    return heard


def _write_all(out: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(out, view) :]


def _parse(written: bytes) -> Utterance:
    size = int.from_bytes(written[-4:], "little")
    tail = len(written) - 4 - size
    events = tuple(Event(*event) for event in json.loads(written[tail:-4]))
    return Utterance(written[:tail], events)
