"""Quantized weights kept on disk, so that a start maps them instead of making them again.

One file a checkpoint: a JSON header with what it was made of, then the arrays, each on a cache
line. Nothing in it is believed: another checkpoint, a ttm that packs in another way, a cut or
altered file, and it is made anew. They are the same for every CPU of one byte order.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttm.engine.qwen3 import kernels
from ttm.engine.qwen3.checkpoint import Checkpoint

Array = NDArray[Any]
Make = Callable[[], tuple[Array, ...]]

MARK = b"ttm packed weights 1\n"
MAKERS = ("kernels.py", "packs.py", "products.py", "quantized.py")
"""What is changed with a ttm that packs in another way."""
LINE = 64
"""Bytes to whose multiples arrays are aligned."""
SUFFIX = ".packed"
KEPT = 3
"""Checkpoints whose weights are kept; 0.55 GB each at 0.6B."""
SPARE = 2
"""So many times what is to be written has to be free on the disk, or nothing is kept."""
SAMPLE = 256
"""Bytes of each tensor that tell one checkpoint from another of its shape."""


def fingerprint(checkpoint: Checkpoint) -> str:
    """What the weights were made of, and by what: the file's size, time, header and samples, and
    the code that packs."""
    path = checkpoint.folder / "model.safetensors"
    stat = path.stat()
    digest = hashlib.sha256(repr((sys.byteorder, stat.st_size, stat.st_mtime_ns)).encode())
    for part in MAKERS:
        digest.update((Path(__file__).with_name(part)).read_bytes())
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length)
        digest.update(header)
        for start in sorted(entry["data_offsets"][0] for entry in _tensors(header)):
            file.seek(8 + length + start)
            digest.update(file.read(SAMPLE))
    return digest.hexdigest()


def _tensors(header: bytes) -> list[dict[str, Any]]:
    return [entry for name, entry in json.loads(header).items() if name != "__metadata__"]


class Packs:
    """Arrays by name: those that were kept, or those made here. Without a folder, nothing is kept.

    What goes wrong with the disk costs time and no more.
    """

    def __init__(self, folder: Path | None = None, made_of: str = "") -> None:
        """`made_of`: the `fingerprint`."""
        self._path = folder / f"{made_of[:32]}{SUFFIX}" if folder else None
        self._made_of = made_of
        self._made: dict[str, Array] = {}

    @cached_property
    def _kept(self) -> dict[str, Array]:
        if self._path:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                kept = self._read(self._path)
                os.utime(self._path)
                return kept
        return {}

    def arrays(self, name: str, make: Make) -> tuple[Array, ...]:
        """What was kept under the name, else what `make` gives."""
        found = [self._kept[key] for i in range(2) if (key := f"{name}.{i}") in self._kept]
        if found:
            return tuple(found)
        made = make()
        self._made |= {f"{name}.{i}": array for i, array in enumerate(made)}
        return made

    def keep(self) -> None:
        """Keep what was made, beside what was kept before, and drop what was not used longest."""
        if self._path is None or not self._made:
            return
        arrays = self._kept | self._made
        size = sum(array.nbytes for array in arrays.values())
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._path.parent).free > SPARE * size:
                self._write(self._path, arrays)
        with contextlib.suppress(OSError):
            files = sorted(self._path.parent.glob(f"*{SUFFIX}"), key=lambda f: f.stat().st_mtime)
            for old in files[:-KEPT]:
                old.unlink()

    def _read(self, path: Path) -> dict[str, Array]:
        with path.open("rb") as file:
            if file.read(len(MARK)) != MARK:
                raise ValueError("no packed weights")
            header = json.loads(file.readline())
            start = _aligned(file.tell())
        if header["made_of"] != self._made_of:
            raise ValueError("made of something else")
        # Writable to the kernels, which are compiled for that; nothing reaches the file.
        mapped = np.memmap(path, np.uint8, "c")
        arrays = {}
        for name, (kind, shape, offset) in header["arrays"].items():
            count = math.prod(shape) * np.dtype(kind).itemsize
            raw = np.asarray(mapped[start + offset : start + offset + count])
            arrays[name] = raw.view(kind).reshape(shape)
        if [_sum(array) for array in arrays.values()] != header["sums"]:
            raise ValueError("altered")
        return arrays

    def _write(self, path: Path, arrays: dict[str, Array]) -> None:
        places, offset = {}, 0
        for name, array in arrays.items():
            places[name] = (array.dtype.str, array.shape, offset)
            offset = _aligned(offset + array.nbytes)
        sums = [_sum(array) for array in arrays.values()]
        header = json.dumps({"made_of": self._made_of, "arrays": places, "sums": sums}).encode()
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(MARK + header + b"\n")
                start = _aligned(file.tell())
                for array, (_, _, at) in zip(arrays.values(), places.values(), strict=True):
                    file.seek(start + at)
                    file.write(array.data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise


def _aligned(offset: int) -> int:
    return -(-offset // LINE) * LINE


def _sum(array: Array) -> int:
    """64 bits that another content has not; quick, as it is taken at every start."""
    raw = array.reshape(-1).view(np.uint8)
    words = raw[: len(raw) // 8 * 8].view(np.uint64)
    rest = raw[len(words) * 8 :].tobytes()
    return int(kernels.weighted_sum(words)) ^ int.from_bytes(rest, "little")
