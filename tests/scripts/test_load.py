"""The scripts that load a server, at a scale at which they take seconds; and their controls."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

pytestmark = pytest.mark.slow


def run(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_a_server_holds_under_load(tmp_path):
    told = tmp_path / "told.json"
    cases = ("burst-200", "fair", "aborts", "queued", "large")
    done = run("load_test", *cases, "--scale", "0.1", "--json", told)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(told.read_text())["cases"]
    assert len(figures) == len(cases)
    assert all(case["held"] for case in figures)


def test_a_server_that_takes_any_body_is_noticed():
    done = run("load_test", "large", "--scale", "0.1", "--set", "server.max_body=2000000000")
    assert done.returncode == 1, done.stderr
    assert "FAILS  length: answered with 413" in done.stdout


def test_killed_workers_are_noticed_by_nobody_else():
    done = run("kill_test", "--kills", "8")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_leak_is_noticed():
    done = run("soak_test", "--minutes", "0.3", "--leaky")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the leak was noticed" in done.stdout
