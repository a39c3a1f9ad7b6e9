"""Inverses, determinants and solutions of matrices, as torch.linalg."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import LinAlgError, ShapeError
from gradbook.linalg.checks import InvExResult, SlogdetResult, SolveExResult, into, need_matrix, written
from gradbook.ops.decomposition import (
    det_op,
    inv_op,
    slogdet_op,
    solve_op,
    triangular_op,
)
from gradbook.ops.linalg import matmul
from gradbook.ops.lu import lu_op
from gradbook.ops.mistakes import scalar_name
from gradbook.ops.shape import need_tensor, reshape_op, transpose, unsqueeze_op, wrap_dims
from gradbook.tensor import Tensor, method


@method("inverse")
def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices, as torch.linalg.inv. (.., n, n) -> (.., n, n). Raises LinAlgError if singular."""
    return into(out, inv_op(need_matrix("inv", A, True)))


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> InvExResult:
    """The inverse, and an info tensor: 0, or which pivot of a singular matrix is zero, as torch.linalg.inv_ex.

    Differs: a matrix that fails is nan as a whole; in PyTorch some elements are inf.
    """
    return written(out, InvExResult(*attempted("inv", inv, need_matrix("inv_ex", A, True), check_errors)))


def attempted(name: str, compute: Any, A: Tensor, check_errors: bool, *more: Tensor) -> tuple[Tensor, Tensor]:
    """`compute(A, *more)`, and int32 info by matrix; where one fails its result is nan, and the others' are right."""
    from gradbook.ops.joining import stack

    batch = tuple(A._array.shape[:-2])
    xp = backends.xp_of(A._array)
    try:
        return compute(A, *more), Tensor._of(xp.zeros(batch, np.int32))
    except LinAlgError:
        if check_errors:
            raise
    operands = [x.expand(*batch, *x._array.shape[-2:]).reshape(-1, *x._array.shape[-2:]) for x in (A, *more)]
    results, info = [], []
    for parts in zip(*[x.unbind(0) for x in operands], strict=True):
        try:
            results.append(compute(*parts))
            info.append(0)
        except LinAlgError:
            results.append(Tensor._of(xp.full(parts[-1]._array.shape, np.nan, A._array.dtype)))
            info.append(failing(name, backends.cpu.asarray(parts[0]._array)))
    result = stack(results, 0).reshape(*batch, *operands[-1]._array.shape[-2:])
    return result, Tensor._of(xp.asarray(np.array(info, np.int32).reshape(batch)))


def failing(name: str, a: Any) -> int:
    """The order of the first leading minor that is not positive (cholesky), or the first pivot that is zero."""
    if name != "cholesky":
        return int(lu_op(Tensor._of(a))[2].item())
    for order in range(1, a.shape[0] + 1):
        try:
            np.linalg.cholesky(a[:order, :order])
        except np.linalg.LinAlgError:
            return order
    return 0


@method("det")
def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of square matrices, as torch.linalg.det. (.., n, n) -> (..).

    Differs: the gradient at a singular matrix is its cofactors; PyTorch gives zeros.
    """
    return into(out, det_op(need_matrix("det", A, True)))


@method("slogdet")
def slogdet(A: Tensor, *, out: Any = None) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant, as torch.linalg.slogdet. (.., n, n) -> 2 × (..)."""
    return written(out, SlogdetResult(*slogdet_op(need_matrix("slogdet", A, True))))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """X with A X = B (X A = B if not left), as torch.linalg.solve. (.., n, n), (.., n, k) or (.., n) -> the shape of B.

    Raises LinAlgError if A is singular.
    """
    need_matrix("solve", A, True)
    need_tensor("linalg.solve", B, 2, "B")
    b = B._array.shape
    vector = is_vector(A, B)
    if A._array.dtype != B._array.dtype:
        raise RuntimeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{scalar_name(A.dtype)} and B of type {scalar_name(B.dtype)} instead"
        )
    if not left and vector:
        raise ShapeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False.")
    if vector:
        columns = unsqueeze_op(B, dim=len(b))
        result = _solve(A, columns)
        return into(out, reshape_op(result, shape=tuple(result._array.shape[:-1])))
    if not left:
        return into(out, transpose(_solve(transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1))
    return into(out, _solve(A, B))


def is_vector(A: Tensor, B: Tensor) -> bool:
    """True where B is read as a batch of vectors, not of matrices."""
    a, b = A._array.shape, B._array.shape
    return len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)


