"""A mouth: a process forked to speak one text and gone afterwards.

Forking from a library that never spoke gives every text the same start, so the same request
gives the same samples whatever came before (in one process the same call gives other samples
each time, and nothing short of loading the library anew resets it: 22 ms against 2 ms for a
fork). And when the text kills espeak-ng, only the mouth dies.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ttm.child import death, die_with_parent
from ttm.engine.espeak.library import Library
from ttm.errors import EngineCrashed, UnknownName

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

NO_VOICE = 3
"""Exit code of a mouth that has not got the voice."""

HEAD = struct.Struct("=QQ")
"""How many bytes of words and of samples follow on the way back."""
WORD = struct.Struct("=iii")
"""First character, length and first sample of a word."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a mouth speaks."""

    voice: str
    """The library's own name for it."""
    parameters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a mouth said."""

    pcm: bytes
    """s16 samples."""
    words: tuple[tuple[int, int, int], ...]
    """First character, length and first sample of each."""


class Mouth:
    """A process that has its voice and waits for the one text that it will speak.

    Raises OSError when there is no room for another process.
    """

    def __init__(self, library: Library, manner: Manner) -> None:
        self.manner = manner
        self._wire, theirs = socket.socketpair()
        try:
            self._pid = os.fork()
            if self._pid == 0:
                self._wire.close()
                _live(library, manner, theirs)
        except OSError:
            self._wire.close()
            raise
        finally:
            theirs.close()

    def begin(self, text: str) -> None:
        """Have it speak."""
        with contextlib.suppress(OSError):  # it is dead already; `finish` tells of what
            self._wire.sendall(text.encode(errors="replace"))
            self._wire.shutdown(socket.SHUT_WR)

    def finish(self) -> Utterance:
        """Wait for its end, and return everything it said, or nothing.

        Raises EngineCrashed (contained) when the text killed it, UnknownName for a voice that
        espeak-ng has not got.
        """
        try:
            with self._wire.makefile("rb") as heard:
                head = heard.read(HEAD.size)
                sizes = HEAD.unpack(head) if len(head) == HEAD.size else (0, 0)
                words, pcm = (heard.read(size) for size in sizes)
        except BaseException:
            self.close()
            raise
        status = self._buried()
        if status == NO_VOICE:
            what = f"espeak-ng has no voice '{self.manner.voice}'"
            raise UnknownName(what, "`ttm voices list` shows them")
        if status != 0:
            what = f"espeak-ng crashed ({death(status)})"
            raise EngineCrashed(what, "Run `ttm doctor`", contained=True)
        return Utterance(pcm, tuple(WORD.iter_unpack(words)))

    def close(self) -> None:
        """End it, whatever it does."""
        os.kill(self._pid, signal.SIGKILL)
        self._buried()

    def _buried(self) -> int:
        self._wire.close()
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _live(library: Library, manner: Manner, wire: socket.socket) -> NoReturn:
    """Take the voice, wait for the text, speak it, end."""
    status = 1
    try:
        die_with_parent()
        sys.unraisablehook = _unraisable
        status = _speak(library, manner, wire)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _speak(library: Library, manner: Manner, wire: socket.socket) -> int:
    if not library.set_voice(manner.voice):
        return NO_VOICE
    for name, value in manner.parameters:
        library.set_parameter(name, value)
    text = bytearray()
    while block := wire.recv(1 << 16):
        text += block
    pcm, words = library.synthesize(bytes(text))
    # Not a byte after the last: who has all of it may hang up.
    head = HEAD.pack(len(words) * words.itemsize, len(pcm)) + words.tobytes()
    wire.sendall(head + pcm)
    return 0


def _unraisable(failure: UnraisableHookArgs) -> None:
    """ctypes prints and forgets what a callback raises, and half a text would go out as whole."""
    sys.__unraisablehook__(failure)
    os._exit(1)
