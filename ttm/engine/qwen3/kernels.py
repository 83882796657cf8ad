"""Products by int8 weights, and a whole stack of layers in one call; compiled by numba's LLVM.

One position's products are bound by the bytes of the weights, and torch's own int8 products reach
half of the read bandwidth here. Weights are int8 with a scale a row, activations 14 bits with a
scale a position; of several positions, four rows are taken by two at a time, which gives 260 Gop/s
of two AVX2 cores. Compiled once and kept on disk (`NUMBA_CACHE_DIR`). Shapes: S positions, D width,
N rows of a weight, B texts, H heads, K key heads, d head width; D' is D padded to blocks of 64.
"""

# numba compiles these from their source: annotations and slicing would cost it time, no more.
# mypy: disable-error-code="no-untyped-def, no-any-return, untyped-decorator"

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

from ttm.engine.qwen3.products import BLOCK, STEPS, sums

WEIGHT_STEPS = 127
"""From 0 to a row's largest weight."""
FAST = {"reassoc", "nsz", "arcp", "contract", "afn"}
"""Freedoms of the compiler with floats; not that of taking them to be finite, since what is not has
to be noticed. What multiplies has none of them: factors might be taken in another order where two
positions are computed together than where one is."""
SCALES_TRIED, SCALE_STEP = 12, np.float32(0.03)
"""Of four bits: from what reaches a group's largest weight to 2/3 of it."""

