"""A safetensors file that is damaged in any way is refused by its header alone."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from ttm.engine.qwen3.weights import TensorFile
from ttm.errors import BadCheckpoint

LAYOUT = {"a": (2, 3), "b": (4,)}
GOOD = {
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
}
DATA = bytes(32)


def packed(header: object, data: bytes = DATA, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def changed(name: str, **changes: object) -> bytes:
    return packed({**GOOD, name: {**GOOD[name], **changes}})


def zipped() -> bytes:
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 100)
    return stream.getvalue()


CASES = {
    "empty": (b"", "cut short"),
    "seven bytes": (b"1234567", "cut short"),
    "header cut": (packed(GOOD)[:40], "cut short"),
    "body cut": (packed(GOOD)[:-1], "was cut short: 'b' ends behind its end"),
    "header of 2^63": (packed(GOOD, length=1 << 63), "cut short"),
    "header of 101 MB": (packed(GOOD, length=101 << 20), "cut short"),
    "no JSON": (packed(b"{" * 50), "damaged header"),
    "no UTF-8": (packed(b'{"\xff": {}}'), "damaged header"),
    "no table": (packed([1, 2]), "damaged header"),
    "deep": (packed(b"[" * 100_000), "damaged header"),
    "out of bounds": (changed("b", data_offsets=[1 << 40, (1 << 40) + 8]), "cut short"),
    "negative": (changed("b", data_offsets=[-8, 0]), "wrong length for 'b'"),
    "overlap": (changed("b", data_offsets=[16, 24]), "tensors that overlap"),
    "a hole": (packed({**GOOD, "b": {**GOOD["b"], "data_offsets": [28, 36]}}, bytes(36)),
               "bytes between them"),
    "bytes behind": (packed(GOOD, DATA + b"hidden"), "has 6 bytes behind its last tensor"),
    "other shape": (changed("a", shape=[3, 2]), "holds 'a' as 3 x 2, and config.json says 2 x 3"),
    "overflowing shape": (changed("a", shape=[1 << 62, 4]), "wrong length for 'a'"),
    "no shape": (changed("a", shape="23"), "damaged header"),
    "unknown type": (changed("a", dtype="F99"), "not as a floating type"),
    "no type": (packed({"a": {}, "b": {}}), "damaged header"),
    "pickle": (pickle.dumps({"weights": list(range(100))}), "is a pickle or an archive"),
    "zip": (zipped(), "is a pickle or an archive"),
}  # fmt: skip


def test_a_file_that_is_as_it_should_be_is_read(tmp_path: Path):
    (path := tmp_path / "model.safetensors").write_bytes(packed({**GOOD, "__metadata__": {}}))
    assert {name: tuple(each.shape) for name, each in TensorFile(path, LAYOUT).items()} == LAYOUT


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_file_is_refused_in_a_line(tmp_path: Path, case: str):
    content, says = CASES[case]
    (path := tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(BadCheckpoint) as failure:
        TensorFile(path, LAYOUT)
    assert says in failure.value.sentence
    assert "\n" not in failure.value.sentence
