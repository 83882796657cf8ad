"""How fast ttm's Qwen3-TTS is on a GPU; what scripts/bench_qwen3 --device cuda runs.

Tests and figures in one go, with weights made for it, on a machine that has a GPU, torch for it,
and the project's other needs in the interpreter (no shell is involved):

    python scripts/bench_qwen3_gpu.py --tests --out scripts/results/qwen3_gpu.json

CHECKPOINT is a custom-voice one that does not end by itself (scripts/make_checkpoint); without it
one of --size is made. `--rival PYTHON` names an interpreter that has faster-qwen3-tts; the sides
take turns. Frames' times are slopes between two lengths, so that what comes before the first frame
does not count; those of the parts are the device's own, over many replays.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TEXT = "Hello there, how are you today? This is a test of the text to speech system."
REPLAYS = 100
"""Of a part, for its time; a talker's step moves on by as many of at least 128 positions."""
RIVAL_CHUNK = 8
"""Frames: what its own figures are for."""

Figures = dict[str, Any]
Run = Callable[[int], tuple[float, float]]
"""Speaks so many frames; seconds to the first samples, and to the last."""


def ours(asked: argparse.Namespace, checkpoint: str) -> tuple[Run, Figures]:
    sys.path.insert(0, str(ROOT))
    import torch

    from ttm.audio import Audio
    from ttm.engine.qwen3 import Qwen3Engine
    from ttm.engine.qwen3.model import Model
    from ttm.speech import Speech

    told: list[tuple[float, str]] = []
    device = "cpu" if asked.rehearse else "cuda"
    if device == "cuda":
        torch.cuda.init()
        free, _ = torch.cuda.mem_get_info()
    start = time.perf_counter()
    engine = Qwen3Engine(
        checkpoint,
        device=device,
        dtype=asked.dtype,
        quantize="none",
        loading=lambda what, part: told.append((time.perf_counter(), what)),
    )
    loaded = time.perf_counter()
    if asked.rehearse:
        engine._model = Model(
            engine._loaded.checkpoint, torch.device("cpu"), torch.float32, graphs=True
        )
    model = engine._loaded
    capture = [at for at, what in told if what == "CUDA graphs"]
    found: Figures = {
        "load_s": loaded - start,
        "capture_s": loaded - capture[0] if capture else 0.0,
        "read_gb_a_frame": model.bytes_a_second() * model.samples_per_frame / model.rate / 1e9,
    }

    def run(frames: int) -> tuple[float, float]:
        seconds = frames * model.samples_per_frame / model.rate
        engine._delivery = dataclasses.replace(engine._delivery, max_seconds=seconds)
        begun, first, samples = time.perf_counter(), 0.0, 0
        for item in engine.speak(Speech(TEXT, voice="ryan", language="English", seed=1)):
            if isinstance(item, Audio) and item.samples:
                first = first or time.perf_counter() - begun
                samples += item.samples
        if samples != frames * model.samples_per_frame:
            sys.exit("bench_qwen3_gpu: the speech ended by itself; give a checkpoint that does not")
        return first, time.perf_counter() - begun

    run(max(asked.frames))
    found |= parts(model, engine._delivery.sampling)
    if device == "cuda":
        found["memory_gb"] = (free - torch.cuda.mem_get_info()[0]) / 1e9
        found["peak_allocated_gb"] = torch.cuda.max_memory_allocated() / 1e9
    return run, found


def parts(model: Any, sampling: Any) -> Figures:
    """Milliseconds of every captured step by itself, one after the other on the device."""
    import torch

    graphs, codec = model._graphs, model.codec
    times: Figures = {}

    def measure(name: str, replay: Callable[[], None], before: Callable[[], object]) -> None:
        before()
        replay()
        times[name] = milliseconds(replay, model.device)

    states = graphs.states
    with torch.inference_mode():
        for size, replay in states._prefills.items():
            measure(f"prefill_{size}_ms", replay, lambda: states._at.fill_(1))
        for size, replay in states._steps.items():
            # A step moves its own position on; what it reads does not depend on that.
            measure(f"talker_{size}_ms", replay, lambda: states._at.fill_(0))
        measure("predictor_ms", graphs.frame(sampling)._replay, lambda: None)
        with codec._capture.on_stream(following=True):
            for size, replay in codec._steps.items():
                measure(f"codec_{size}_ms", replay, lambda: None)
        codec._user = None
    return times


def milliseconds(replay: Callable[[], None], device: Any) -> float:
    import torch

    if device.type != "cuda":
        start = time.perf_counter()
        replay()
        return (time.perf_counter() - start) * 1e3
    begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begun.record()
    for _ in range(REPLAYS):
        replay()
    ended.record()
    ended.synchronize()
    return float(begun.elapsed_time(ended)) / REPLAYS


def rival(asked: argparse.Namespace, checkpoint: str) -> tuple[Run, Figures]:
    """faster-qwen3-tts, by its own streaming call."""
    import torch

    start = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        from faster_qwen3_tts import FasterQwen3TTS

        model = FasterQwen3TTS.from_pretrained(
            checkpoint, device="cuda", dtype=getattr(torch, asked.dtype)
        )

    def run(frames: int) -> tuple[float, float]:
        begun, first = time.perf_counter(), 0.0
        with contextlib.redirect_stdout(sys.stderr):
            for _ in model.generate_custom_voice_streaming(
                text=TEXT,
                speaker="Ryan",
                language="English",
                max_new_tokens=frames,
                chunk_size=RIVAL_CHUNK,
            ):
                first = first or time.perf_counter() - begun
        return first, time.perf_counter() - begun

    run(max(asked.frames))
    return run, {"load_s": time.perf_counter() - start}


