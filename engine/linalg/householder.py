"""QR as LAPACK keeps it, by Householder reflections: torch.geqrf, orgqr, ormqr and torch.linalg.householder_product."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import QRFactors, TriangularResult, check_dtypes, into, need_matrix, written
from gradbook.linalg.solving import solve_triangular
from gradbook.ops.comparison import where
from gradbook.ops.decomposition import adjoint_of
from gradbook.ops.householder import reflected
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor, method


@method("geqrf")
def geqrf(input: Tensor, *, out: Any = None) -> QRFactors:
    """R above the diagonal, the reflections that make Q below it, and their factors tau, as torch.geqrf.

    (.., n, m) -> (.., n, m), (.., min(n, m)). No gradient, as there.
    Differs: the results do not require grad; in PyTorch they do, and backward raises.
    """
    array = need_matrix("geqrf", input)._array
    turned, tau = np.linalg.qr(backends.cpu.asarray(array), "raw")
    parts = (backends.like(np.ascontiguousarray(turned.swapaxes(-1, -2)), array), backends.like(tau, array))
    return written(out, QRFactors(*[Tensor._of(part.astype(array.dtype)) for part in parts]), exact=False)


def _check_tau(name: str, A: Tensor, tau: Tensor) -> None:
    need_tensor(name, tau, 2, "tau")
    check_dtypes(f"{name}: {{b}} dtype {{y}} does not match {{a}} dtype {{x}}", input=A, tau=tau)
    if tau._array.ndim != A._array.ndim - 1:
        raise ShapeError(f"{name}: tau must have one dimension less than input, but they are {tau.ndim}, {A.ndim}")
    if tau._array.shape[:-1] != A._array.shape[:-2]:
        raise ShapeError(f"{name}: Expected batch dimensions of tau to be {A.shape[:-2]}, but got {tau.shape[:-1]}")


def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first m columns of the product of reflections, as torch.linalg.householder_product.

    A: (.., n, m), n >= m, the reflections below its diagonal. tau: (.., k), k <= m. -> (.., n, m)
    """
    name = "linalg.householder_product"
    rows, columns = need_matrix("householder_product", A)._array.shape[-2:]
    if rows < columns:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]: {tuple(A.shape)}")
    _check_tau(name, A, tau)
    if columns < tau._array.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]: {tuple(A.shape)}")
    xp = backends.xp_of(A._array)
    eye = xp.broadcast_to(xp.eye(rows, columns, dtype=A._array.dtype), A._array.shape)
    start = Tensor._of(eye.copy())
    if not tau._array.shape[-1]:  # no reflection: nothing depends on A, but the result is still in its graph
        start = where(Tensor._of(xp.ones(eye.shape, bool)), start, A)
    return into(out, reflected(A, tau, start, False), exact=False)


@method("orgqr")
def orgqr(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """householder_product's older name, as torch.orgqr."""
    return householder_product(input, tau, out=out)


@method("ormqr")
def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """Q other (other Q if not left; Qᴴ for Q if transpose), Q the whole product of reflections, as torch.ormqr.

    input: (.., n, k). tau: (.., min(n, k)). other: (.., n, m), or (.., m, n) if not left.
    """
    need_matrix("ormqr", input), need_matrix("ormqr", other, argument="other")
    _check_tau("ormqr", input, tau)
    check_dtypes(
        "ormqr: Expected {a} and {b} to have the same dtype, but they are {x} and {y}", input=input, other=other
    )
    axis = -2 if left else -1
    if other._array.shape[axis] < tau._array.shape[-1] or other._array.shape[axis] != input._array.shape[-2]:
        raise ShapeError(f"ormqr: other.shape[{axis}] must be equal to input.shape[-2] and at least tau.shape[-1]")
    if tau._array.shape[-1] > input._array.shape[-1]:
        raise ShapeError("ormqr: tau.shape[-1] must be equal to min(other.shape[-2], input.shape[-1])")
    if left:
        return into(out, reflected(input, tau, other, bool(transpose)), exact=False)
    return into(out, adjoint_of(reflected(input, tau, adjoint_of(other), not transpose)), exact=False)


@method("triangular_solve")
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> TriangularResult:
    """X with A X = b for a triangle A (Aᵀ if transpose), and a copy of A, as torch.triangular_solve."""
    need_matrix("triangular_solve", b, argument="b"), need_matrix("triangular_solve", A, True)
    check_dtypes(
        "Expected {a} and {b} to have the same dtype, but found {a} of type {x} and {b} of type {y} instead", b=b, A=A
    )
    used = A.transpose(-2, -1) if transpose else A
    solution = solve_triangular(used, b, upper=upper != transpose, unitriangular=unitriangular)
    batch = solution._array.shape[:-2]
    return written(out, TriangularResult(solution, A.expand(*batch, *A._array.shape[-2:]).clone()))
