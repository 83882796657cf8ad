"""Loaded checkpoints, and golden ones made anew from their seeds."""

from __future__ import annotations

import fcntl
import hashlib
import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ttm.engine.qwen3 import Qwen3Engine
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.model import Model
from ttm.speech import Speech

OWN = Path(__file__).parent / "golden"
MAKE_CHECKPOINT = Path(__file__).parents[3] / "scripts" / "make_checkpoint"


DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
        ],
    ),
]
"""Of tests that are run on each; a test that gives no other name runs on the CPU."""


class Models:
    """One loaded model of each folder, type and device; none captures its steps."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[Path, torch.dtype, str], Model] = {}

    def __call__(
        self, folder: Path, dtype: torch.dtype = torch.float32, device: str = "cpu"
    ) -> Model:
        key = (folder, dtype, device)
        if key not in self._loaded:
            self._loaded[key] = Model(Checkpoint(folder), torch.device(device), dtype)
        return self._loaded[key]


@pytest.fixture(scope="session")
def models() -> Models:
    return Models()


@pytest.fixture(scope="session", params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Where a test runs that asks for it: here, and on a GPU with `-m gpu`."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _noise_passes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights make noise, which is not what was asked for."""
    monkeypatch.setenv("TTM_GUARD_ENABLED", "false")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny matrices gain nothing from threads, and lose much when another program runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


Made = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _compiled(made: Made, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The kernels are compiled by one of the processes that run tests; the others wait for them."""
    with (tmp_path_factory.getbasetemp().parent / "kernels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = made("tiny", "custom_voice", 5, 14.0)
        engine = Qwen3Engine(str(folder), quantize="int8", threads=1, max_seconds=0.5)
        for _ in engine.speak(Speech("One.", voice="ryan")):
            pass
        engine.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """`made(size, mode, seed, eos_gain)`: the folder of a checkpoint with random weights."""
    folders: dict[tuple[str, str, int, float], Path] = {}
    # Called here rather than run: a process of its own would load torch for each.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(MAKE_CHECKPOINT.parent)
        maker = runpy.run_path(str(MAKE_CHECKPOINT))

    def make(size: str, mode: str, seed: int, eos_gain: float = 0.0) -> Path:
        key = (size, mode, seed, eos_gain)
        if key not in folders:
            folder = tmp_path_factory.mktemp("checkpoints") / f"{size}-{mode}"
            maker["make"](folder, size, mode, seed, eos_gain, "bfloat16")
            folders[key] = folder
        return folders[key]

    return make


@pytest.fixture(scope="session")
def remade(made: Made) -> Callable[[str], Path]:
    """The folder of one of our own golden checkpoints, made from its seed."""

    def remake(name: str) -> Path:
        entry = json.loads((OWN / "cases.json").read_text())[name]
        folder = made(entry["size"], entry["mode"], entry["seed"], entry["eos_gain"])
        for file, digest in entry["sha256"].items():
            same = hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
            assert same, f"{name}/{file} did not come out as when its references were made"
        return folder

    return remake
