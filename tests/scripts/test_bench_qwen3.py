"""The benchmark of Qwen3-TTS on a GPU, rehearsed without one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPTS = Path(__file__).parents[2] / "scripts"


def bench(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "bench_qwen3", "--device", "cuda", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.mark.slow
def test_every_figure_of_a_gpu_is_asked_for(tmp_path):
    out = tmp_path / "figures.json"
    few = ("--rehearse", "--size", "tiny", "--frames", "3", "6", "--repeats", "2")
    done = bench(*few, "--out", out)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())["sides"]["ttm"]
    parts = {"prefill_32_ms", "talker_128_ms", "predictor_ms", "codec_1_ms", "codec_8_ms"}
    whole = {"frame_ms", "rtf", "first_pcm_p50_ms", "first_pcm_p95_ms", "load_s", "capture_s"}
    assert parts | whole <= set(figures)
    assert [len(runs) for runs in figures["runs"].values()] == [2, 2]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_without_a_gpu_nothing_is_measured_and_that_is_said():
    done = bench()
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("nothing was measured")
