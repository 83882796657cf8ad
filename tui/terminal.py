"""The terminal that the interface draws on, kept apart from descriptors 1 and 2.

What a library writes there (ALSA does) would be drawn over the screen, so they lead nowhere while
the interface has the terminal, and back to it while another program has.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from typing import TextIO

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

PASTE, PASTED = b"\x1b[200~", b"\x1b[201~"
"""What a terminal sends before and after what is pasted."""
BLOCK = 65_536
"""Bytes of input that are read at once."""
TICK = 0.1
"""Seconds after which a lone escape is the key of that name."""
BURST = 0.02
"""Seconds without a byte after which nothing more belongs to a paste."""


class Terminal:
    """Descriptor 1 as it was found; `sys.__stdout__` and `sys.__stderr__`, which Textual draws on,
    become it."""

    def __init__(self) -> None:
        self.descriptor = os.dup(1)
        self.file: TextIO = open(
            self.descriptor, "w", encoding="utf-8", errors="replace", closefd=False
        )
        sys.__stdout__ = sys.__stderr__ = self.file  # type: ignore[misc]
        self._silence()

    def _silence(self) -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        os.close(null)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Descriptors 1 and 2 are the terminal inside, for a program that is to have it."""
        for descriptor in (1, 2):
            os.dup2(self.descriptor, descriptor)
        try:
            yield
        finally:
            self._silence()


class Driver(LinuxDriver):
    """Textual's, which can be stopped and continued in any way, and fed with anything.

    Its own takes every SIGCONT for the end of a Ctrl-Z: after a SIGSTOP, or a second SIGCONT, two
    threads would read the keys, and each would get some. Its input ends with the first byte that
    is no UTF-8, spins where the terminal is gone, and takes what follows an end of paste inside of
    a paste for keys.
    """

    _running = False
    _changing = False

    def start_application_mode(self) -> None:
        if not self._running:
            self._running = True
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        if self._running:
            self._running = False
            super().stop_application_mode()

    @property
    def _ours(self) -> bool:
        """Whether the terminal is as the interface needs it: the shell and the parent each send
        SIGCONT, and starting anew drops what was typed."""
        with contextlib.suppress(termios.error):
            return self._running and not termios.tcgetattr(self.fileno)[3] & termios.ICANON
        return False

    def _sigcont_application(self, *_: object) -> None:
        if self._changing or not self._auto_restart or self._ours:
            return
        self._changing = True  # another signal may come while this one is obeyed
        if self._running:  # nobody asked us before we were stopped
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()
        self._changing = False

    def _sigtstp_application(self, *_: object) -> None:
        if self._auto_restart and self._running:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def run_input_thread(self) -> None:
        """Read what is typed, clicked and pasted until the mode ends or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], TICK)[0]:
                block = self._read()
                if not block:
                    os.kill(os.getpid(), signal.SIGHUP)
                    return
                keys, found, rest = block.partition(PASTE)
                self._feed(parser, decode(keys))
                if found:
                    pasted, rest = self._pasted(rest)
                    self.process_message(events.Paste(_text(pasted)))
                    self._feed(parser, decode(rest))
            for event in parser.tick():
                self.process_message(event)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, BLOCK)
        except OSError:
            return b""

    def _feed(self, parser: XTermParser, text: str) -> None:
        if text:  # "" would be the end of input
            for event in parser.feed(text):
                self.process_message(event)

    def _pasted(self, block: bytes) -> tuple[bytes, bytes]:
        """The whole paste, and what was typed after it.

        Its end is the last mark that comes without a pause: one before that was in what was pasted.
        """
        taken = bytearray(block)
        while not self.exit_event.is_set():
            ended = taken.rfind(PASTED) >= 0
            if select.select([self.fileno], [], [], BURST if ended else TICK)[0]:
                more = self._read()
                if not more:
                    break
                taken += more
            elif ended:
                break
        pasted, _, rest = bytes(taken).rpartition(PASTED)
        return (pasted, rest) if pasted or PASTED in taken else (bytes(taken), b"")


def _text(pasted: bytes) -> str:
    text = pasted.replace(PASTED, b"").replace(PASTE, b"").decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
