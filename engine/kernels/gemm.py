"""Products of matrices: out = activation(alpha * a @ b + start + bias), of any strides, in batches.

    matmul(program, out, a, b)                                   # (.., m, k) @ (.., k, n), batches broadcast
    matmul(program, out, x, weight.T, bias=bias, activation="relu")
    matmul(program, grad, dy.T, x, accumulate=True)              # a gradient that is added to
    matmul(program, h, x, w.T, finish=Finish([(gelu, y)]))       # y = gelu(h) while h is near

division.py decides how a product of given sizes is gone about: around the micro-kernel (product.py); as dot products,
where both factors lie along k and one of them is small (dots.py); or over whole rows, where memory is what it waits for
(thin.py). The sums are the same however many threads share the work; another size may take another way, and add in
another order.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from gradbook.kernels import dots, product, thin
from gradbook.kernels.division import DOTS, HEIGHT, TILES, divide
from gradbook.kernels.finish import Finish, activated, same
from gradbook.kernels.host import host
from gradbook.kernels.layout import OUT, START, A, B, Layout, Shaped, layout_of
from gradbook.kernels.moving import copy
from gradbook.kernels.product import span
from gradbook.kernels.program import Kernel, Program, Unsupported, pack

__all__ = ["Plan", "fits", "matmul", "plan_of", "shaped"]

Array = np.ndarray[Any, Any]
WAY = 4096  # bytes after which lines have the same place in a cache


def matmul(
    program: Program, out: Array, a: Array, b: Array, *, bias: Array | None = None, start: Array | None = None,
    accumulate: bool = False, activation: str = "", alpha: float = 1.0, finish: Finish | None = None,
) -> None:  # fmt: skip
    """Add out = activation(alpha * a @ b + start + bias) to a program.

    a: (.., m, k), b: (.., k, n), out: (.., m, n); leading axes are broadcast to out's; vectors as in numpy.matmul.
    bias: (n,). start: an array that is added, of out's shape; accumulate: out itself. activation: "", "relu" or one of
    finish.ACTIVATIONS (float32); finish: what else is done with the product (see there). float32 or float64, all of
    one dtype. Raises ValueError where shapes do not fit, Unsupported for other dtypes and activations, where out
    overlaps a or b, and where neither rows nor columns of out lie side by side.
    """
    start = out if accumulate else start
    check(out, a, b, bias, start)
    if activation not in ("", "relu"):
        if finish is not None:
            raise Unsupported("an activation and something else after it")
        finish = activated(activation, out)
    if not out.size:
        return
    if _in_one_place(a, b):
        a, columns = program.scratch(a.size)[: a.size].reshape(a.shape), a
        copy(program, a, columns)
    more = None if start is None else shaped(start)
    rows = bias is not None or finish is not None
    plan = plan_of(shaped(out), shaped(a), shaped(b), more, out.itemsize, rows, activation == "relu", alpha != 1)
    last: tuple[Any, ...] = (0,)
    if finish is not None:
        if len(plan.offsets) > 1:
            raise Unsupported("something done after products whose rows do not follow each other")
        address, its_words = finish.words(out, a, b, bias, start)
        last = (address, *its_words)
    left, right = (b, a) if plan.swapped else (a, b)
    arrays = [x if x is not None and x.size else 0 for x in (out, left, right, start, bias)]  # 0: no address
    words = (*plan.numbers, _bits(alpha, out.itemsize), *last)
    program.add(Kernel("matmul", plan.address, plan.units, flops=plan.flops), *arrays, plan.offsets, *words)


def shaped(x: Array) -> Shaped:
    """What a plan needs to know of an array."""
    return x.shape, x.strides


def fits(dtype: np.dtype[Any], *arrays: Array | None) -> bool:
    """Whether kernels can read these arrays: one type of float, each number where the processor wants it."""
    good = dtype.char in "fd" and dtype.isnative and host() is not None
    return good and all(x is None or (x.dtype == dtype and x.flags.aligned) for x in arrays)


def _in_one_place(a: Array, b: Array) -> bool:
    """Whether a's columns had better be copied into rows.

    From step to step of k their lines are so far apart that all go to the same place of a cache and drive each other
    out, again for each part of b. Where vectors are so wide that they are read for one part only, it does not matter.
    """
    if a.dtype.char != "f" or a.ndim != 2 or b.ndim != 2 or span() == 1:
        return False
    apart = a.strides[0] == a.itemsize and a.strides[1] % WAY == 0 and a.strides[1] > 0
    return apart and min(*a.shape, b.shape[1]) >= 32


def check(out: Array, a: Array, b: Array, bias: Array | None, start: Array | None) -> None:
    """Raise Unsupported or ValueError for arrays that no product can be made of, whatever their layout."""
    arrays = [x for x in (out, a, b, bias, start) if x is not None]
    if host() is None:
        raise Unsupported("no native kernels here")
    if not fits(out.dtype, *arrays):
        raise Unsupported(f"a product of {', '.join(str(x.dtype) for x in arrays)}, or of numbers that are not aligned")
    if any(np.shares_memory(out, x) for x in (a, b, bias) if x is not None):
        raise Unsupported("a product into one of its factors")
    if start is not None and not same(start, out) and np.shares_memory(out, start):
        raise Unsupported("a product into a part of what is added to it")
    if bias is not None and bias.shape != (out.shape[-1],):
        raise ValueError(f"matmul: a bias of {bias.shape} for {out.shape[-1]} columns")
    if bias is not None and ((bias.size > 1 and bias.strides != (bias.itemsize,)) or b.ndim == 1):
        raise Unsupported("a bias whose numbers do not lie side by side")


def _bits(alpha: float, size: int) -> Any:
    return int(np.float64(alpha).view(np.int64)) if size == 8 else float(alpha)


class Plan(NamedTuple):
    """A product's kernel, its units, and its words other than arrays. swapped: computed as out.T = b.T @ a.T."""

    address: int
    units: int
    swapped: bool
    flops: int
    offsets: np.ndarray[Any, Any]
    numbers: tuple[int, ...]
    template: np.ndarray[Any, Any]  # all words, without the addresses of arrays


