"""Approximate singular values of large matrices, as torch.svd_lowrank and torch.pca_lowrank."""

from __future__ import annotations

from typing import Any

from gradbook.linalg.checks import TorchSVDResult
from gradbook.linalg.factors import qr, svd
from gradbook.ops.decomposition import adjoint_of
from gradbook.ops.linalg import matmul
from gradbook.ops.random import randn
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor


def _range(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """Orthonormal columns that A - M nearly maps into (Halko et al. 2009, algorithm 4.4). -> (.., n, q)"""
    other = adjoint_of(A)

    def forward(x: Tensor) -> Tensor:
        return matmul(A, x) - (matmul(M, x) if M is not None else 0)

    def back(x: Tensor) -> Tensor:
        return matmul(other, x) - (matmul(adjoint_of(M), x) if M is not None else 0)

    Q = qr(forward(randn(A._array.shape[-1], q, dtype=A.dtype, device=A.device))).Q
    for _ in range(niter):
        Q = qr(forward(qr(back(Q)).Q)).Q
    return Q


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> TorchSVDResult:
    """The q largest singular values of A (less M, broadcast), nearly, as torch.svd_lowrank. (.., n, m) -> U, S, V.

    U (.., n, q), S (.., q), V (.., m, q); niter: more make it more exact. Draws from the default generator.
    """
    need_tensor("svd_lowrank", A, 1, "A")
    rank = 6 if q is None else q
    M = M.expand(A._array.shape) if M is not None else None
    turned = A._array.shape[-2] < A._array.shape[-1]
    if turned:
        A, M = adjoint_of(A), adjoint_of(M) if M is not None else None
    Q = _range(A, rank, 2 if niter is None else niter, M)
    small = matmul(adjoint_of(Q), A) - (matmul(adjoint_of(Q), M) if M is not None else 0)
    u, s, vh = svd(small, False)
    u, v = matmul(Q, u), adjoint_of(vh)
    return TorchSVDResult(v, s, u) if turned else TorchSVDResult(u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> TorchSVDResult:
    """The q principal directions of rows of A, nearly, as torch.pca_lowrank. (.., n, m) -> U, S, V as svd_lowrank.

    q: min(6, n, m) unless given. center: columns less their means. Raises ValueError for q or niter out of range.
    """
    rows, columns = need_tensor("pca_lowrank", A, 1, "A")._array.shape[-2:]
    rank = min(6, rows, columns) if q is None else q
    if not 0 <= rank <= min(rows, columns):
        raise ValueError(f"q(={rank}) must be non-negative integer and not greater than min(m, n)={min(rows, columns)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    if not (A.is_floating_point() or A.is_complex()):
        raise ValueError(f"pca_lowrank: A must be floating point or complex, not {A.dtype!r}")
    centred: Any = A - A.mean(-2, keepdim=True) if center else A
    return svd_lowrank(centred, rank, niter)
