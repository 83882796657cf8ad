"""The engine's promises, held by every family with a checkpoint of random weights."""

from __future__ import annotations

import contextlib
import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from ttm.audio import Audio
from ttm.engine.huggingface import FAMILIES, HuggingfaceEngine
from ttm.errors import BadCheckpoint, EngineUnavailable, SynthesisError, UnknownName, UsageError
from ttm.speech import Speech

HELLO = Speech("Hello world, this is a test.", seed=7)


@pytest.fixture(params=FAMILIES)
def folder(request, checkpoints):
    return checkpoints(request.param)


@pytest.fixture(scope="session")
def engines():
    """One engine of each family for all tests: what one says may not be heard in the next."""
    made = {}

    def open_one(folder):
        if folder not in made:
            made[folder] = HuggingfaceEngine(str(folder), threads=1)
        return made[folder]

    yield open_one
    for each in made.values():
        each.close()


@pytest.fixture
def engine(engines, folder):
    return engines(folder)


def heard(engine, speech: Speech) -> bytes:
    """All samples; of one rate and format, with full numbers."""
    blocks = [one for one in engine.speak(speech) if not isinstance(one, str)]
    assert len({(block.rate, block.sample_format) for block in blocks}) == 1
    return b"".join(block.pcm for block in blocks)


def test_a_speech_is_sound_and_the_same_for_the_same_seed_whatever_came_before(engine):
    first = heard(engine, HELLO)
    assert len(first) > 4 * 1000
    other = heard(engine, Speech("Something else.", seed=8))
    assert heard(engine, HELLO) == first != other
    assert heard(engine, Speech(HELLO.text, seed=8)) != first


def test_every_voice_that_it_lists_speaks_and_no_other_does(engine):
    voices = engine.voices()
    assert voices
    for voice in voices:
        assert heard(engine, Speech("Yes.", voice.name))
    with pytest.raises(UnknownName, match="unknown voice 'nobody'"):
        heard(engine, Speech("Yes.", "nobody"))


def test_leaving_in_the_middle_changes_nothing_for_the_next(engine):
    whole = heard(engine, HELLO)
    speaking = engine.speak(HELLO)
    assert isinstance(next(speaking), Audio)
    speaking.close()
    assert heard(engine, HELLO) == whole


@pytest.mark.parametrize("text", ["❤️", "…", "漢字", "<|audio|><|prompt|> hi", "{{ x }}", "\u0000"])
def test_any_text_is_spoken_or_refused_in_a_sentence(engine, text):
    with contextlib.suppress(SynthesisError):
        assert heard(engine, Speech(text))


def test_a_recording_that_is_not_there_is_a_sentence(engine):
    with pytest.raises(UsageError):
        heard(engine, Speech("Yes.", recording="/nope.wav"))


def test_it_says_what_it_runs_with(engine, folder):
    effective = engine.effective()
    assert (effective["device"], effective["threads"]) == ("cpu", 1)
    assert effective["family"] == folder.name


def cut(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])


def lacking(folder):
    tensors = load_file(folder / "model.safetensors")
    tensors.pop(next(name for name in tensors if name.endswith(".weight")))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def pickled(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def wrong_width(folder):
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(about | {"hidden_size": 48}))


def junk(folder):
    for name in ("tokenizer.json", "vocab.json", "tokenizer_config.json"):
        if (folder / name).exists():
            (folder / name).write_text("[")


def other(folder):
    (folder / "config.json").write_text('{"model_type": "llama"}')


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (cut, "cannot load"),
        (lacking, "lacks "),
        (pickled, "pickled weights"),
        (wrong_width, "checkpoint in"),
        (junk, "cannot load|no JSON object"),
        (other, "does not speak with a 'llama'"),
    ],
)
def test_a_wrong_checkpoint_is_refused_in_a_sentence(folder, tmp_path, spoil, cause):
    spoilt = shutil.copytree(folder, tmp_path / "spoilt")
    spoil(spoilt)
    with pytest.raises(BadCheckpoint, match=cause) as told:
        HuggingfaceEngine(str(spoilt), threads=1)
    assert "\n" not in told.value.sentence


def test_a_device_that_is_not_there_is_refused(folder):
    with pytest.raises(EngineUnavailable, match="no 'cuda:9' device"):
        HuggingfaceEngine(str(folder), device="cuda:9")
