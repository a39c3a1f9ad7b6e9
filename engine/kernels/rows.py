"""Passes over rows: what softmax, norms, losses and reductions along the last axis are written in.

Arrays are seen as (m, d): rows of d adjacent float32 numbers, a fixed step apart. A kernel's unit is a row, and a pass
over it is a `sweep`: whole vectors, several at a time where something is summed, and one masked vector at the end.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import FLOAT, INT, LONG, KernelBuilder
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Unsupported, call
from gradbook.kernels.transcendental import log

__all__ = [
    "NOW", "Part", "Rows", "abreast", "add_total", "apart", "float_vector", "grain_of", "held", "joined", "larger",
    "log_number", "peak", "rows_like", "rows_of", "sweep", "vectors_of", "zeros",
]  # fmt: skip

BLOCK = 8192  # numbers in a block whose sum is kept
GRAIN = 1024  # numbers that threads do not divide, at least


# -- in a kernel -----------------------------------------------------------------------------------------------------


class Part:
    """A vector's worth of a row, from `index` on: all lanes, or at the end of the row those of `mask`."""

    def __init__(self, build: KernelBuilder, index: Any, mask: Any = None) -> None:
        self.build, self.index, self.mask = build, index, mask

    def load(self, base: Any, other: float = 0.0, kind: Any = FLOAT) -> Any:
        """The row's numbers; `other` in lanes beyond its end."""
        if self.mask is None:
            return self.build.load_vector(base, self.index, kind)
        return self.build.load_masked(base, self.index, self.mask, other, kind)

    def store(self, value: Any, base: Any) -> None:
        """Write the row's numbers."""
        if self.mask is None:
            self.build.store(value, base, self.index)
        else:
            self.build.store_masked(value, base, self.index, self.mask)

    def lane(self, index: Any) -> Any:
        """Which lane holds number `index` of the row: a vector of bits, all off if none does."""
        ir_ = self.build.ir
        place = self.build.splat(ir_.trunc(ir_.sub(index, self.index), INT))
        return ir_.icmp_signed("==", place, self.build.order())

    def keep(self, value: Any, other: float = 0.0) -> Any:
        """`value`, but `other` in lanes beyond the row's end."""
        if self.mask is None:
            return value
        return self.build.ir.select(self.mask, value, self.build.constant(other, value))


def sweep(
    build: KernelBuilder,
    count: Any,
    body: Callable[[Part, list[Any]], list[Any]],
    first: Sequence[Any] = (),
    join: Callable[[Any, Any], Any] | Sequence[Callable[[Any, Any], Any]] | None = None,
    unroll: int = 4,
) -> list[Any]:
    """Go over a row of `count` numbers: values = body(part, values), from `first` on. -> the last values.

    `unroll` sets of values are carried side by side and joined by `join` (one for all, or one each; addition) in the
    end, so `first` must be what `join` leaves alone.
    """
    lanes, size = build.lanes, len(first)
    unroll = unroll if size else 1
    whole = build.ir.and_(count, LONG(-lanes))
    wide = build.ir.and_(count, LONG(-lanes * unroll)) if unroll > 1 else LONG(0)
    values = list(first)
    if unroll > 1:
        with build.loop_with(0, wide, values * unroll, lanes * unroll) as (i, now, after):
            for k in range(unroll):
                part = Part(build, build.ir.add(i, LONG(k * lanes)))
                after[k * size : (k + 1) * size] = body(part, now[k * size : (k + 1) * size])
        values = joined(build, after, size, join)
    with build.loop_with(wide, whole, values, lanes) as (i, now, after):
        after[:] = body(Part(build, i), now)
    with build.loop_with(whole, count, after, lanes) as (i, now, last):  # at most once
        last[:] = body(Part(build, i, build.mask(build.ir.sub(count, i))), now)
    return last


def abreast(build: KernelBuilder, count: Any, body: Callable[[list[Part]], None], width: int = 4) -> None:
    """Go over a row by `width` vectors at a time: body(parts); then one by one, and the masked rest."""
    lanes = build.lanes
    wide, whole = build.ir.and_(count, LONG(-lanes * width)), build.ir.and_(count, LONG(-lanes))
    with build.loop(0, wide, lanes * width) as i:
        body([Part(build, build.ir.add(i, LONG(k * lanes))) for k in range(width)])
    with build.loop(wide, whole, lanes) as i:
        body([Part(build, i)])
    with build.loop(whole, count, lanes) as i:  # at most once
        body([Part(build, i, build.mask(build.ir.sub(count, i)))])


def held(build: KernelBuilder, count: Any, vectors: int) -> list[Part]:
    """The parts of a row of at most `vectors` whole vectors and more than one less: short enough for registers."""
    last = (vectors - 1) * build.lanes
    whole = [Part(build, LONG(k * build.lanes)) for k in range(vectors - 1)]
    return [*whole, Part(build, LONG(last), build.mask(build.ir.sub(count, LONG(last))))]


