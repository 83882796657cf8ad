"""The builds of torch: which there are, which one fits this machine, where each comes from."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ttm.errors import UsageError, did_you_mean
from ttm.runtime.pinned import pins

INDEX = "https://download.pytorch.org/whl/"
"""Where PyTorch keeps its builds, a folder for each; the usual package index has only one."""

CUDA_DRIVER = 580
"""The first driver that CUDA 13 runs on (CUDA release notes, table of driver versions)."""

CUDA_CAPABILITY = 7.5
"""The oldest generation of cards, Turing, that torch's builds for CUDA 13 have kernels for."""

PATIENCE = 10.0
"""Seconds that `nvidia-smi` gets; with a driver that hangs it never answers."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """A build of torch, for one kind of device."""

    name: str
    sentence: str
    local: str
    """What follows torch's version, and the folder of `INDEX`; empty is the usual index's build."""
    fetched: int
    """Megabytes to fetch with everything else, about."""
    kept: int
    """Megabytes that it takes on the disk, about."""
    system: str = "linux"
    """`sys.platform` that it exists for."""

    @property
    def torch(self) -> str:
        """The version of torch in this build."""
        return pins()["torch"] + (f"+{self.local}" if self.local else "")

    @property
    def index(self) -> str:
        """The index to look into beside the usual one; empty when that has it."""
        return INDEX + self.local if self.local else ""


ALL = (
    Flavour("cpu", "any processor", "cpu", 345, 1_350),
    Flavour("cuda", "NVIDIA cards from Turing on, driver 580 or newer", "cu130", 2_825, 6_650),
    Flavour("cuda12", "NVIDIA cards and drivers that are older", "cu126", 3_525, 8_150),
    Flavour("rocm", "AMD cards", "rocm7.2", 5_525, 16_150),
    Flavour("cpu", "any processor", "", 245, 1_050, "darwin"),
    Flavour("apple", "Apple silicon", "", 245, 1_050, "darwin"),
)

NAMES = tuple(dict.fromkeys(flavour.name for flavour in ALL))


def choose(name: str) -> tuple[Flavour, str]:
    """The build of this name, or with `auto` the one for this machine; and why that one.

    Raises UsageError for one that does not exist, or not for this system.
    """
    if name == "auto":
        found, why = detect(os.environ)
        return _of(found), why
    if name not in NAMES:
        hint = did_you_mean(name, NAMES) or f"Choose one of: auto, {', '.join(NAMES)}"
        raise UsageError(f"there is no torch for device '{name}'", hint)
    return _of(name), "as asked"


def _of(name: str) -> Flavour:
    for flavour in ALL:
        if (flavour.name, flavour.system) == (name, sys.platform):
            return flavour
    raise UsageError(
        f"torch for device '{name}' does not exist for {platform.system()}",
        "`--device auto` takes what fits this machine",
    )


def detect(environ: Mapping[str, str]) -> tuple[str, str]:
    """The name of the build that fits this machine, and what was seen."""
    if sys.platform == "darwin":
        if platform.machine() == "arm64":
            return "apple", "this is Apple silicon"
        return "cpu", "this Mac has no Apple silicon"
    if seen := _nvidia(environ.get("PATH", os.defpath)):
        driver, capability = seen
        told = f"an NVIDIA card of capability {capability:g} with driver {driver:g} was found"
        new = driver >= CUDA_DRIVER and capability >= CUDA_CAPABILITY
        return ("cuda" if new else "cuda12"), told
    if _amd():
        return "rocm", "an AMD card was found"
    return "cpu", "no graphics card that torch can use was found"


def _nvidia(path: str) -> tuple[float, float] | None:
    """The driver's major version and the oldest card's capability, where there is one."""
    # The second place is where WSL keeps it, which is not on everybody's PATH.
    smi = shutil.which("nvidia-smi", path=os.pathsep.join([path, "/usr/lib/wsl/lib"]))
    if smi is None:
        return None
    query = [smi, "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"]
    try:
        said = subprocess.run(
            query, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=True
        ).stdout.decode(errors="replace")
        cards = [line.split(",") for line in said.splitlines() if line.strip()]
        driver = float(cards[0][0].partition(".")[0])
        return driver, min(float(card[1]) for card in cards)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None  # a driver that is not loaded answers with a sentence or a failure


def _amd() -> bool:
    """Whether the kernel's compute driver has a graphics card and lets us use it."""
    if not os.access("/dev/kfd", os.R_OK | os.W_OK):
        return False
    for properties in Path("/sys/class/kfd/kfd/topology/nodes").glob("*/properties"):
        try:
            lines = [line.split() for line in properties.read_text().splitlines()]
        except OSError:
            continue
        if any(line[:1] == ["simd_count"] and line[1:] != ["0"] for line in lines):
            return True
    return False
