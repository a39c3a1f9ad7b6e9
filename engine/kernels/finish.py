"""What becomes of a product's numbers while they are near: expressions of them and of other arrays, stored.

    x, gate = inputs(np.float32, np.float32)          # input 0 of an expression is the product
    Finish([(np.tanh(x) * gate, y)], [gates])

It is a kernel of its own, which the product's calls for the rows of each panel that it has done. So any expression can
follow any product, and neither is compiled again for the other.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, POINTER, KernelBuilder
from gradbook.kernels.evaluate import evaluate
from gradbook.kernels.expression import INPUT, Expression, inputs, walk
from gradbook.kernels.panels import FINISH_WORDS
from gradbook.kernels.program import Unsupported

__all__ = ["ACTIVATIONS", "Finish", "activated"]

Array = np.ndarray[Any, Any]
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sigmoid": lambda x: x.named("sigmoid"),
    "silu": lambda x: x * x.named("sigmoid"),
    "gelu": lambda x: 0.5 * x * (1 + (x * 0.5**0.5).named("erf")),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x * x * x))),
}


@dataclass(frozen=True)
class Finish:
    """Expressions and the arrays that they are stored in, of the product's shape; its own array may be one of them.

    Input 0 of an expression is the product, with all that was added to it; input i is inputs[i - 1], broadcast.
    """

    stores: Sequence[tuple[Expression, Array]]
    inputs: Sequence[Array] = ()

    def words(self, out: Array, *others: Array | None) -> tuple[int, list[Any]]:
        """(address, words) for a product into `out`, of `others`. Raises Unsupported for layouts and overlaps."""
        expressions, arrays = tuple(pair[0] for pair in self.stores), [pair[1] for pair in self.stores]
        wanted = {leaf.value: leaf.dtype for leaf in walk(expressions) if leaf.name == INPUT}
        given = dict(enumerate((out, *self.inputs)))
        if any(number not in given or given[number].dtype != dtype for number, dtype in wanted.items()):
            raise Unsupported("an expression of other inputs than are given")
        dtypes = [x.dtype for x in (*self.inputs, *arrays)] + [x.dtype for x in expressions]
        if any(dtype != out.dtype for dtype in dtypes):
            raise Unsupported("numbers of another dtype than the product's")
        self._check_overlap(out, arrays, others)
        strides = [rows_and_columns(x, out.shape) for x in (*self.inputs, *arrays)]
        if any(column != 1 for _, column in strides[len(self.inputs) :]) or any(x.shape != out.shape for x in arrays):
            raise Unsupported("a result whose columns do not lie side by side")
        splat = tuple(column == 0 for _, column in strides[: len(self.inputs)])
        words = [word for x, (row, _) in zip((*self.inputs, *arrays), strides, strict=True) for word in (x, row)]
        return finish_kernel(expressions, splat, out.dtype.char == "d"), words

    def _check_overlap(self, out: Array, arrays: list[Array], others: Sequence[Array | None]) -> None:
        for i, array in enumerate(arrays):
            apart = [*arrays[:i], *(x for x in others if x is not None and not same(x, out))]
            apart += [x for x in (out, *self.inputs) if not same(x, array)]  # which are read where they are written
            if any(np.shares_memory(array, x) for x in apart):
                raise Unsupported("a result in the memory of something that is read, or of another result")


def activated(name: str, out: Array) -> Finish:
    """An activation by its name, in place. Raises Unsupported if there is none."""
    if name not in ACTIVATIONS or out.dtype.char != "f":
        raise Unsupported(f"a product of {out.dtype} with the activation {name!r}")
    return Finish([(ACTIVATIONS[name](inputs(out.dtype)[0]), out)])


def same(x: Array, y: Array) -> bool:
    """Whether two arrays are the same memory in the same order."""
    return x is y or (x.ctypes.data == y.ctypes.data and x.shape == y.shape and x.strides == y.strides)


def rows_and_columns(x: Array, shape: tuple[int, ...]) -> tuple[int, int]:
    """Strides, in elements, from one row to the next and from one column to the next, all leading axes being rows."""
    try:
        *lead, column = (stride // x.itemsize for stride in np.broadcast_to(x, shape).strides)
    except ValueError as error:
        raise Unsupported(f"an array of {x.shape} beside a product of {shape}") from error
    axes = [(length, step) for length, step in zip(shape[:-1], lead, strict=True) if length != 1]
    if any(step != below * length for (_, step), (length, below) in itertools.pairwise(axes)):
        raise Unsupported("rows that do not follow each other")
    column = 1 if shape[-1] == 1 else column
    if column not in (0, 1) or not x.flags.aligned:
        raise Unsupported("columns that do not lie side by side")
    return axes[-1][1] if axes else 0, column


@functools.lru_cache(1024)
def finish_kernel(roots: tuple[Expression, ...], splat: tuple[bool, ...], double: bool) -> int:
    """The kernel for some rows of a panel: its words are FINISH_WORDS, the last of which leads to those of the arrays.

    splat: for each input after the product, whether one number stands for all columns.
    """
    element = DOUBLE if double else FLOAT
    build = KernelBuilder("finish")
    build.lanes //= 2 if double else 1
    out, own = build.pointer(0), build.pointer(len(FINISH_WORDS) - 1)
    out_row, column, columns = (build.word(i) for i in range(1, 4))
    arrays = []
    for i in range(len(splat) + len(roots)):
        address, row = (
            build.ir.load(build.at(own, LONG(2 * i + j), LONG), typ=kind) for j, kind in enumerate((POINTER, LONG))
        )
        arrays.append((address if i < len(splat) and splat[i] else build.at(address, column, element), row))

    with build.loop(build.start, build.stop, name="row") as row:
        lines = [build.at(base, build.ir.mul(row, step), element) for base, step in ((out, out_row), *arrays)]

        def step(c: Any, mask: Any, lines: Any = lines) -> None:
            def load(i: int) -> Any:
                if i and splat[i - 1]:
                    return build.splat(build.load(lines[i], LONG(0), element))
                if mask is None:
                    return build.load_vector(lines[i], c, element)
                return build.load_masked(lines[i], c, mask, kind=element)

            results = evaluate(build, roots, load, build.lanes)
            for value, line in zip(results, lines[1 + len(splat) :], strict=True):
                build.store(value, line, c) if mask is None else build.store_masked(value, line, c, mask)

        whole = build.ir.and_(columns, LONG(-build.lanes))
        with build.loop(LONG(0), whole, build.lanes, name="column") as c:
            step(c, None)
        with build.ir.if_then(build.ir.icmp_signed("<", whole, columns)):
            step(whole, build.mask(build.ir.sub(columns, whole)))
    return build.address()
