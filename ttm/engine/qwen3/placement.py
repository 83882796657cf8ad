"""Where a model computes, and in which type."""

from __future__ import annotations

import importlib.util
import platform
from typing import NamedTuple

import torch

from ttm.errors import EngineUnavailable

TYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


class Place(NamedTuple):
    device: torch.device
    dtype: torch.dtype
    """Of the activations, and of weights that are not quantized."""
    quantize: str = "none"
    """Or `int8`, or `int4-predictor`, which has four bits in the code predictor's layers."""


def place(device: str, dtype: str, quantize: str) -> Place:
    """What `auto` or a name stand for on this machine.

    Raises EngineUnavailable for what cannot be had here.
    """
    found = torch.device(_device(device))
    if found.type == "cuda" and not torch.cuda.is_available():
        raise EngineUnavailable(*_absent("CUDA"))
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(*_absent(f"'{device}'"))
    if found.type == "mps" and not torch.backends.mps.is_available():
        raise EngineUnavailable(*_absent("MPS"))
    fits = found.type == "cpu" and dtype in ("auto", "float32")
    named = quantize not in ("auto", "none")
    if named and not fits:
        raise EngineUnavailable(
            "quantized weights are for the CPU, with activations in float32",
            "Set engine.qwen3.quantize to auto, or device to cpu and dtype to auto",
        )
    if named or (quantize == "auto" and fits and dtype == "auto" and _compiles()):
        return Place(found, torch.float32, quantize if named else "int8")
    return Place(found, _type(found) if dtype == "auto" else TYPES[dtype])


def type_name(dtype: torch.dtype) -> str:
    """As the settings call it: `float32`."""
    return str(dtype).removeprefix("torch.")


def _compiles() -> bool:
    return importlib.util.find_spec("numba") is not None


def _device(name: str) -> str:
    if name != "auto":
        return name
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _type(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    # A frame is bound by the weights' bytes, and x86 has bfloat16 products at least of one row
    # in every build of torch; elsewhere they may be emulated.
    if device.type == "cpu" and platform.machine() in ("x86_64", "AMD64"):
        return torch.bfloat16
    return torch.float32


def _absent(device: str) -> tuple[str, str]:
    return f"no {device} device can be used here", "Set engine.qwen3.device to auto or cpu"
