"""LU and LDL factorisations and the solutions they give, as torch.linalg, and PyTorch's older names of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import (
    LDLExResult,
    LDLResult,
    LUFactorExResult,
    LUFactorResult,
    LUResult,
    check_dtypes,
    into,
    need_matrix,
    written,
)  # fmt: skip
from gradbook.ops.decomposition import adjoint_of, triangular_op
from gradbook.ops.lapack import each, routine
from gradbook.ops.linalg import matmul
from gradbook.ops.lu import lu_op, permutation_matrix, triangles
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor, method


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> LUFactorExResult:
    """L and U in one matrix, the swaps of rows, and 0 or which pivot is zero, as torch.linalg.lu_factor_ex.

    (.., n, m) -> (.., n, m), int32 (.., min(n, m)) counted from 1, int32 (..). Raises RuntimeError for pivot=False.
    """
    need_matrix("lu_factor", A)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU; leave pivot=True")
    found = LUFactorExResult(*lu_op(A))
    if check_errors:
        _check_pivots("lu_factor_ex", found)
    return written(out, found)


def _check_pivots(name: str, found: LUFactorExResult) -> None:
    zero = backends.cpu.asarray(found.info._array).max(initial=0)
    if zero:
        raise RuntimeError(
            f"linalg.{name}: U[{zero},{zero}] is zero and using it on lu_solve would result in a division by zero. "
            "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> LUFactorResult:
    """L and U in one matrix, and the swaps of rows, as torch.linalg.lu_factor.

    Raises RuntimeError where U is singular.
    """
    found = lu_factor_ex(A, pivot=pivot)
    _check_pivots("lu_factor", found)
    return written(out, LUFactorResult(*found[:2]))


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> LUResult:
    """A = P L U, as torch.linalg.lu. (.., n, m) -> (.., n, n), (.., n, k), (.., k, m) with k = min(n, m)."""
    found = lu_factor_ex(A, pivot=pivot)
    return written(out, lu_unpack(found.LU, found.pivots))


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *, out: Any = None
) -> LUResult:
    """P, L and U of lu_factor's results, as torch.lu_unpack; those not asked for are empty."""
    need_matrix("lu_unpack", LU_data, argument="LU_data")
    _check_swaps("lu_unpack", LU_pivots)
    array = LU_data._array
    nothing = Tensor._of(backends.xp_of(array).zeros((0,), array.dtype))
    p = low = up = nothing
    if unpack_pivots:
        p = Tensor._of(permutation_matrix(LU_pivots._array, array.shape[-2], array))
    if unpack_data:
        low, up = triangles(LU_data)
    return written(out, LUResult(p, low, up))


def _check_swaps(name: str, pivots: Any) -> None:
    if need_tensor(name, pivots, 2, "pivots")._array.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type int32, as lu_factor gives them")


def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None
) -> Tensor:
    """X with A X = B (X A = B if not left; Aᴴ for A if adjoint), from lu_factor(A), as torch.linalg.lu_solve."""
    need_matrix("lu_solve", LU, True, "LU"), need_matrix("lu_solve", B, argument="B")
    _check_swaps("linalg.lu_solve", pivots)
    check_dtypes(
        "linalg.lu_solve: Expected {a} and {b} to have the same dtype, but found {a} of type {x} and {b} of type {y} "
        "instead", LU=LU, B=B,
    )  # fmt: skip
    order = LU._array.shape[-1]
    if pivots._array.shape[-1:] != (order,):
        raise ShapeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if B._array.shape[-2 if left else -1] != order:
        raise ShapeError(f"linalg.lu_solve: Incompatible shapes of A {tuple(LU.shape)} and B {tuple(B.shape)}")
    if not left:
        return into(out, adjoint_of(lu_solve(LU, pivots, adjoint_of(B), adjoint=not adjoint)))
    p = permutation_matrix(pivots._array, order, LU._array)
    if adjoint:
        turned = adjoint_of(LU)
        half = triangular_op(turned, B, upper=False, unitriangular=False)
        return into(out, matmul(Tensor._of(p), triangular_op(turned, half, upper=True, unitriangular=True)))
    swapped = matmul(Tensor._of(p.swapaxes(-1, -2)), B)
    half = triangular_op(LU, swapped, upper=False, unitriangular=True)
    return into(out, triangular_op(LU, half, upper=True, unitriangular=False))


