"""Voices of models that speak several languages, clone, design, or have to be instructed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ttm.config import load
from ttm.engine import ENGINES
from ttm.errors import EngineUnavailable, ModelError, UnknownName, UsageError
from ttm.narration.narrator import Narrator
from ttm.narration.opening import open_worker


@pytest.fixture
def recording(tmp_path, monkeypatch) -> Path:
    """A file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "me.wav"
    file.touch()
    return file


@pytest.fixture
def checkpoint(tmp_path):
    """The folder of a checkpoint, of which there is no more than what it is."""

    def make(mode: str) -> str:
        about = {"model_type": "qwen3_tts", "tts_model_type": mode, "tts_model_size": "1b7"}
        (folder := tmp_path / mode).mkdir()
        (folder / "config.json").write_text(json.dumps(about))
        return str(folder)

    return make


@pytest.mark.parametrize(
    ("name", "language", "found"),
    [
        ("", "", "bob"),
        ("", "de", "anna"),
        ("", "German", "anna"),
        ("", "cmn", "chen"),
        ("", "chinese", "chen"),
        ("", "zh-TW", "chen"),
        ("", "Elvish", "bob"),
        ("bob", "de", "bob"),
        ("BO", "Elvish", "bob"),
    ],
)
def test_voices_that_speak_every_language_are_chosen_by_their_own(narrator, name, language, found):
    voice, warning = narrator().voice("slow", name, language)
    assert (voice.name, warning) == (found, "")


@pytest.mark.parametrize(
    ("settings", "voice", "language"),
    [
        ({}, "bob", ""),
        ({"say__language": "German"}, "anna", "German"),
        ({"say__language": "pt-BR"}, "chen", "pt-BR"),
    ],
)
def test_the_language_is_passed_on_as_it_was_asked_for(narrate, settings, voice, language):
    report = narrate("asked beep", "slow", voice, **settings).report
    assert report.notes[0].startswith(f"voice={voice} language={language} instruct= ")
    assert report.language == (language or "auto")


@pytest.mark.parametrize("typed", ["me.wav", "./me.wav", "{}/me.wav", "~/me.wav", "../{1}/me.wav"])
@pytest.mark.parametrize("model", ["slow", "mute"])
def test_a_recording_is_a_voice(narrate, narrator, recording, home, model, typed):
    (home / "me.wav").symlink_to(recording)
    typed = typed.format(recording.parent, recording.parent.name)
    one = narrator()
    voice, warning = one.voice(model, typed, transcript="hello")
    assert (voice.name, warning) == (typed, "")
    assert Path(voice.recording).is_absolute()
    assert Path(voice.recording).samefile(recording)
    report = narrate("asked beep", model, typed, with_=one).report
    assert (report.voice, report.language) == (typed, "auto")
    assert f" recording={voice.recording} transcript= " in report.notes[0]
    assert report.notes[0].startswith("voice= ")


def test_a_file_that_looks_like_no_recording_is_one_when_nobody_is_called_so(narrator, recording):
    recording.rename("bob")
    (recording.parent / "tape").touch()
    assert narrator().voice("slow", "bob")[0].recording == ""
    assert narrator().voice("slow", "tape")[0].recording == str(recording.parent / "tape")
    with pytest.raises(UnknownName, match="unknown voice 'disc'"):
        narrator().voice("slow", "disc")


@pytest.mark.parametrize("typed", ["no.wav", "no/such", "./x", "~nobody-there/x.m4a", "a\0b.mp3"])
def test_a_recording_that_is_not_there_is_named(narrator, recording, typed):
    for model in ("slow", "mute"):
        with pytest.raises(UsageError, match="there is no recording"):
            narrator().voice(model, typed)


def test_a_folder_is_no_recording(narrator, recording):
    with pytest.raises(UsageError, match="is a folder, not a recording"):
        narrator().voice("slow", "./")


def test_a_model_without_a_voice_asks_for_a_recording(narrator):
    for name in ("", "bob"):
        with pytest.raises(UsageError, match=r"'mute' speaks with .* recording\. Give one with"):
            narrator(models__strict=False).voice("mute", name)


