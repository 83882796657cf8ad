"""int8 weights on a CPU: a matrix, and a stack of layers that runs in one call.

Weights are int8 with a float32 scale a row, activations float32. A frame of the 0.6B model reads
1.65 GB of them, half of what bfloat16 needs, and nothing but the products is left of its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ttm.engine.qwen3 import kernels
from ttm.engine.qwen3.dimensions import StackDimensions
from ttm.engine.qwen3.layers import Rotary

Array = NDArray[Any]


def quantize(weight: Tensor, rows: Array, scale: Array) -> None:
    """`weight` `[N, D]` to int8 `rows` `[N, D]` and their float32 `scale` `[N]`."""
    bits = weight.to(torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
    kernels.quantize(bits, rows, scale)


class QuantizedMatrix:
    """`[..., D]` to `[..., N]`."""

    __slots__ = ("scale", "weight")

    def __init__(self, weight: Tensor) -> None:
        self.weight = np.empty(weight.shape, np.int8)
        self.scale = np.empty(len(weight), np.float32)
        quantize(weight, self.weight, self.scale)

    def __call__(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1]).numpy()
        y = np.empty((len(flat), len(self.weight)), np.float32)
        kernels.multiply(self.weight, self.scale, flat, y)
        return torch.from_numpy(y).view(*x.shape[:-1], -1)


@dataclass(slots=True)
class QuantizedCache:
    """Keys and values `[layers, K, capacity, d]`, float32, of one row."""

    keys: Array
    values: Array
    length: int = 0


class QuantizedStack:
    """What `Stack` is, for one row on the CPU."""

    def __init__(self, dimensions: StackDimensions, weights: Mapping[str, Tensor], at: str) -> None:
        """`at` is what every name in `weights` begins with."""
        self.dimensions = dimensions
        layers = range(dimensions.num_hidden_layers)
        heads, keys = dimensions.num_attention_heads, dimensions.num_key_value_heads

        def matrices(*names: str) -> tuple[Array, Array]:
            """These matrices of every layer below each other, `[layers, N, D]`, and scales."""
            shapes = [weights[f"{at}layers.0.{name}.weight"].shape for name in names]
            rows = sum(shape[0] for shape in shapes)
            packed = np.empty((len(layers), rows, shapes[0][1]), np.int8)
            scales = np.empty((len(layers), rows), np.float32)
            for layer in layers:
                start = 0
                for name, shape in zip(names, shapes, strict=True):
                    end = start + shape[0]
                    weight = weights[f"{at}layers.{layer}.{name}.weight"]
                    quantize(weight, packed[layer, start:end], scales[layer, start:end])
                    start = end
            return packed, scales

        def vectors(name: str) -> Array:
            """A norm's weight of every layer, `[layers, D]`."""
            rows = [weights[f"{at}layers.{layer}.{name}.weight"].float() for layer in layers]
            return torch.stack(rows).numpy()

        norms = [
            vectors(f"self_attn.{name}_norm")[:, None].repeat(count, 1)
            for name, count in (("q", heads), ("k", keys))
        ]
        self._weights = (
            np.float32(dimensions.rms_norm_eps),
            vectors("input_layernorm"),
            *matrices("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            np.concatenate(norms, 1),
            *matrices("self_attn.o_proj"),
            vectors("post_attention_layernorm"),
            *matrices("mlp.gate_proj", "mlp.up_proj"),
            *matrices("mlp.down_proj"),
            weights[f"{at}norm.weight"].float().numpy(),
        )
        self._rotary = Rotary(dimensions.head_dim, dimensions.rope_theta, torch.device("cpu"))
        self._turns = self._angles(1)

    def cache(self, rows: int, capacity: int) -> QuantizedCache:
        """An empty cache for so many positions of the one row."""
        assert rows == 1, "int8 weights speak one text at a time"
        size = self.dimensions
        shape = (size.num_hidden_layers, size.num_key_value_heads, capacity, size.head_dim)
        return QuantizedCache(np.empty(shape, np.float32), np.empty(shape, np.float32))

    def __call__(
        self,
        x: Tensor,
        cache: QuantizedCache,
        positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """`x` `[1, S, D]`, float32, goes behind what the cache holds; `[1, S, D]`."""
        assert positions is None, "int8 weights speak one text at a time"
        assert mask is None, "int8 weights speak one text at a time"
        end = cache.length + x.shape[1]
        if len(self._turns[0]) < end:
            self._turns = self._angles(end)
        hidden = kernels.run_stack(
            x[0].numpy(), cache.length, *self._turns, cache.keys, cache.values, *self._weights
        )
        cache.length = end
        return torch.from_numpy(hidden)[None]

    def _angles(self, positions: int) -> tuple[Array, Array]:
        turns = self._rotary.upto(positions)
        return turns.real.contiguous().numpy(), turns.imag.contiguous().numpy()
