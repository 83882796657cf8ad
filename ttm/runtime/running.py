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

SOURCES = (*list(TRANSLATED)[:4], "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", *TRANSLATED.values())[:-1]
"""Variables with which somebody says where packages come from."""

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
    """Its standard output, where that was not sent to a log."""
    last_words: str

    @property
    def why(self) -> str:
        """What it complained of last, or how it ended; on one line."""
        lines = [line.strip() for line in self.last_words.splitlines() if line.strip()]
        starts = [n for n, line in enumerate(lines) if line.lower().startswith("error")]
        told = " ".join(lines[starts[-1] if starts else -1 :]) or death(self.status)
        return re.sub("(?i)^error: ", "", told)[:300]


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    *,
    log: IO[bytes] | None = None,
    beat: Callable[[float], None] | None = None,
    patience: float = float("inf"),
) -> Ended:
    """Run a program to its end in this folder; `beat` hears its age in seconds, now and then.

    It is killed after `patience` seconds, and when this function is left in any way. Raises
    OSError when nothing can be started.
    """
    began = time.monotonic()
    reading, writing = os.pipe()
    with (
        open(reading, "rb", buffering=0) as watched,
        open(writing, "wb", buffering=0),
        tempfile.TemporaryFile() as out,
    ):
        # The end that we alone hold closes with us, however we end.
        command = own_module(
            "ttm.runtime.keeper", str(reading), str(folder), *argv, python=sys.executable
        )
        sink = log or out
        child = Child(command, pass_fds=[watched.fileno()], stdout=sink.fileno(), env=env)
        try:
            while (status := child.wait(BEAT)) is None:
                age = time.monotonic() - began
                if age > patience:
                    status = child.kill()
                    break
                if beat:
                    beat(age)
        finally:
            if child.alive:
                child.kill()
        out.seek(0)
        if log:
            log.write(child.last_words().encode() + b"\n")
        return Ended(status, out.read(), child.last_words())