@functools.lru_cache(4096)
def plan_of(
    out: Shaped, a: Shaped, b: Shaped, start: Shaped | None, size: int, rows: bool = False, relu: bool = False,
    scaled: bool = False,
) -> Plan:  # fmt: skip
    """How a product of such arrays is computed. rows: rows of out must be rows in the kernel, too.

    Raises ValueError where shapes do not fit, Unsupported where the result lies neither in rows nor in columns.
    """
    layout = layout_of(out, a, b, start, size)
    flops = 2 * math.prod(length for length, _ in layout.batch) * layout.rows * layout.columns * layout.depth
    other = layout.transposed()
    swapped = not rows and side_by_side(other) and (layout.columns == 1 or not side_by_side(layout))
    layout = other if swapped else layout
    if not side_by_side(layout) or _on_itself(layout):
        raise Unsupported("a product whose result or start lies neither in rows nor in columns")
    layout = layout.merged()
    division = divide(layout, _lanes() * 4 // size, thin=start is None or not rows)
    heights, offsets = -(-layout.rows // HEIGHT), layout.offsets()
    numbers = (
        layout.rows, layout.columns, layout.depth,
        layout.row[OUT], layout.row[A], layout.column[A], layout.row[B], layout.column[B], layout.row[START],
        division.packing, product.BLOCK, division.panels, heights, HEIGHT, int(relu),
    )  # fmt: skip
    if division.way == TILES:
        address = product.address(size == 8, scaled)
    else:
        address = (dots if division.way == DOTS else thin).address(size == 8)
    template = pack((0, 0, 0, 0, 0, offsets, *numbers, _bits(1.0, size), 0))
    units = len(offsets) * division.panels * heights
    return Plan(address, units, swapped, flops, offsets, numbers, template)


def _lanes() -> int:
    here = host()
    return here.lanes if here else 4


def side_by_side(layout: Layout) -> bool:
    """Whether the columns of out and start lie side by side."""
    return layout.columns == 1 or layout.column[OUT] == layout.column[START] == 1


def _on_itself(layout: Layout) -> bool:
    axes = [(layout.rows, layout.row), *layout.batch]
    return any(length > 1 and not step[OUT] for length, step in axes)
