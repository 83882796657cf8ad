"""What is loaded, in TalkToMeKit's words; whoever keeps a model loaded can answer with it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model as it was asked for, and as it is."""

    requested_mode: str = ""
    """voice_design, custom_voice or voice_clone; empty for a model that has no mode."""
    requested_model_id: str = ""
    mode: str = ""
    """Of the model that is loaded; empty when none is."""
    model_id: str = ""
    loaded: bool = False
    loading: bool = False
    ready: bool = False
    """Loaded, and its worker answers."""
    strict_load: bool = True
    """Nothing may stand in for the model that was asked for."""
    fallback_applied: bool = False
    """Another model stands in for it."""
    detail: str = ""
    """One sentence."""
    engine: str = ""
    device: str = ""
    dtype: str = ""
    memory: int | None = None
    """Bytes that the worker holds of the machine's memory; None where that is not known."""
    worker_pid: int | None = None

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def effective_types(effective: Mapping[str, Any]) -> tuple[str, str]:
    """The device and the type of the numbers, as an engine tells them: `cpu`, `float32 (int8)`."""
    device, dtype = str(effective.get("device", "")), str(effective.get("dtype", ""))
    quantize = str(effective.get("quantize", "none"))
    return device, f"{dtype} ({quantize})" if dtype and quantize != "none" else dtype


def resident(pid: int) -> int | None:
    """Bytes of memory that a process holds; None where nobody says."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return None
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        asked = ["ps", "-o", "rss=", "-p", str(pid)]
        return int(subprocess.run(asked, capture_output=True, timeout=5).stdout) * 1024
    return None
