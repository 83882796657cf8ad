"""A mouth: a process forked from a library that never spoke, to speak the texts of one speech.

In one process espeak-ng gives other samples for every call of the same text, and nothing short of
loading it anew resets that (22 ms; a fork and its page faults cost 6 ms). A new mouth gives the
same samples whatever came before; and when a text kills espeak-ng, only the mouth dies.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ttm.child import death, die_with_parent
from ttm.engine.espeak.library import Library
from ttm.engine.espeak.phonemes import Told, alphabet
from ttm.errors import EngineCrashed, UnknownName
from ttm.speech import Phonemes

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

NO_VOICE = 3
"""Exit code of a mouth that has not got the voice."""

HEAD = struct.Struct("=QQQ")
"""How many bytes of words, of samples, and of what could not be said as asked follow."""
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
    unsaid: tuple[tuple[str, str, str], ...] = ()
    """Stretches whose sounds the voice does not have: text, IPA, and the symbol that it lacks."""


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

    def ask(self, text: str, phonemes: Sequence[Phonemes] = ()) -> None:
        """Have it speak; it may be asked for more before the first is heard."""
        rows = [(one.start, one.end, one.ipa) for one in phonemes]
        encoded = json.dumps((text, rows)).encode()
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
                words, pcm, unsaid = (self._heard.read(size) for size in sizes)
                if (len(words), len(pcm), len(unsaid)) == sizes:
                    lacking = tuple(tuple(row) for row in json.loads(unsaid or b"[]"))
                    return Utterance(pcm, tuple(WORD.iter_unpack(words)), lacking)
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
    sounds: dict[str, str] = {}
    with wire.makefile("rb") as asked:
        while head := asked.read(SIZE.size):
            text, rows = json.loads(asked.read(*SIZE.unpack(head)))
            unsaid = b""
            if manner.transcribes:
                pcm, words = library.transcribe(text.encode(errors="replace")), array.array("i")
            elif rows:
                # What the voice has takes 20 ms to find out, so it is found out once.
                sounds = sounds or alphabet(library)
                told = Told(text, [Phonemes(*row) for row in rows], sounds)
                pcm, words = library.synthesize(told.text.encode(errors="replace"), phonemes=True)
                words = _moved(words, told)
                unsaid = json.dumps(told.unsaid).encode() if told.unsaid else b""
            else:
                pcm, words = library.synthesize(text.encode(errors="replace"))
            head = HEAD.pack(len(words) * words.itemsize, len(pcm), len(unsaid))
            wire.sendall(head + words.tobytes() + pcm + unsaid)
    return 0


def _moved(words: array.array[int], told: Told) -> array.array[int]:
    """Words of what espeak-ng was told, where they are in the text."""
    moved = array.array("i")
    for i in range(0, len(words), 3):
        moved.extend((*told.origin(words[i], words[i + 1]), words[i + 2]))
    return moved


def _unraisable(failure: UnraisableHookArgs) -> None:
    """ctypes prints and forgets what a callback raises, and half a text would go out as whole."""
    sys.__unraisablehook__(failure)
    os._exit(1)
