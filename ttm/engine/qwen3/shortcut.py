"""The codec's seven-tap convolutions with 10 products where there were 28, compiled by numba.

Toom's and Cook's shortcut: a polynomial is known by its values, so a short convolution is a
product of values. Four outputs of seven taps need ten values, whatever the dilation: tiles are
taken from every d-th column. In float32 that costs a digit (5e-6 of the values' own size, where the
plain sum has 7e-7), so the exact engine does without. What surrounds a residual unit's
convolutions, the snakes, the bias and the sum, is done on the way. Source: A. L. Toom 1963, S. A.
Cook 1966; arXiv:1509.09308 for neural networks. Shapes: C channels, T columns, N tiles.
"""

# numba compiles these from their source: annotations would cost it time, no more.
# mypy: disable-error-code="no-untyped-def, no-any-return, untyped-decorator"

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import torch
from numba import njit, prange
from numpy.typing import NDArray
from torch import Tensor

TAPS = 7
OUTPUTS = 4
"""Of one tile."""
VALUES = OUTPUTS + TAPS - 1
POINTS = tuple(map(Fraction, ("0", "1", "-1", "2", "-2", "1/2", "-1/2", "3/2", "-3/2")))
"""Where the polynomials are evaluated, infinity beside; small ones, and inverses, keep the digits.
"""
TILES = 1024
"""At once: 10 values of 96 channels and their products are 8 MB then, and stay in the cache."""
TERMS = 8
"""Of the series for sin squared: 1e-7 off at most."""


@cache
def matrices() -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float32]]:
    """What makes outputs of products `[4, 10]`, values of taps `[10, 7]`, of columns `[10, 10]`."""
    weighted, columns = _powers(TAPS), _inverse(_powers(VALUES))
    sizes = []
    for i in range(VALUES):
        # A power of two for each value, so that taps and columns are of one size; exact.
        taps = sum(abs(value) for value in weighted[i])
        ratio = taps / sum(abs(row[i]) for row in columns)
        sizes.append(2.0 ** round(float(np.log2(float(ratio))) / 2))
    size = np.array(sizes)
    outputs = np.array(_powers(OUTPUTS), dtype=float).T
    of_taps = np.array(weighted, dtype=float) / size[:, None]
    of_columns = np.array(columns, dtype=float).T * size[:, None]
    return outputs.astype(np.float32), of_taps, of_columns.astype(np.float32)


def _powers(count: int) -> list[list[Fraction]]:
    """Row i: the powers of point i; the last row is the point at infinity."""
    rows = [[point**power for power in range(count)] for point in POINTS]
    return [*rows, [Fraction(0)] * (count - 1) + [Fraction(1)]]


