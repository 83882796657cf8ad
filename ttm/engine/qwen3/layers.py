"""What the talker, the code predictor and the codec's transformer are built of.

Plain functions and small callables on preallocated caches; nothing here derives from `nn.Module`,
whose dispatch is most of a small layer's time. Shapes: B rows, S new positions, L positions seen,
H heads, d head width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

Linear = Callable[[Tensor], Tensor]
"""`[..., inputs]` to `[..., outputs]`."""


class Dense:
    """A matrix as torch multiplies by it."""

    __slots__ = ("bias", "weight")

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight = weight
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Added(Dense):
    """A matrix on a GPU whose product can be added to what is there, by the same kernel."""

    __slots__ = ()

    def onto(self, x: Tensor, y: Tensor) -> Tensor:
        """`x` `[B, S, outputs]`, to which the product with `y` `[B, S, inputs]` was added."""
        x.flatten(0, 1).addmm_(y.flatten(0, 1), self.weight.t())
        return x


def plus(x: Tensor, product: Linear, y: Tensor) -> Tensor:
    """`x` plus the product with `y`; may be `x` itself."""
    return product.onto(x, y) if isinstance(product, Added) else x + product(y)


WIDENED_FROM = 12
"""Rows from which half precision is multiplied in float32 where the CPU has no products of it:
it is then done row by row, and widening a matrix costs as much as 12 of them."""


class Widened(Dense):
    """A matrix in half precision on a CPU that multiplies only float32."""

    __slots__ = ()

    def __call__(self, x: Tensor) -> Tensor:
        if x.shape[-2] < WIDENED_FROM:
            return F.linear(x, self.weight, self.bias)
        bias = None if self.bias is None else self.bias.float()
        return F.linear(x.float(), self.weight.float(), bias).to(x.dtype)


class Packed:
    """A matrix in oneDNN's own order: for one row on 2 cores 1.3 x the rate of the plain one."""

    __slots__ = ("bias", "weight")

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, 1)
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return y


PACKED_FROM = 1 << 18
"""Values of a matrix from which packing pays: a product by a packed one costs 50 us beside."""


def linear(weight: Tensor, bias: Tensor | None = None) -> Linear:
    """`weight` `[outputs, inputs]` in the form that its device multiplies by fastest."""
    if weight.device.type != "cpu":
        return Dense(weight, bias) if bias is not None else Added(weight)
    if weight.dtype != torch.float32 and not _multiplies(weight.dtype):
        return Widened(weight, bias)
    large = weight.numel() >= PACKED_FROM and weight.dtype != torch.float16
    return Packed(weight, bias) if large and _can_pack() else Dense(weight, bias)


def _can_pack() -> bool:
    """oneDNN's packed form is no public interface of torch; without it the plain one serves."""
    mkldnn = torch.ops.mkldnn
    has = hasattr(mkldnn, "_reorder_linear_weight") and hasattr(mkldnn, "_linear_pointwise")
    return has and torch.backends.mkldnn.is_available()


CONVOLUTION_PACKED_FROM = 1 << 22
"""Values of a convolution's weight from which it is a packed product: as a convolution, torch puts
it into oneDNN's order at every call, which is 4/5 of the time of the two largest for 8 frames."""


def convolution(
    weight: Tensor, bias: Tensor, dilation: int = 1, groups: int = 1
) -> Callable[[Tensor], Tensor]:
    """`[B, C, T]` to `[B, C', T - (k - 1) dilation]` by `weight` `[C', C, k]`, which is copied."""
    if len(weight) == dilation == groups == 1 and weight.device.type == "cpu":
        return _to_one(weight[0].T.contiguous(), bias)
    large = weight.numel() >= CONVOLUTION_PACKED_FROM and dilation == groups == 1
    product = linear(weight.flatten(1), bias) if large else None
    if not isinstance(product, Packed):
        weight = weight.clone()
        return lambda x: F.conv1d(x, weight, bias, dilation=dilation, groups=groups)
    taps = weight.shape[2]
    return lambda x: product(x.unfold(2, taps, 1).transpose(1, 2).flatten(2)).transpose(1, 2)


