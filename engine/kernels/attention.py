"""Scaled dot product attention, forward and backward: softmax(scale q k^T + mask) v, heads shared among threads.

    attention(program, out, weights, q, k, v, scale=0.125, causal=True)
    attention_grad(program, dq, dk, dv, grad, q, k, v, weights, scale=0.125, causal=True)

Arrays are (*, rows, size) of any strides whose last axis lies side by side: windows of one buffer too. The weights are
kept, as the op does; with causal=True only the lower triangle is computed, and the rest is zeros.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.attention_rows import Heads, Width, width_of
from gradbook.kernels.emit import BYTE, INT, LONG
from gradbook.kernels.host import host
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.rows import apart, larger
from gradbook.kernels.tile import A
from gradbook.kernels.transcendental import exp

__all__ = ["attention", "attention_grad"]

Array = np.ndarray[Any, Any]
ROWS = 96  # rows of a block: a whole number of tiles, whose weights stay in a cache
LEAST = 48  # rows of a block at least, if a head has so many
SHARES = 2  # units a thread should have at least
SLACK = 64  # numbers between two threads' memory


class Forward(Heads):
    """out and weights."""

    names = (
        "query", "key", "value", "mask", "out", "weights", "query_row", "key_row", "value_row", "mask_row", "out_row",
        "offsets", "memory", "room", "heads", "blocks", "rows", "queries", "keys", "size", "width", "scale", "most",
    )  # fmt: skip
    per_head = ("query", "key", "value", "mask", "out", "weights")

    def __init__(self, causal: bool, mask: str, width: Width) -> None:
        super().__init__("attention", causal)
        self.mask, self.width = mask, width
        build = self.build
        self.size, self.columns = self.number("size"), self.number("width")
        bits = build.ir.trunc(self.number("scale"), INT)
        self.scale = build.splat(build.ir.bitcast(bits, build.constant(0.0).type))

    def of_head(self, head: Any) -> None:
        """Where the arrays begin; a mask of truth values has bytes."""
        super().of_head(head)
        if self.mask == "bool":
            offset = self.build.ir.add(
                self.build.ir.mul(head, LONG(len(self.per_head))), LONG(self.per_head.index("mask"))
            )
            found = self.build.load(self.pointer("offsets"), offset, LONG)
            self.at["mask"] = self.build.at(self.pointer("mask"), found, BYTE)

    def text(self) -> str:
        """The IR of the finished kernel."""
        return self.units(self.block)

    def block(self, head: Any, first: Any, stop: Any) -> None:
        """A block of rows."""
        end = self.build.smaller_index(self.keys, stop) if self.causal else self.keys
        self.transposed("key", self.size, end)
        self.tiles(first, stop, self.tile)

    def tile(self, row: Any, rows: int) -> None:
        """A few rows: scores, softmax, and their sums of values."""
        build, base = self.build, self.at["weights"]
        limit = self.limit(row, rows)
        a = A(self.row("query", row), self.number("query_row"), LONG(1))
        self.scores(a, self.size, limit, base, row, rows)
        lines = [self.weights(base, build.ir.add(row, LONG(i))) for i in range(rows)]
        self.softmax(lines, row, limit)
        self.clear(lines, limit)
        depth = build.smaller_index(self.keys, build.ir.add(row, LONG(rows))) if self.causal else self.keys
        source = (self.at["value"], self.number("value_row"))
        self.into("out", self.width, self.columns, row, rows, depth, A(lines[0], self.keys, LONG(1)), source)

    def softmax(self, lines: list[Any], row: Any, limit: Any) -> None:
        """Softmax of some rows, several numbers of each at a time."""
        build, top = self.build, larger(self.build)
        low = build.constant(-math.inf, build.vector())

        def scaled(at: Any, mask: Any, peaks: list[Any]) -> list[Any]:
            found = []
            for i, (line, peak) in enumerate(zip(lines, peaks, strict=True)):
                x = build.mul(self.load(line, at, mask), self.scale)
                x = self.masked(x, build.ir.add(row, LONG(i)), at, mask)
                if mask is not None:
                    x = build.ir.select(mask, x, low)
                self.store(x, line, at, mask)
                found.append(top(x, peak))
            return found

        peaks = [build.fold(peak, top) for peak in self.along(limit, scaled, [low] * len(lines))]
        nothing = build.constant(-math.inf)
        shifts = [
            build.splat(build.ir.select(build.ir.fcmp_ordered("==", p, nothing), build.constant(0.0), p)) for p in peaks
        ]

        def raised(at: Any, mask: Any, sums: list[Any]) -> list[Any]:
            found = []
            for line, shift, total in zip(lines, shifts, sums, strict=True):
                value = exp(build, build.sub(self.load(line, at, mask, -math.inf), shift))
                self.store(value, line, at, mask)
                found.append(build.add(total, value))
            return found

        zero = build.constant(0.0, build.vector())
        totals = [build.total(total) for total in self.along(limit, raised, [zero] * len(lines))]
        one = build.constant(1.0)
        empty = [build.ir.fcmp_ordered("==", total, build.constant(0.0)) for total in totals]
        factors = [
            build.splat(build.div(one, build.ir.select(none, one, total)))
            for none, total in zip(empty, totals, strict=True)
        ]

        def finished(at: Any, mask: Any, _: list[Any]) -> list[Any]:
            for line, factor in zip(lines, factors, strict=True):
                self.store(build.mul(self.load(line, at, mask), factor), line, at, mask)
            return []

        self.along(limit, finished)

    def masked(self, x: Any, row: Any, at: Any, mask: Any) -> Any:
        """A vector of scores after the masks."""
        build = self.build
        low = build.constant(-math.inf, x)
        if self.mask == "add":
            x = build.add(x, self.load(self.row("mask", row), at, mask))
        if self.mask == "bool":
            line = build.at(self.at["mask"], build.ir.mul(row, self.number("mask_row")), BYTE)
            if mask is None:
                seen = build.load_vector(line, at, BYTE)
            else:
                seen = build.load_masked(line, at, mask, 0, BYTE)
            x = build.ir.select(build.ir.icmp_signed("!=", seen, build.constant(0, seen)), x, low)
        if self.causal:
            ahead = build.ir.add(build.ir.sub(row, at), LONG(1))  # columns of this vector that are not ahead
            x = build.ir.select(build.mask(ahead), x, low)
        return x


class Backward(Heads):
    """dq, dk, dv."""

    names = (
        "query", "key", "value", "grad", "weights", "dquery", "dkey", "dvalue", "query_row", "key_row", "value_row",
        "grad_row", "dquery_row", "dkey_row", "dvalue_row", "offsets", "memory", "room", "heads", "blocks", "rows",
        "queries", "keys", "size", "width", "scale", "most", "own",
    )  # fmt: skip
    per_head = ("query", "key", "value", "grad", "weights", "dquery", "dkey", "dvalue")

    def __init__(self, causal: bool, size: Width, width: Width) -> None:
        super().__init__("attention_grad", causal)
        self.size_width, self.width = size, width
        build = self.build
        self.size, self.columns = self.number("size"), self.number("width")
        bits = build.ir.trunc(self.number("scale"), INT)
        self.scale = build.splat(build.ir.bitcast(bits, build.constant(0.0).type))

    def text(self) -> str:
        """The IR of the finished kernel."""
        return self.units(self.head)

    def head(self, head: Any, _: Any, __: Any) -> None:
        """A head: all its blocks of rows, one after the other, for dk and dv are sums over them."""
        build = self.build
        self.transposed("value", self.columns, self.keys)
        self.scratch = build.at(self.memory, self.number("own"))  # the scores' gradient, behind the values
        with build.loop(LONG(0), self.queries, ROWS, name="block") as first:
            stop = build.smaller_index(self.queries, build.ir.add(first, LONG(ROWS)))
            own = build.at(self.scratch, build.ir.mul(build.ir.sub(LONG(0), first), self.keys))
            self.tiles(first, stop, lambda row, rows, own=own: self.tile(own, row, rows))  # type: ignore[misc]
            more = build.ir.icmp_signed(">", first, LONG(0))
            end = self.keys
            if self.causal:
                end = build.ir.select(more, build.smaller_index(self.keys, stop), self.keys)
            self.tiles(
                LONG(0), end,
                lambda key, rows, own=own, first=first, stop=stop, more=more:  # type: ignore[misc]
                    self.keys_tile(own, first, stop, more, key, rows),
            )  # fmt: skip

    def tile(self, own: Any, row: Any, rows: int) -> None:
        """A few rows of the scores' gradient, times scale, and dq of them."""
        build = self.build
        limit = self.limit(row, rows)
        a = A(self.row("grad", row), self.number("grad_row"), LONG(1))
        self.scores(a, self.columns, limit, own, row, rows)
        places = [build.ir.add(row, LONG(i)) for i in range(rows)]
        lines, weights = [self.weights(own, p) for p in places], [self.weights(self.at["weights"], p) for p in places]

        def summed(at: Any, mask: Any, sums: list[Any]) -> list[Any]:
            pairs = zip(lines, weights, sums, strict=True)
            return [build.fma(self.load(line, at, mask), self.load(w, at, mask), total) for line, w, total in pairs]

        zero = build.constant(0.0, build.vector())
        totals = [build.splat(build.total(total)) for total in self.along(limit, summed, [zero] * rows)]

        def finished(at: Any, mask: Any, _: list[Any]) -> list[Any]:
            for line, w, total in zip(lines, weights, totals, strict=True):
                inner = build.sub(self.load(line, at, mask), total)
                self.store(build.mul(build.mul(self.load(w, at, mask), self.scale), inner), line, at, mask)
            return []

        self.along(limit, finished)
        self.clear(lines, limit)
        depth = build.smaller_index(self.keys, build.ir.add(row, LONG(rows))) if self.causal else self.keys
        source = (self.at["key"], self.number("key_row"))
        self.into("dquery", self.size_width, self.size, row, rows, depth, A(lines[0], self.keys, LONG(1)), source)

    def keys_tile(self, own: Any, first: Any, stop: Any, more: Any, key: Any, rows: int) -> None:
        """What a block of rows adds to dk and dv of a few keys."""
        build = self.build
        begin = build.larger_index(first, key) if self.causal else first
        depth = build.larger_index(build.ir.sub(stop, begin), LONG(0))
        for name, left, right, width, size in (
            ("dvalue", self.at["weights"], "grad", self.width, self.columns),
            ("dkey", own, "query", self.size_width, self.size),
        ):
            a = A(build.at(self.weights(left, begin), key), LONG(1), self.keys)
            source = (self.row(right, begin), self.number(f"{right}_row"))
            self.into(name, width, size, key, rows, depth, a, source, keep=more)


