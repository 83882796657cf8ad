"""A model is taken from a folder without a network, and only when it is whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ttm.errors import TtmError
from ttm.models.download import Brought
from ttm.models.importing import take
from ttm.models.inventory import COMPLETE, holding, verify
from ttm.models.place import Place

REPO = "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice"
BIG = "model.safetensors"


@pytest.fixture
def files(mock_hub) -> dict[str, bytes]:
    return mock_hub().checkpoint()


@pytest.fixture
def folder(files, tmp_path) -> Path:
    """A checkpoint as somebody has it."""
    for name, content in files.items():
        (path := tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "mine"


@pytest.fixture
def bring(tmp_path) -> Callable[..., Brought]:
    def bring(source: Path, repository: str = REPO) -> Brought:
        return take(Place(tmp_path / "models", repository), source)

    return bring


def test_the_files_are_copied_and_verified(bring, folder, files, tmp_path):
    brought = bring(folder)
    store = tmp_path / "models"
    kept = {file.path: file.sha256 for file in brought.manifest.files}
    wanted = {name: content for name, content in files.items() if "." + name[-2:] != ".py"}
    assert kept == {n: hashlib.sha256(c).hexdigest() for n, c in wanted.items() if n[-3:] != ".md"}
    assert holding(REPO, store, store / "none").state == COMPLETE
    assert verify(store, REPO, lambda *_: None) == []
    assert bring(folder).manifest.revision == brought.manifest.revision
    assert not list(Place(store, REPO).folder.glob(".parts"))


def test_another_machine_s_store_is_held_to_its_manifest(bring, folder, tmp_path):
    first = bring(folder)
    stick = shutil.copytree(first.folder.parent, tmp_path / "stick")
    shutil.rmtree(tmp_path / "models")
    assert bring(stick).manifest.files == first.manifest.files
    path = stick / first.manifest.revision / BIG
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    for source in (stick, path.parent):
        with pytest.raises(TtmError, match=f"checksum mismatch for .*{BIG}") as failure:
            bring(source)
        assert failure.value.exit_code == 5
    path.unlink()
    with pytest.raises(TtmError, match=f"has no {BIG}"):
        bring(stick)


def test_a_file_that_the_hub_s_library_named_by_its_hash_is_held_to_that(bring, folder, tmp_path):
    content = (folder / BIG).read_bytes()
    (blobs := tmp_path / "blobs").mkdir()
    blob = blobs / hashlib.sha256(content).hexdigest()
    (folder / BIG).rename(blob)
    (folder / BIG).symlink_to(blob)
    assert not (bring(folder).folder / BIG).is_symlink()
    blob.write_bytes(content[:-1] + b"?")
    with pytest.raises(TtmError, match="checksum mismatch"):
        bring(folder)


def spoilt(**changes: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        table = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps(table))

    return spoil


def cut_short(folder: Path) -> None:
    (folder / BIG).write_bytes((folder / BIG).read_bytes()[:-100])


def only_a_pickle(folder: Path) -> None:
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))


@pytest.mark.parametrize(
    ("spoil", "says", "code"),
    [
        (cut_short, f"{BIG} is no safetensors file, or was cut short. Copy it again", 5),
        (lambda f: (f / BIG).write_bytes(b"{}"), f"{BIG} is no safetensors file", 5),
        (only_a_pickle, "refusing pickled weights, which can run code", 5),
        (lambda f: (f / "vocab.json").unlink(), "has no vocab.json", 5),
        (lambda f: (f / "config.json").write_text("{"), "config.json is no JSON object", 5),
        (
            spoilt(tts_model_type="base"),
            "a checkpoint of 0.6B base, and qwen3:0.6b is one",
            2,
        ),
        (
            spoilt(tts_model_size="1b7"),
            "1.7B custom_voice, and qwen3:0.6b is one of 0.6B",
            2,
        ),
        (shutil.rmtree, "there is no folder", 2),
    ],
    ids=lambda one: one[:20] if isinstance(one, str) else "",
)
def test_what_is_not_whole_or_another_is_refused(bring, folder, tmp_path, spoil, says, code):
    spoil(folder)
    with pytest.raises(TtmError) as failure:
        bring(folder)
    assert says in failure.value.sentence
    assert failure.value.exit_code == code
    store = tmp_path / "models"
    assert holding(REPO, store, store / "none").state != COMPLETE