def test_a_model_that_cannot_clone_says_so_and_keeps_its_voices(narrator, recording):
    with pytest.raises(UsageError, match="'espeak' does not speak with the voices of recordings"):
        narrator().voice("espeak", "me.wav")
    assert narrator().voice("espeak", "gmw/en-US")[0].name == "en-us"
    voice, warning = narrator(models__strict=False).voice("espeak", "me.wav")
    assert voice.name == "en-us"
    assert warning.endswith("; 'en-us' speaks instead")


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("model", "name"), [("tone", ""), ("slow", "bob"), ("espeak", "de")])
def test_what_is_said_in_a_recording_needs_a_recording(narrator, strict, model, name):
    with pytest.raises(UsageError, match="what is said in a recording was given, and no"):
        narrator(models__strict=strict).voice(model, name, transcript="hello")


def test_an_instruction_reaches_an_engine_that_follows_it(narrate):
    notes = narrate("asked beep", "slow", say__instruct=" sing \n").report.notes
    assert " instruct=sing recording=" in notes[0]


def test_an_instruction_for_an_engine_that_follows_none_is_refused_unless_it_is_a_setting(
    narrator, narrate, monkeypatch, tmp_path
):
    with pytest.raises(UsageError, match=r"'tone' does not follow instructions\. Leave out"):
        narrate("hi", "tone", say__instruct="sing")
    file = tmp_path / "config.toml"
    file.write_text("say.instruct = 'sing'\n")
    monkeypatch.setenv("TTM_CONFIG", str(file))
    assert narrator().instruction("tone") == (
        "",
        "model 'tone' does not follow instructions, so say.instruct has no effect",
    )
    assert narrate("hi", "tone").pcm
    assert narrator().instruction("slow") == ("sing", "")


def test_tempo_and_pitch_are_bent_all_the_way_for_an_engine_that_can_do_neither(
    narrate, monkeypatch
):
    usual = narrate("banana banana", "slow")
    unable = replace(ENGINES["tone"], slowest=1.0, fastest=1.0, lowest=0.0, highest=0.0)
    monkeypatch.setitem(ENGINES, "slow", replace(unable, name="slow", loads_slowly=True))
    for rate in ("0.5", "1", "1.7", "4"):
        spoken = narrate("asked banana banana", "slow", say__rate=rate, say__pitch=-3)
        assert spoken.report.notes[0].endswith(" rate=1.0 pitch=0.0")
        assert spoken.seconds == pytest.approx(usual.seconds / float(rate), rel=0.05)


@pytest.mark.parametrize("name", ["", "ryan"])
def test_a_checkpoint_for_recordings_is_not_loaded_to_ask_for_one(narrator, checkpoint, name):
    one, model = narrator(), checkpoint("base")
    with pytest.raises(UsageError, match="speaks with the voice of a recording"):
        one.voice(model, name)
    with pytest.raises(UsageError, match="there is no recording"):
        one.voice(model, "no.wav")
    assert one.card(model).name == "qwen3"
    assert one.model(model).title == "qwen3 (1.7B Base)"


def test_a_checkpoint_that_is_not_here_is_no_model(narrator, tmp_path):
    (folder := tmp_path / "kept/Qwen--Qwen3-TTS-12Hz-1.7B-Base").mkdir(parents=True)
    (folder / "config.json").touch()
    with pytest.raises(ModelError, match=f"in {folder} has no model.safetensors"):
        narrator(models__dir=str(tmp_path / "kept")).start("qwen3:1.7b-base")
    with pytest.raises(ModelError, match="is not here"):
        narrator(models__dir=str(tmp_path / "other")).start("qwen3:1.7b-base")


def test_an_engine_is_not_started_without_the_packages_that_it_needs():
    unable = replace(ENGINES["tone"], modules=("json", "nope", "nada"), extra="neural")
    with pytest.raises(EngineUnavailable) as failure:
        open_worker(unable, load())
    assert failure.value.sentence == (
        "engine 'tone' needs nope, nada, which are not installed. "
        "Install what it needs with pip install 'ttm-speech[neural]'"
    )


def test_loading_is_told_with_the_model_s_name(plugins, monkeypatch):
    monkeypatch.setenv("LOADING", "0.1")
    told: list[tuple[str, str, float]] = []
    with Narrator(load(), loading=lambda *what: told.append(what)) as one:
        one.voices("slow")
    assert told[0] == ("slow", "weights", 0.0)
    assert told[-1] == ("slow", "weights", 1.0)
