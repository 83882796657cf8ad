"""A terminal with `ttm tui` in it, as a person has: a pty, whose bytes are kept and drawn."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence

import psutil
import pyte

LIMIT = 30
"""Seconds that anything may take."""

LAUNCH = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR))\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""The first terminal that a leader of a session opens is the one that controls it."""

UNDRAWN = re.compile(rb"\x1b\[[<>=][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b\[>[0-9;]*[a-z]")
"""What pyte does not know and would print: kitty's keys, and questions about modes."""

KEYS = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "up": b"\x1b[A", "down": b"\x1b[B",
    "right": b"\x1b[C", "left": b"\x1b[D", "f1": b"\x1bOP", "f2": b"\x1bOQ", "f3": b"\x1bOR",
    "f4": b"\x1bOS", "f5": b"\x1b[15~", "f6": b"\x1b[17~", "f7": b"\x1b[18~", "f8": b"\x1b[19~",
    "f9": b"\x1b[20~", "f10": b"\x1b[21~", "backspace": b"\x7f", "ctrl+enter": b"\x1b[13;5u",
}  # fmt: skip


class Session:
    """`python -m ttm WORDS` on a terminal of its own."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: dict[str, str] | None = None,
        module: str = "ttm",
    ) -> None:
        self.master, self.slave = pty.openpty()
        self.bytes = bytearray()
        """All that reached the terminal."""
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._undrawn = b""
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, "-m", module, *words],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                if not select.select([self.master], [], [], 0.2)[0]:
                    continue
                block = os.read(self.master, 65_536)
                with self._lock:
                    self.bytes += block
                    self._undrawn += block
                    # A sequence that is cut in two waits for its other half.
                    cut = self._undrawn.rfind(b"\x1b", max(0, len(self._undrawn) - 24))
                    end = len(self._undrawn) if cut < 0 else cut
                    self._stream.feed(UNDRAWN.sub(b"", self._undrawn[:end]))
                    self._undrawn = self._undrawn[end:]

    @property
    def shown(self) -> str:
        """What the terminal shows."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def raw(self) -> bytes:
        with self._lock:
            return bytes(self.bytes)

    def resize(self, columns: int, lines: int) -> None:
        """As if somebody pulled at the window's corner."""
        with self._lock:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if hasattr(self, "process"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGWINCH)

    def lose(self) -> None:
        """The terminal shows nothing of what it was told."""
        with self._lock:
            self._screen.reset()

    def press(self, *keys: str) -> None:
        """Keys by name, `ctrl+x`, or a text to type."""
        for key in keys:
            if key in KEYS:
                block = KEYS[key]
            elif re.fullmatch(r"ctrl\+[a-z]", key):
                block = bytes([ord(key[-1]) - 96])
            else:
                block = key.encode()
            self.send(block)

    def send(self, block: bytes) -> None:
        """Bytes as they are."""
        view = memoryview(block)
        while view:
            view = view[os.write(self.master, view) :]

    def paste(self, block: bytes) -> None:
        """As a terminal pastes."""
        self.send(b"\x1b[200~" + block + b"\x1b[201~")

    def click(self, column: int, line: int) -> None:
        """Both from 0."""
        for end in "Mm":
            self.send(f"\x1b[<0;{column + 1};{line + 1}{end}".encode())

    def wait(self, until: str | Callable[[], object]) -> None:
        """Until the screen shows this, or this is so."""
        deadline = time.monotonic() + LIMIT
        while not (until in self.shown if isinstance(until, str) else until()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen in {LIMIT} s: {until}\n{self.shown}")
            if self.process.poll() is not None and isinstance(until, str):
                time.sleep(0.1)
                if until not in self.shown:
                    raise AssertionError(f"it ended before {until!r} was seen:\n{self.shown}")
            time.sleep(0.01)

    @property
    def child(self) -> psutil.Process:
        """The interface itself, behind which the command waits."""
        return next(
            each for each in psutil.Process(self.process.pid).children() if "tui" in each.cmdline()
        )

    def end(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(LIMIT)
        self.settle()
        return code

    def settle(self) -> None:
        """Until all that was written has been read."""
        seen = -1
        while seen != len(self.raw):
            seen = len(self.raw)
            time.sleep(0.05)

    @property
    def modes(self) -> list[object]:
        """The settings of the terminal, as termios has them."""
        return termios.tcgetattr(self.slave)

    def close(self) -> None:
        """Hang up, and leave nothing behind."""
        if self.process.poll() is None:
            for each in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT)
        os.close(self.slave)
        self._reader.join(1)
        os.close(self.master)