_one = sums(1, 1, ahead=1)
_four_by_two = sums(4, 2, ahead=4)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def quantize(bits, weight, scale):
    """bfloat16 `bits` `[N, D]` (uint16) to int8 `weight` `[N, D']` and its `scale` `[N]`."""
    rows, width = bits.shape
    for row in prange(rows):
        wide = np.empty(width, np.uint32)
        for i in range(width):
            wide[i] = np.uint32(bits[row, i]) << np.uint32(16)
        values = wide.view(np.float32)
        most = np.float32(0)
        for i in range(width):
            most = max(most, abs(values[i]))
        scale[row] = most / np.float32(WEIGHT_STEPS)
        inverse = np.float32(WEIGHT_STEPS) / most if most > 0 else np.float32(0)
        for i in range(width):
            weight[row, i] = np.int8(np.rint(values[i] * inverse))


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def quantize_to_four(bits, weight, scale):
    """bfloat16 `bits` `[N, D]` (uint16) to four-bit `weight` `[N, D'/2]` (see `products`) and its
    `scale` `[N, D'/64]`; of the scales tried, the one with the least squares of errors."""
    rows, width = bits.shape
    for row in prange(rows):
        values = np.zeros(scale.shape[1] * BLOCK, np.float32)
        wide = values.view(np.uint32)
        for i in range(width):
            wide[i] = np.uint32(bits[row, i]) << np.uint32(16)
        for group in range(scale.shape[1]):
            here = values[group * BLOCK : (group + 1) * BLOCK]
            most = np.float32(0)
            for i in range(BLOCK):
                most = max(most, abs(here[i]))
            best, least = np.float32(0), np.float32(np.inf)
            for trial in range(SCALES_TRIED):
                size = most / np.float32(7) * (np.float32(1) - np.float32(trial) * SCALE_STEP)
                wrong = np.float32(0)
                for i in range(BLOCK):
                    one = min(max(np.rint(here[i] / size), np.float32(-8)), np.float32(7))
                    wrong += (one * size - here[i]) ** 2
                if most > 0 and wrong < least:
                    best, least = size, wrong
            scale[row, group] = best
            for i in range(BLOCK // 2):
                low, high = np.float32(0), np.float32(0)
                if best > 0:
                    low = min(max(np.rint(here[i] / best), np.float32(-8)), np.float32(7))
                    high = here[BLOCK // 2 + i] / best
                    high = min(max(np.rint(high), np.float32(-8)), np.float32(7))
                weight[row, group * (BLOCK // 2) + i] = np.uint8(low + 8) | np.uint8(high + 8) << 4


@njit(cache=True, nogil=True, parallel=True)
def weighted_sum(words):
    """Of uint64 `words`, each times an odd number of its own, modulo 2^64."""
    total = np.uint64(0)
    for i in prange(len(words)):
        total += words[i] * np.uint64(2 * i + 1)
    return total


@njit(cache=True, nogil=True, inline="always")
def _padded(width):
    return (width + BLOCK - 1) // BLOCK * BLOCK


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _in_steps(x, steps, size):
    """`x` `[S, D]` as `steps` `[S, D']`, and how large one is, `size` `[S]`, which is not finite
    where `x` is not."""
    most = np.zeros(1, np.int32)
    for s in range(len(x)):
        row = x[s]
        # Without their sign, floats are in the order of their bits, and what is no number is last.
        bits = row.view(np.int32)
        highest = np.int32(0)
        for i in range(len(bits)):
            highest = max(highest, bits[i] & np.int32(0x7FFFFFFF))
        most[0] = highest
        size[s] = most.view(np.float32)[0] / np.float32(STEPS)
        inverse = np.float32(1) / size[s] if size[s] > 0 else np.float32(0)
        into = steps[s]
        for i in range(len(row)):
            into[i] = np.int16(np.rint(row[i] * inverse))


@njit(cache=True, nogil=True, error_model="numpy")
def _four(weight, scale, first, steps, size, y):
    """Four columns of `y` `[S, N]`, from `first` on: the weight's rows by every position."""
    twos = len(steps) // 2 * 2
    for s in range(0, twos, 2):
        found = _four_by_two(weight, scale, first, steps, s)
        for r in range(4):
            y[s, first + r] = found[2 * r] * size[s]
            y[s + 1, first + r] = found[2 * r + 1] * size[s + 1]
    for s in range(twos, len(steps)):
        for r in range(first, first + 4):
            y[s, r] = _one(weight, scale, r, steps, s)[0] * size[s]


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def multiply(weight, scale, x, y):
    """`y` `[S, N]` from `x` `[S, D]`, both float32; N is 4 at least."""
    steps = np.zeros((len(x), _padded(x.shape[1])), np.int16)
    size = np.empty(len(x), np.float32)
    _in_steps(x, steps, size)
    last = len(weight) - 4
    for four in prange((len(weight) + 3) // 4):
        _four(weight, scale, min(4 * four, last), steps, size, y)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _norm(x, weight, eps, y):
    """Root-mean-square norm of every row."""
    for s in range(len(x)):
        total = np.float32(0)
        for i in range(x.shape[1]):
            total += x[s, i] * x[s, i]
        factor = np.float32(1) / np.float32(math.sqrt(total / x.shape[1] + eps))
        for i in range(x.shape[1]):
            y[s, i] = x[s, i] * factor * weight[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
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


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def run_stack(
    x, texts, places, cos, sin, keys, values, eps,
    before, qkv, qkv_scale, norms, out, out_scale,
    after, gate_up, gate_up_scale, down, down_scale, last,
):  # fmt: skip
    """Hidden states `[S, D]` of the positions `x` `[S, D]`.

    texts, places  [S]: which text each belongs to, and its place there; a text's in rising order
    cos, sin    [> the last place, d/2]
    keys, values  [layers, B, K, capacity, d]: what was seen; the new positions are written to it
    before, after  [layers, D]; norms [layers, H + K, d]; last [D]: weights of the norms
    qkv, out, gate_up, down  [layers, N, D'] int8, each with its scales [layers, N], or of four
    bits (see `products`); N is a multiple of 4; two rows of the gate and two of the other take
    turns in gate_up
    """
    steps, width = x.shape
    layers, _, key_heads, _, head = keys.shape
    both = norms.shape[1]
    heads = both - key_heads
    group = heads // key_heads
    inner = gate_up.shape[1] // 2
    longest = places.max() + 1
    x = x.copy()
    normed = np.empty((steps, width), np.float32)
    states = np.empty((steps, qkv.shape[1]), np.float32)
    mixed = np.empty((steps, heads * head), np.float32)
    added = np.empty((steps, width), np.float32)
    gates = np.empty((steps, 2 * inner), np.float32)
    hidden = np.empty((steps, inner), np.float32)
    size = np.empty(steps, np.float32)
    narrow = np.zeros((steps, _padded(width)), np.int16)
    joined = np.zeros((steps, _padded(heads * head)), np.int16)
    wide = np.zeros((steps, _padded(inner)), np.int16)
    for layer in range(layers):
        _norm(x, before[layer], eps, normed)
        _in_steps(normed, narrow, size)
        for four in prange(qkv.shape[1] // 4):
            _four(qkv[layer], qkv_scale[layer], 4 * four, narrow, size, states)
        for k in prange(key_heads):
            query = np.empty(head, np.float32)
            scores = np.empty(longest, np.float32)
            for s in range(steps):
                at, text = places[s], texts[s]
                first = (heads + k) * head
                _turned(
                    states[s, first : first + head], norms[layer, heads + k], eps,
                    cos[at], sin[at], keys[layer, text, k, at],
                )  # fmt: skip
                first = (both + k) * head
                values[layer, text, k, at, :] = states[s, first : first + head]
            for s in range(steps):
                at, text = places[s], texts[s]
                for h in range(k * group, (k + 1) * group):
                    place = slice(h * head, (h + 1) * head)
                    _turned(states[s, place], norms[layer, h], eps, cos[at], sin[at], query)
                    _attend(
                        query, keys[layer, text, k], values[layer, text, k], at + 1, scores,
                        mixed[s, place],
                    )  # fmt: skip
        _in_steps(mixed, joined, size)
        for four in prange(width // 4):
            _four(out[layer], out_scale[layer], 4 * four, joined, size, added)
        x += added
        _norm(x, after[layer], eps, normed)
        _in_steps(normed, narrow, size)
        for two in prange(inner // 2):
            _four(gate_up[layer], gate_up_scale[layer], 4 * two, narrow, size, gates)
            for s in range(steps):
                for i in range(2):
                    gate = gates[s, 4 * two + i]
                    gate /= np.float32(1) + np.float32(math.exp(-gate))
                    hidden[s, 2 * two + i] = gate * gates[s, 4 * two + 2 + i]
        _in_steps(hidden, wide, size)
        for four in prange(width // 4):
            _four(down[layer], down_scale[layer], 4 * four, wide, size, added)
        x += added
    _norm(x, last, eps, normed)
    return normed
