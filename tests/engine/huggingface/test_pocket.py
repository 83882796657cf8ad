"""Pocket TTS: frame by frame, with the voice of a file."""

from __future__ import annotations

import contextlib
import math
import shutil

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from ttm.engine.huggingface import HuggingfaceEngine
from ttm.errors import BadCheckpoint
from ttm.speech import Speech

TEXT = "Hello world, this is a test of seven words and more."


@pytest.fixture
def folder(checkpoints):
    return checkpoints("pocket_tts")


@pytest.fixture
def opened(folder):
    with contextlib.ExitStack() as stack:
        yield lambda where=folder, **how: stack.enter_context(
            contextlib.closing(HuggingfaceEngine(str(where), threads=1, **how))
        )


def pcm(engine, speech):
    return [one for one in engine.speak(speech) if not isinstance(one, str) and one.pcm]


@pytest.mark.parametrize(("threshold", "text"), [(0.0, TEXT), (9.0, "abc")])
def test_what_is_streamed_is_what_generate_gives(opened, folder, tmp_path, threshold, text):
    own = shutil.copytree(folder, tmp_path / "own")
    about = own / "generation_config.json"
    about.write_text(
        about.read_text().replace('"eos_threshold": 0.0', f'"eos_threshold": {threshold}')
    )
    engine = opened(own)
    blocks = pcm(engine, Speech(text, seed=3))
    family = engine._family
    inputs = family._processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "text", "text": text}]}],
        tokenize=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip
    torch.manual_seed(3)
    out = family._model.generate(**inputs)
    (whole,) = family._processor.decode(out.audio_latents, out.audio_latents_mask)
    assert len(blocks) > 2
    ours = np.concatenate([block.numpy() for block in blocks])
    assert ours.shape == whole.shape
    assert np.abs(ours - whole.numpy()).max() < 1e-4 * np.abs(whole.numpy()).max()


def test_the_first_sound_comes_with_the_first_frame(opened):
    engine = opened()
    model, calls = engine._family._model, []
    made = model.sample_latent
    model.sample_latent = lambda *given: (calls.append(1), made(*given))[1]
    speaking = engine.speak(Speech(TEXT))
    assert next(speaking).samples == 1920
    assert len(calls) == 1
    assert sum(1 for _ in speaking) > 3


def test_a_speech_that_does_not_end_is_stopped_and_told(opened, folder, tmp_path):
    own = shutil.copytree(folder, tmp_path / "own")
    about = own / "generation_config.json"
    about.write_text(about.read_text().replace('"eos_threshold": 0.0', '"eos_threshold": 9.0'))
    said = list(opened(own).speak(Speech("ab")))
    seconds = sum(one.seconds for one in said if not isinstance(one, str))
    assert seconds == math.ceil((2 / 3 + 2) * 12.5) / 12.5
    assert [one.cut for one in said] == [False] * (len(said) - 1) + [True]


def test_a_temperature_of_nothing_leaves_nothing_to_the_seed(opened):
    engine = opened(temperature=0.0)
    one, two = (pcm(engine, Speech("Hi.", seed=seed)) for seed in (1, 2))
    assert [block.pcm for block in one] == [block.pcm for block in two]


def tone(path, seconds=1.2):
    t = np.arange(round(16_000 * seconds)) / 16_000
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 220 * t) * (1 + np.sin(7 * t)) / 2, 16_000)


def test_a_recording_s_voice_is_heard_in_the_sound(opened, tmp_path):
    tone(tmp_path / "me.wav")
    engine = opened()
    mine = Speech("Hi there.", recording=str(tmp_path / "me.wav"))
    cloned = pcm(engine, mine)
    assert cloned[0].pcm != pcm(engine, Speech("Hi there."))[0].pcm
    assert [b.pcm for b in pcm(engine, mine)] == [b.pcm for b in cloned]


def test_voices_beside_a_checkpoint_are_its_voices(opened, folder, tmp_path):
    own = shutil.copytree(folder, tmp_path / "own")
    (own / "voices").mkdir()
    (own / "README.md").write_text("---\nlicense: mit\nlanguage:\n- en\n- fra\n---\n# x\n")
    save_file({"latents": torch.randn(1, 20, 8)}, own / "voices/anna.safetensors")
    save_file({"cache": torch.randn(2, 3, 4, 5)}, own / "voices/other.safetensors")
    (own / "voices/evil.pt").write_bytes(b"pickle")
    tone(own / "voices/bert.wav")
    engine = opened(own)
    voices = engine.voices()
    assert [voice.name for voice in voices] == ["anna", "bert"]
    assert voices[0].languages == ("en", "fr")
    sounds = {voice.name: pcm(engine, Speech("Hi.", voice.name))[0].pcm for voice in voices}
    assert sounds["anna"] == pcm(engine, Speech("Hi."))[0].pcm != sounds["bert"]


def test_an_audio_tokenizer_elsewhere_is_not_followed(opened, folder, tmp_path):
    own = shutil.copytree(folder, tmp_path / "own")
    (own / "audio_tokenizer").rename(tmp_path / "elsewhere")
    about = own / "processor_config.json"
    text = about.read_text()
    for path in (str(tmp_path / "elsewhere"), "../elsewhere", "owner/not-here"):
        about.write_text(text.replace('_or_path": ""', f'_or_path": "{path}"'))
        with pytest.raises(BadCheckpoint):
            opened(own)
