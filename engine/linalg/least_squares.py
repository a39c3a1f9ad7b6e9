"""Pseudo-inverses and least squares, as torch.linalg."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import LstsqResult, check_dtypes, into, need_matrix
from gradbook.ops.decomposition import (
    pinv_op,
)
from gradbook.ops.linalg import matmul
from gradbook.ops.shape import need_tensor, reshape_op, unsqueeze_op
from gradbook.tensor import Tensor, method


def pinv(
    A: Tensor, *args: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False, rcond: Any = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The Moore-Penrose inverse, as torch.linalg.pinv. (.., n, m) -> (.., m, n)."""
    need_matrix("pinv", A, hermitian)
    relative = args[0] if args else rcond if rcond is not None else rtol
    limit = _relative(A, atol, relative)
    return into(out, pinv_op(A, rcond=limit, hermitian=hermitian), exact=False)


def _relative(A: Tensor, atol: Any, rtol: Any) -> Any:
    """Below which part of the largest a singular value counts as zero."""
    array = A._array
    usual = max(array.shape[-2:]) * float(np.finfo(array.dtype).eps) if atol is None else 0.0
    relative = usual if rtol is None else rtol
    relative = float(relative) if not isinstance(relative, Tensor) else relative._array
    if atol is None:
        return relative
    largest = backends.xp_of(array).linalg.svd(array, compute_uv=False)[..., 0]
    absolute = atol._array if isinstance(atol, Tensor) else float(atol)
    return backends.xp_of(array).maximum(relative, absolute / largest)


DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> LstsqResult:
    """X with the least ‖A X - B‖, as torch.linalg.lstsq.

    A: (.., n, m). B: (.., n, k) or (.., n) -> solution (.., m, k) or (.., m).
    driver: "gelsy" unless given; "gels" takes A to have full rank. residuals: Σ |A X - B|² by column where n > m and A
    has full rank, not for gelsy. rank: not for gels. singular_values: for gelsd and gelss. What is not there is empty.
    rcond: below which part of the largest a singular value counts as zero.
    """
    need_matrix("lstsq", A), need_tensor("linalg.lstsq", B, 2, "B")
    if driver is not None and driver not in DRIVERS:
        raise RuntimeError(f"linalg.lstsq: parameter `driver` should be one of {DRIVERS}, not {driver!r}")
    check_dtypes("linalg.lstsq: Expected {a} and {b} to have the same dtype, but they are {x} and {y}", A=A, B=B)
    vector = B._array.ndim == A._array.ndim - 1
    right = unsqueeze_op(B, dim=B._array.ndim) if vector else B
    if right._array.ndim < 2 or right._array.shape[-2] != A._array.shape[-2]:
        raise ShapeError(f"linalg.lstsq: A is {tuple(A.shape)}, B {tuple(B.shape)}: they must have as many rows")
    xp, array = backends.xp_of(A._array), A._array
    rows, columns = array.shape[-2:]
    real = array.real.dtype
    relative = np.finfo(array.dtype).eps * max(rows, columns) if rcond is None else rcond
    solution = matmul(pinv(A, rtol=relative), right)
    singular = xp.linalg.svd(array, compute_uv=False)
    rank = xp.asarray((singular > relative * singular[..., :1]).sum(axis=-1), np.int64)
    residuals = Tensor._of(xp.zeros((0,), real))
    if driver not in (None, "gelsy") and rows > columns and (driver == "gels" or bool((rank == columns).all())):
        residuals = (matmul(A, solution) - right).abs().square().sum(-2)
    if vector:
        solution = reshape_op(solution, shape=tuple(solution._array.shape[:-1]))
    values = singular if driver in ("gelsd", "gelss") else xp.zeros((0,), real)
    ranks = rank if driver != "gels" else xp.zeros((0,), np.int64)
    return LstsqResult(solution, residuals, Tensor._of(ranks), Tensor._of(values))


@method("pinverse")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse, as torch.pinverse."""
    return pinv(input, rtol=rcond)
