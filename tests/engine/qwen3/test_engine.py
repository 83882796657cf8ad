"""The engine as the worker uses it: a Speech in, audio and notes out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ttm.audio import Audio
from ttm.engine.qwen3 import Qwen3Engine
from ttm.errors import BadAudio, TextError, UnknownName, UsageError
from ttm.narration.guard import Guard
from ttm.speech import Speech

SHORT = Speech("Good morning.", voice="ryan", seed=1)
RATE = 24_000
FRAME = 1_920


def open_engine(folder: Path, **options: object) -> Qwen3Engine:
    options = {"dtype": "float32", "threads": 1, "max_seconds": 1.2} | options
    return Qwen3Engine(str(folder), **options)  # type: ignore[arg-type]


def heard(spoken: Iterator[Audio | str]) -> tuple[bytes, list[str]]:
    """The sound, and the notes."""
    items = list(spoken)
    sound = b"".join(item.pcm for item in items if isinstance(item, Audio))
    return sound, [item for item in items if isinstance(item, str)]


@pytest.fixture
def custom_voice(made) -> Qwen3Engine:
    return open_engine(made("tiny", "custom_voice", 5))


@pytest.fixture
def recording(tmp_path) -> Path:
    time = np.arange(round(1.4 * RATE)) / RATE
    wave = 0.2 * np.sin(2 * np.pi * 140 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    soundfile.write(path := tmp_path / "me.wav", wave, RATE)
    return path


def test_the_same_seed_gives_the_same_sound_and_another_one_does_not(custom_voice):
    first, second = heard(custom_voice.speak(SHORT))[0], heard(custom_voice.speak(SHORT))[0]
    other, _ = heard(custom_voice.speak(Speech("Good morning.", voice="ryan", seed=2)))
    assert first == second != other


def test_the_chunk_ramp_changes_when_sound_comes_but_not_the_sound(made):
    folder = made("tiny", "custom_voice", 5)
    whole = []
    for ramp in ([1], [1, 2, 4], [15]):
        items = list(open_engine(folder, chunk_frames=ramp).speak(SHORT))
        audio = [item for item in items if isinstance(item, Audio)]
        frames = [item.samples // FRAME for item in audio if item.samples]
        assert frames[: len(ramp)] == ramp
        whole.append(np.concatenate([item.numpy() for item in audio]))
    assert all(np.abs(each - whole[0]).max() <= 1e-5 for each in whole)


def test_sound_comes_after_the_first_frame_and_breath_is_drawn_at_every_other(custom_voice):
    items = [i for i in custom_voice.speak(SHORT) if isinstance(i, Audio)]
    assert items[0].samples == FRAME
    frames = sum(item.samples for item in items) // FRAME
    assert len(items) >= frames


def test_a_caller_that_stops_listening_stops_the_talker(custom_voice):
    talker = custom_voice._loaded.talker
    calls = []

    class Counted:
        def __getattr__(self, name):
            return getattr(talker, name)

        def __call__(self, *inputs):
            calls.append(1)
            return talker(*inputs)

    custom_voice._loaded.talker = Counted()
    spoken = custom_voice.speak(SHORT)
    next(spoken)
    spoken.close()
    assert len(calls) == 1


def test_a_talker_that_never_ends_is_stopped_and_said_to_be(custom_voice):
    sound, notes = heard(custom_voice.speak(SHORT))
    assert len(sound) == 15 * FRAME * 4
    assert notes == ["the speech did not end by itself and was stopped after 1.2 s"]


def test_a_frame_budget_that_is_spent_is_marked_and_each_frame_brings_its_code(made):
    engine = open_engine(made("tiny", "custom_voice", 5), max_seconds=0)
    sound = [each for each in engine.speak(Speech("Hi.", seed=1)) if isinstance(each, Audio)]
    assert [each.cut for each in sound] == [False] * (len(sound) - 1) + [True]
    assert all(len(each.codes) * FRAME == each.samples for each in sound)
    assert {0 <= code < 2048 for each in sound for code in each.codes} == {True}
    guard = Guard(Speech("Hi.", language="und"), lenient=True)
    for each in sound:
        guard.feed(each)
    assert guard.cut
    guard = Guard(Speech("Hi."))
    assert [found.kind for each in sound[-1:] if (found := guard.feed(each))] == ["runaway"]


def test_the_frame_budget_grows_with_the_text(made):
    engine = open_engine(made("tiny", "custom_voice", 5), max_seconds=0)
    lengths = [len(heard(engine.speak(Speech(text, seed=1)))[0]) for text in ("Hi.", "Hi. " * 3)]
    assert lengths[1] > 1.4 * lengths[0]


def test_a_talker_that_ends_by_itself_is_not_remarked_upon(made):
    engine = open_engine(made("tiny", "custom_voice", 201, 3.0), temperature=0, max_seconds=5)
    text = (
        "The harbour was quiet when the first boat came in, and nobody asked what it had brought."
    )
    sound, notes = heard(engine.speak(Speech(text, voice="ryan", language="English")))
    assert 0 < len(sound) < 5 * RATE * 4
    assert notes == []


def test_speakers_come_with_their_languages_and_what_they_sound_like(custom_voice):
    voices = {voice.name: voice for voice in custom_voice.voices()}
    assert voices["ryan"].languages[0] == "en"
    assert voices["ono_anna"].languages[0] == "ja"
    assert set(voices["ryan"].languages) == set(voices["sohee"].languages)
    assert all(voice.description for voice in voices.values())


@pytest.mark.parametrize(
    ("speech", "sentence"),
    [
        (Speech("Hi.", voice="rian"), "unknown voice 'rian'. Did you mean 'ryan'"),
        (Speech("Hi.", language="tlh"), "does not speak 'tlh'. It speaks chinese, english"),
        (Speech("Hi.", instruct="Whisper."), "the 0.6B model follows no instruction"),
        (Speech("Hi.", recording="/me.wav"), "this model cannot clone a voice"),
    ],
)
def test_what_the_model_cannot_do_is_refused_with_a_sentence(custom_voice, speech, sentence):
    with pytest.raises(UsageError) as failure:
        list(custom_voice.speak(speech))
    assert sentence in failure.value.sentence


def test_a_text_without_tokens_is_refused(custom_voice):
    with pytest.raises(TextError):
        list(custom_voice.speak(Speech("")))


@pytest.mark.parametrize("name", ["en", "en-GB", "English", "ENGLISH"])
def test_a_language_has_a_tag_and_a_name(custom_voice, name):
    asked = Speech("Good morning.", voice="ryan", language=name, seed=1)
    plain = Speech("Good morning.", voice="ryan", language="english", seed=1)
    assert heard(custom_voice.speak(asked)) == heard(custom_voice.speak(plain))


def test_a_language_changes_the_sound(custom_voice):
    sounds = {
        heard(custom_voice.speak(Speech("Taxi.", voice="ryan", language=tag, seed=1)))[0]
        for tag in ("", "en", "de")
    }
    assert len(sounds) == 3


def test_the_larger_model_follows_an_instruction(made):
    engine = open_engine(made("tiny-1b7", "custom_voice", 5))
    plain, _ = heard(engine.speak(SHORT))
    slow, _ = heard(engine.speak(Speech("Good morning.", voice="ryan", seed=1, instruct="Slowly.")))
    assert plain != slow


def test_a_voice_is_designed_by_its_description(made):
    engine = open_engine(made("tiny", "voice_design", 5))
    assert [voice.name for voice in engine.voices()] == ["designed"]
    deep, bright = (
        heard(engine.speak(Speech("Hello.", voice="designed", instruct=how, seed=1)))[0]
        for how in ("A deep voice.", "A bright voice.")
    )
    assert deep != bright
    with pytest.raises(UnknownName):
        list(engine.speak(Speech("Hello.", voice="ryan")))


def test_a_voice_is_cloned_with_and_without_its_transcript(made, recording):
    engine = open_engine(made("tiny", "base", 5))
    assert engine.voices() == []
    cloned = [
        heard(engine.speak(Speech("Hello.", seed=1, recording=str(recording), transcript=text)))[0]
        for text in ("", "This is me.", "This is me.")
    ]
    assert cloned[0] != cloned[1] == cloned[2]
    with pytest.raises(UsageError, match="speaks with the voice of a recording"):
        list(engine.speak(Speech("Hello.")))
    with pytest.raises(UsageError, match="follows no instruction"):
        list(engine.speak(Speech("Hello.", recording=str(recording), instruct="Fast.")))


def test_a_recording_that_changed_is_listened_to_again(made, recording):
    engine = open_engine(made("tiny", "base", 5))
    speech = Speech("Hello.", seed=1, recording=str(recording), transcript="This is me.")
    before, _ = heard(engine.speak(speech))
    samples, rate = soundfile.read(recording)
    soundfile.write(recording, samples[::-1][: rate * 5 // 4], rate)
    assert heard(engine.speak(speech))[0] != before


def overflowing(folder: Path) -> None:
    """Weights whose activations half precision cannot hold, and float32 can."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors["talker.model.layers.2.mlp.up_proj.weight"] *= 3e4
    save_file(tensors, file)


