"""Programs that staging needs, each in a child that ends with ttm, away from our own Python."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ttm.child import Child, death, own_module

TROUBLE = ("VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")
"""Variables that name another Python than the one that is meant."""

DIVERTED = (
    "PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_EDITABLE", "PIP_PREFIX", "PIP_PYTHON", "PIP_REQUIREMENT",
    "PIP_ROOT", "PIP_TARGET", "PIP_USER", "UV_BUILD_CONSTRAINT", "UV_CONSTRAINT", "UV_OVERRIDE",
    "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON",
)  # fmt: skip
"""Habits of the user that would install elsewhere, or something else than the pinned set."""

TRANSLATED = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}
"""What pip is told and uv does not read, with uv's own names."""

SOURCES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_DEFAULT_INDEX",
    "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX",
)  # fmt: skip
"""Variables with which somebody says where packages come from."""

MOMENT = 30.0
"""Seconds that a program gets to say its version, on a machine that is busy."""

BEAT = 1.0
"""Seconds between two signs that something goes on."""


def surroundings(environ: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """The user's environment for an installer: index, proxy and certificates as they are, nothing
    of Python's own, and a place for large temporary files that is swept with the rest."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("PYTHON") and name not in (*TROUBLE, *DIVERTED)
    }
    for pip, uv in TRANSLATED.items():
        if kept.get(pip):
            kept.setdefault(uv, kept[pip])
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        if os.path.exists(kept.get(name, "")):  # the installer runs in another folder
            kept[name] = os.path.abspath(kept[name])
    return kept | {
        "PYTHONNOUSERSITE": "1",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TMPDIR": str(temporary),
    }


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    status: int
    said: bytes
    """Its standard output, unless that went to a log."""
    last_words: str

    @property
    def why(self) -> str:
        """What it complained of last, or how it ended; on one line."""
        lines = [line.strip() for line in self.last_words.splitlines() if line.strip()]
        starts = [n for n, line in enumerate(lines) if line.lower().startswith("error")]
        told = " ".join(lines[starts[-1] if starts else -1 :]) or death(self.status)
        return re.sub("(?i)^error: ", "", told)[:300]


def ask(argv: Sequence[str], env: Mapping[str, str], folder: Path, patience: float) -> Ended:
    """What a program that is done in a moment says; it is killed after `patience` seconds.

    Raises OSError when it cannot be started.
    """
    with tempfile.TemporaryFile() as out:
        child = Child(argv, stdout=out.fileno(), env=env, folder=folder)
        try:
            status = child.wait(patience)
        finally:
            killed = child.kill() if child.alive else 0
        out.seek(0)
        return Ended(killed if status is None else status, out.read(), child.last_words())


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    log: IO[bytes],
    beat: Callable[[float], None],
) -> Ended:
    """Run a program to its end in this folder, its output in the log; `beat` hears its age in
    seconds, now and then.

    It and all that it started are killed when this function is left in any way, and when this
    process is killed. Raises OSError when nothing can be started.
    """
    began = time.monotonic()
    reading, writing = os.pipe()
    # The end that we alone hold closes with us, however we end.
    with open(reading, "rb", buffering=0) as watched, open(writing, "wb", buffering=0):
        words = (str(watched.fileno()), *argv)
        child = Child(
            own_module("ttm.runtime.keeper", *words, python=sys.executable),
            pass_fds=[watched.fileno()],
            stdout=log.fileno(),
            env=env,
            folder=folder,
        )
        try:
            while (status := child.wait(BEAT)) is None:
                beat(time.monotonic() - began)
        finally:
            if child.alive:
                child.kill()
        log.write(child.last_words().encode() + b"\n")
        log.flush()
        return Ended(status, b"", child.last_words())