def _solve(A: Tensor, B: Tensor) -> Tensor:
    if A._array.shape[-1] != B._array.shape[-2]:
        raise ShapeError(
            "linalg.solve: Incompatible shapes of A and B for the equation AX = B "
            f"({A._array.shape[-2]}x{A._array.shape[-1]} "
            f"and {B._array.shape[-2]}x{B._array.shape[-1]})"
        )
    result: Tensor = solve_op(A, B)
    return result


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> SolveExResult:
    """As solve, with an info tensor: 0, or which pivot of a singular matrix is zero, as torch.linalg.solve_ex.

    Differs: a system that fails is nan as a whole; in PyTorch some elements are inf.
    """
    need_matrix("solve_ex", A, True)
    vector = is_vector(A, B)
    columns = unsqueeze_op(B, dim=B._array.ndim) if vector else B
    result, info = attempted("solve", lambda a, b: solve(a, b, left=left), A, check_errors, columns)
    if vector:
        result = reshape_op(result, shape=tuple(result._array.shape[:-1]))
    return written(out, SolveExResult(result, info))


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """X with A X = B for a triangle A, of which the other half is not read, as torch.linalg.solve_triangular.

    Differs: A and B of two dtypes are promoted; PyTorch gives the dtype of A.
    """
    need_matrix("solve_triangular", A, True), need_matrix("solve_triangular", B, argument="B")
    if A._array.shape[-1] != B._array.shape[-2 if left else -1]:
        raise ShapeError(f"linalg.solve_triangular: Incompatible shapes of A {tuple(A.shape)} and B {tuple(B.shape)}")
    if not left:
        turned = triangular_op(transpose(A, -2, -1), transpose(B, -2, -1), upper=not upper, unitriangular=unitriangular)
        return into(out, transpose(turned, -2, -1))
    return into(out, triangular_op(A, B, upper=bool(upper), unitriangular=bool(unitriangular)))


@method("matrix_power")
def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """A @ A @ … n times, as torch.linalg.matrix_power; the inverse for negative n, the identity for 0."""
    need_tensor("linalg.matrix_power", A, 1, "A")
    shape = A._array.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {tuple(shape)}")
    xp = backends.xp_of(A._array)
    if n == 0:
        eye = Tensor._of(xp.broadcast_to(xp.eye(shape[-1], dtype=A._array.dtype), shape).copy())
        return into(out, eye if A._node is None else A.masked_fill(eye == eye, 0) + eye)
    base = inv(A) if n < 0 else A
    result: Tensor | None = None
    n = abs(n)
    while n:
        if n & 1:
            result = base if result is None else matmul(result, base)
        n >>= 1
        base = matmul(base, base) if n else base
    return into(out, result if result is not None and result is not A else A.clone())


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of a tensor seen as a matrix of its first `ind` axes and the others, as torch.linalg.tensorinv."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    shape = A._array.shape
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {columns} != {rows}"
        )
    flat = inv(reshape_op(A, shape=(rows, columns)))
    return into(out, reshape_op(flat, shape=(*shape[ind:], *shape[:ind])), exact=False)


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None, *, out: Tensor | None = None) -> Tensor:
    """X with tensordot(A, X) = B, as torch.linalg.tensorsolve."""
    if dims is not None:
        axes = wrap_dims(dims, A._array.ndim)
        A = A.movedim(axes, tuple(range(-len(axes), 0)))
    shape = A._array.shape[B._array.ndim :]
    columns = math.prod(shape)
    if columns != B._array.size:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            "prod(self.shape[:other.ndim]), but it does not"
        )
    flat = solve(reshape_op(A, shape=(B._array.size, columns)), reshape_op(B, shape=(B._array.size,)))
    return into(out, reshape_op(flat, shape=shape), exact=False)


@method("logdet")
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant, nan where that is negative, as torch.logdet."""
    sign, log = slogdet(input)
    if input.is_complex():
        turned: Tensor = log + sign.log()
        return turned
    result: Tensor = log.masked_fill(sign < 0, math.nan) if (sign._array < 0).any() else log
    return result