def test_numbers_that_overflow_are_spoken_again_in_float32_and_reported(made, tmp_path):
    folder = shutil.copytree(made("tiny", "custom_voice", 5), tmp_path / "large")
    overflowing(folder)
    precise, _ = heard(open_engine(folder, temperature=0).speak(SHORT))
    engine = open_engine(folder, dtype="float16", temperature=0)
    for _ in range(2):
        sound, notes = heard(engine.speak(SHORT))
        assert "overflowed on cpu in float16" in notes[0]
        assert sound == precise
    assert engine.effective()["dtype"] == "float16"


def test_an_utterance_that_overflows_midway_keeps_what_was_said(custom_voice):
    model = custom_voice._loaded
    model.exact = False  # as if it were in half precision; NaN comes at frame 6
    talker, calls = model.talker, []

    class Failing:
        def __getattr__(self, name):
            return getattr(talker, name)

        def __call__(self, *inputs):
            calls.append(1)
            hidden, logits = talker(*inputs)
            return hidden, logits * float("nan") if len(calls) == 7 else logits

    expected, _ = heard(open_engine(model.checkpoint.folder, temperature=0).speak(SHORT))
    custom_voice._delivery = open_engine(model.checkpoint.folder, temperature=0)._delivery
    model.talker = Failing()
    sound, notes = heard(custom_voice.speak(SHORT))
    assert "spoken on the CPU in float32" in notes[0]
    assert np.abs(np.frombuffer(sound, "f4") - np.frombuffer(expected, "f4")).max() <= 1e-5


def test_numbers_that_are_none_even_in_float32_are_an_error(made, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(made("tiny", "custom_voice", 5), tmp_path / "none")
    tensors = load_file(folder / "model.safetensors")
    tensors["talker.codec_head.weight"][3] = float("nan")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(BadAudio, match="not finite"):
        list(open_engine(folder).speak(SHORT))


def test_settings_overrule_the_checkpoint_and_the_rest_is_its_own(made, tmp_path):
    folder = shutil.copytree(made("tiny", "custom_voice", 5), tmp_path / "own")
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"top_k": 7, "temperature": 0.5}))
    effective = open_engine(folder, temperature=0.3).effective()
    assert (effective["temperature"], effective["top_k"]) == (0.3, 7)
    assert (effective["device"], effective["dtype"]) == ("cpu", "float32")


def test_without_a_checkpoint_it_only_says_what_it_would_run_with():
    effective = Qwen3Engine("").effective()
    assert effective["device"] == "cpu" or torch.cuda.is_available()
    assert "mode" not in effective
