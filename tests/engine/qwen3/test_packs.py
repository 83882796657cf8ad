"""Packed weights on disk: kept once, verified, and made anew when anything is not as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ttm.engine.qwen3 import Qwen3Engine, packs
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.packs import Packs, fingerprint
from ttm.speech import Speech


@pytest.fixture
def folder(made, tmp_path) -> Path:
    return Path(shutil.copytree(made("tiny", "custom_voice", 5), tmp_path / "checkpoint"))


def spoken(folder: Path, kept: Path, quantize: str = "int8") -> bytes:
    engine = Qwen3Engine(str(folder), quantize=quantize, max_seconds=0.4, packed_dir=str(kept))
    return b"".join(i.pcm for i in engine.speak(Speech("Hi.", "ryan")) if not isinstance(i, str))


def version(file: Path) -> tuple[int, int]:
    return file.stat().st_ino, file.stat().st_size


def only(kept: Path) -> Path:
    (file,) = kept.iterdir()
    return file


def test_weights_are_packed_at_the_first_start_and_mapped_at_the_next(folder, tmp_path):
    kept = tmp_path / "kept"
    first = spoken(folder, kept)
    made = version(only(kept))
    assert spoken(folder, kept) == first
    assert version(only(kept)) == made
    assert only(kept).stat().st_mode & 0o777 == 0o600


def harm(how: str, file: Path) -> None:
    whole = bytearray(file.read_bytes())
    if how == "cut":
        whole = whole[:-5000]
    elif how == "altered":
        whole[len(whole) // 2] ^= 1
    elif how == "foreign":
        whole[:40] = b"x" * 40
    else:
        whole = bytearray()
    file.write_bytes(whole)


@pytest.mark.parametrize("how", ["cut", "altered", "foreign", "empty"])
def test_a_harmed_file_is_not_believed(folder, tmp_path, how):
    kept = tmp_path / "kept"
    first = spoken(folder, kept)
    whole = only(kept).read_bytes()
    harm(how, only(kept))
    assert spoken(folder, kept) == first
    assert only(kept).read_bytes() == whole


def test_another_checkpoint_in_the_same_place_is_another_one(folder, made, tmp_path):
    kept = tmp_path / "kept"
    first = spoken(folder, kept)
    weights = folder / "model.safetensors"
    times = weights.stat()
    shutil.copyfile(made("tiny", "custom_voice", 6) / "model.safetensors", weights)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert spoken(folder, kept) != first


def test_a_ttm_that_packs_in_another_way_packs_anew(folder, monkeypatch):
    before = fingerprint(Checkpoint(folder))
    monkeypatch.setattr(packs, "MAKERS", packs.MAKERS[:-1])
    assert fingerprint(Checkpoint(folder)) != before


@pytest.mark.slow  # the kernels of four bits take ten seconds to compile
def test_both_ways_to_quantize_share_a_file(folder, tmp_path):
    kept = tmp_path / "kept"
    int8 = spoken(folder, kept)
    four = spoken(folder, kept, "int4-predictor")
    size = only(kept).stat().st_size
    assert (spoken(folder, kept), spoken(folder, kept, "int4-predictor")) == (int8, four)
    assert only(kept).stat().st_size == size


def test_where_nothing_can_be_kept_it_speaks_all_the_same(folder, tmp_path):
    (tmp_path / "file").touch()
    assert spoken(folder, tmp_path / "file" / "kept")


def test_little_room_on_the_disk_is_left_alone(folder, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(packs.shutil, "disk_usage", lambda path: usage)
    assert spoken(folder, tmp_path / "kept")
    assert not list((tmp_path / "kept").iterdir())


def test_what_was_not_used_longest_is_dropped(tmp_path):
    for i in range(packs.KEPT + 2):
        one = Packs(tmp_path, f"{i}" * 64)
        one.arrays("a", lambda: (np.arange(9),))
        one.keep()
        os.utime(tmp_path / f"{str(i) * 32}.packed", (i, i))
    left = sorted(file.name[0] for file in tmp_path.iterdir())
    assert left == [str(i) for i in range(2, packs.KEPT + 2)]
