"""Sums of products of int8 weights and 14-bit activations, as LLVM vector code.

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
_SUMS = ir.VectorType(_INT, LANES // 2)


def sums(rows: int, positions: int, ahead: int) -> Any:
    """An intrinsic `(weight, at, x, first)`: float32 sums, row by row, position by position.

    weight [N, D] int8, D a multiple of 64; at: the first of so many neighbouring rows; x [S, D]
    int16; first: of so many neighbouring positions. `ahead`: bytes by which weights are asked for
    before they are needed, in rows; it gives 1/8 more of them a second where one position waits
    for them, and twice as many where several rows are read at once.
    """

    @intrinsic
    def summed(context, weight, at, x, first):  # type: ignore[no-untyped-def]
        signature = types.UniTuple(types.float32, rows * positions)(weight, at, x, first)

        def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            kinds = signature.args
            weight = context.make_array(kinds[0])(context, builder, given[0])
            x = context.make_array(kinds[2])(context, builder, given[2])
            width = cgutils.unpack_tuple(builder, weight.shape)[1]
            at = [builder.add(given[1], _LONG(r)) for r in range(rows)]
            places = [builder.add(given[3], _LONG(p)) for p in range(positions)]
            row_starts = _starts(builder, weight, at)
            position_starts = _starts(builder, x, places)
            found = _loop(builder, row_starts, position_starts, width, ahead)
            values = [_total(builder, one) for one in found]
            return context.make_tuple(builder, signature.return_type, values)

        return signature, write

    return summed


def _starts(builder: Any, array: Any, rows: list[Any]) -> list[Any]:
    stride = cgutils.unpack_tuple(builder, array.strides)[0]
    base = builder.bitcast(array.data, _BYTE.as_pointer())
    return [builder.gep(base, [builder.mul(row, stride)]) for row in rows]


def _loop(builder: Any, rows: list[Any], positions: list[Any], width: Any, ahead: int) -> list[Any]:
    """Vectors of sums, row by row, position by position."""
    before = builder.block
    loop, behind = (builder.append_basic_block(name) for name in ("products", "sums"))
    builder.branch(loop)
    builder.position_at_end(loop)
    start = builder.phi(_LONG)
    start.add_incoming(_LONG(0), before)
    pairs = len(rows) * len(positions)
    # Few sums would wait for each other: the four vectors of a block have sums of their own then.
    chains = BLOCK // LANES if pairs == 1 else 1
    held = [builder.phi(_SUMS) for _ in range(pairs * chains)]
    for one in held:
        one.add_incoming(_SUMS([0] * (LANES // 2)), before)
    grown = list(held)
    for row in rows:
        _ask_for(builder, row, builder.add(start, builder.mul(width, _LONG(ahead))))
    for vector in range(BLOCK // LANES):
        at = builder.add(start, _LONG(vector * LANES))
        twice = builder.shl(at, _LONG(1))
        wide = [_load(builder, each, twice, 16) for each in positions]
        weights = [_load(builder, row, at, 8) for row in rows]
        for pair, (one, x) in enumerate((one, x) for one in weights for x in wide):
            place = vector % chains * pairs + pair
            products = builder.mul(one, x)
            grown[place] = builder.add(grown[place], _added_neighbours(builder, products))
    following = builder.add(start, _LONG(BLOCK))
    start.add_incoming(following, loop)
    for one, more in zip(held, grown, strict=True):
        one.add_incoming(more, loop)
    builder.cbranch(builder.icmp_signed("<", following, width), loop, behind)
    builder.position_at_end(behind)
    for chain in range(1, chains):
        grown[0] = builder.add(grown[0], grown[chain])
    return grown[:pairs]


def _load(builder: Any, pointer: Any, offset: Any, bits: int) -> Any:
    """Sixteen numbers of so many bits, as 32."""
    vector = ir.VectorType(ir.IntType(bits), LANES)
    place = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
    return builder.sext(builder.load(place, align=bits // 8), ir.VectorType(_INT, LANES))


def _added_neighbours(builder: Any, products: Any) -> Any:
    even, odd = (_SUMS([*range(first, LANES, 2)]) for first in (0, 1))
    parts = [builder.shuffle_vector(products, products, which) for which in (even, odd)]
    return builder.add(*parts)


def _total(builder: Any, lanes: Any) -> Any:
    """The sum of all lanes, exact in 64 bits before it becomes float32."""
    wide = ir.VectorType(_LONG, LANES // 2)
    kind = ir.FunctionType(_LONG, [wide])
    name = f"llvm.vector.reduce.add.v{LANES // 2}i64"
    reduce = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.sitofp(builder.call(reduce, [builder.sext(lanes, wide)]), ir.FloatType())


def _ask_for(builder: Any, pointer: Any, offset: Any) -> None:
    place = builder.gep(pointer, [offset])
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT, _INT, _INT])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(prefetch, [place, _INT(0), _INT(3), _INT(1)])  # to read, to keep, data
