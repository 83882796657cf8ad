"""Which model a name means, and where its checkpoint lies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ttm import paths
from ttm.errors import BadCheckpoint, ModelError, UnknownModel, UsageError
from ttm.models.registry import FILES, REGISTRY
from ttm.models.store import Model, find

CONFIG = {"model_type": "qwen3_tts", "tts_model_type": "custom_voice", "tts_model_size": "0b6"}
COMMIT = "85e237c12c027371202489a0ec509ded67b5e4b5"
HUB = "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder for ttm's checkpoints, and one for those of the hub's library."""
    return tmp_path / "models", tmp_path / "hub"


@pytest.fixture
def look(places, monkeypatch, tmp_path) -> Callable[[str], Model]:
    """What a name means in the empty folder of the test."""
    monkeypatch.chdir(tmp_path)

    def ask(name: str) -> Model:
        models_dir, hub_cache = places
        return find(name, engines=["espeak", "tone"], models_dir=models_dir, hub_cache=hub_cache)

    return ask


def checkpoint(folder: Path, **changes: object) -> Path:
    """A folder with all the files of a checkpoint, only the configuration of which is real."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    return folder


def cached(hub: Path, name: str = HUB) -> Path:
    """Where the hub's library puts the files of this repository."""
    repository = hub / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(COMMIT)
    return repository / "snapshots" / COMMIT


@pytest.mark.parametrize(("name", "engine"), [("tone", "tone"), ("t", "tone"), ("esp", "espeak")])
def test_an_engine_goes_by_its_name_or_a_beginning_of_it(look, name, engine):
    assert look(name) == Model(engine, engine)


@pytest.mark.parametrize(
    ("name", "hub"),
    [
        ("qwen3", HUB),
        ("qwen3:0.6b", HUB),
        ("QWEN3:0.6B", HUB),
        ("qwen/qwen3-tts-12hz-0.6b-customvoice", HUB),
        ("qwen3:1.7b", "Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice"),
        ("qwen3:1.7b-d", "Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign"),
        ("qwen3:0.6b-", "Qwen/Qwen3-TTS-12Hz-0.6B-Base"),
        ("Somebody/else.s-model", "Somebody/else.s-model"),
    ],
)
def test_a_published_checkpoint_is_found_where_ttm_or_the_hub_s_library_keeps_it(
    look, places, name, hub
):
    ours, theirs = places
    with pytest.raises(ModelError, match="is not here"):
        look(name)
    there = checkpoint(cached(theirs, hub))
    assert (look(name).engine, look(name).folder) == ("qwen3", there)
    here = checkpoint(ours / hub.replace("/", "--"))
    assert look(name).folder == here


def test_every_published_checkpoint_has_a_name_of_its_own():
    names = [name for entry in REGISTRY for name in (entry.name, *entry.aliases)]
    assert len(set(names)) == len(names) == len(REGISTRY) + 1
    assert len({entry.hub for entry in REGISTRY}) == len(REGISTRY)
    assert all(entry.size in entry.hub and entry.sentence for entry in REGISTRY)


@pytest.mark.parametrize("lost", FILES)
def test_a_checkpoint_that_lacks_a_file_is_not_taken(look, places, lost):
    ours, theirs = places
    here = checkpoint(ours / HUB.replace("/", "--"))
    (here / lost).unlink()
    with pytest.raises(ModelError, match=rf"model 'qwen3' in .*CustomVoice has no {lost}\."):
        look("qwen3")
    there = checkpoint(cached(theirs))
    assert look("qwen3").folder == there


def test_a_cache_that_was_tampered_with_leads_nowhere_else(look, places, tmp_path):
    checkpoint(tmp_path / "elsewhere")
    repository = cached(places[1]).parents[1]
    for reference in ("../../../elsewhere", COMMIT + "/../x", "", "\xff"):
        (repository / "refs/main").write_text(reference, "latin-1")
        with pytest.raises(ModelError, match="is not here"):
            look("qwen3")


@pytest.mark.parametrize("typed", ["./mine", "mine", "mine/", "{}/mine", "~/mine", "mine/../mine"])
def test_a_folder_is_a_model(look, home, tmp_path, typed):
    checkpoint(tmp_path / "mine", tts_model_type="base", tts_model_size="1b7")
    (home / "mine").symlink_to(tmp_path / "mine")
    found = look(typed.format(tmp_path))
    assert os.path.samefile(found.folder, tmp_path / "mine")
    assert found.folder.is_absolute()
    assert found.name == typed.format(tmp_path)
    assert (found.title, found.mode, found.clones) == ("qwen3 (1.7B Base)", "base", True)