@functools.cache
def forward_kernel(causal: bool, mask: str, width: Width) -> int:
    """mask: "", "bool" or "add"."""
    return jit.address_of(f"attention {causal} {mask} {width}", lambda: Forward(causal, mask, width).text())


@functools.cache
def backward_kernel(causal: bool, size: Width, width: Width) -> int:
    """size: numbers of a query and a key; width: of a value."""
    return jit.address_of(f"attention_grad {causal} {size} {width}", lambda: Backward(causal, size, width).text())


# -- arrays ----------------------------------------------------------------------------------------------------------


def checked(name: str, array: Any, kind: Any = np.float32) -> Array:
    """Raise Unsupported unless it is an array (*, rows, size) of this type whose last axis lies side by side."""
    if not isinstance(array, np.ndarray) or array.dtype != kind or not array.flags.aligned or array.ndim < 2:
        raise Unsupported(f"attention: {name} of {getattr(array, 'dtype', type(array).__name__)}")
    width = array.itemsize
    if (array.shape[-1] > 1 and array.strides[-1] != width) or any(step % width for step in array.strides):
        raise Unsupported(f"attention: {name}'s last axis does not lie side by side")
    return array


def offsets_of(lead: tuple[int, ...], arrays: list[Array | None]) -> np.ndarray[Any, Any]:
    """Where each head of each array begins, in elements: (heads, arrays)."""
    found = np.zeros((math.prod(lead), len(arrays)), np.int64)
    grid = np.indices(lead).reshape(len(lead), -1) if lead else np.zeros((0, 1), np.int64)
    for i, array in enumerate(arrays):
        if array is None:
            continue
        wide = np.broadcast_to(array, (*lead, *array.shape[-2:]))
        steps = np.array([step // array.itemsize for step in wide.strides[:-2]], np.int64)
        found[:, i] = steps @ grid
    return found


def row_step(array: Array | None) -> int:
    """From row to row, in elements; 0 where there is one row for all."""
    return 0 if array is None or array.shape[-2] == 1 else array.strides[-2] // array.itemsize


def sizes(weights: Array, query: Array, key: Array, value: Array, out: Array) -> tuple[int, int, int, int]:
    """(queries, keys, numbers of a key, of a value). Raises Unsupported where arrays do not fit, or hold nothing."""
    (length, size), (keys, width) = query.shape[-2:], value.shape[-2:]
    lead = out.shape[:-2]
    fits = key.shape[-2:] == (keys, size) and out.shape[-2:] == (length, width)
    if not fits or weights.shape != (*lead, length, keys) or not weights.size or not size or not width:
        raise Unsupported("attention of arrays that do not fit, or of nothing")
    if np.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value))) != lead or not weights.flags.c_contiguous:
        raise Unsupported("attention with other leading axes")
    return length, keys, size, width


