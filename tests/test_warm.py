"""A forked `ttm` cannot be told from one that was started: tests/warm.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

LOOK = """#!{python}
import json, os, resource
parent = os.getppid()
with open(f"/proc/{{parent}}/status") as file:
    kept = ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt")
    status = [line for line in file if line.startswith(kept)]
told = {{
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "descriptors": sorted(os.listdir(f"/proc/{{parent}}/fd")),
    "status": status,
    "limits": [resource.getrlimit(number) for number in range(16)],
}}
with open(f"looked.{{parent}}", "w") as file:
    json.dump(told, file)
"""
"""An editor that looks at the command that calls it."""


@pytest.fixture
def both(ttm, tmp_path) -> Callable[..., list[subprocess.CompletedProcess[bytes]]]:
    """What a command does forked, and as a process of its own."""
    if sys.platform != "linux":
        pytest.skip("elsewhere nothing is forked")

    def run(*words: str, env: dict[str, str] | None = None, input: bytes = b""):
        command = [sys.executable, "-m", "ttm", *words]
        given = {**os.environ, **(env or {})}
        how = {"cwd": tmp_path, "env": given, "capture_output": True, "timeout": 60}
        return [ttm(*words, env=env, input=input), subprocess.run(command, input=input, **how)]

    return run


@pytest.mark.parametrize(
    ("words", "input"),
    [
        (("--version",), b""),
        (("say", "--help"), b""),
        (("config", "get", "say.rate"), b""),
        (("say", "-m", "nope"), b"Good day. " * 20_000),
        (("say", "-o", "-", "-m", "tone", "--format", "pcm"), b"Good day. " * 200),
        (("explain", "-m", "tone", "--json"), "Grüße".encode()),
        (("say", "-m", "tone"), b"\xff"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_fork_says_what_a_process_says(both, words, input):
    forked, started = both(*words, input=input)
    assert vars(forked) == vars(started)


@pytest.fixture
def editor(tmp_path) -> Callable[[str], dict[str, str]]:
    """The environment in which `ttm config edit` runs this script."""

    def write(script: str) -> dict[str, str]:
        (tmp_path / "editor").write_text(script)
        (tmp_path / "editor").chmod(0o755)
        return {"EDITOR": str(tmp_path / "editor"), "VISUAL": ""}

    return write


@pytest.mark.parametrize("mask", [0o22, 0o77])
def test_a_fork_has_what_a_process_has(both, editor, tmp_path, mask):
    env = editor(LOOK.format(python=sys.executable)) | {"OWN": str(mask)}
    before = os.umask(mask)
    try:
        forked, started = both("config", "edit", env=env)
    finally:
        os.umask(before)
    assert vars(forked) == vars(started)
    assert (forked.stderr.decode(), forked.returncode) == ("", 0)
    one, other = (json.loads(each.read_text()) for each in tmp_path.glob("looked.*"))
    assert one == other
    assert one["environment"]["OWN"] == str(mask)


def test_a_fork_dies_as_a_process_does(both, editor):
    forked, started = both("config", "edit", env=editor("#!/bin/sh\nkill -9 $PPID\n"))
    assert vars(forked) == vars(started)
    assert forked.returncode == -9
