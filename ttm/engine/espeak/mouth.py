"""A mouth: a process forked from a library that never spoke, to speak the texts of one speech.

In one process espeak-ng gives other samples for every call of the same text, and nothing short of
loading it anew resets that (22 ms; a fork and its page faults cost 6 ms). A new mouth gives the
same samples whatever came before; and when a text kills espeak-ng, only the mouth dies.
"""

from __future__ import annotations

import array
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
"""How many bytes of words and of samples follow."""
SIZE = struct.Struct("=Q")
"""How many bytes of text follow on the way there."""
WORD = struct.Struct("=iii")
"""First character, length and first sample of a word."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a mouth speaks."""

    voice: str
    """The library's own name for it."""
    parameters: tuple[tuple[str, int], ...]
    seed: int
    transcribes: bool = False
    """Writes how it would say a text, in place of the sound."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a mouth said."""

    pcm: bytes
    """s16 samples; UTF-8 of a mouth that transcribes."""
    words: tuple[tuple[int, int, int], ...]
    """First character, length and first sample of each."""


class Mouth:
    """A process that has its voice and speaks one text after the other.

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
        self._heard = self._wire.makefile("rb")

    def ask(self, text: str) -> None:
        """Have it speak; it may be asked for more before the first is heard."""
        encoded = text.encode(errors="replace")
        with contextlib.suppress(OSError):  # it is dead already; `hear` tells of what
            self._wire.sendall(SIZE.pack(len(encoded)) + encoded)

    def hear(self) -> Utterance:
        """Everything it said to the oldest text that was not heard yet, or nothing.

        Raises EngineCrashed (contained) when a text killed it, UnknownName for a voice that
        espeak-ng has not got; the mouth is gone then.
        """
        with contextlib.suppress(ConnectionError):  # dead, with a text unread
            head = self._heard.read(HEAD.size)
            if len(head) == HEAD.size:
                sizes = HEAD.unpack(head)
                words, pcm = (self._heard.read(size) for size in sizes)
                if (len(words), len(pcm)) == sizes:
                    return Utterance(pcm, tuple(WORD.iter_unpack(words)))
        status = self._buried()
        if status == NO_VOICE:
            what = f"espeak-ng has no voice '{self.manner.voice}'"
            raise UnknownName(what, "`ttm voices list` shows them")
        what = f"espeak-ng crashed ({death(status)})"
        raise EngineCrashed(what, "Run `ttm doctor`", contained=True)

    def close(self) -> None:
        """End it, whatever it does."""
        os.kill(self._pid, signal.SIGKILL)
        self._buried()

    def _buried(self) -> int:
        self._heard.close()
        self._wire.close()
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _live(library: Library, manner: Manner, wire: socket.socket) -> NoReturn:
    """Take the voice, speak what comes, end with the wire."""
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
    library.seed(manner.seed)
    with wire.makefile("rb") as asked:
        while head := asked.read(SIZE.size):
            text = asked.read(*SIZE.unpack(head))
            if manner.transcribes:
                pcm, words = library.transcribe(text), array.array("i")
            else:
                pcm, words = library.synthesize(text)
            reply = HEAD.pack(len(words) * words.itemsize, len(pcm)) + words.tobytes()
            wire.sendall(reply + pcm)
    return 0


def _unraisable(failure: UnraisableHookArgs) -> None:
    """ctypes prints and forgets what a callback raises, and half a text would go out as whole."""
    sys.__unraisablehook__(failure)
    os._exit(1)