def _to_one(taps: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
    """A convolution to one channel by `taps` `[k, C]`: all taps' products at once, then their sum.
    oneDNN's own takes eight times as long."""

    def convolve(x: Tensor) -> Tensor:
        products = taps @ x
        columns = x.shape[2] - len(taps) + 1
        y = bias + products[:, :1, :columns]
        for tap in range(1, len(taps)):
            y += products[:, tap : tap + 1, tap : tap + columns]
        return y

    return convolve


def _multiplies(dtype: torch.dtype) -> bool:
    """Whether this CPU has matrix products of a half precision."""
    mkldnn = torch.ops.mkldnn
    name = "_is_mkldnn_bf16_supported" if dtype == torch.bfloat16 else "_is_mkldnn_fp16_supported"
    return bool(hasattr(mkldnn, name) and getattr(mkldnn, name)())


class RmsNorm:
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimension."""

    __slots__ = ("_eps", "_twice", "_weight")

    def __init__(self, weight: Tensor, eps: float) -> None:
        self._weight, self._eps = weight, eps
        # torch has no fused RMS norm for the CPU but ten small operators. Beside its negative, x
        # has a mean of 0 and a variance of mean(x^2): that norm is one operator.
        self._twice = torch.cat((weight, weight)) if weight.device.type == "cpu" else None

    def __call__(self, x: Tensor) -> Tensor:
        if self._twice is None:
            return F.rms_norm(x, self._weight.shape, self._weight, self._eps)
        both = torch.cat((x, -x), -1)
        normed = F.layer_norm(both, self._twice.shape, self._twice, None, self._eps)
        return normed[..., : x.shape[-1]]


class Rotary:
    """Rotary position embedding, angles in float32.

    A head's dimensions i and i + d/2 turn together (`rotate_half`). With `paired` rows of the
    projections (see `paired`) they lie side by side, and the turn is one complex product.
    """

    def __init__(self, head_dim: int, theta: float, device: torch.device):
        exponents = torch.arange(0, head_dim, 2, dtype=torch.int64, device=device).float()
        self._frequencies = 1.0 / theta ** (exponents / head_dim)
        self._turns = torch.empty(0, head_dim // 2, dtype=torch.complex64, device=device)

    def upto(self, positions: int) -> Tensor:
        """`cos + i sin`, `[>= positions, d/2]`."""
        if len(self._turns) < positions:
            size = max(256, 2 * len(self._turns), positions)
            self._turns = self.at(torch.arange(size, device=self._turns.device))
        return self._turns

    def at(self, positions: Tensor) -> Tensor:
        """The same of these `positions` `[S]` alone, without a table: `[S, d/2]`."""
        angles = torch.outer(positions.float(), self._frequencies)
        return torch.complex(angles.cos(), angles.sin())


def paired(rows: Tensor, head_dim: int) -> Tensor:
    """Rows `[H * d, ...]` of a projection to heads, with each head's i and i + d/2 made
    neighbours. Scores of queries and keys that are both paired stay what they were."""
    heads = rows.view(-1, 2, head_dim // 2, *rows.shape[1:])
    return heads.transpose(1, 2).reshape(rows.shape)


def turn(x: Tensor, turns: Tensor, into: Tensor | None = None) -> Tensor:
    """`x` `[..., d]`, float32 and paired, turned by its position's `turns` `[..., d/2]`."""
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
    out = None if into is None else torch.view_as_complex(into.unflatten(-1, (-1, 2)))
    return torch.view_as_real(torch.mul(pairs, turns, out=out)).flatten(-2)


class Cache:
    """Keys and values of one stack: for each layer `[B, 2 H, capacity, d]`, float32."""

    __slots__ = ("both", "keys", "length", "values")

    def __init__(
        self,
        layers: int,
        rows: int,
        heads: int,
        capacity: int,
        head_dim: int,
        device: torch.device,
    ) -> None:
        shape = (layers, rows, 2 * heads, capacity, head_dim)
        # empty, not zeros: memory that no position has reached yet is not touched.
        self.both = list(torch.empty(shape, device=device))
        self.keys = [layer[:, :heads] for layer in self.both]
        self.values = [layer[:, heads:] for layer in self.both]
        self.length = 0

    def put(self, layer: int, both: Tensor) -> tuple[Tensor, Tensor]:
        """Write a layer's keys and values `[B, 2 H, S, d]` behind `length`; all that it has by
        then, `[B, H, L, d]` each. `length` stays until every layer has put its own."""
        end = self.length + both.shape[2]
        self.both[layer][:, :, self.length : end] = both
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]


