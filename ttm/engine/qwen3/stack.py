"""A stack of transformer layers as the talker and the code predictor have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from ttm.engine.qwen3.dimensions import StackDimensions
from ttm.engine.qwen3.layers import (
    Attention,
    Cache,
    GatedMlp,
    Layer,
    Memory,
    RmsNorm,
    Rotary,
    linear,
    paired,
)

AnyCache = object
"""What a stack remembers of the positions it has seen."""


class AnyStack(Protocol):
    """Layers that take positions behind those of a cache; see `Stack`."""

    def cache(self, rows: int, capacity: int) -> AnyCache: ...

    def __call__(
        self, x: Tensor, cache: Any, positions: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor: ...


class Stack:
    """Layers, the norm behind them, and their positions. Source: the blocks of Qwen3."""

    def __init__(
        self,
        dimensions: StackDimensions,
        weights: Mapping[str, Tensor],
        at: str,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """`at` is what every name in `weights` begins with."""
        self.dimensions = dimensions
        self.device = device
        self._layers = [
            _layer(dimensions, weights, f"{at}layers.{i}.", device, dtype)
            for i in range(dimensions.num_hidden_layers)
        ]
        norm = weights[f"{at}norm.weight"].to(device, dtype, copy=True)
        self._norm = RmsNorm(norm, dimensions.rms_norm_eps)
        self.rotary = Rotary(dimensions.head_dim, dimensions.rope_theta, device)

    def cache(self, rows: int, capacity: int) -> Cache:
        """An empty cache for so many positions."""
        size = self.dimensions
        return Cache(
            size.num_hidden_layers,
            rows,
            size.num_key_value_heads,
            capacity,
            size.head_dim,
            self.device,
        )

    def __call__(
        self,
        x: Tensor,
        cache: Cache,
        positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """`x` `[B, S, D]` goes behind what the cache holds; gives the normed hidden states
        `[B, S, D]`.

        `positions` `[B, S]` where they are not those of the cache (rows padded on the left), with
        `mask` `[B, 1, S, L]`, which is added to the scores.
        """
        start = cache.length
        end = start + x.shape[1]
        turns = self.rotary.upto(end)
        if positions is None:
            turns = turns[start:end, None]
        else:
            turns = turns[positions].unsqueeze(2)
        x = self.run(x, turns, cache, mask)
        cache.length = end
        return x

    def run(self, x: Tensor, turns: Tensor, memory: Memory, mask: Tensor | None = None) -> Tensor:
        """The same with the positions' `turns`, which broadcast to `[B, S, 1, d/2]`."""
        x = x.clone()
        for index, layer in enumerate(self._layers):
            x = layer(x, turns, memory, index, mask)
        return self._norm(x)


def _layer(
    size: StackDimensions,
    weights: Mapping[str, Tensor],
    at: str,
    device: torch.device,
    dtype: torch.dtype,
) -> Layer:
    def rows(*names: str) -> Tensor:
        """These matrices below each other, copied once."""
        parts = (weights[f"{at}{name}.weight"] for name in names)
        return torch.cat([part.to(device, dtype) for part in parts])

    def norm(name: str) -> RmsNorm:
        return RmsNorm(rows(name), size.rms_norm_eps)

    heads, keys, head = size.num_attention_heads, size.num_key_value_heads, size.head_dim
    qkv = rows("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    turned = qkv[: (heads + keys) * head]
    turned.copy_(paired(turned, head))
    weighed = torch.cat(
        [
            paired(rows(f"self_attn.{name}_norm"), head).expand(count, -1)
            for name, count in (("q", heads), ("k", keys))
        ]
    )
    attention = Attention(
        linear(qkv), weighed, linear(rows("self_attn.o_proj")), heads, keys, size.rms_norm_eps
    )
    mlp = GatedMlp(linear(rows("mlp.gate_proj", "mlp.up_proj")), linear(rows("mlp.down_proj")))
    return Layer(norm("input_layernorm"), attention, norm("post_attention_layernorm"), mlp)