def test_a_folder_with_the_name_of_an_engine_or_a_model_is_not_meant_unless_it_is_a_path(
    look, tmp_path
):
    for name in ("tone", "qwen3", "espeak"):
        checkpoint(tmp_path / name)
    assert look("tone") == Model("tone", "tone")
    with pytest.raises(ModelError, match="is not here"):
        look("qwen3")
    assert look("./tone").engine == "qwen3"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "holds no config.json"),
        ("{", "config.json is no JSON object"),
        ("[1]", "config.json is no JSON object"),
        ("[" * 100_000, "config.json is no JSON object"),
        ("x" * (1 << 21), "config.json is no JSON object"),
        ("{}", "does not say of which model"),
        ('{"model_type": 3}', "does not say of which model"),
        ('{"model_type": "llama"}', "is of 'llama'. Those that can be used are of qwen3_tts"),
        ('{"model_type": "qwen3_tts_tokenizer_12hz"}', "of 'qwen3_tts_tokenizer_12hz'"),
    ],
    ids=lambda one: str(one)[:20],
)
def test_a_folder_without_a_checkpoint_that_ttm_knows_is_refused(look, tmp_path, content, says):
    (tmp_path / "mine").mkdir()
    if content is not None:
        (tmp_path / "mine/config.json").write_text(content)
    with pytest.raises(BadCheckpoint) as failure:
        look("./mine")
    assert says in failure.value.sentence
    assert failure.value.exit_code == 5
    assert len(failure.value.sentence) < 300


def test_what_is_no_folder_is_refused(look, tmp_path):
    (tmp_path / "model.safetensors").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "mine").mkdir()
    os.mkfifo(tmp_path / "mine/config.json")
    for typed, says in (
        ("model.safetensors", "is no folder"),
        ("./pipe", "is no folder"),
        ("mine", "holds no config.json"),
        ("./nowhere", "there is no folder"),
        ("/nowhere/at/all", "there is no folder"),
        ("~nobody-of-that-name/x", "there is no folder"),
    ):
        with pytest.raises(BadCheckpoint, match=says):
            look(typed)


def test_a_size_or_mode_that_is_none_is_left_to_the_engine(look, tmp_path):
    checkpoint(tmp_path / "mine", tts_model_type=3, tts_model_size=["x"])
    found = look("mine")
    assert (found.title, found.mode, found.size) == ("qwen3", "", "")


@pytest.mark.parametrize("name", ["qwen3:", "qwen3:1", "q", "qwen3:1.7b-"])
def test_the_beginning_of_several_models_is_answered_with_them(look, name):
    with pytest.raises(UsageError, match=r"several models\. Choose one of: qwen3:") as failure:
        look(name)
    assert failure.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("espek", "Did you mean 'espeak'?"),
        ("qwen3:0.6", "qwen3:0.6b"),
        ("qqq", "known models: espeak, tone, qwen3:0.6b, qwen3:1.7b"),
        ("", "known models: espeak"),
        ("a\0b", "known models: espeak"),
    ],
)
def test_a_name_that_is_nobody_s_is_answered_with_those_near_it(look, name, hint):
    with pytest.raises(UsageError) as failure:
        look(name)
    assert isinstance(failure.value, UnknownModel) == ("0.6" not in name)
    assert hint.casefold() in failure.value.sentence.casefold()


def test_the_folders_are_where_the_environment_says(home, monkeypatch):
    assert paths.models_dir().is_relative_to(home)
    assert paths.hub_cache() == home / ".cache/huggingface/hub"
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert paths.hub_cache() == Path("/cache/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "~/hf")
    assert paths.hub_cache() == home / "hf/hub"
    monkeypatch.setenv("HF_HUB_CACHE", "/elsewhere")
    assert paths.hub_cache() == Path("/elsewhere")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="macOS has one folder for data")
def test_the_data_folder_follows_the_conventions_of_linux(home, monkeypatch):
    assert paths.models_dir() == home / ".local/share/ttm/models"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert paths.models_dir() == Path("/data/ttm/models")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert paths.models_dir() == home / ".local/share/ttm/models"
