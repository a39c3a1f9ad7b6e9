"""Products of matrices: out = activation(alpha * a @ b + start + bias), of any strides, in batches.

    matmul(program, out, a, b)                                   # (.., m, k) @ (.., k, n), batches broadcast
    matmul(program, out, x, weight.T, bias=bias, activation="relu")
    matmul(program, grad, dy.T, x, accumulate=True)              # a gradient that is added to

product.py writes the kernel; here is decided how it goes about a product of given sizes and strides.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.kernels import product
from gradbook.kernels.host import host
from gradbook.kernels.layout import OUT, START, A, B, Layout, layout_of
from gradbook.kernels.packing import AS_IT_IS, COPIED, GATHERED, TRANSPOSED
from gradbook.kernels.product import BLOCK
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.tile import heights, widest

__all__ = ["matmul"]

Array = np.ndarray[Any, Any]
ACTIVATIONS = ("", "relu")
HEIGHT = 24  # rows of a unit: a whole number of most tiles
SHARES = 8  # units that a product is divided into at least, if it is worth while
SMALL = 1 << 19  # multiplications below which units need not be many
ROWS_TO_COPY = 48  # with fewer rows b is read where it is


def matmul(
    program: Program, out: Array, a: Array, b: Array, *, bias: Array | None = None, start: Array | None = None,
    accumulate: bool = False, activation: str = "", alpha: float = 1.0,
) -> None:  # fmt: skip
    """Add out = activation(alpha * a @ b + start + bias) to a program.

    a: (.., m, k), b: (.., k, n), out: (.., m, n); leading axes are broadcast to out's; vectors as in numpy.matmul.
    bias: (n,). start: an array that is added, of out's shape; accumulate: out itself. activation: "" or "relu".
    float32 or float64, all of one dtype. Raises Unsupported for other dtypes and activations, where out overlaps
    a or b, and where neither rows nor columns of out lie side by side.
    """
    start = out if accumulate else start
    _check(out, a, b, bias, start, activation)
    if not out.size:
        return
    plan = plan_of(layout_of(out, a, b, start), out.itemsize, bias is not None, activation)
    double = out.itemsize == 8
    left, right = (b, a) if plan.swapped else (a, b)
    kernel = Kernel("matmul", product.address(double, alpha != 1), plan.units, flops=plan.flops)
    arrays = [x if x is not None and x.size else 0 for x in (out, left, right, start, bias)]  # 0: none, or no address
    program.add(kernel, *arrays, plan.offsets, *plan.numbers, _bits(alpha, double))


def _check(out: Array, a: Array, b: Array, bias: Array | None, start: Array | None, activation: str) -> None:
    arrays = [x for x in (out, a, b, bias, start) if x is not None]
    if host() is None:
        raise Unsupported("no native kernels here")
    if activation not in ACTIVATIONS:
        raise Unsupported(f"a product with the activation {activation!r}")
    if out.dtype.char not in "fd" or any(x.dtype != out.dtype for x in arrays) or not out.dtype.isnative:
        raise Unsupported(f"a product of {', '.join(str(x.dtype) for x in arrays)}")
    if not all(x.flags.aligned for x in arrays):
        raise Unsupported("a product of arrays that are not aligned")
    if any(np.shares_memory(out, x) for x in (a, b, bias) if x is not None):
        raise Unsupported("a product into one of its factors")
    if start is not None and not same(start, out) and np.shares_memory(out, start):
        raise Unsupported("a product into a part of what is added to it")
    if bias is not None and bias.shape != (out.shape[-1],):
        raise ValueError(f"matmul: a bias of {bias.shape} for {out.shape[-1]} columns")
    if bias is not None and ((bias.size > 1 and bias.strides != (bias.itemsize,)) or b.ndim == 1):
        raise Unsupported("a bias whose numbers do not lie side by side")


def same(x: Array, y: Array) -> bool:
    """Whether two arrays are the same memory in the same order."""
    return x is y or (x.ctypes.data == y.ctypes.data and x.shape == y.shape and x.strides == y.strides)


def _bits(alpha: float, double: bool) -> Any:
    return int(np.float64(alpha).view(np.int64)) if double else float(alpha)


@dataclass(frozen=True)
class Plan:
    """The words of a product other than its arrays, and its units. swapped: as out.T = b.T @ a.T."""

    swapped: bool
    units: int
    flops: int
    offsets: np.ndarray[Any, Any]
    numbers: tuple[int, ...]


@functools.lru_cache(4096)
def plan_of(layout: Layout, size: int, bias: bool = False, activation: str = "") -> Plan:
    """How a product is computed. Raises Unsupported where its result lies neither in rows nor in columns."""
    matrices = int(np.prod([length for length, _ in layout.batch], dtype=np.int64))
    flops = 2 * matrices * layout.rows * layout.columns * layout.depth
    swapped = layout.column[OUT] != 1 and layout.columns > 1
    if swapped:
        if bias or not side_by_side(layout.transposed()):
            raise Unsupported("a product whose result lies neither in rows nor in columns")
        layout = layout.transposed()
    if not side_by_side(layout) or _on_itself(layout):
        raise Unsupported("a product whose result or start lies neither in rows nor in columns")
    layout = layout.merged()
    vectors = -(-layout.columns // (host_lanes() * 4 // size))
    panels, height = _division(layout, vectors)
    heights = -(-layout.rows // height)
    offsets = layout.offsets()
    numbers = (
        layout.rows, layout.columns, layout.depth,
        layout.row[OUT], layout.row[A], layout.column[A], layout.row[B], layout.column[B], layout.row[START],
        _packing(layout), BLOCK, panels, heights, height,
        ACTIVATIONS.index(activation),
    )  # fmt: skip
    return Plan(swapped, len(offsets) * panels * heights, flops, offsets, numbers)


def host_lanes() -> int:
    """float32 numbers in a vector."""
    here = host()
    return here.lanes if here else 4


def side_by_side(layout: Layout) -> bool:
    """Whether the columns of out and start lie side by side."""
    return layout.columns == 1 or layout.column[OUT] == layout.column[START] == 1


def _on_itself(layout: Layout) -> bool:
    axes = [(layout.rows, layout.row), *layout.batch]
    return any(length > 1 and not step[OUT] for length, step in axes)


def _packing(layout: Layout) -> int:
    if layout.columns == 1 or layout.column[B] == 1:
        return COPIED if layout.rows > ROWS_TO_COPY and layout.columns > 64 else AS_IT_IS
    return TRANSPOSED if layout.row[B] == 1 or layout.depth == 1 else GATHERED


def _division(layout: Layout, vectors: int) -> tuple[int, int]:
    """(panels, rows of a unit): what costs least, unless threads would have nothing to share."""
    rows, depth = layout.rows, layout.depth
    choices = dict.fromkeys(-(-vectors // width) for width in range(widest(), 0, -1))
    panels = min(choices, key=lambda count: _cost(rows, vectors, count, depth))
    if rows * layout.columns * depth > SMALL and not layout.batch:
        while panels * -(-rows // HEIGHT) < SHARES and panels < -(-vectors // 2):
            panels += 1
    return panels, HEIGHT


def _cost(rows: int, vectors: int, panels: int, depth: int) -> float:
    """About how many cycles a step of k takes, if the columns are divided into so many panels.

    Two fused operations a cycle, four cycles each, and one number spread over a vector a cycle; and each tile has to be
    begun and stored.
    """
    total = 0.0
    each, more = divmod(vectors, panels)
    for width, count in ((each + 1, more), (each, panels - more)):
        left = rows
        for height in heights(width) if count else ():
            tiles, left = divmod(left, height)
            cycles = max(height * width / 2, height + width / 2, 4) + (height * width + 20) / max(depth, 1)
            total += count * tiles * cycles
    return total
