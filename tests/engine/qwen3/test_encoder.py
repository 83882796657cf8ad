from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ttm.audio.recording import read_recording
from ttm.engine.qwen3.dimensions import (
    CodecDimensions,
    EncoderDimensions,
    SpeechTokenizerDimensions,
    read_speech_tokenizer,
)
from ttm.engine.qwen3.encoder import CodecEncoder
from ttm.engine.qwen3.layout import speech_tokenizer_layout
from ttm.engine.qwen3.weights import TensorFile

GOLDEN = Path(__file__).parents[3].parent / "shared" / "golden"
FRAME = 16
"""Samples of a frame of the small encoder below."""

SMALL = SpeechTokenizerDimensions(
    encoder_config=EncoderDimensions(
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=6,
        norm_eps=1e-5,
        rope_theta=1e4,
        num_filters=4,
        kernel_size=7,
        last_kernel_size=3,
        residual_kernel_size=3,
        dilation_growth_rate=2,
        num_residual_layers=2,
        compress=2,
        upsampling_ratios=(4, 2),
        codebook_size=1024,
        codebook_dim=8,
        num_quantizers=6,
        num_semantic_quantizers=1,
        vector_quantization_hidden_dimension=8,
        sampling_rate=24_000,
    ),
    decoder_config=CodecDimensions(
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=8,
        codebook_size=64,
        codebook_dim=8,
        latent_dim=8,
        decoder_dim=8,
        num_quantizers=4,
        sliding_window=8,
        upsample_rates=(2,),
        upsampling_ratios=(2,),
    ),
    encoder_valid_num_quantizers=4,
    input_sample_rate=24_000,
    output_sample_rate=24_000,
    decode_upsample_rate=FRAME,
    encode_downsample_rate=FRAME,
)


@pytest.fixture
def golden() -> Path:
    """The folder of reference cases of the official package."""
    if not GOLDEN.is_dir():
        pytest.skip(f"there are no reference cases in {GOLDEN}")
    return GOLDEN


def of_checkpoint(folder: Path) -> CodecEncoder:
    dimensions = read_speech_tokenizer(folder)
    layout = speech_tokenizer_layout(dimensions)
    weights = TensorFile(folder / "speech_tokenizer" / "model.safetensors", layout)
    return CodecEncoder(dimensions, weights)


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Random ones for the small encoder, of all its six levels."""
    chance = torch.Generator().manual_seed(1)
    found = {}
    for name, shape in speech_tokenizer_layout(SMALL).items():
        if not name.startswith("encoder."):
            continue
        if name.endswith(("layernorm.weight", "scale", "cluster_usage")):
            found[name] = torch.rand(shape, generator=chance) + 0.5
        elif name.endswith("bias"):
            found[name] = torch.randn(shape, generator=chance) / 20
        else:
            scale = 1 if "embed_sum" in name else 1.5 / math.sqrt(math.prod(shape[1:]))
            found[name] = torch.randn(shape, generator=chance) * scale
    return found


@pytest.fixture(scope="module")
def encoder(weights) -> CodecEncoder:
    return CodecEncoder(SMALL, weights)


def noise(length: int) -> torch.Tensor:
    return torch.randn(length, generator=torch.Generator().manual_seed(length)) / 4


@pytest.mark.parametrize(
    ("checkpoint", "case"),
    [
        ("tiny-base", "base_icl_16k"),
        ("tiny-base", "base_icl_longref"),
        ("tiny-1b7-base", "base_icl_nonstream"),
    ],
)
def test_a_recording_gets_the_codes_that_the_official_package_gives(
    golden, tmp_path, checkpoint, case
):
    encoder = of_checkpoint(golden / "checkpoints" / checkpoint)
    reference = np.load(golden / "reference" / checkpoint / f"{case}.npz")
    path = tmp_path / "reference.wav"
    soundfile.write(path, reference["ref_wav"], int(reference["ref_sr"]), subtype="FLOAT")
    codes = encoder.encode(torch.from_numpy(read_recording(path, 24_000)))
    assert codes.dtype == torch.int64
    assert np.array_equal(codes.numpy(), reference["ref_code_0"])


def test_other_shapes_get_the_codes_that_transformers_gives(encoder):
    # transformers 4.57.3's MimiModel with these dimensions and weights. The nearest entries are
    # nearer than the next by 2e-4 or more; rounding moves what is compared by 2e-5.
    assert encoder.encode(noise(FRAME * 8 - 3)).tolist() == [
        [722, 544, 907, 175],
        [482, 308, 272, 907],
        [681, 308, 374, 849],
        [572, 308, 301, 849],
        [430, 25, 205, 192],
        [430, 569, 358, 432],
        [430, 359, 301, 544],
        [430, 228, 406, 544],
    ]
    sums = encoder.encode(noise(5369)).sum(dim=0)
    assert sums.tolist() == [163_417, 169_934, 162_947, 198_253]


@pytest.mark.parametrize("frames", [1, 1.0625, 2, 2.9375, 3, 40.5])
def test_a_frame_that_is_begun_gets_codes(encoder, frames):
    codes = encoder.encode(noise(int(FRAME * frames)))
    assert codes.shape == (math.ceil(frames), 4)
    assert 0 <= codes.min() <= codes.max() < 1024


def test_one_sample_is_a_frame_and_none_is_a_mistake(encoder):
    assert encoder.encode(noise(1)).shape == (1, 4)
    with pytest.raises(AssertionError, match="no samples"):
        encoder.encode(noise(0))


def test_codes_do_not_depend_on_what_comes_later(encoder):
    samples = noise(FRAME * 50)
    assert torch.equal(encoder.encode(samples)[:20], encoder.encode(samples[: FRAME * 20]))


def test_a_frame_hears_what_was_said_300_frames_before(encoder):
    # A window of 250 steps, as later versions of Mimi have it, is 250 frames back in two layers.
    samples = noise(FRAME * 450)
    changed = torch.cat([noise(FRAME * 100 + 1)[1:] * 4, samples[FRAME * 100 :]])
    assert not torch.equal(encoder.encode(samples)[400:], encoder.encode(changed)[400:])


def test_levels_that_are_not_kept_are_neither_needed_nor_different(encoder, weights):
    few = {
        name: tensor
        for name, tensor in weights.items()
        if not any(f"acoustic_residual_vector_quantizer.layers.{i}." in name for i in (3, 4))
    }
    assert len(few) == len(weights) - 6
    samples = noise(FRAME * 30)
    assert torch.equal(CodecEncoder(SMALL, few).encode(samples), encoder.encode(samples))
    one = CodecEncoder(replace(SMALL, encoder_valid_num_quantizers=1), few)
    assert torch.equal(one.encode(samples), encoder.encode(samples)[:, :1])


def test_an_entry_that_was_never_used_is_not_divided_by_zero(weights):
    at = "encoder.quantizer.semantic_residual_vector_quantizer.layers.0.codebook."
    usage = weights[f"{at}cluster_usage"].clone()
    usage[::2] = 0
    rare = CodecEncoder(SMALL, weights | {f"{at}cluster_usage": usage})
    codes = rare.encode(noise(FRAME * 30))
    # Divided by 1e-5, such an entry is far from everything.
    assert (codes[:, 0] % 2 == 1).all()
    assert len(set(codes[:, 0].tolist())) > 3


def test_a_frame_length_that_the_encoder_does_not_have_is_refused(weights):
    with pytest.raises(AssertionError):
        CodecEncoder(replace(SMALL, encode_downsample_rate=FRAME * 2), weights)
