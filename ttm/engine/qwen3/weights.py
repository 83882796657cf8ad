"""The tensors of a checkpoint's safetensors files, memory-mapped and strictly checked.

A file is checked whole before torch is imported: names, shapes, types, offsets, length. The
format: 8 bytes of little-endian length, a JSON header, the tensors
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ttm.engine.qwen3.layout import Layout, Shape
from ttm.errors import BadCheckpoint

if TYPE_CHECKING:
    import torch

HEADER_MAX = 100 << 20
"""Bytes; the format's own limit."""
WIDTHS = {"BF16": 2, "F16": 2, "F32": 4}
"""Bytes of an element of the types that a checkpoint may hold."""
READ_MAX = 16 << 20
"""Bytes of a file that are kept in memory while it is read."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


class TensorFile(Mapping[str, "torch.Tensor"]):
    """Tensors by name; a view of the file until it is copied.

    Raises BadCheckpoint when the file does not hold exactly the tensors of `layout`.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            file = path.open("rb")
        except OSError as failure:
            raise BadCheckpoint(*_absence(path)) from failure
        with file:
            self._entries, begin = _read_header(path, file, size)
            _check(path, self._entries, layout)
            _check_spans(path, self._entries, begin, size)
            # A private mapping is writable to torch, and nothing of it reaches the file.
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self._read = 0

    def __getitem__(self, name: str) -> torch.Tensor:
        import torch

        types = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}
        kind, shape, start = self._entries[name]
        count = math.prod(shape)
        # Else a load would hold the whole file beside the copies that it makes of it.
        self._read += count * WIDTHS[kind]
        if self._read > READ_MAX:
            self.forget()
        return torch.frombuffer(self._map, dtype=types[kind], count=count, offset=start).view(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def beginnings(self, prefix: str, size: int) -> Iterator[tuple[str, bytes]]:
        """Name, type and shape of each tensor whose name begins so, and its first bytes."""
        for name, (kind, shape, start) in sorted(self._entries.items()):
            if name.startswith(prefix):
                whole = math.prod(shape) * WIDTHS[kind]
                yield f"{name} {kind} {shape}", self._map[start : start + min(size, whole)]

    def forget(self) -> None:
        """Give back the memory of what was read; a view of it reads it again."""
        self._read = 0
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


Entries = dict[str, tuple[str, Shape, int]]
"""Type, shape and first byte of each tensor."""


def _absence(path: Path) -> tuple[str, str]:
    """Why there is no such file, and what to do."""
    if path.parent.is_dir() and any(found for kind in PICKLES for found in path.parent.glob(kind)):
        return (
            f"{path.parent} holds pickled weights, which can run code, and no {path.name}",
            "Use a checkpoint in the safetensors format",
        )
    return f"{path} is missing or cannot be read", "Point --model at a complete checkpoint"


def _read_header(path: Path, file: BinaryIO, size: int) -> tuple[Entries, int]:
    """What the file says it holds, and where the first tensor begins."""
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if first[:2] == b"PK" or first[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise _bad(path, "is a pickle or an archive, not a safetensors file")
    if len(first) < 8 or not 2 <= length <= min(HEADER_MAX, size - 8):
        raise _bad(path, "is no safetensors file, or was cut short")
    try:
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        entries: Entries = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            shape = tuple(entry["shape"])
            kind = entry["dtype"]
            if kind not in WIDTHS:
                raise _bad(path, f"holds '{name}' as {str(kind)[:20]}, not as a floating type")
            if end - start != math.prod(shape) * WIDTHS[kind] or start < 0:
                raise _bad(path, f"has a wrong length for '{name}'")
            if 8 + length + end > size:
                raise _bad(path, f"was cut short: '{name}' ends behind its end")
            entries[name] = (kind, shape, 8 + length + start)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as failure:
        raise _bad(path, "has a damaged header") from failure
    return entries, 8 + length


def _check_spans(path: Path, entries: Entries, begin: int, size: int) -> None:
    """The format leaves no byte unused and none used twice: either would hide something."""
    for kind, shape, start in sorted(entries.values(), key=lambda entry: entry[2]):
        if start != begin:
            raise _bad(path, "has tensors that overlap, or bytes between them")
        begin += math.prod(shape) * WIDTHS[kind]
    if begin != size:
        raise _bad(path, f"has {size - begin} bytes behind its last tensor")


def _check(path: Path, entries: Entries, layout: Layout) -> None:
    missing = [name for name in layout if name not in entries]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise _bad(path, f"lacks the tensor '{missing[0]}'{more}")
    unknown = [name for name in entries if name not in layout]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise _bad(path, f"holds the unknown tensor '{unknown[0][:80]}'{more}")
    for name, shape in layout.items():
        if entries[name][1] != shape:
            found, wanted = (" x ".join(map(str, s)) for s in (entries[name][1], shape))
            raise _bad(path, f"holds '{name}' as {found}, and config.json says {wanted}")


def _bad(path: Path, what: str) -> BadCheckpoint:
    return BadCheckpoint(f"{path} {what}", "Fetch the checkpoint again")
