"""Products by int8 weights, and a whole stack of layers in one call; compiled by numba's LLVM.

One position's products are bound by the bytes of the weights, and torch's own int8 products reach
half of the read bandwidth here. Weights are int8 with a scale a row, activations stay float32:
their conversion is hidden behind the reads. Compiled once and kept on disk (`NUMBA_CACHE_DIR`).
Shapes: S positions, D width, N rows of a weight, H heads, K key heads, d head width.
"""

# numba compiles these from their source: annotations and slicing would cost it time, no more.
# mypy: disable-error-code="no-untyped-def, no-any-return, untyped-decorator"

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

STEPS = 127
"""Steps from 0 to a row's largest weight."""


@njit(cache=True, nogil=True, parallel=True)
def quantize(bits, weight, scale):
    """bfloat16 `bits` `[N, D]` (uint16) to int8 `weight` `[N, D]` and its `scale` `[N]`."""
    rows, width = bits.shape
    for row in prange(rows):
        wide = np.empty(width, np.uint32)
        for i in range(width):
            wide[i] = np.uint32(bits[row, i]) << np.uint32(16)
        values = wide.view(np.float32)
        most = np.float32(0)
        for i in range(width):
            most = max(most, abs(values[i]))
        scale[row] = most / np.float32(STEPS)
        inverse = np.float32(STEPS) / most if most > 0 else np.float32(0)
        for i in range(width):
            weight[row, i] = np.int8(np.rint(values[i] * inverse))


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _dot(row, x):
    total = np.float32(0)
    for i in range(len(x)):
        total += np.float32(row[i]) * x[i]
    return total


@njit(cache=True, nogil=True, fastmath=True, parallel=True)
def multiply(weight, scale, x, y):
    """`y` `[S, N]` from `x` `[S, D]`, both float32."""
    for row in prange(len(weight)):
        for s in range(len(x)):
            y[s, row] = _dot(weight[row], x[s]) * scale[row]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _norm(x, weight, eps, y):
    """Root-mean-square norm of every row."""
    for s in range(len(x)):
        total = np.float32(0)
        for i in range(x.shape[1]):
            total += x[s, i] * x[s, i]
        factor = np.float32(1) / np.float32(math.sqrt(total / x.shape[1] + eps))
        for i in range(x.shape[1]):
            y[s, i] = x[s, i] * factor * weight[i]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _turned(states, weight, eps, cos, sin, y):
    """One head's state, normalised, weighed and turned to its position (`rotate_half`)."""
    head = len(states)
    half = head // 2
    total = np.float32(0)
    for i in range(head):
        total += states[i] * states[i]
    factor = np.float32(1) / np.float32(math.sqrt(total / head + eps))
    for i in range(half):
        first = states[i] * factor * weight[i]
        second = states[half + i] * factor * weight[half + i]
        y[i] = first * cos[i] - second * sin[i]
        y[half + i] = second * cos[i] + first * sin[i]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _attend(query, keys, values, seen, scores, mixed):
    """One head's query over the first `seen` positions of its keys and values."""
    head = len(query)
    scale = np.float32(1) / np.float32(math.sqrt(head))
    most = np.float32(-np.inf)
    for t in range(seen):
        score = np.float32(0)
        for i in range(head):
            score += query[i] * keys[t, i]
        scores[t] = score * scale
        most = max(most, scores[t])
    total = np.float32(0)
    for t in range(seen):
        scores[t] = np.float32(math.exp(scores[t] - most))
        total += scores[t]
    for i in range(head):
        mixed[i] = np.float32(0)
    for t in range(seen):
        share = scores[t] / total
        for i in range(head):
            mixed[i] += share * values[t, i]


@njit(cache=True, nogil=True, fastmath=True, parallel=True)
def run_stack(
    x, start, cos, sin, keys, values, eps,
    before, qkv, qkv_scale, norms, out, out_scale,
    after, gate_up, gate_up_scale, down, down_scale, last,
):  # fmt: skip
    """Hidden states `[S, D]` of the positions `x` `[S, D]`, which go behind `start` others.

    cos, sin    [>= start + S, d/2]
    keys, values  [layers, K, capacity, d]: what was seen; the new positions are written to it
    before, after  [layers, D]; norms [layers, H + K, d]; last [D]: weights of the norms
    qkv, out, gate_up, down  [layers, N, D] int8, each with its scales [layers, N]
    """
    steps, width = x.shape
    layers, key_heads, _, head = keys.shape
    both = norms.shape[1]
    heads = both - key_heads
    group = heads // key_heads
    inner = gate_up.shape[1] // 2
    x = x.copy()
    normed = np.empty((steps, width), np.float32)
    states = np.empty((steps, qkv.shape[1]), np.float32)
    mixed = np.empty((steps, heads * head), np.float32)
    hidden = np.empty((steps, inner), np.float32)
    for layer in range(layers):
        _norm(x, before[layer], eps, normed)
        for row in prange(qkv.shape[1]):
            for s in range(steps):
                states[s, row] = _dot(qkv[layer, row], normed[s]) * qkv_scale[layer, row]
        for k in prange(key_heads):
            query = np.empty(head, np.float32)
            scores = np.empty(start + steps, np.float32)
            for s in range(steps):
                at = start + s
                first = (heads + k) * head
                _turned(
                    states[s, first : first + head], norms[layer, heads + k], eps,
                    cos[at], sin[at], keys[layer, k, at],
                )  # fmt: skip
                first = (both + k) * head
                values[layer, k, at, :] = states[s, first : first + head]
            for s in range(steps):
                at = start + s
                for h in range(k * group, (k + 1) * group):
                    place = slice(h * head, (h + 1) * head)
                    _turned(states[s, place], norms[layer, h], eps, cos[at], sin[at], query)
                    _attend(
                        query, keys[layer, k], values[layer, k], at + 1, scores, mixed[s, place]
                    )
        for row in prange(width):
            for s in range(steps):
                x[s, row] += _dot(out[layer, row], mixed[s]) * out_scale[layer, row]
        _norm(x, after[layer], eps, normed)
        for row in prange(inner):
            for s in range(steps):
                gate = _dot(gate_up[layer, row], normed[s]) * gate_up_scale[layer, row]
                up = _dot(gate_up[layer, inner + row], normed[s])
                up *= gate_up_scale[layer, inner + row]
                hidden[s, row] = gate / (np.float32(1) + np.float32(math.exp(-gate))) * up
        for row in prange(width):
            for s in range(steps):
                x[s, row] += _dot(down[layer, row], hidden[s]) * down_scale[layer, row]
    _norm(x, last, eps, normed)
    return normed
