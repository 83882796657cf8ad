"""Imports point down: import-linter holds the floors, and notices when one is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter in a copy of the tree; its status, and what it says."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path):
    """A copy of what the linter reads."""
    for package in ("ttm", "tui"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_floors_hold():
    code, said = lint(ROOT)
    assert code == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("ttm/config/__init__.py", "import ttm.engine.espeak", "Imports point down"),
        ("ttm/speech.py", "import ttm.config", "Imports point down"),
        ("ttm/engine/tone.py", "import ttm.engine.espeak", "Engines do not know each other"),
        ("ttm/worker/client.py", "import ttm.worker.__main__", "never imports the child side"),
        ("ttm/playback.py", "import torch", "Only engines touch torch"),
    ],
)
def test_a_broken_floor_is_noticed_and_named(tree, file, line, contract):
    with (tree / file).open("a") as end:
        end.write(f"\n{line}\n")
    code, said = lint(tree)
    assert code == 1
    broken = [each for each in said.splitlines() if each.endswith("BROKEN")]
    assert any(contract in each for each in broken), said
