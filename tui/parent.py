"""The process that stays behind the interface, so that the terminal is whole after any end of it.

A process that is killed cannot put the terminal back: raw mode, the alternate screen, mouse
reports and kitty's keys would stay on. So the interface runs as a child in the foreground, and this
parent, which imports neither Textual nor numpy, restores what it found.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ttm.child import own_module

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""Signals that are meant for the interface whoever of the two gets them."""

CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""Signals that a process gets for a fault of its own: a bug, exit code 1."""

HARMLESS = (
    "\x1b[?2026l"  # synchronized updates
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # bracketed paste, focus, resizes in band
    "\x1b[?7h\x1b[?25h\x1b[0m"  # wrapped lines, a cursor, no colours
)
"""What may be sent to a terminal that is in order already."""

FULL = "\x1b[<u\x1b[?1049l" + HARMLESS
"""Leaves kitty's keys and the alternate screen before. Sent once only: a second time it would undo
what the shell has set up, and move the cursor."""

REPORT_KEPT = 65_536
"""Bytes of what faulthandler wrote that are kept."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the interface ended."""

    code: int
    """What the command exits with."""
    fault: str = ""
    """What failed, where something did: an exception's name, or a signal's."""
    report: str = ""
    """The path of the report on it; empty where none could be written."""


def run(words: Sequence[str], *, pass_fds: Sequence[int] = ()) -> Ended:
    """Run `python -m tui` with these arguments on the terminal that is stdin, until it ends.

    The terminal is then as it was before, whatever ended it; SIGKILL of this process alone ends
    the interface too, which puts the terminal back itself. Raises OSError when it cannot start.
    """
    before = termios.tcgetattr(0)
    ours, theirs = socket.socketpair()
    whole, told = False, {}
    with ours, tempfile.TemporaryFile(prefix="ttm-") as faults:
        with theirs:
            own = (theirs.fileno(), faults.fileno())
            argv = own_module("tui", "--parent", str(own[0]), "--faults", str(own[1]), *words)
            child = subprocess.Popen(argv, pass_fds=(*own, *pass_fds))
        with _forwarding(child.pid):
            status = _wait(child, before)
        told = _told(ours)
        whole = bool(told.get("whole"))
        _restore(before, HARMLESS if whole else FULL)
        faults.seek(0)
        fault = faults.read(REPORT_KEPT).decode(errors="replace")
    return _ended(status, told, fault)


def _ended(status: int, told: dict[str, Any], fault: str) -> Ended:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number not in CRASHES:
            return Ended(128 + number)
        from tui.crash import write

        name = signal.Signals(number).name
        return Ended(1, name, write(name, fault))
    return Ended(os.WEXITSTATUS(status), str(told.get("fault", "")), str(told.get("report", "")))


@contextlib.contextmanager
def _forwarding(pid: int) -> Iterator[None]:
    def forward(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    found = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in found.items():
            signal.signal(number, handler)


def _wait(child: subprocess.Popen[bytes], before: list[Any]) -> int:
    """The status that it ended with. When it is stopped, so are we: the shell waits for us."""
    while True:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            child.returncode = os.waitstatus_to_exitcode(status)
            return status
        # Ctrl-Z has left the alternate screen already, SIGSTOP has not: cursor and keys matter
        # more than the picture, which the interface draws anew when it goes on.
        _restore(before, HARMLESS)
        os.kill(os.getpid(), signal.SIGSTOP)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGCONT)


def _told(ours: socket.socket) -> dict[str, Any]:
    """What the interface said of its own end; empty when it could not."""
    ours.setblocking(False)
    block = b""
    with contextlib.suppress(OSError):
        while more := ours.recv(4096):
            block += more
    try:
        told = json.loads(block)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _restore(before: list[Any], sequence: str) -> None:
    """Make the terminal what it was; one that is gone is left alone."""
    # From the background, where the shell may have put us, tcsetattr would stop us.
    found = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with contextlib.suppress(OSError):
            os.write(1, sequence.encode())
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, before)
            termios.tcflush(0, termios.TCIFLUSH)  # reports of the mouse that nobody has read
    finally:
        signal.signal(signal.SIGTTOU, found)


def is_terminal() -> bool:
    """Whether stdin and stdout are a terminal that can show more than lines."""
    return os.isatty(0) and os.isatty(1) and os.environ.get("TERM", "dumb") != "dumb"
