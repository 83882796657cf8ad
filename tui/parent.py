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
import termios
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

from ttm.module import own_module

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


class Ended(NamedTuple):
    """How the interface ended."""

    code: int
    """What the command exits with."""
    fault: str = ""
    """What failed, where something did: an exception's name, or a signal's."""
    report: str = ""
    """The path of the report on it; empty where none could be written."""
    sentence: str = ""
    """Why it did not begin, where the settings are wrong."""
    problems: tuple[str, ...] = ()
    """A line for each thing that is wrong with them."""


def run(given: Mapping[str, object], *, pass_fds: Sequence[int] = ()) -> Ended:
    """Run the interface on the terminal that is stdin, until it ends. `given`: what
    `tui.__main__` takes.

    The terminal is then as it was before, whatever ended it; SIGKILL of this process alone ends
    the interface too, which puts the terminal back itself. Raises OSError when it cannot start.
    """
    before = termios.tcgetattr(0)
    with contextlib.ExitStack() as ours:
        alive, life = os.pipe()
        telling, tell = os.pipe()
        faulting, fault = os.pipe()
        for each in (life, telling, faulting):
            ours.callback(os.close, each)
        os.set_blocking(fault, False)  # who crashes writes what fits, and waits for nobody
        with contextlib.ExitStack() as theirs:
            for each in (alive, tell, fault):
                os.set_inheritable(each, True)
                theirs.callback(os.close, each)
            for each in pass_fds:
                os.set_inheritable(each, True)
            own = {"parent": alive, "tell": tell, "faults": fault}
            argv = own_module("tui", json.dumps({**given, **own}))
            pid = os.posix_spawn(argv[0], argv, os.environ)
        with _forwarding(pid):
            status = _wait(pid, before)
        told = _told(telling)
        _restore(before, HARMLESS if told.get("whole") else FULL)
        return _ended(status, told, _read(faulting).decode(errors="replace"))


def _read(descriptor: int) -> bytes:
    """What is there now, at most `REPORT_KEPT`."""
    os.set_blocking(descriptor, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, REPORT_KEPT)
    return b""


def _ended(status: int, told: dict[str, Any], fault: str) -> Ended:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number not in CRASHES:
            return Ended(128 + number)
        from tui.crash import write

        name = signal.Signals(number).name
        return Ended(1, name, write(name, fault))
    return Ended(
        os.WEXITSTATUS(status),
        fault=str(told.get("fault", "")),
        report=str(told.get("report", "")),
        sentence=str(told.get("sentence", "")),
        problems=tuple(map(str, told.get("problems", ()))),
    )


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


def _wait(pid: int, before: list[Any]) -> int:
    """The status that it ended with. When it is stopped, so are we: the shell waits for us."""
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return status
        # Ctrl-Z has left the alternate screen already, SIGSTOP has not: cursor and keys matter
        # more than the picture, which the interface draws anew when it goes on.
        _restore(before, HARMLESS)
        os.kill(os.getpid(), signal.SIGSTOP)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _told(descriptor: int) -> dict[str, Any]:
    """What the interface said of its own end; empty when it could not."""
    try:
        told = json.loads(_read(descriptor))
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
