"""VITS and MMS: speakers, languages, and what their texts need."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil

import pytest

from ttm.engine.huggingface import HuggingfaceEngine
from ttm.engine.huggingface.folder import languages, tag
from ttm.errors import EngineUnavailable, SynthesisError
from ttm.speech import Speech


def changed(folder, place, **about):
    own = shutil.copytree(folder, place)
    file = own / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | about))
    return own


@pytest.fixture
def absent(monkeypatch):
    """As if neither phonemizer nor uroman were installed."""
    found = importlib.util.find_spec
    gone = ("phonemizer", "uroman")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *of: None if name in gone else found(name, *of)
    )


def test_the_language_of_a_checkpoint_is_that_of_its_voice(checkpoints):
    with contextlib.closing(HuggingfaceEngine(str(checkpoints("vits")), threads=1)) as engine:
        (voice,) = engine.voices()
    assert (voice.name, voice.languages) == ("default", ("de",))


def test_each_speaker_is_a_voice(tmp_path, make_vits):
    make_vits(tmp_path / "three", speakers=3)
    with contextlib.closing(HuggingfaceEngine(str(tmp_path / "three"), threads=1)) as engine:
        names = [voice.name for voice in engine.voices()]
        assert names == ["speaker-0", "speaker-1", "speaker-2"]
        sounds = {b"".join(a.pcm for a in engine.speak(Speech("Hello.", name))) for name in names}
    assert len(sounds) == 3


def test_a_checkpoint_for_phonemes_asks_for_what_makes_them(checkpoints, tmp_path, absent):
    own = changed(checkpoints("vits"), tmp_path / "own", phonemize=True)
    with pytest.raises(EngineUnavailable, match="Run `pip install phonemizer`"):
        HuggingfaceEngine(str(own), threads=1)


def test_another_script_asks_for_what_spells_it_in_letters(checkpoints, tmp_path, absent):
    own = changed(checkpoints("vits"), tmp_path / "own", is_uroman=True)
    with contextlib.closing(HuggingfaceEngine(str(own), threads=1)) as engine:
        assert next(engine.speak(Speech("Hello."))).samples
        with pytest.raises(EngineUnavailable, match="Run `pip install uroman`"):
            next(engine.speak(Speech("Привет.")))


def test_a_text_without_a_letter_that_it_knows_is_refused(checkpoints):
    with contextlib.closing(HuggingfaceEngine(str(checkpoints("vits")), threads=1)) as engine:
        with pytest.raises(SynthesisError, match="no letter"):
            next(engine.speak(Speech("漢字")))


@pytest.mark.parametrize(
    ("head", "tags"),
    [
        ("---\nlanguage: en\n---\n", ("en",)),
        ("---\r\nlanguage:\r\n  - deu\r\n  - pt-br\r\nlicense: mit\r\n---\r\n", ("de", "pt-br")),
        ("---\nlanguage: [fra, fr, quc]\n---\n", ("fr", "quc")),
        ("# language: en\n", ()),
        ("", ()),
    ],
)
def test_the_languages_in_a_model_card_are_read(tmp_path, head, tags):
    (tmp_path / "README.md").write_bytes(head.encode())
    assert languages(tmp_path) == tags


@pytest.mark.parametrize(
    ("name", "known"), [("deu", "de"), ("azj-script_latin", "azj"), ("quc", "quc"), ("EN", "en")]
)
def test_a_language_goes_by_its_usual_tag(name, known):
    assert tag(name) == known
