"""Commands that run while a test looks on, a shell, and `ttm` without a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ttm.cli import QUITTING, main


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `ttm` in the empty folder of the test, and end it at the latest with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(
        *words: str | Path, env: dict[str, str] | None = None, **options: object
    ) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "ttm", *map(str, words)],
                env={**os.environ, **(env or {})},
                cwd=tmp_path,
                **{**pipes, **options},  # type: ignore[call-overload]
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        process.wait()


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., tuple[int, bytes, bytes]]:
    """Run a line of bash in which `ttm` is a command; its status, stdout and stderr."""

    def run(line: str, env: dict[str, str] | None = None) -> tuple[int, bytes, bytes]:
        ttm = f'ttm() {{ "{sys.executable}" -m ttm "$@"; }}; '
        done = subprocess.run(
            ["bash", "-c", "set -o pipefail; " + ttm + line],
            env={**os.environ, **(env or {})},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def here(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run `ttm` in this process, which takes a tenth of the time; its code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    kept = {number: signal.getsignal(number) for number in QUITTING}

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return code, out, err

    yield run
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which these packages are not installed; torch takes 2 s to import."""
    folder = tmp_path_factory.mktemp("absent")
    absent = "import sys; sys.modules.update(torch=None, tokenizers=None)"
    (folder / "sitecustomize.py").write_text(absent)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds; fail when it does not within 20 seconds."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline, "it never came to hold"
            time.sleep(0.01)

    return wait