def _inverse(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    size = len(matrix)
    rows = [[*row, *(Fraction(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = next(i for i in range(column, size) if rows[i][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [value / lead for value in rows[column]]
        for i in range(size):
            if i != column and (factor := rows[i][column]):
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column], strict=True)]
    return [row[size:] for row in rows]


@cache
def series() -> NDArray[np.float32]:
    """Coefficients of `sin(pi x)^2` in powers of x^2, for |x| <= 1/2."""
    fit = np.polynomial.Chebyshev.interpolate(
        lambda y: np.sin(np.pi * np.sqrt(y)) ** 2, TERMS - 1, domain=[0, 0.25]
    )
    return fit.convert(kind=np.polynomial.Polynomial).coef.astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _sine_squared(turns, c):
    """Of `turns` half turns."""
    x = turns - np.float32(np.rint(turns))
    y = x * x
    high = ((c[7] * y + c[6]) * y + c[5]) * y + c[4]
    return (((high * y + c[3]) * y + c[2]) * y + c[1]) * y + c[0]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, parallel=True)
def snake(x, turns, size, c, y):
    """`y` `[C, T]` = x + size sin(pi turns x)^2, of `x` `[C, T]`; turns and size `[C]`."""
    for channel in prange(len(x)):
        for t in range(x.shape[1]):
            value = x[channel, t]
            y[channel, t] = value + size[channel] * _sine_squared(value * turns[channel], c)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _value(weights, phases, dilation, into):
    """One value of every tile, of the columns by their index modulo 4."""
    # Weights are read first, for all the compiler knows `into` might lie over them; slices rather
    # than sums in an index, which might be negative; and two loops, since it leaves off at more
    # than eight pairs of rows that may overlap. Each of the three is worth a factor of 4.
    w0, w1, w2, w3, w4 = weights[0], weights[1], weights[2], weights[3], weights[4]
    w5, w6, w7, w8, w9 = weights[5], weights[6], weights[7], weights[8], weights[9]
    a, b, c, d = phases[0], phases[1], phases[2], phases[3]
    e, f, g, h = a[dilation:], b[dilation:], c[dilation:], d[dilation:]
    i, j = e[dilation:], f[dilation:]
    for n in range(len(into)):
        into[n] = w0 * a[n] + w1 * b[n] + w4 * e[n] + w5 * f[n] + w8 * i[n] + w9 * j[n]
    for n in range(len(into)):
        into[n] += w2 * c[n] + w3 * d[n] + w6 * g[n] + w7 * h[n]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _spread(row, dilation, phases):
    """Runs of `dilation` columns in turns to four rows."""
    if dilation == 1:
        a, b, e, f = phases[0], phases[1], phases[2], phases[3]
        for n in range(len(a)):
            a[n], b[n], e[n], f[n] = row[4 * n], row[4 * n + 1], row[4 * n + 2], row[4 * n + 3]
        return
    for run in range(phases.shape[1] // dilation):
        for phase in range(4):
            start = (4 * run + phase) * dilation
            for j in range(dilation):
                phases[phase, run * dilation + j] = row[start + j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _gather(phases, dilation, row):
    """The reverse of `_spread`."""
    if dilation == 1:
        a, b, e, f = phases[0], phases[1], phases[2], phases[3]
        for n in range(len(a)):
            row[4 * n], row[4 * n + 1], row[4 * n + 2], row[4 * n + 3] = a[n], b[n], e[n], f[n]
        return
    for run in range(phases.shape[1] // dilation):
        for phase in range(4):
            start = (4 * run + phase) * dilation
            for j in range(dilation):
                row[start + j] = phases[phase, run * dilation + j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, parallel=True)
def to_values(x, first, ready, dilation, turns, size, c, columns, values):
    """The snake of `x` `[C, T]` from column `first`, in tiles, as `values` `[10, C, N]`.

    The columns before `ready` are snakes already.
    Tile s * d + j has the columns (4 s + i) d + j, i < 10; what is beyond the last is 0.
    """
    span = values.shape[2] + 2 * dilation
    here = min(x.shape[1] - first, 4 * span)
    for channel in prange(len(x)):
        row = np.empty(4 * span, np.float32)
        frequency, weight = turns[channel], size[channel]
        source = x[channel, first : first + here]
        heard = min(max(0, ready - first), here)
        row[:heard] = source[:heard]
        for t in range(heard, here):
            row[t] = source[t] + weight * _sine_squared(source[t] * frequency, c)
        row[here:] = 0
        # By i modulo 4, so that the columns of neighbouring tiles lie side by side.
        phases = np.empty((4, span), np.float32)
        _spread(row, dilation, phases)
        for i in range(10):
            _value(columns[i], phases, dilation, values[i, channel])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, inline="always")
def _add(weights, products, channel, first, into):
    """Five values' part in an output."""
    w0, w1, w2 = weights[first], weights[first + 1], weights[first + 2]
    w3, w4 = weights[first + 3], weights[first + 4]
    p0, p1 = products[first, channel], products[first + 1, channel]
    p2, p3 = products[first + 2, channel], products[first + 3, channel]
    p4 = products[first + 4, channel]
    for n in range(len(into)):
        into[n] += w0 * p0[n] + w1 * p1[n] + w2 * p2[n] + w3 * p3[n] + w4 * p4[n]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True, parallel=True)
def from_products(products, outputs, bias, turns, size, c, dilation, y):
    """The snake of what `products` `[10, C, N]` and `bias` `[C]` come to, as `y` `[C, T]`."""
    count = products.shape[2]
    for channel in prange(len(y)):
        phases = np.empty((4, count), np.float32)
        frequency, weight = turns[channel], size[channel]
        for phase in range(4):
            mixed = phases[phase]
            mixed[:] = bias[channel]
            _add(outputs[phase], products, channel, 0, mixed)
            _add(outputs[phase], products, channel, 5, mixed)
            for n in range(count):
                mixed[n] += weight * _sine_squared(mixed[n] * frequency, c)
        row = np.empty(4 * count, np.float32)
        _gather(phases, dilation, row)
        y[channel] = row[: y.shape[1]]


class Snake:
    """`x + size sin(frequency x)^2` for every channel."""

    def __init__(self, frequency: Tensor, size: Tensor) -> None:
        """`frequency` in radians, and `size`, `[C]`."""
        self.turns: NDArray[Any] = (frequency.double() / torch.pi).float().numpy()
        self.size: NDArray[Any] = size.float().numpy()

    def __call__(self, x: Tensor) -> Tensor:
        """`[C, T]` to the same."""
        y = torch.empty(x.shape)
        snake(x.numpy(), self.turns, self.size, series(), y.numpy())
        return y


class ResidualUnit:
    """Snake, seven taps, snake, one tap, and the sum with the input."""

    def __init__(
        self,
        first: Snake,
        wide: tuple[Tensor, Tensor],
        second: Snake,
        narrow: tuple[Tensor, Tensor],
        dilation: int,
    ) -> None:
        """`wide` `[C, C, 7]` and `narrow` `[C, C, 1]`, each with its bias `[C]`."""
        self._first, self._second, self._dilation = first, second, dilation
        self.past = (TAPS - 1) * dilation
        """Columns of the past that it hears."""
        weight, bias = wide
        _, of_taps, _ = matrices()
        taps = torch.from_numpy(of_taps.astype(np.float32))
        # Every value of a tile is a product by a matrix of its own.
        self._weight = torch.tensordot(taps, weight, ([1], [2]))
        self._bias: NDArray[Any] = bias.numpy()
        self._narrow, self._narrow_bias = narrow[0].squeeze(2).clone(), narrow[1][:, None]

    def __call__(self, tail: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """`tail` `[C, past]`, snakes of what came before, and `x` `[C, T]`: the next tail, and
        the unit's output `[C, T]`."""
        outputs, _, columns = matrices()
        c, d, new = series(), self._dilation, x.shape[1]
        first, second = self._first, self._second
        heard = first(x[:, max(0, new - self.past) :])
        source = torch.cat((tail, x), 1).numpy()
        y = x + self._narrow_bias
        step = 4 * d * max(1, TILES // d)
        for start in range(0, new, step):
            end = min(new, start + step)
            tiles = -(-(end - start) // (4 * d)) * d
            values, products, inner = self._room(tiles, end - start)
            to_values(
                source[:, : self.past + end], start, self.past, d,
                first.turns, first.size, c, columns, values.numpy(),
            )  # fmt: skip
            for i in range(VALUES):
                torch.mm(self._weight[i], values[i], out=products[i])
            from_products(
                products.numpy(), outputs, self._bias, second.turns, second.size, c, d,
                inner.numpy(),
            )  # fmt: skip
            y[:, start:end].addmm_(self._narrow, inner)
        return torch.cat((tail, heard), 1)[:, -self.past :], y

    def _room(self, tiles: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
        channels = len(self._narrow)
        values = torch.empty(VALUES, channels, tiles)
        return values, torch.empty_like(values), torch.empty(channels, columns)
