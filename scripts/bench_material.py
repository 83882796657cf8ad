"""What the benchmarks share: prose to speak, facts about the machine, the verdict on a goal."""

from __future__ import annotations

import datetime
import os
import platform
import random
import shutil
import subprocess
import sys
from pathlib import Path

TTM = Path(sys.prefix, "bin", "ttm")

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


def goal(what: str, value: float, bound: float, *, at_least: bool, unit: str = "") -> bool:
    """Print a figure and whether it keeps its goal."""
    met = value >= bound if at_least else value <= bound
    sign = ">=" if at_least else "<="
    verdict = "met" if met else "MISSED"
    print(f"{verdict:<6}  {what}: {value:.2f}{unit} (goal {sign} {bound:g}{unit})")
    return met
