"""A Python that has imported `ttm` already and forks for each command: a stand-in for
`python -m ttm` that spares a test the imports, most of what a short command costs.

A fork has the arguments, environment, folder, mask and descriptors that a new process would have,
makes its standard streams anew, runs `ttm/__main__.py`, and ends with what Python does at its end.
What it cannot show: which modules a command imports itself, and what differs from one start of
Python to the next, such as the order of sets. Whatever Python or a library reads as it starts is
as it was when the server started, so a command whose environment touches that (`Warm.fits`) has to
be started for real.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import resource
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

AT_START = (
    "PYTHON", "LC_", "LANG", "TZ", "LD_", "DYLD_", "MALLOC_", "TERM", "COLUMNS", "LINES",
    "NO_COLOR", "COLORTERM", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TYPER_", "OMP_",
    "OPENBLAS_", "MKL_", "NUMBA_", "TTM_DEBUG",
)  # fmt: skip
"""What the names begin with that Python, or a library, looks at as it starts or is imported."""

MODULES = (
    "encodings.utf_8_sig", "num2words", "rich", "sentencex", "tomlkit", "ttm.cli",
    *map(
        "ttm.text.normalize.en.{}".format,
        ("alphanumerics", "fractions", "money", "phones", "symbols", "versions", "years"),
    ),
    "typer.rich_utils",
)  # fmt: skip
"""What commands import beside their own modules, and none of what starts threads: no numpy."""

PLAIN = {"stdin", "stdout", "stderr", "cwd"}
"""The options of subprocess.run that a fork can have."""


def at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}


class Warm:
    """A server, started when it is first needed, with this environment."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._path = str(folder / "warm")
        self._environment = dict(environment)
        self._usual = at_start(environment), _limits() if self.possible() else []
        self._life = -1
        self._starting = threading.Lock()

    @staticmethod
    def possible() -> bool:
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    def fits(self, environment: Mapping[str, str], options: Mapping[str, Any]) -> bool:
        """Whether a fork cannot be told from a process of its own by what this call asks for."""
        return (
            self.possible()
            and options.keys() <= PLAIN
            and (at_start(environment), _limits()) == self._usual
            and not any(os.isatty(fd) for fd in map(_descriptor, options.values()) if fd >= 0)
        )

    def _start(self) -> None:
        reading, self._life = os.pipe()
        try:
            # It is nobody's child, or a test that counts its children would count it.
            subprocess.run(
                [sys.executable, __file__, self._path, str(reading)],
                env=self._environment, pass_fds=[reading], stdin=subprocess.DEVNULL, check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
            )  # fmt: skip
        finally:
            os.close(reading)

    def close(self) -> None:
        """End the server, which ends when nobody holds the other end of its pipe."""
        if self._life >= 0:
            os.close(self._life)

    def run(
        self,
        words: list[str],
        *,
        input: bytes | None,
        env: Mapping[str, str],
        cwd: Any,
        stdin: Any = None,
        stdout: Any,
        stderr: Any,
        timeout: float,
    ) -> subprocess.CompletedProcess[bytes]:
        """As subprocess.run does it."""
        with self._starting:
            if self._life < 0:
                self._start()
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            heard: dict[int, bytes] = {}
            readers = []

            def pipe(number: int) -> int:
                end, far = os.pipe()
                theirs.callback(os.close, far)
                readers.append(reader := threading.Thread(target=_read, args=(end, heard, number)))
                reader.start()
                return far

            def opened(what: Any, number: int) -> int:
                if what == subprocess.PIPE:
                    return pipe(number)
                if what == subprocess.DEVNULL:
                    null = os.open(os.devnull, os.O_RDWR)
                    theirs.callback(os.close, null)
                    return null
                return number if what is None else _descriptor(what)

            if input is not None:
                theirs_in, writing = os.pipe()
                theirs.callback(os.close, theirs_in)
                writer = threading.Thread(target=_write, args=(writing, input))
            else:
                theirs_in, writer = opened(stdin, 0), None
            out = opened(stdout, 1)
            err = out if stderr == subprocess.STDOUT else opened(stderr, 2)
            line = ours.enter_context(socket.socket(socket.AF_UNIX))
            line.settimeout(timeout)
            line.connect(self._path)
            order = json.dumps([words, dict(env), os.fspath(cwd), _mask()]).encode()
            socket.send_fds(line, [len(order).to_bytes(4, "big")], [theirs_in, out, err])
            line.sendall(order)
            theirs.close()
            if writer:
                writer.start()
                readers.append(writer)
            command = [sys.executable, "-m", "ttm", *words]
            try:
                status = line.recv(4)
            except TimeoutError:
                raise subprocess.TimeoutExpired(command, timeout) from None
            assert len(status) == 4, "the warm Python has ended"
            for each in readers:
                each.join(timeout)
        code = int.from_bytes(status, "big", signed=True)
        return subprocess.CompletedProcess(command, code, heard.get(1), heard.get(2))


