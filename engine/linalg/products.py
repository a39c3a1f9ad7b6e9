"""Products, powers and exponentials of matrices, as torch.linalg."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import check_dtypes, into, need_matrix
from gradbook.ops.linalg import cross as _cross
from gradbook.ops.linalg import matmul
from gradbook.ops.mistakes import scalar_name
from gradbook.ops.shape import need_tensor, unsqueeze_op
from gradbook.ops.strides import diagonal as _diagonal
from gradbook.tensor import Tensor, method


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of several matrices in the cheapest order, as torch.linalg.multi_dot; the ends may be vectors."""
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    found = list(tensors)
    first, last = found[0]._array.ndim == 1, found[-1]._array.ndim == 1
    if first:
        found[0] = unsqueeze_op(found[0], dim=0)
    if last:
        found[-1] = unsqueeze_op(found[-1], dim=1)
    for i, x in enumerate(found):
        if x._array.ndim != 2:
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {x._array.ndim}D")
    lengths = [x._array.shape[0] for x in found] + [found[-1]._array.shape[1]]
    result = _chain(found, lengths, _cheapest(lengths), 0, len(found) - 1)
    if first:
        result = result[0]
    if last:
        result = result[..., 0]
    return into(out, result)


def _cheapest(lengths: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of factors."""
    n = len(lengths) - 1
    cost = {(i, i): 0 for i in range(n)}
    where: dict[tuple[int, int], int] = {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            costs = {k: cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1] for k in range(i, j)}
            where[i, j] = min(costs, key=costs.__getitem__)
            cost[i, j] = costs[where[i, j]]
    return where


def _chain(found: list[Tensor], lengths: list[int], where: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return found[i]
    k = where[i, j]
    return matmul(_chain(found, lengths, where, i, k), _chain(found, lengths, where, k + 1, j))


def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross product along an axis of three, as torch.linalg.cross."""
    return _cross(input, other, dim, out=out)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as torch.linalg.diagonal: a view."""
    return _diagonal(A, offset, dim1, dim2)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Dot products along an axis, x conjugated, as torch.linalg.vecdot."""
    for operand in (need_tensor("linalg.vecdot", x, 1, "x"), need_tensor("linalg.vecdot", y, 2, "y")):
        if not (operand.is_floating_point() or operand.is_complex()):
            raise RuntimeError(
                "linalg.vecdot: Expected a floating point or complex tensor as input. Got " + scalar_name(operand.dtype)
            )
    check_dtypes("linalg.vecdot: Expected {a} and {b} to have the same dtype, but found {x} and {y}", x=x, y=y)
    left = x.conj() if x.is_complex() else x
    return into(out, (left * y).sum(dim))


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 … N-1 of each element in a row, as torch.linalg.vander. (.., n) -> (.., n, N)."""
    from gradbook.ops.joining import stack

    x = x if x._array.ndim else unsqueeze_op(x, dim=0)
    count = x._array.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError(f"N must be greater than 1. Got {count}.")
    rows = [x**0]
    for _ in range(count - 1):
        rows.append(rows[-1] * x)
    return stack(rows, -1)


@method("matrix_exp")
def matrix_exp(A: Tensor) -> Tensor:
    """The matrix exponential, as torch.linalg.matrix_exp: scaled down, a Taylor series, squared up again."""
    need_matrix("matrix_exp", A, True)
    array = A._array
    size = float(abs(array).sum(axis=-2).max(initial=0))
    squarings = max(0, math.ceil(math.log2(size / 0.25))) if size > 0.25 else 0
    small = A / float(2**squarings)
    result = Tensor._of(backends.xp_of(array).eye(array.shape[-1], dtype=array.dtype)) + small
    term = small
    for k in range(2, 14 if array.dtype.itemsize in (8, 16) and array.dtype != np.complex64 else 9):
        term = matmul(term, small) / float(k)
        result = result + term
    for _ in range(squarings):
        result = matmul(result, result)
    return result
