"""The codec's shortcut: as close to the plain codec as it says, and interchangeable with it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from ttm.engine.qwen3 import shortcut
from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.codec import Codec, CodecState

BOUND = 2e-5
"""Of full scale."""


@pytest.fixture(scope="module")
def codecs(made) -> tuple[Codec, Codec]:
    """The plain codec and the quick one."""
    checkpoint = Checkpoint(made("tiny", "custom_voice", 5))
    known = checkpoint.speech_tokenizer.decoder_config, checkpoint.speech_weights
    return Codec(*known), Codec(*known, quick=True)


def frames(codec: Codec, count: int, seed: int) -> torch.Tensor:
    size = codec.dimensions
    generator = torch.Generator().manual_seed(seed)
    shape = (1, size.num_quantizers, count)
    return torch.randint(0, size.codebook_size, shape, generator=generator)


def test_four_outputs_of_seven_taps_cost_ten_products_and_are_what_28_make():
    outputs, taps, columns = shortcut.matrices()
    generator = torch.Generator().manual_seed(0)
    weight, x = (torch.randn(count, generator=generator).double().numpy() for count in (7, 10))
    products = (taps @ weight) * (columns.astype(float) @ x)
    plain = [float(weight @ x[i : i + 7]) for i in range(4)]
    assert products.shape == (10,)
    assert abs(outputs.astype(float) @ products - plain).max() <= 1e-5


@pytest.mark.parametrize("dilation", [1, 3, 9])
@pytest.mark.parametrize("columns", [1, 5, 36, 200, 4 * shortcut.TILES + 40])
def test_a_residual_unit_gives_what_its_convolutions_give(dilation, columns):
    generator = torch.Generator().manual_seed(columns)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    wide, narrow = (random(8, 8, 7) / 7, random(8)), (random(8, 8, 1) / 3, random(8))
    waves = [(random(8).exp(), random(8).exp()) for _ in range(2)]
    unit = shortcut.ResidualUnit(
        shortcut.Snake(*waves[0]), wide, shortcut.Snake(*waves[1]), narrow, dilation
    )

    def snake(x: torch.Tensor, frequency: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
        return x + size[:, None] * (x * frequency[:, None]).sin() ** 2

    before, x = snake(random(8, unit.past), *waves[0]), random(8, columns)
    tail, y = unit(before, x)
    heard = torch.cat((before, snake(x, *waves[0])), 1)
    plain = F.conv1d(snake(F.conv1d(heard, *wide, dilation=dilation), *waves[1]), *narrow) + x
    assert (y - plain).abs().max() <= 1e-5 * plain.abs().max()
    assert (tail - heard[:, -unit.past :]).abs().max() <= 1e-5 * heard.abs().max()


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 99))
def test_any_split_sounds_as_the_plain_codec_does(codecs, parts, seed):
    plain, quick = codecs
    codes, state = frames(plain, sum(parts), seed), CodecState()
    split = torch.cat([quick.decode(part, state) for part in codes.split(parts, 2)], 1)
    assert (split - plain.decode(codes)).abs().max() <= BOUND


def test_either_codec_goes_on_where_the_other_one_stopped(codecs):
    codes = frames(codecs[0], 14, 3)
    whole = codecs[0].decode(codes)
    for first, second in (codecs, codecs[::-1]):
        state = CodecState()
        parts = first.decode(codes[:, :, :5], state), second.decode(codes[:, :, 5:], state)
        assert (torch.cat(parts, 1) - whole).abs().max() <= BOUND