# -- symmetric and Hermitian matrices --------------------------------------------------------------------------------


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> LDLExResult:
    """A = P L D Lᴴ Pᵀ (Lᵀ unless hermitian) of the lower half of A, packed by LAPACK, as torch.linalg.ldl_factor_ex.

    (.., n, n) -> LD (.., n, n), pivots int32 (.., n), info int32 (..): 0, or where D is zero. No gradient, as there.
    """
    array = need_matrix("ldl_factor_ex", A, True)._array
    name = "hetrf" if hermitian and array.dtype.kind == "c" else "sytrf"
    factor = routine(name, array, "linalg.ldl_factor")
    n = array.shape[-1]

    def compute(a: Any) -> Any:
        ld, swaps, info = factor(a, lower=1)
        return np.tril(ld), swaps, info

    outs = [((n, n), array.dtype), ((n,), np.int32), ((), np.int32)]
    parts = each(backends.xp_of(array), compute, array.shape[:-2], [(array, 2)], outs)
    found = LDLExResult(*[Tensor._of(part) for part in parts])
    zero = int(backends.cpu.asarray(found.info._array).max(initial=0))
    if check_errors and zero:
        raise RuntimeError(f"linalg.ldl_factor_ex: D[{zero},{zero}] is zero: the matrix is singular")
    return written(out, found)


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> LDLResult:
    """As ldl_factor_ex, as torch.linalg.ldl_factor. Raises RuntimeError where D is singular.

    Differs: the results do not require grad; in PyTorch LD does, and backward raises.
    """
    return written(out, LDLResult(*ldl_factor_ex(A, hermitian=hermitian, check_errors=True)[:2]))


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None) -> Tensor:
    """X with A X = B from ldl_factor(A), as torch.linalg.ldl_solve. (.., n, n), (.., n), (.., n, k) -> (.., n, k)."""
    need_matrix("ldl_solve", LD, True, "LD"), need_matrix("ldl_solve", B, argument="B")
    if need_tensor("linalg.ldl_solve", pivots, 2, "pivots")._array.dtype.kind not in "iu":
        raise RuntimeError(f"linalg.ldl_solve: Expected pivots to be integers, not {pivots.dtype!r}")
    check_dtypes("linalg.ldl_solve: Expected {a} and {b} to have the same dtype, not {x} and {y}", LD=LD, B=B)
    ld, right = LD._array, B._array
    if right.shape[-2] != ld.shape[-1]:
        raise ShapeError(f"linalg.ldl_solve: LD is {tuple(ld.shape)}, B {tuple(right.shape)}: rows must agree")
    solve = routine("hetrs" if hermitian and ld.dtype.kind == "c" else "sytrs", ld, "linalg.ldl_solve")
    batch = np.broadcast_shapes(ld.shape[:-2], right.shape[:-2])
    arrays = [(ld, 2), (pivots._array.astype(np.int32), 1), (right, 2)]
    found = each(
        backends.xp_of(ld), lambda a, p, b: solve(a, p, b, lower=1)[:1], batch, arrays, [(right.shape[-2:], ld.dtype)]
    )
    return into(out, Tensor._of(found[0]))


# -- older names -----------------------------------------------------------------------------------------------------


@method("lu")
def torch_lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """L and U in one matrix, the swaps of rows, and with get_infos the zero pivots, as torch.lu."""
    found = lu_factor_ex(A, pivot=pivot)
    return written(out, found if get_infos else LUFactorResult(*found[:2]))


@method("lu_solve")
def torch_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """X with A X = b from lu(A), as torch.lu_solve."""
    return lu_solve(LU_data, LU_pivots, b, out=out)
