"""What the benchmarks share: prose to speak, facts about the machine, the verdict on a goal."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TTM = Path(sys.prefix, "bin", "ttm")
RATE = 24_000
"""Hertz of the null sink."""

WORDS = (
    "the a one this that each some every old young small large quiet early late open long short "
    "river harbour morning evening window garden letter journey captain teacher village mountain "
    "winter summer market station kitchen library doctor farmer sailor engine bridge forest "
    "walked opened carried followed remembered noticed answered gathered finished painted "
    "crossed visited promised mended borrowed counted slowly again often never almost quickly "
    "together alone twice under over behind before after beside between through and but while "
    "because until with without from toward into about water bread paper music silver green "
    "wooden heavy narrow bright familiar distant ordinary careful patient curious"
).split()

HOOK = """
import os, sys, time
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name != "miniaudio":
            return None
        sys.meta_path.remove(self)
        import miniaudio
        asked = miniaudio._bytes_from_generator_samples
        def told(samples):
            out = asked(samples)
            if out and any(bytes(out)) and not os.path.exists(os.environ["TOLD"]):
                with open(os.environ["TOLD"], "w") as file:
                    file.write(str(time.monotonic()))
            return out
        miniaudio._bytes_from_generator_samples = told
        return miniaudio.__spec__
if "TOLD" in os.environ:
    sys.meta_path.insert(0, Watch())
"""
"""A sitecustomize that notes in the file TOLD when miniaudio hands the first sound over."""


def first_sample(words: list[str], folder: Path, env: Mapping[str, str]) -> float:
    """Seconds from the start of the process to the first sample that the device gets."""
    told = folder / "told"
    told.unlink(missing_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [str(TTM), *words], cwd=folder, env={**env, "TOLD": str(told)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"ttm {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
    return float(told.read_text()) - began


@contextlib.contextmanager
def null_sink(folder: Path) -> Iterator[None]:
    """A PulseAudio whose default device is a null sink, for this process and its children."""
    os.environ |= {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    folder.chmod(0o700)
    sink = f"module-null-sink sink_name=ttm rate={RATE} channels=1 format=s16le norewinds=1"
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--exit-idle-time=-1", "--load=module-native-protocol-unix",
         f"--load={sink}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not (folder / "pulse/native").exists():
            time.sleep(0.01)
        yield
    finally:
        server.terminate()
        server.wait()


class Monitor:
    """Listens to the null sink; knows when sound was last in it."""

    def __init__(self) -> None:
        self._recorder = subprocess.Popen(
            ["parec", "-d", "ttm.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1",
             "--latency-msec=10"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.heard = 0.0
        self.blocks = 0
        threading.Thread(target=self._listen, daemon=True).start()
        while self.blocks < 10:
            time.sleep(0.01)

    def _listen(self) -> None:
        assert self._recorder.stdout
        while block := os.read(self._recorder.stdout.fileno(), 4096):
            self.blocks += 1
            if block.strip(b"\0"):
                self.heard = time.monotonic()

    def close(self) -> None:
        self._recorder.terminate()
        self._recorder.wait()


def prose(size: int) -> str:
    """At least `size` bytes of English: sentences of 8 to 20 words, 3 to 7 to a paragraph.

    Always the same, and a longer text starts with the shorter one.
    """
    choose = random.Random(1)
    text: list[str] = []
    length = 0
    while length < size:
        sentences = [_sentence(choose) for _ in range(choose.randint(3, 7))]
        text.append(" ".join(sentences) + "\n\n")
        length += len(text[-1])
    return "".join(text)


def _sentence(choose: random.Random) -> str:
    words = [choose.choice(WORDS) for _ in range(choose.randint(8, 20))]
    if len(words) > 12:
        words[len(words) // 2] += ","
    return " ".join(words).capitalize() + choose.choice(["."] * 8 + ["?", "!"])


def surroundings(folder: Path) -> dict[str, str]:
    """The environment for what is measured: the user's settings do not count, bytecode does."""
    settings = folder / "settings.toml"
    settings.touch()
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TTM_CONFIG": str(settings)}


def machine() -> dict[str, str]:
    """Where and when this was measured."""
    espeak = shutil.which("espeak-ng")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "ttm": _first_line([str(TTM), "--version"]),
        "espeak-ng": _first_line([espeak, "--version"]) if espeak else "not installed",
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except FileNotFoundError:
        return _first_line(["sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.machine()


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.partition("\n")[0]


def show(facts: dict[str, str]) -> None:
    for name, fact in facts.items():
        print(f"{name:<10} {fact}")


def table(found: Mapping[str, Sequence[float]]) -> None:
    """Medians and bounds of figures in seconds, in milliseconds."""
    width = max(map(len, found))
    print(f"\n{'':<{width}}  {'median':>9}  {'least':>9}  {'most':>9}  ms")
    for key, times in found.items():
        figures = (statistics.median(times), min(times), max(times))
        print(f"{key:<{width}}  " + "  ".join(f"{t * 1000:9.1f}" for t in figures))
    print()


def goal(what: str, value: float, bound: float, *, at_least: bool, unit: str = "") -> bool:
    """Print a figure and whether it keeps its goal."""
    met = value >= bound if at_least else value <= bound
    sign = ">=" if at_least else "<="
    verdict = "met" if met else "MISSED"
    print(f"{verdict:<6}  {what}: {value:.2f}{unit} (goal {sign} {bound:g}{unit})")
    return met
