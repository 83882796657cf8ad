"""The set of packages that one version of ttm runs its neural engines with."""

from __future__ import annotations

import hashlib
from pathlib import Path

FILE = Path(__file__).with_name("pins.txt")
"""`name==version` lines; also the constraints that the installer is given."""

NEEDED = (
    *("torch", "tokenizers", "numba", "numpy", "soundfile", "soxr"),
    *("safetensors", "transformers"),
)
"""Modules that a worker imports, each of them a package of the same name: what is asked of the
installer, and tried before an environment is used."""


def pins() -> dict[str, str]:
    """Every package with its version."""
    lines = (line.partition("#")[0].strip() for line in FILE.read_text().splitlines())
    return dict(line.split("==") for line in lines if line)


def digest() -> str:
    """SHA-256 of the set: what an environment was made from, in 64 digits."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()