def kind_of(mask: Any, length: int, keys: int) -> str:
    """Of a mask: nothing, "bool" or "add". Raises Unsupported for other types, and without a column for each key."""
    if mask is None:
        return ""
    kind = "bool" if isinstance(mask, np.ndarray) and mask.dtype.kind == "b" else "add"
    checked("mask", mask, np.bool_ if kind == "bool" else np.float32)
    if mask.shape[-1] != keys or mask.shape[-2] not in (1, length):
        raise Unsupported("a mask that has not a column for each key")
    return kind


def rows_of_unit(length: int, blocks: int) -> int:
    """How many rows of a head make a unit, a whole number of tiles, if a head should have so many units."""
    blocks = max(1, min(-(-length // LEAST), blocks))
    return -(-length // (12 * blocks)) * 12


def room(program: Program, shape: tuple[int, ...], which: int) -> Array:
    """An array that is needed only meanwhile."""
    return program.scratch(math.prod(shape), which)[: math.prod(shape)].reshape(shape)


def up(size: int) -> int:
    """Whole vectors."""
    here = host()
    lanes = here.lanes if here else 4
    return -(-size // lanes) * lanes


def attention(
    program: Program, out: Array, weights: Array | None, query: Array, key: Array, value: Array,
    mask: Array | None = None, *, scale: float, causal: bool = False,
) -> None:  # fmt: skip
    """Add out, weights = attention to a program, as ops/attention.py defines it.

    query (*, l, e), key (*, s, e), value (*, s, d), mask (*, l, s) of bool or float32 -> out (*, l, d), weights
    (*, l, s), which need not be given; leading axes are broadcast. Raises Unsupported.
    """
    if host() is None:
        raise Unsupported("no native kernels here")
    for name, array in (("query", query), ("key", key), ("value", value), ("out", out)):
        checked(name, array)
    lead, shape = out.shape[:-2], (*out.shape[:-1], key.shape[-2])
    if weights is None:
        weights = room(program, shape, 1)
    length, keys, size, width = sizes(checked("weights", weights), query, key, value, out)
    kind = kind_of(mask, length, keys)
    for made in (out, weights):
        apart(made, query, key, value, mask)
    heads = math.prod(lead)
    rows = rows_of_unit(length, -(-SHARES * program.threads // heads))
    blocks, own = -(-length // rows), up(keys) * up(size) + SLACK
    memory = program.scratch(program.threads * own)
    arrays = [query, key, value, mask, out, weights]
    address = forward_kernel(causal, kind, width_of(width, up(1)))
    work = 2 * heads * length * keys * (size + width) // (2 if causal else 1)
    program.add(
        Kernel("attention", address, heads * blocks, split=True, flops=work),
        *(0 if x is None else x for x in arrays), *(row_step(x) for x in arrays[:-1]), offsets_of(lead, arrays),
        memory, own, heads, blocks, rows, length, keys, size, width, float(scale),
        program.threads,
    )  # fmt: skip


def attention_grad(
    program: Program, dquery: Array | None, dkey: Array | None, dvalue: Array | None, grad: Array, query: Array,
    key: Array, value: Array, weights: Array, *, scale: float, causal: bool = False,
) -> None:  # fmt: skip
    """Add the gradients of attention's operands to a program, given that of out; None: not wanted.

    They have the leading axes of grad, those along which operands were broadcast too. Raises Unsupported.
    """
    if host() is None:
        raise Unsupported("no native kernels here")
    for name, array in (("grad", grad), ("query", query), ("key", key), ("value", value), ("weights", weights)):
        checked(name, array)
    length, keys, size, width = sizes(weights, query, key, value, grad)
    lead = grad.shape[:-2]
    made = []
    for i, (wanted, shape) in enumerate(((dquery, (length, size)), (dkey, (keys, size)), (dvalue, (keys, width)))):
        whole = (*lead, *shape)
        array = room(program, whole, i + 1) if wanted is None else wanted
        if checked("a gradient", array).shape != whole:
            raise Unsupported("a gradient of another shape")
        apart(array, grad, query, key, value, weights)
        made.append(array)
    heads, own = math.prod(lead), up(keys) * up(width) + SLACK
    each = own + ROWS * keys + SLACK
    memory = program.scratch(program.threads * each)
    arrays = [query, key, value, grad, weights, *made]
    address = backward_kernel(causal, width_of(size, up(1)), width_of(width, up(1)))
    work = 2 * heads * length * keys * (2 * size + 2 * width + width) // (2 if causal else 1)
    steps = [row_step(x) for x in arrays if x is not weights]
    program.add(
        Kernel("attention_grad", address, heads, split=True, flops=work),
        *arrays, *steps, offsets_of(lead, list(arrays)), memory, each, heads, 1, length, length, keys, size, width,
        float(scale), program.threads, own,
    )  # fmt: skip
