"""int8 weights on a CPU: a matrix, and a stack of layers that runs in one call.

Weights are int8 with a float32 scale a row, activations 14 bits where they are multiplied and
float32 elsewhere. A frame of the 0.6B model reads 1.65 GB of weights, half of what bfloat16 needs,
and nothing but the products is left of its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ttm.engine.qwen3 import kernels
from ttm.engine.qwen3.cores import Cores
from ttm.engine.qwen3.dimensions import StackDimensions
from ttm.engine.qwen3.layers import Rotary
from ttm.engine.qwen3.packs import Packs
from ttm.engine.qwen3.products import BLOCK

Array = NDArray[Any]


def quantize(weight: Tensor, four_bits: bool = False) -> tuple[Array, Array]:
    """`weight` `[N, D]` as int8 rows `[N, D']` and their float32 scales `[N]`, or in four bits as
    uint8 `[N, D'/2]` with scales `[N, D'/64]`."""
    bits = weight.to(torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
    rows, blocks = len(weight), -(-weight.shape[1] // BLOCK)
    if four_bits:
        halves = np.empty((rows, blocks * BLOCK // 2), np.uint8)
        scales = np.empty((rows, blocks), np.float32)
        kernels.quantize_to_four(bits, halves, scales)
        return halves, scales
    whole = np.zeros((rows, blocks * BLOCK), np.int8)
    scale = np.empty(rows, np.float32)
    kernels.quantize(bits, whole, scale)
    return whole, scale


@dataclass(frozen=True, slots=True)
class Quantization:
    """How the weights of a model on the CPU are quantized, and who computes with them."""

    cores: Cores
    packs: Packs = field(default_factory=Packs)
    four_bit_predictor: bool = False
    """The layers of the code predictor have four bits instead of eight."""


def _by_turns(rows: Array) -> Array:
    """Of rows `[layers, N, ...]`, two of the first half and two of the second by turns."""
    layers, count = rows.shape[:2]
    halves = rows.reshape(layers, 2, count // 4, 2, *rows.shape[2:]).swapaxes(1, 2)
    return halves.reshape(rows.shape)


class QuantizedMatrix:
    """`[..., D]` to `[..., N]`, of int8."""

    __slots__ = ("_cores", "scale", "weight")

    def __init__(self, weight: Tensor, how: Quantization, name: str = "") -> None:
        """`name` is what it is kept under."""
        self._cores = how.cores
        self.weight, self.scale = how.packs.arrays(name, lambda: quantize(weight))

    def __call__(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1]).numpy()
        y = np.empty((len(flat), len(self.weight)), np.float32)
        self._cores.share()
        kernels.multiply(self.weight, self.scale, flat, y)
        return torch.from_numpy(y).view(*x.shape[:-1], -1)


class QuantizedCache:
    """Keys and values `[layers, B, K, capacity, d]`, float32, of B texts of any length."""

    __slots__ = ("keys", "lengths", "values")

    def __init__(self, size: StackDimensions, texts: int, capacity: int) -> None:
        layers, heads = size.num_hidden_layers, size.num_key_value_heads
        shape = (layers, texts, heads, capacity, size.head_dim)
        self.keys: Array = np.empty(shape, np.float32)
        self.values: Array = np.empty(shape, np.float32)
        self.lengths: Array = np.zeros(texts, np.int64)
        """Positions seen of each text, `[B]`."""

    def reach(self, capacity: int) -> None:
        """Make room for so many positions of each text."""
        more = capacity - self.keys.shape[3]
        if more > 0:
            room = [(0, 0)] * 3 + [(0, more), (0, 0)]
            self.keys, self.values = np.pad(self.keys, room), np.pad(self.values, room)


class QuantizedStack:
    """What `Stack` is, on the CPU."""

    def __init__(
        self,
        dimensions: StackDimensions,
        weights: Mapping[str, Tensor],
        at: str,
        how: Quantization,
        four_bits: bool = False,
    ) -> None:
        """`at` is what every name in `weights` begins with."""
        self.dimensions = dimensions
        self._cores = how.cores
        layers = range(dimensions.num_hidden_layers)
        heads, keys = dimensions.num_attention_heads, dimensions.num_key_value_heads

        def matrices(*names: str) -> tuple[Array, ...]:
            """These matrices of every layer below each other, `[layers, N, ...]`, and scales."""
            return how.packs.arrays(f"{at}{names[0]}{'.four' * four_bits}", lambda: packed(names))

        def packed(names: tuple[str, ...]) -> tuple[Array, ...]:
            of_layers = []
            for layer in layers:
                found = [weights[f"{at}layers.{layer}.{name}.weight"] for name in names]
                parts = [quantize(weight, four_bits) for weight in found]
                of_layers.append([np.concatenate(part) for part in zip(*parts, strict=True)])
            both = (np.stack(part) for part in zip(*of_layers, strict=True))
            return tuple(map(_by_turns, both)) if "mlp.gate_proj" in names else tuple(both)

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
        """An empty cache for so many positions of each row."""
        return QuantizedCache(self.dimensions, rows, capacity)

    def __call__(
        self,
        x: Tensor,
        cache: QuantizedCache,
        positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """`x` `[B, S, D]`, float32, goes behind what the cache holds; `[B, S, D]`."""
        assert positions is None, "rows of different lengths need no padding: see `extend`"
        assert mask is None, "rows of different lengths need no padding: see `extend`"
        rows, steps, width = x.shape
        counts = np.full(rows, steps)
        return self.extend(x.reshape(-1, width), cache, counts).view(rows, steps, -1)

    def extend(self, x: Tensor, cache: QuantizedCache, counts: Array) -> Tensor:
        """Positions `x` `[S, D]`, float32, go behind what the cache holds: the first
        `counts[0]` of them to the first text, and so on; `[S, D]`."""
        texts = np.arange(len(counts)).repeat(counts)
        starts = cache.lengths - counts.cumsum() + counts
        places = starts[texts] + np.arange(len(texts))
        longest = int(places.max()) + 1
        if len(self._turns[0]) < longest:
            self._turns = self._angles(max(longest, 2 * len(self._turns[0])))
        self._cores.share()
        hidden = kernels.run_stack(
            x.numpy(), texts, places, *self._turns, cache.keys, cache.values, *self._weights
        )
        cache.lengths += counts
        return torch.from_numpy(hidden)

    def _angles(self, positions: int) -> tuple[Array, Array]:
        turns = self._rotary.upto(positions)
        return turns.real.contiguous().numpy(), turns.imag.contiguous().numpy()
