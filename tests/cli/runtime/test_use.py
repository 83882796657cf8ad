"""Workers are started with the runtime's Python where ttm's own lacks what an engine needs."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ttm.config import load
from ttm.engine import ENGINES
from ttm.errors import RuntimeMissing
from ttm.narration.opening import open_worker

ROOT = Path(__file__).parents[3]

LACKING = "engine 'qwen3' needs torch, tokenizers, numba, which are not installed"


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    """A folder that is a checkpoint by its name alone."""
    (folder := tmp_path / "checkpoint").mkdir()
    about = {"model_type": "qwen3_tts", "tts_model_type": "custom_voice", "tts_model_size": "0b6"}
    (folder / "config.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def worker(ready):
    """A worker whose engine's packages are in the runtime alone."""
    with_it = open_worker(ENGINES["qwen3"], load(environ=os.environ))
    yield with_it
    with_it.close()


def test_a_worker_runs_this_ttm_with_the_runtime_s_python_and_nothing_of_ours(worker, ready):
    worker.load()
    assert worker.effective["device"] == "cpu, tiny"  # as the runtime's torch says
    process = psutil.Process(worker.pid)
    own = Path(sys.modules["ttm"].__file__ or "").parent
    assert process.cmdline()[:4] == [
        str(ready / "environments/1/bin/python"), "-I", str(own / "launch.py"), "ttm.worker",
    ]  # fmt: skip


def test_a_runtime_that_a_worker_uses_is_not_removed_under_it(worker, here, ready):
    worker.load()
    code, _, said = here("runtime", "rm")
    assert code == 5
    assert f"a worker is using {ready}/environments/1" in said
    assert (ready / "environments/1/bin/python").exists()
    worker.close()
    code, shown, _ = here("runtime", "rm")
    assert (code, ready.exists()) == (0, False)
    assert shown.startswith(f"removed {ready}, ")
    assert here("runtime", "rm")[0] == 0


def test_a_worker_that_starts_again_takes_the_runtime_that_is_there_then(worker, here, ready):
    worker.load()
    assert here("runtime", "stage", "--no-models", "--restage-runtime")[0] == 0
    assert (ready / "environments/1/bin/python").exists()
    worker.close()
    worker.load()
    assert str(ready / "environments/2/bin/python") in psutil.Process(worker.pid).cmdline()
    worker.close()
    shutil.rmtree(ready)
    with pytest.raises(RuntimeMissing):
        worker.load()


def test_without_a_runtime_the_command_that_makes_it_is_named(here, base, checkpoint):
    code, shown, said = here("say", "hello", "-m", checkpoint, "-o", "a.wav", "--json")
    assert code == 5
    assert said.splitlines() == [
        f"ttm: error: {LACKING}, and no runtime is staged in {base}. Run `ttm runtime stage`"
    ]
    assert json.loads(shown)["error"]["code"] == "runtime_missing"


@pytest.mark.parametrize(("answer", "staged"), [(b"y\n", True), (b"\n", False)])
def test_on_a_terminal_it_is_offered(begin, light, base, checkpoint, answer, staged):
    outer, inner = pty.openpty()
    os.write(outer, answer)
    asked = begin("say", "hello", "-m", checkpoint, "-o", "a.wav", env=light, stdin=inner,
                  stderr=inner)  # fmt: skip
    os.close(inner)
    said = b""
    with open(outer, "rb", buffering=0) as terminal:
        while asked.poll() is None or b"ttm: error" not in said:
            try:
                said += terminal.read(4096)
            except OSError:
                break
    assert asked.wait() == 5
    assert b"Run `ttm runtime stage` now? It fetches about 345 MB, for cpu" in said
    assert (base / "current").exists() == staged
    # The worker got as far as the checkpoint, which is none.
    assert (b"no runtime is staged in" in said.splitlines()[-1]) != staged


def test_the_doctor_looks_at_the_runtime(here, ready):
    def findings() -> dict[str, dict[str, str]]:
        return {each["name"]: each for each in json.loads(here("doctor", "--json")[1])["findings"]}

    found = findings()
    assert found["runtime"]["state"] == found["engine qwen3"]["state"] == "ok"
    assert f"in {ready}/environments/1" in found["runtime"]["sentence"]
    next(ready.glob("environments/1/lib/python3*/site-packages/numba.py")).unlink()
    found = findings()
    assert (found["runtime"]["state"], found["engine qwen3"]["state"]) == ("bad", "bad")
    assert found["runtime"]["fix"] == "Run `ttm runtime stage`"


def test_what_does_not_come_with_the_runtime_is_asked_for_by_its_extra(base, monkeypatch):
    from dataclasses import replace

    other = replace(ENGINES["qwen3"], modules=("torch", "nope"), extra="other")
    with pytest.raises(Exception, match=r"pip install 'ttm-speech\[other\]'"):
        open_worker(other, load())


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_a_light_installation_stages_the_real_runtime_and_speaks(tmp_path, home):
    """With the true packages, from wherever this machine's pip takes them: some minutes."""
    python = tmp_path / "light/bin/python"
    (poison := tmp_path / "poison").mkdir()
    for name in ("torch", "pip", "venv", "ensurepip", "tokenizers"):
        (poison / f"{name}.py").write_text("raise SystemExit('poison')")
    env = os.environ | {"TTM_RUNTIME_DIR": str(tmp_path / "runtime")}
    poisoned = env | {"PYTHONPATH": str(poison), "PYTHONHOME": sys.base_prefix}

    def run(*words: str | Path, env: dict[str, str] = env) -> str:
        done = subprocess.run(
            list(map(str, words)), env=env, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    pins = ROOT / "scripts/constraints.txt"
    run(sys.executable, "-m", "venv", tmp_path / "light")
    run(python, "-m", "pip", "install", "--quiet", "--constraint", pins, ROOT)
    ttm = tmp_path / "light/bin/ttm"
    assert "state     ready" in run(ttm, "runtime", "stage", "--no-models", env=poisoned)
    before = (tmp_path / "runtime/current").readlink()
    run(ttm, "runtime", "stage", "--no-models", "--restage-runtime", env=poisoned)
    assert (tmp_path / "runtime/current").readlink() != before
    script = ROOT / "scripts/make_checkpoint"
    run(sys.executable, script, tmp_path / "model", "--size", "tiny", "--mode", "custom_voice")
    # Random weights make noise, which is not what was asked for.
    brief = ("--set", "engine.qwen3.max_seconds=1.2", "--set", "guard.enabled=false")
    run(ttm, "say", "hello", "-m", tmp_path / "model", "-o", "a.wav", *brief)
    assert json.loads(run(ttm, "inspect", "--json", "a.wav"))["seconds"] == 1.2
    with pytest.raises(subprocess.CalledProcessError):
        run(python, "-c", "import torch")
