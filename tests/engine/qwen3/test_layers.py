"""The small parts, each against its plain definition."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ttm.engine.qwen3.layers import (
    CONVOLUTION_PACKED_FROM,
    PACKED_FROM,
    Added,
    Dense,
    Packed,
    RmsNorm,
    Rotary,
    convolution,
    linear,
    paired,
    plus,
    turn,
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("rows", [1, 2, 40])
def test_a_packed_matrix_multiplies_as_the_plain_one(rows):
    weight, bias = random(700, 512) / 20, random(700, seed=1)
    assert weight.numel() >= PACKED_FROM
    packed = linear(weight, bias)
    if not isinstance(packed, Packed):
        pytest.skip("this build of torch packs no matrices")
    x = random(1, rows, 512, seed=2)
    assert (packed(x) - F.linear(x, weight, bias)).abs().max() <= 1e-5


@pytest.mark.parametrize("steps", [1, 7])
def test_a_product_that_is_added_where_it_goes_is_the_plain_sum(steps):
    weight, x, y = random(48, 32), random(2, steps, 48, seed=1), random(2, steps, 32, seed=2)
    plain = plus(x, Dense(weight), y)
    assert torch.equal(plain, x + F.linear(y, weight))
    assert (plus(x, Added(weight), y) - plain).abs().max() <= 1e-5


@pytest.mark.parametrize("columns", [4, 13, 200])
@pytest.mark.parametrize("dilation", [1, 3])
def test_a_packed_convolution_convolves_as_the_plain_one(columns, dilation):
    weight, bias = random(1200, 700, 5) / 60, random(1200, seed=1)
    assert weight.numel() >= CONVOLUTION_PACKED_FROM
    x = random(2, 700, columns + 4 * dilation, seed=2)
    plain = F.conv1d(x, weight, bias, dilation=dilation)
    assert (convolution(weight, bias, dilation)(x) - plain).abs().max() <= 1e-4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_norm_is_the_root_mean_square_one(dtype):
    x, weight = random(3, 5, 64) * 7 + 2, random(64, seed=1)
    plain = x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight
    ours = RmsNorm(weight.to(dtype), 1e-6)(x.to(dtype)).float()
    bound = 1e-5 if dtype == torch.float32 else 0.02 * float(plain.abs().max())
    assert (ours - plain).abs().max() <= bound


def test_positions_turn_queries_and_keys_as_rotate_half_does():
    head, heads, steps = 16, 3, 9
    query, key = random(heads * head, 32) / 6, random(heads * head, 32, seed=1) / 6
    x = random(steps, 32, seed=2)
    turns = Rotary(head, 1e4, x.device).upto(steps)[:steps, None]

    def plainly(weight: torch.Tensor) -> torch.Tensor:
        states = F.linear(x, weight).view(steps, heads, head)
        cos = torch.cat((turns.real, turns.real), -1)
        sin = torch.cat((turns.imag, turns.imag), -1)
        first, second = states.chunk(2, -1)
        return states * cos + torch.cat((-second, first), -1) * sin

    def ours(weight: torch.Tensor) -> torch.Tensor:
        return turn(F.linear(x, paired(weight, head)).view(steps, heads, head), turns)

    plain = torch.einsum("shd,thd->hst", plainly(query), plainly(key))
    scores = torch.einsum("shd,thd->hst", ours(query), ours(key))
    assert (scores - plain).abs().max() <= 1e-4
