"""The C engine as a side of scripts/bench_qwen3: https://github.com/gabriele-mastrapasqua/qwen3-tts

It is one process a run, so its figures are what it prints: seconds without loading, and sums over
all frames. It is no part of ttm; see scripts/bench_qwen3 for how it is built.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FLAGS = {"int8": "--int8", "int4": "--int4"}
"""Of a type; without one it computes with the file's bfloat16 weights."""
BYTES_A_WEIGHT = {"--int8": 1.0, "": 2.0}
"""Those of int4 depend on the model's size."""
FRAME = 0.08
"""Seconds."""
STREAMED = 12
"""Frames from which the first sound is taken: its first stretch has 2, later ones 10."""
PRINTED = {
    "load_s": (r"Model loaded in (\d+) ms", 1e-3),
    "prefill_s": (r"  Prefill: (\d+) ms", 1e-3),
    "frames": (r"Generated (\d+) frames", 1),
    "talker_ms": (r"Talker step: .*?\(([\d.]+) ms/f\)", 1),
    "predictor_ms": (r"Code Predictor: .*?\(([\d.]+) ms/f\)", 1),
    "codec_total_s": (r"Speech decoder: (\d+) ms total", 1e-3),
    "rtf": (r"generated in .*?\(RTF ([\d.]+)\)", 1),
    "first_sound_s": (r"TTFA: (\d+) ms", 1e-3),
}
"""What is looked for, and its unit in ours."""


class Binary:
    """Answers as a child of scripts/bench_qwen3 does."""

    def __init__(
        self, program: str, checkpoint: str, flags: list[str], threads: int, text: str
    ) -> None:
        self._sound = tempfile.NamedTemporaryFile(suffix=".wav")
        self._words = [program, "-d", checkpoint, "--text", text, "-s", "ryan", "-l", "English"]
        self._words += ["-T", "0", "-j", str(threads), "-o", self._sound.name, *flags]
        capabilities = subprocess.run([program, "--caps"], capture_output=True, text=True)
        where = ["git", "-C", str(Path(program).resolve().parent), "rev-parse", "HEAD"]
        commit = subprocess.run(where, capture_output=True, text=True).stdout.strip()
        self.ready: dict[str, Any] = {
            "versions": {"commit": commit, "flags": flags},
            "capabilities": capabilities.stdout.splitlines(),
            "does": ["speak", "alone", "first"],
            "bytes_a_weight": BYTES_A_WEIGHT.get(" ".join(flags)),
        }

    def ask(self, do: str, frames: int = 0) -> dict[str, Any]:
        """`speak` to a file; `alone`, with the codec after the rest; `first`, streamed."""
        if do == "alone":
            found = self._run(frames, {"QWEN_NO_OVERLAP": "1"})
            return {key: found[key] for key in ("talker_ms", "predictor_ms", "frames")}
        if do == "first":
            return self._run(STREAMED, {}, "--stream")
        found = self._run(frames)
        found["first_sound_of_a_file_s"] = found.pop("first_sound_s")
        return found

    def close(self) -> None:
        self._sound.close()

    def _run(
        self, frames: int, environment: dict[str, str] | None = None, *flags: str
    ) -> dict[str, Any]:
        with tempfile.TemporaryFile("w+") as told:
            child = subprocess.Popen(
                [*self._words, "-m", str(frames), *flags],
                stdout=told,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
            )
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            told.seek(0)
            lines = told.read()
        found: dict[str, Any] = {}
        for key, (pattern, unit) in PRINTED.items():
            if child.returncode or not (match := re.search(pattern, lines)):
                sys.exit(f"bench_qwen3: the C engine did not say its {key}:\n{lines[-2000:]}")
            found[key] = float(match[1]) * unit
        found["frames"] = int(found["frames"])
        found["audio_s"] = found["frames"] * FRAME
        found["wall_s"] = found["rtf"] * found["audio_s"]
        found["codec_ms"] = 1e3 * found.pop("codec_total_s") / found["frames"]
        # Kibibytes, but bytes on a Mac.
        found["peak_rss_mib"] = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
        return found