class Memory(Protocol):
    """Keys and values of one stack, wherever they lie; see `Cache`."""

    def put(self, layer: int, both: Tensor) -> tuple[Tensor, Tensor]: ...


class Attention:
    """Grouped-query attention with normalised queries and keys, projections fused to one.

    Between its two projections it computes in float32, whatever these compute in: at one position
    the keys and values are few beside the weights.
    """

    __slots__ = ("_group", "_heads", "_keys", "_norm", "_ones", "_qkv", "_scale", "out")

    def __init__(
        self, qkv: Linear, norm: Tensor, out: Linear, heads: int, keys: int, eps: float
    ) -> None:
        """`qkv` gives queries, keys and values, the first two paired; `norm` `[heads + keys, d]`
        weighs them, likewise paired."""
        self._qkv, self._norm, self.out = qkv, norm.float(), out
        self._heads, self._keys, self._group = heads, keys, heads // keys
        self._scale = norm.shape[-1] ** -0.5
        self._ones = RmsNorm(torch.ones_like(self._norm[0]), eps)

    def __call__(
        self,
        x: Tensor,
        turns: Tensor,
        memory: Memory,
        layer: int,
        mask: Tensor | None,
    ) -> Tensor:
        """What the heads made of `x` `[B, S, D]`, which goes behind what `memory` has of this
        layer; `out` is still to be applied. `[B, S, heads * d]`.

        `turns` broadcasts to `[B, S, 1, d/2]`; `mask` `[B, 1, S, L]`, float32, is added to the
        scores.
        """
        rows, steps, _ = x.shape
        heads, head = self._heads, self._norm.shape[-1]
        both = heads + self._keys
        qkv = self._qkv(x).float().view(rows, steps, both + self._keys, head)
        turned = qkv[:, :, :both]
        # Into its place, so that keys and values are written to the memory at once.
        turn(self._ones(turned) * self._norm, turns, turned)
        keys, values = memory.put(layer, qkv[:, :, heads:].transpose(1, 2))
        if steps > 1:
            mixed = self._many(turned[:, :, :heads], keys, values, mask)
        else:
            # One new position: heads that share a key head stand as positions of one head.
            mixed = F.scaled_dot_product_attention(
                turned[:, :, :heads].view(rows, self._keys, self._group, head),
                keys,
                values,
                attn_mask=mask,
                scale=self._scale,
            )
        return mixed.reshape(rows, steps, heads * head).to(x.dtype)

    def _many(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Several new positions, each seeing those before it. `[B, S, heads, d]`."""
        steps, end = queries.shape[1], keys.shape[2]
        if mask is None and end > steps:
            # `is_causal` would count the new positions from the first cached one.
            mask = torch.ones(steps, end, dtype=torch.bool, device=queries.device)
            mask = mask.tril(end - steps)
        mixed = F.scaled_dot_product_attention(
            queries.transpose(1, 2),
            keys.repeat_interleave(self._group, 1),
            values.repeat_interleave(self._group, 1),
            attn_mask=mask,
            is_causal=mask is None,
            scale=self._scale,
        )
        return mixed.transpose(1, 2)


class GatedMlp:
    """`down(silu(gate(x)) * up(x))`, gate and up in one product."""

    __slots__ = ("_gate_up", "down")

    def __init__(self, gate_up: Linear, down: Linear) -> None:
        self._gate_up, self.down = gate_up, down

    def __call__(self, x: Tensor) -> Tensor:
        return self.down(self.inner(x))

    def inner(self, x: Tensor) -> Tensor:
        """All but `down`."""
        gate, up = self._gate_up(x).chunk(2, -1)
        return F.silu(gate).mul_(up)


class Layer:
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`."""

    __slots__ = ("_after", "_attention", "_before", "_mlp")

    def __init__(
        self, before: RmsNorm, attention: Attention, after: RmsNorm, mlp: GatedMlp
    ) -> None:
        self._before, self._attention, self._after, self._mlp = before, attention, after, mlp

    def __call__(
        self,
        x: Tensor,
        turns: Tensor,
        memory: Memory,
        layer: int,
        mask: Tensor | None,
    ) -> Tensor:
        """`x` `[B, S, D]` to the same; may be written to."""
        mixed = self._attention(self._before(x), turns, memory, layer, mask)
        x = plus(x, self._attention.out, mixed)
        return plus(x, self._mlp.down, self._mlp.inner(self._after(x)))