def _descriptor(what: Any) -> int:
    if isinstance(what, int):
        return what
    return what.fileno() if hasattr(what, "fileno") else -1


def _limits() -> list[tuple[int, int]]:
    """What setrlimit has set for this process, which its children have too."""
    return [resource.getrlimit(number) for number in range(16)]


def _mask() -> int:
    """os.umask tells it only while it sets another, which a thread beside this one would get."""
    about = Path("/proc/self/status").read_text()
    return int(about.partition("Umask:")[2].split(None, 1)[0], 8)


def _read(fd: int, heard: dict[int, bytes], number: int) -> None:
    with open(fd, "rb") as file:
        heard[number] = file.read()


def _write(fd: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(fd, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


Order = tuple[list[str], dict[str, str], str, int]
"""Words, environment, folder and mask of a command."""


def serve(listener: socket.socket, life: int) -> tuple[Order, list[int]]:
    """Fork for each who connects, and tell them how it ended; comes back in the forks alone."""
    watched = selectors.DefaultSelector()
    watched.register(listener, selectors.EVENT_READ)
    watched.register(life, selectors.EVENT_READ)
    running: dict[int, tuple[int, socket.socket]] = {}
    """Process and who asked for it, under its descriptor."""
    while True:
        for key, _ in watched.select():
            if key.fileobj is listener:
                line, _ = listener.accept()
                size, descriptors, _, _ = socket.recv_fds(line, 4, 3)
                order = bytearray()
                while len(order) < int.from_bytes(size, "big"):
                    order += line.recv(1 << 20)
                if (pid := os.fork()) == 0:
                    watched.close()
                    for each in (listener, line, *(asker for _, asker in running.values())):
                        each.close()
                    for fd in (life, *running):
                        os.close(fd)
                    return json.loads(order), descriptors
                for fd in descriptors:
                    os.close(fd)
                running[process := os.pidfd_open(pid)] = pid, line
                watched.register(process, selectors.EVENT_READ)
                watched.register(line, selectors.EVENT_READ, process)
            elif key.fd in running:
                pid, line = running.pop(key.fd)
                watched.unregister(key.fd)
                os.close(key.fd)
                with contextlib.suppress(KeyError):  # who asked may have given up
                    watched.unregister(line)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(OSError), line:
                    line.sendall(code.to_bytes(4, "big", signed=True))
            elif key.fd == life or key.data in running:
                # Who asked has given up, or all have.
                gone = running if key.fd == life else {key.data: running[key.data]}
                for pid, _ in gone.values():
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
                if key.fd == life:
                    os._exit(0)
                watched.unregister(key.fd)


def become(order: Order, descriptors: list[int]) -> None:
    """Make of this fork what `python -m ttm` is just before it runs the module."""
    words, environment, folder, mask = order
    os.setpgid(0, 0)
    for number, fd in enumerate(descriptors):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(folder)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environment)
    bare = bool(environment.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = _stream(sys.stdin, 0, "r", False)
    sys.stdout = sys.__stdout__ = _stream(sys.stdout, 1, "w", bare)
    sys.stderr = sys.__stderr__ = _stream(sys.stderr, 2, "w", bare)
    sys.argv = ["-m", *words]
    sys.orig_argv = [sys.executable, "-m", "ttm", *words]
    sys.path.insert(0, os.getcwd())


def _stream(like: Any, fd: int, mode: str, bare: bool) -> Any:
    """A standard stream as Python makes it at its start (create_stdio in pylifecycle.c)."""
    binary = open(fd, mode + "b", buffering=0 if bare else -1, closefd=False)
    text = io.TextIOWrapper(
        binary,
        encoding=like.encoding,
        errors=like.errors,
        newline="\n",
        line_buffering=bare or fd == 2,
        write_through=bare,
    )
    text.mode = mode  # type: ignore[misc]
    return text


def main() -> None:
    path, life = sys.argv[1], int(sys.argv[2])
    del sys.path[0]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    if os.fork():
        os._exit(0)
    os.setsid()
    for name in MODULES:
        importlib.import_module(name)
    commands = sys.modules["ttm.cli"]
    for each in pkgutil.iter_modules(commands.__path__, "ttm.cli."):
        importlib.import_module(each.name)
    assert threading.active_count() == 1
    # What was imported is never collected: a collection would copy every page of it.
    gc.collect()
    gc.freeze()
    become(*serve(listener, life))
    end(run())


def run() -> int:
    """The exit code that the module leaves with; with any other exception it is left as it is."""
    try:
        runpy.run_module("ttm", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        raise
    return 0


def end(code: int) -> None:
    """What Python does at its end, but for taking the modules apart, which costs 25 ms here."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    main()