class Side:
    """A child that answers each line of its stdin, a number of frames, with one run's seconds."""

    def __init__(self, name: str, python: str, words: list[str]) -> None:
        pipe = subprocess.PIPE
        command = [python, str(Path(__file__).resolve()), *words, "--side", name]
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._name = name
        self.found = self._answer()
        self.runs: dict[int, list[tuple[float, float]]] = {}

    def run(self, frames: int) -> None:
        assert self._child.stdin
        self._child.stdin.write(f"{frames}\n")
        self._child.stdin.flush()
        first, wall = self._answer()
        self.runs.setdefault(frames, []).append((first, wall))

    def figures(self) -> Figures:
        short, long = sorted(self.runs)
        walls = {
            frames: statistics.median(wall for _, wall in self.runs[frames]) for frames in self.runs
        }
        firsts = sorted(first * 1e3 for runs in self.runs.values() for first, _ in runs)
        slope = (walls[long] - walls[short]) / (long - short)
        return self.found | {
            "frame_ms": slope * 1e3,
            "rtf": slope * 12.5,
            "first_pcm_p50_ms": statistics.median(firsts),
            "first_pcm_p95_ms": firsts[min(len(firsts) - 1, round(0.95 * len(firsts)))],
            "runs": {str(frames): runs for frames, runs in self.runs.items()},
        }

    def close(self) -> None:
        assert self._child.stdin
        self._child.stdin.close()
        self._child.wait()

    def _answer(self) -> Any:
        assert self._child.stdout
        if not (line := self._child.stdout.readline()):
            sys.exit(f"bench_qwen3_gpu: the side '{self._name}' ended; see above")
        return json.loads(line)


def serve(asked: argparse.Namespace) -> None:
    """Be one side."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    run, found = {"ttm": ours, "rival": rival}[asked.side](asked, asked.checkpoint)
    print(json.dumps(found), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), file=answers, flush=True)


def device() -> Figures:
    """What the figures were measured on."""
    import torch

    about = {
        "date": str(date.today()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if not torch.cuda.is_available():
        return about
    data = torch.ones(1 << 30, device="cuda")
    data.sum()
    read = milliseconds(data.sum, data.device)
    return about | {
        "gpu": torch.cuda.get_device_name(),
        "cuda": torch.version.cuda,
        "read_gb_per_s": data.nbytes / read / 1e6,
    }


@contextlib.contextmanager
def checkpoint(asked: argparse.Namespace) -> Iterator[str]:
    if asked.checkpoint:
        yield asked.checkpoint
        return
    sys.path.insert(0, str(ROOT))
    maker = runpy.run_path(str(ROOT / "scripts" / "make_checkpoint"))
    with tempfile.TemporaryDirectory() as folder:
        print(maker["make"](Path(folder), asked.size, "custom_voice", 0, 0.0, "bfloat16"))
        yield folder


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="bench_qwen3_gpu", description="Speed of Qwen3-TTS on a GPU."
    )
    parser.add_argument("checkpoint", nargs="?", default="")
    parser.add_argument("--size", default="0.6b", choices=["tiny", "0.6b", "1.7b"])
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float16", "float32"])
    parser.add_argument("--frames", type=int, nargs=2, default=[50, 150], help="two lengths")
    parser.add_argument("--repeats", type=int, default=15, help="runs of each length")
    parser.add_argument("--rival", metavar="PYTHON", help="an interpreter with faster-qwen3-tts")
    parser.add_argument("--tests", action="store_true", help="run the tests that need a GPU first")
    parser.add_argument("--out", type=Path, help="raw figures as JSON")
    parser.add_argument(
        "--rehearse", action="store_true", help="on the CPU, to try this script; no figures"
    )
    parser.add_argument("--side", choices=["ttm", "rival"], help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.side:
        serve(asked)
        return
    import torch

    if not asked.rehearse and not torch.cuda.is_available():
        sys.exit("bench_qwen3_gpu: no CUDA device can be used here; nothing was measured")
    if asked.tests:
        folder = str(ROOT / "tests" / "engine" / "qwen3")
        subprocess.run([sys.executable, "-m", "pytest", "-m", "gpu", folder], cwd=ROOT, check=True)
    about = device()
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    with checkpoint(asked) as folder:
        options = [folder, "--dtype", asked.dtype, "--frames", *map(str, asked.frames)]
        sides = {"ttm": Side("ttm", sys.executable, options + ["--rehearse"] * asked.rehearse)}
        if asked.rival:
            sides["rival"] = Side("rival", asked.rival, options)
        for _ in range(asked.repeats):
            for side in sides.values():
                for frames in asked.frames:
                    side.run(frames)
        for side in sides.values():
            side.close()
    figures = {name: side.figures() for name, side in sides.items()}
    for name, found in figures.items():
        print(f"\n{name}, {asked.dtype}, {asked.repeats} runs of {asked.frames} frames each")
        for key, value in found.items():
            if key != "runs":
                print(f"  {key:24}{value:12.3f}")
    if "rival" in figures:
        ratio = figures["rival"]["frame_ms"] / figures["ttm"]["frame_ms"]
        print(f"\nttm takes 1/{ratio:.2f} of the rival's time a frame")
    if asked.out:
        asked.out.write_text(json.dumps({**about, "sides": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