def vectors_of(d: int, most: int = 8) -> int:
    """How many vectors hold a row of d numbers; 0 where that is more than `most`: too many for registers."""
    here = host()
    count = -(-d // (here.lanes if here else 4))
    return count if count <= most else 0


def joined(build: KernelBuilder, values: list[Any], size: int, join: Any) -> list[Any]:
    """Sets of `size` values joined to one by halves."""
    joins = list(join) if isinstance(join, Sequence) else [join or build.add] * size
    sets = [values[i : i + size] for i in range(0, len(values), size)]
    while len(sets) > 1:
        half = (len(sets) + 1) // 2
        pairs = zip(sets, sets[half:], strict=False)
        sets = [[join(a, b) for join, a, b in zip(joins, *pair, strict=True)] for pair in pairs] + sets[
            len(sets) // 2 : half
        ]
    return sets[0]


def larger(build: KernelBuilder) -> Callable[[Any, Any], Any]:
    """The larger of two, the second where either is NaN: one instruction."""
    return lambda a, b: build.ir.select(build.ir.fcmp_ordered(">", a, b), a, b)


def peak(build: KernelBuilder, row: Any, count: Any) -> Any:
    """The largest of a row's numbers that are not NaN, as a float; -inf if there is none."""
    top = larger(build)
    low = build.constant(-math.inf, build.vector())
    (found,) = sweep(build, count, lambda part, v: [top(part.load(row, -math.inf), v[0])], [low], top)
    return build.fold(found, top)


def log_number(build: KernelBuilder, x: Any) -> Any:
    """The natural logarithm of one number."""
    return build.ir.extract_element(log(build, build.splat(x, 4)), INT(0))


def zeros(build: KernelBuilder, count: int = 1) -> list[Any]:
    """Vectors of zeros to begin sums with."""
    return [build.constant(0.0, build.vector())] * count


# -- arrays ----------------------------------------------------------------------------------------------------------


class Rows(NamedTuple):
    """An array as (m, d), rows `step` numbers apart."""

    array: np.ndarray[Any, Any]
    m: int
    d: int
    step: int


def rows_of(array: Any, name: str = "x", dtype: Any = np.float32, rank: int = 1) -> Rows:
    """(*, d) -> its rows; the last `rank` axes make a row. Raises Unsupported for another dtype or scattered memory."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise Unsupported(f"{name}: {getattr(array, 'dtype', type(array).__name__)}, not {np.dtype(dtype)}")
    lead = array.ndim - rank
    width = array.itemsize
    d, m = math.prod(array.shape[lead:]), math.prod(array.shape[:lead])
    if not array.size:
        return Rows(array, m, d, d)
    if collapsed(array.shape[lead:], array.strides[lead:]) not in (width, None):
        raise Unsupported(f"{name}: a row's numbers are not adjacent")
    step = collapsed(array.shape[:lead], array.strides[:lead])
    if step is None or m <= 1:
        step = d * width
    if step < 0 or step % width:
        raise Unsupported(f"{name}: rows are not a fixed number of numbers apart")
    return Rows(array, m, d, step // width)


def collapsed(shape: Sequence[int], strides: Sequence[int]) -> int | None:
    """The stride of axes seen as one; None if they have one element, -1 if they cannot be."""
    axes = [(n, stride) for n, stride in zip(shape, strides, strict=True) if n != 1]
    if not axes:
        return None
    for (_, outer), (inner_n, inner) in itertools.pairwise(axes):
        if outer != inner_n * inner:
            return -1
    return axes[-1][1]


def rows_like(array: Any, rows: Rows, name: str, rank: int = 1) -> Rows:
    """An array's rows, of which there must be as many and as long as `rows`. Raises Unsupported."""
    found = rows_of(array, name, rank=rank)
    if (found.m, found.d) != (rows.m, rows.d):
        raise Unsupported(f"{name}: ({found.m}, {found.d}), not ({rows.m}, {rows.d})")
    return found


def float_vector(array: Any, size: int, name: str, dtype: Any = np.float32) -> np.ndarray[Any, Any]:
    """An array of `size` adjacent numbers of any shape. Raises Unsupported."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.size != size:
        raise Unsupported(f"{name}: {getattr(array, 'dtype', None)} of {getattr(array, 'size', None)}, not of {size}")
    if not array.flags.c_contiguous:
        raise Unsupported(f"{name}: its numbers are not adjacent")
    return array


def apart(out: Any, *sources: Any) -> None:
    """Raise Unsupported if `out` shares memory with a source, unless it is that very source."""
    for source in sources:
        if source is None or source is out or not isinstance(source, np.ndarray):
            continue
        same = source.ctypes.data == out.ctypes.data and source.strides == out.strides and source.shape == out.shape
        if not same and np.may_share_memory(out, source) and np.shares_memory(out, source):
            raise Unsupported("the result shares memory with an operand")


def grain_of(d: int) -> int:
    """Rows of d numbers that make a block threads do not divide: small ones, so that each has as many as the others."""
    return max(1, GRAIN // max(1, d))


@jit.kept
def total_kernel() -> int:
    """words: parts, how many, out, divisor. out[0] = sum of parts / divisor[0], in one fixed order."""
    build = KernelBuilder("total")
    parts, out, divisor = build.pointer(0), build.pointer(2), build.pointer(3)
    add = lambda part, sums: [build.add(sums[0], part.load(parts))]  # noqa: E731
    (sums,) = sweep(build, build.word(1), add, zeros(build))
    build.store(build.div(build.total(sums), build.load(divisor, LONG(0))), out, LONG(0))
    return build.address()


def add_total(program: Any, out: Any, parts: Any, divisor: Any) -> None:
    """out = sum of parts / divisor: of one number, of many, of one number; all float32 and adjacent."""
    program.add(Kernel("total", total_kernel(), alone=True, flops=parts.size), parts, parts.size, out, divisor)


class Now:
    """What takes kernels as a Program does and runs each at once, in this thread: for eager use."""

    def add(self, kernel: Any, *words: Any, onward: bool = False) -> None:
        """Run the kernel now."""
        call(kernel.address, 0, 1 if kernel.split else kernel.units, *words)


NOW = Now()
