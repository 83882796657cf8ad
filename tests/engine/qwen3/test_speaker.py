from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ttm.audio.recording import read_recording
from ttm.engine.qwen3.dimensions import SpeakerDimensions, read_dimensions
from ttm.engine.qwen3.layout import model_layout
from ttm.engine.qwen3.speaker import SpeakerEncoder, mel_filters, mel_spectrogram
from ttm.engine.qwen3.weights import TensorFile

GOLDEN = Path(__file__).parents[3].parent / "shared" / "golden"
BIN = 24_000 / 1024
"""Hertz from one bin to the next."""


@pytest.fixture
def golden() -> Path:
    """The folder of reference cases of the official package."""
    if not GOLDEN.is_dir():
        pytest.skip(f"there are no reference cases in {GOLDEN}")
    return GOLDEN


def of_checkpoint(folder: Path, dtype: torch.dtype = torch.float32) -> SpeakerEncoder:
    dimensions = read_dimensions(folder)
    file = TensorFile(folder / "model.safetensors", model_layout(dimensions))
    own = {name: file[name].to(dtype) for name in file if name.startswith("speaker_encoder.")}
    assert dimensions.speaker_encoder_config is not None
    return SpeakerEncoder(dimensions.speaker_encoder_config, own)


def sine(hertz: float, seconds: float = 0.5) -> torch.Tensor:
    return 0.5 * torch.sin(2 * math.pi * hertz * torch.arange(int(seconds * 24_000)) / 24_000)


@pytest.mark.parametrize(
    ("checkpoint", "case"),
    [
        ("tiny-base", "base_icl_16k"),
        ("tiny-base", "base_icl_longref"),
        ("tiny-base", "base_xvec"),
        ("tiny-1b7-base", "base_icl_nonstream"),
        ("tiny-1b7-base", "base_xvec_nonstream"),
    ],
)
def test_a_voice_gets_the_vector_that_the_official_package_gives(
    golden, tmp_path, checkpoint, case
):
    encoder = of_checkpoint(golden / "checkpoints" / checkpoint)
    reference = np.load(golden / "reference" / checkpoint / f"{case}.npz")
    path = tmp_path / "reference.wav"
    soundfile.write(path, reference["ref_wav"], int(reference["ref_sr"]), subtype="FLOAT")
    vector = encoder.embed(torch.from_numpy(read_recording(path, 24_000)))
    assert vector.shape == reference["spk_embed_0"].shape
    assert np.abs(vector.numpy() - reference["spk_embed_0"]).max() <= 1e-5


def test_the_dtype_of_the_weights_is_the_one_of_the_vector(golden):
    folder = golden / "checkpoints" / "tiny-base"
    mel = mel_spectrogram(sine(220))
    exact = of_checkpoint(folder).embed_mel(mel)
    rounded = of_checkpoint(folder, torch.bfloat16).embed_mel(mel)
    assert (exact.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    assert 0 < (rounded.float() - exact).abs().max() < 0.02 * exact.abs().max()


def test_the_shortest_clip_has_a_vector(golden):
    encoder = of_checkpoint(golden / "checkpoints" / "tiny-base")
    assert encoder.steps_min == 5
    assert encoder.embed(sine(220)[:1280]).isfinite().all()
    with pytest.raises(AssertionError, match="4 steps are fewer than 5"):
        encoder.embed(sine(220)[:1279])


def test_the_filters_are_those_of_librosa():
    # librosa 0.11: filters.mel(sr=24000, n_fft=1024, n_mels=128, fmin=0, fmax=12000)
    filters = mel_filters()
    assert filters.shape == (128, 513)
    assert int(filters.count_nonzero()) == 1008
    pinned = {(0, 1): 0.033550426, (0, 2): 0.008569083, (30, 35): 0.036454044}
    pinned |= {(64, 89): 0.014103504, (127, 498): 0.0030868005}
    for at, value in pinned.items():
        assert filters[at].item() == pytest.approx(value, rel=1e-6), at
    assert filters.double().square().sum().item() == pytest.approx(0.0750207503832168, rel=1e-6)


def test_each_filter_has_the_same_area_and_peaks_above_the_one_before():
    filters = mel_filters()
    # A triangle of three bins is sampled too coarsely for its area; the wide ones are not.
    assert filters[100:].sum(dim=1) * BIN == pytest.approx(np.ones(28), abs=0.01)
    assert (filters.sum(dim=0)[1:-1] > 0).all()
    assert (filters.argmax(dim=1).diff() > 0).all()


@pytest.mark.parametrize(
    ("hertz", "band"), [(52.86, 1), (819.3, 30), (1249.3, 45), (2096.9, 64), (11_677, 127)]
)
def test_a_tone_is_heard_in_its_band(hertz, band):
    # Band centres as librosa.mel_frequencies(130, fmin=0, fmax=12000)[1:-1] gives them.
    heard = mel_spectrogram(sine(hertz))[5:-5].mean(dim=0)
    assert abs(int(heard.argmax()) - band) <= 1


def test_silence_is_the_floor_of_every_band():
    floor = mel_spectrogram(torch.zeros(2400))
    # The filters weigh the square root of 1e-9, and what is below 1e-5 is that.
    assert floor.max() < math.log(1e-5) + 0.01
    assert floor.min() == pytest.approx(math.log(1e-5))


@pytest.mark.parametrize(("samples", "steps"), [(385, 1), (511, 1), (512, 2), (24_000, 93)])
def test_a_step_is_256_samples(samples, steps):
    assert mel_spectrogram(sine(440)[:12_000].repeat(2)[:samples]).shape == (steps, 128)


def test_a_clip_without_enough_to_mirror_is_refused():
    with pytest.raises(AssertionError, match="384 samples are no more than 384"):
        mel_spectrogram(sine(440)[:384])


def test_the_true_sizes_need_five_steps():
    assert SpeakerEncoder(SpeakerDimensions(enc_dim=1024), {}).steps_min == 5
