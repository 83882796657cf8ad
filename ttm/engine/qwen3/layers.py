"""What the talker, the code predictor and the codec's transformer are built of.

Plain functions and small callables on preallocated caches; nothing here derives from `nn.Module`,
whose dispatch is most of a small layer's time. Shapes: B rows, S new positions, L positions seen,
H heads, d head width.
"""

from __future__ import annotations

from collections.abc import Callable

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


class Packed:
    """A float32 matrix in oneDNN's own order: 1.3 x the rate of MKL's for one row on 2 cores."""

    __slots__ = ("bias", "weight")

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, 1)
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return y


def linear(weight: Tensor, bias: Tensor | None = None) -> Linear:
    """`weight` `[outputs, inputs]` in the form that its device multiplies by fastest."""
    if weight.device.type == "cpu" and weight.dtype == torch.float32 and _can_pack():
        return Packed(weight, bias)
    return Dense(weight, bias)


def _can_pack() -> bool:
    """oneDNN's packed form is no public interface of torch; without it the plain one serves."""
    mkldnn = torch.ops.mkldnn
    has = hasattr(mkldnn, "_reorder_linear_weight") and hasattr(mkldnn, "_linear_pointwise")
    return has and torch.backends.mkldnn.is_available()


class Rotary:
    """Rotary position embedding in halves: `x cos + rotate_half(x) sin`.

    `sin` is stored with the sign that `rotate_half` gives, so that a roll can stand for it.
    """

    def __init__(self, head_dim: int, theta: float, device: torch.device, dtype: torch.dtype):
        exponents = torch.arange(0, head_dim, 2, dtype=torch.int64, device=device).float()
        self._frequencies = 1.0 / theta ** (exponents / head_dim)
        self._dtype = dtype
        self._cos = self._sin = torch.empty(0, head_dim, dtype=dtype, device=device)

    def upto(self, positions: int) -> tuple[Tensor, Tensor]:
        """cos and signed sin, each `[>= positions, d]`."""
        if len(self._cos) < positions:
            size = max(256, 2 * len(self._cos), positions)
            at = torch.arange(size, device=self._cos.device, dtype=torch.float32)
            angles = torch.outer(at, self._frequencies)
            cos, sin = angles.cos(), angles.sin()
            self._cos = torch.cat((cos, cos), dim=-1).to(self._dtype)
            self._sin = torch.cat((-sin, sin), dim=-1).to(self._dtype)
        return self._cos, self._sin


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """`x` `[..., d]` turned by its position's angles."""
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin)


class Cache:
    """Keys and values of one stack: 2 x `[layers, B, H, capacity, d]`."""

    __slots__ = ("capacity", "keys", "length", "values")

    def __init__(
        self,
        layers: int,
        rows: int,
        heads: int,
        capacity: int,
        head_dim: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        shape = (layers, rows, heads, capacity, head_dim)
        # empty, not zeros: memory that no position has reached yet is not touched.
        self.keys = list(torch.empty(shape, device=device, dtype=dtype))
        self.values = list(torch.empty(shape, device=device, dtype=dtype))
        self.capacity = capacity
        self.length = 0


class Attention:
    """Grouped-query attention with normalised queries and keys, projections fused to one."""

    __slots__ = ("_eps", "_group", "_heads", "_keys", "_norm", "_out", "_qkv", "_scale")

    def __init__(
        self, qkv: Linear, norm: Tensor, out: Linear, heads: int, keys: int, eps: float
    ) -> None:
        """`qkv` gives queries, keys and values; `norm` `[heads + keys, d]` weighs the first two."""
        self._qkv, self._norm, self._out, self._eps = qkv, norm, out, eps
        self._heads, self._keys, self._group = heads, keys, heads // keys
        self._scale = norm.shape[-1] ** -0.5

    def __call__(
        self,
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        keys: Tensor,
        values: Tensor,
        start: int,
        mask: Tensor | None,
    ) -> Tensor:
        """`x` `[B, S, D]` behind `start` cached positions; cos and sin broadcast to
        `[B, S, 1, d]`; `mask` `[B, 1, S, L]` is added to the scores."""
        rows, steps, _ = x.shape
        end = start + steps
        heads, head = self._heads, keys.shape[-1]
        both = heads + self._keys
        qkv = self._qkv(x).view(rows, steps, both + self._keys, head)
        turned = rotate(
            F.rms_norm(qkv[:, :, :both], (head,), None, self._eps) * self._norm, cos, sin
        )
        keys[:, :, start:end] = turned[:, :, heads:].transpose(1, 2)
        values[:, :, start:end] = qkv[:, :, both:].transpose(1, 2)
        if steps > 1:
            return self._out(self._many(turned[:, :, :heads], keys, values, end, mask))
        # One new position: the heads that share a key head stand as positions of one head.
        queries = turned[:, :, :heads].reshape(rows, self._keys, self._group, head)
        mixed = F.scaled_dot_product_attention(
            queries, keys[:, :, :end], values[:, :, :end], attn_mask=mask, scale=self._scale
        )
        return self._out(mixed.reshape(rows, 1, heads * head))

    def _many(
        self, queries: Tensor, keys: Tensor, values: Tensor, end: int, mask: Tensor | None
    ) -> Tensor:
        """Several new positions, each seeing those before it. `[B, S, heads * d]`."""
        rows, steps = queries.shape[:2]
        past = keys[:, :, :end].repeat_interleave(self._group, 1)
        mixed = F.scaled_dot_product_attention(
            queries.transpose(1, 2),
            past,
            values[:, :, :end].repeat_interleave(self._group, 1),
            attn_mask=mask,
            is_causal=mask is None,
            scale=self._scale,
        )
        return mixed.transpose(1, 2).reshape(rows, steps, -1)


class GatedMlp:
    """`down(silu(gate(x)) * up(x))`, gate and up in one product."""

    __slots__ = ("_down", "_gate_up")

    def __init__(self, gate_up: Linear, down: Linear) -> None:
        self._gate_up, self._down = gate_up, down

    def __call__(self, x: Tensor) -> Tensor:
        gate, up = self._gate_up(x).chunk(2, -1)
        return self._down(F.silu(gate).mul_(up))


class Layer:
    """`x + attention(norm(x))`, then `x + mlp(norm(x))`."""

    __slots__ = ("_after", "_before", "_eps", "attention", "mlp")

    def __init__(
        self, before: Tensor, attention: Attention, after: Tensor, mlp: GatedMlp, eps: float
    ) -> None:
        self._before, self._after, self._eps = before, after, eps
        self.attention, self.mlp = attention, mlp

    def __call__(
        self,
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        keys: Tensor,
        values: Tensor,
        start: int,
        mask: Tensor | None,
    ) -> Tensor:
        width = self._before.shape
        normed = F.rms_norm(x, width, self._before, self._eps)
        x = x + self.attention(normed, cos, sin, keys, values, start, mask)
        return x + self.mlp(F.rms_norm(x, width, self._after, self._eps))
