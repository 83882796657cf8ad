"""A stack of transformer layers as the talker and the code predictor have it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import StackDimensions
from ttm.engine.qwen3.layers import Attention, Cache, GatedMlp, Layer, Rotary, linear


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
        self.device, self.dtype = device, dtype
        self._layers = [
            _layer(dimensions, weights, f"{at}layers.{i}.", device, dtype)
            for i in range(dimensions.num_hidden_layers)
        ]
        self._norm = weights[f"{at}norm.weight"].to(device, dtype, copy=True)
        self._rotary = Rotary(dimensions.head_dim, dimensions.rope_theta, device, dtype)

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
            self.dtype,
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
        cos, sin = self._rotary.upto(end)
        if positions is None:
            cos, sin = cos[start:end, None], sin[start:end, None]
        else:
            cos, sin = cos[positions].unsqueeze(2), sin[positions].unsqueeze(2)
        for layer, keys, values in zip(self._layers, cache.keys, cache.values, strict=True):
            x = layer(x, cos, sin, keys, values, start, mask)
        cache.length = end
        return F.rms_norm(x, self._norm.shape, self._norm, self.dimensions.rms_norm_eps)


def _layer(
    size: StackDimensions,
    weights: Mapping[str, Tensor],
    at: str,
    device: torch.device,
    dtype: torch.dtype,
) -> Layer:
    def fused(*names: str) -> Tensor:
        return torch.cat([weights[f"{at}{name}.weight"].to(device, dtype) for name in names])

    heads, keys = size.num_attention_heads, size.num_key_value_heads
    norm = torch.cat(
        (
            fused("self_attn.q_norm").expand(heads, -1),
            fused("self_attn.k_norm").expand(keys, -1),
        )
    )
    attention = Attention(
        linear(fused("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
        norm,
        linear(fused("self_attn.o_proj")),
        heads,
        keys,
        size.rms_norm_eps,
    )
    mlp = GatedMlp(linear(fused("mlp.gate_proj", "mlp.up_proj")), linear(fused("mlp.down_proj")))
    before, after = fused("input_layernorm"), fused("post_attention_layernorm")
    return Layer(before, attention, after, mlp, size.rms_norm_eps)
