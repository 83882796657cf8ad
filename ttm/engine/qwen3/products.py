"""Sums of products of weights of 8 or 4 bits and activations of 14, as LLVM vector code.

Written out for numba, whose compiler finds the instruction that multiplies 16 pairs and adds
neighbours (`vpmaddwd`, `smlal`) only if the code is laid out for it: 35 GB/s of weights on two AVX2
cores, where products in float32 reach 26 GB/s. Integer sums are exact, so a position's result is
the same to the bit whichever positions, and however many threads, it is computed with.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
"""Products at a time."""
BLOCK = 64
"""Weights at a time, and to a multiple of which a row is padded: a cache line, four vectors."""
STEPS = 8191
"""From 0 to a position's largest activation. A lane sums a row's eighth, so rows may have 16,000
weights before 32 bits overflow."""

_BYTE, _INT, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_FLOAT = ir.FloatType()
_SUMS, _FLOATS = (ir.VectorType(kind, LANES // 2) for kind in (_INT, _FLOAT))


def sums(rows: int, positions: int, ahead: int) -> Any:
    """An intrinsic `(weight, scale, at, x, first)`: float32 sums, row by row, position by position.

    weight [N, D] int8 with scale [N], or four bits as [N, D/2] uint8 with scale [N, D/64], D a
    multiple of 64; at: the first of so many neighbouring rows; x [S, D] int16; first: of so many
    neighbouring positions. `ahead`: rows by which weights are asked for before they are needed; it
    gives 1/8 more of them a second where one position waits for them, and twice as many where
    several rows are read at once.
    """

    @intrinsic
    def summed(context, weight, scale, at, x, first):  # type: ignore[no-untyped-def]
        signature = types.UniTuple(types.float32, rows * positions)(weight, scale, at, x, first)

        def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            kinds = signature.args
            weight, scale, x = (
                context.make_array(kinds[i])(context, builder, given[i]) for i in (0, 1, 3)
            )
            at = [builder.add(given[2], _LONG(r)) for r in range(rows)]
            places = [builder.add(given[4], _LONG(p)) for p in range(positions)]
            product = _FourBits if kinds[0].dtype == types.uint8 else _EightBits
            width = cgutils.unpack_tuple(builder, weight.shape)[1]
            read = product(builder, _starts(builder, weight, at), _starts(builder, scale, at))
            values = _loop(builder, read, _starts(builder, x, places), width, ahead)
            return context.make_tuple(builder, signature.return_type, values)

        return signature, write

    return summed


def _starts(builder: Any, array: Any, rows: list[Any]) -> list[Any]:
    stride = cgutils.unpack_tuple(builder, array.strides)[0]
    base = builder.bitcast(array.data, _BYTE.as_pointer())
    return [builder.gep(base, [builder.mul(row, stride)]) for row in rows]


class _EightBits:
    """Rows of int8, whose sums stay integers to the end."""

    block = BLOCK
    """Bytes of 64 weights."""
    kind = _SUMS

    def __init__(self, builder: Any, rows: list[Any], scales: list[Any]) -> None:
        self._builder, self.rows, self._scales = builder, rows, scales

    def vectors(self, row: int, at: Any) -> list[Any]:
        """The four vectors of a block, as 32 bits."""
        return [
            _load(self._builder, self.rows[row], self._builder.add(at, _LONG(v * LANES)), 8)
            for v in range(BLOCK // LANES)
        ]

    def grown(self, held: Any, block: Any, row: int, at: Any) -> Any:
        """`held` with a block's sum."""
        return self._builder.add(held, block)

    def total(self, held: Any, row: int) -> Any:
        """The sum of all lanes, exact in 64 bits before it becomes float32 and is scaled."""
        builder, wide = self._builder, ir.VectorType(_LONG, LANES // 2)
        kind = ir.FunctionType(_LONG, [wide])
        name = f"llvm.vector.reduce.add.v{LANES // 2}i64"
        reduce = cgutils.get_or_insert_function(builder.module, kind, name)
        whole = builder.call(reduce, [builder.sext(held, wide)])
        return builder.fmul(builder.sitofp(whole, _FLOAT), _float_at(builder, self._scales[row], 0))


class _FourBits:
    """Rows of four bits, a scale to every 64: byte i of a block holds weights i and i + 32, each
    plus 8. Sums become floats after every block, lane by lane, always in the same order."""

    block = BLOCK // 2
    kind = _FLOATS

    def __init__(self, builder: Any, rows: list[Any], scales: list[Any]) -> None:
        self._builder, self.rows, self._scales = builder, rows, scales

    def vectors(self, row: int, at: Any) -> list[Any]:
        builder, wide = self._builder, ir.VectorType(_INT, LANES)
        eight = wide([8] * LANES)
        low: list[Any] = []
        high: list[Any] = []
        for half in range(2):
            place = builder.gep(self.rows[row], [builder.add(at, _LONG(half * LANES))])
            vector = ir.VectorType(_BYTE, LANES)
            both = builder.load(builder.bitcast(place, vector.as_pointer()), align=1)
            parts = (
                builder.and_(both, vector([15] * LANES)),
                builder.lshr(both, vector([4] * LANES)),
            )
            for into, part in zip((low, high), parts, strict=True):
                into.append(builder.sub(builder.zext(part, wide), eight))
        return [*low, *high]

    def grown(self, held: Any, block: Any, row: int, at: Any) -> Any:
        builder = self._builder
        offset = builder.lshr(at, _LONG(3))  # 4 bytes of scale for 32 of weights
        scale = builder.bitcast(builder.gep(self._scales[row], [offset]), _FLOAT.as_pointer())
        none = ir.Constant(_FLOATS, ir.Undefined)
        first = builder.insert_element(none, builder.load(scale), _INT(0))
        every = builder.shuffle_vector(first, first, _SUMS([0] * (LANES // 2)))
        return builder.fadd(held, builder.fmul(builder.sitofp(block, _FLOATS), every))

    def total(self, held: Any, row: int) -> Any:
        builder, count = self._builder, LANES // 2
        while count > 1:
            count //= 2
            which = ir.VectorType(_INT, count)
            halves = [
                builder.shuffle_vector(held, held, which([*range(first, first + count)]))
                for first in (0, count)
            ]
            held = builder.fadd(*halves)
        return builder.extract_element(held, _INT(0))


def _loop(builder: Any, read: Any, positions: list[Any], width: Any, ahead: int) -> list[Any]:
    """The sums of `width` bytes of each row, row by row, position by position."""
    before = builder.block
    loop, behind = (builder.append_basic_block(name) for name in ("products", "sums"))
    builder.branch(loop)
    builder.position_at_end(loop)
    at = builder.phi(_LONG)
    at.add_incoming(_LONG(0), before)
    rows, count = range(len(read.rows)), len(positions)
    held = [builder.phi(read.kind) for _ in range(len(rows) * count)]
    for one in held:
        one.add_incoming(read.kind([0] * (LANES // 2)), before)
    for row in read.rows:
        _ask_for(builder, row, builder.add(at, builder.mul(width, _LONG(ahead))))
    # Offsets into x: twice the weights' own, which are one to a byte or two.
    offset = builder.mul(at, _LONG(2 * BLOCK // read.block))
    wide = [
        [_load(builder, each, builder.add(offset, _LONG(2 * v * LANES)), 16) for each in positions]
        for v in range(BLOCK // LANES)
    ]
    grown: list[Any] = []
    for row in rows:
        weights = read.vectors(row, at)
        for position in range(count):
            products = [
                _added_neighbours(builder, builder.mul(one, x[position]))
                for one, x in zip(weights, wide, strict=True)
            ]
            pairs = [builder.add(*products[:2]), builder.add(*products[2:])]
            block = builder.add(*pairs)
            grown.append(read.grown(held[len(grown)], block, row, at))
    following = builder.add(at, _LONG(read.block))
    at.add_incoming(following, loop)
    for one, more in zip(held, grown, strict=True):
        one.add_incoming(more, loop)
    builder.cbranch(builder.icmp_signed("<", following, width), loop, behind)
    builder.position_at_end(behind)
    return [read.total(one, i // count) for i, one in enumerate(grown)]


def _load(builder: Any, pointer: Any, offset: Any, bits: int) -> Any:
    """Sixteen numbers of so many bits, as 32."""
    vector = ir.VectorType(ir.IntType(bits), LANES)
    place = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
    return builder.sext(builder.load(place, align=bits // 8), ir.VectorType(_INT, LANES))


def _added_neighbours(builder: Any, products: Any) -> Any:
    even, odd = (_SUMS([*range(first, LANES, 2)]) for first in (0, 1))
    parts = [builder.shuffle_vector(products, products, which) for which in (even, odd)]
    return builder.add(*parts)


def _float_at(builder: Any, pointer: Any, index: int) -> Any:
    floats = builder.bitcast(pointer, _FLOAT.as_pointer())
    return builder.load(builder.gep(floats, [_LONG(index)]))


def _ask_for(builder: Any, pointer: Any, offset: Any) -> None:
    place = builder.gep(pointer, [offset])
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT, _INT, _INT])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(prefetch, [place, _INT(0), _INT(3), _INT(1)])  # to read, to keep, data
