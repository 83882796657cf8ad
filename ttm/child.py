"""Child processes that cannot hurt their parent: started, watched, described when they die.

Every foreign library that can crash (engines, encoders, decoders) lives in one of these. A child
leads a process group of its own, so that Ctrl-C reaches the parent alone and a kill reaches the
child's own children too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ttm.module import own_module as own_module

if TYPE_CHECKING:
    from pathlib import Path

STDERR_KEPT = 8192
"""Bytes of a child's last words that are kept for the report of its death."""

LAST_BREATH = 5.0
"""Seconds that a killed child gets to be gone; one that waits for a disk or a driver may stay."""

SECRETS = ("_TOKEN", "_KEY", "_SECRET", "_PASSWORD")
"""Variables whose names end so are not handed to children."""


class Child:
    """A running child process.

    `argv` never holds text to be spoken: other users can read it. `pass_fds` stay open in the
    child; `stdin` and `stdout` are file descriptors, or None for /dev/null. `env` is ours without
    its secrets unless given, and `folder` the one that it runs in.

    Raises OSError when the program cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        pass_fds: Iterable[int] = (),
        stdin: int | None = None,
        stdout: int | None = None,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        import subprocess  # 10 ms with what it needs, and a worker is a child without children

        if env is None:
            env = {k: v for k, v in os.environ.items() if not k.upper().endswith(SECRETS)}
        self._popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.DEVNULL if stdout is None else stdout,
            stderr=subprocess.PIPE,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            env=env,
            cwd=folder,
        )
        self._last_words = b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self.wait(0) is None

    def _listen(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            while block := os.read(stderr.fileno(), 4096):
                self._last_words = (self._last_words + block)[-STDERR_KEPT:]

    def last_words(self) -> str:
        """What the child last wrote to stderr, at most 8 kB."""
        return self._last_words.decode(errors="replace").strip()

    def wait(self, seconds: float) -> int | None:
        """The exit status (negative: a signal's number), or None when it still runs."""
        if self._popen.returncode is None:
            from subprocess import TimeoutExpired

            try:
                self._popen.wait(seconds)
            except TimeoutExpired:
                return None
            self._kill_group()  # what it started and left behind
            self._listener.join(0.2)
        return self._popen.returncode

    def kill(self) -> int:
        """End the child and everything it started; return its exit status."""
        if self._popen.returncode is None:
            self._kill_group()
        status = self.wait(LAST_BREATH)
        return -signal.SIGKILL if status is None else status

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def death(status: int) -> str:
    """`SIGSEGV` or `exit code 3`: how a process with this exit status ended."""
    if status >= 0:
        return f"exit code {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def settle_in() -> None:
    """Called first in every child: no core files, private new files, Ctrl-C is the parent's."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def die_with_parent() -> None:
    """Linux: have the kernel kill this process when the thread that forked it ends.

    Only for processes forked from a thread that lives as long as its process. Elsewhere the
    closed pipe has to do (prctl(2), PR_SET_PDEATHSIG = 1).
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
