"""Factorisations of matrices, as torch.linalg: Cholesky, QR, eigenvalues, singular values."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import (
    CholeskyExResult,
    EigResult,
    QRResult,
    SVDResult,
    TorchSVDResult,
    check_dtypes,
    into,
    need_matrix,
    written,
)
from gradbook.linalg.solving import attempted
from gradbook.ops.cholesky import inverse_op as cholesky_inverse_op
from gradbook.ops.cholesky import solve_op as cholesky_solve_op
from gradbook.ops.decomposition import (
    adjoint_of,
    cholesky_op,
    eig_op,
    eigh_op,
    qr_op,
    svd_op,
)
from gradbook.ops.shape import transpose
from gradbook.tensor import Tensor, method


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangle L with A = L Lᴴ (upper: A = Uᴴ U), as torch.linalg.cholesky.

    Raises LinAlgError unless A is positive definite.
    """
    low = cholesky_op(need_matrix("cholesky", A, True))
    return into(out, adjoint_of(low) if upper else low)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> CholeskyExResult:
    """As cholesky, with an info tensor, as torch.linalg.cholesky_ex.

    It is 0, or the order of the first leading minor that is not positive definite; what stands in L then is nan.
    Differs: a matrix that fails is nan as a whole; PyTorch leaves what was computed so far.
    """
    need_matrix("cholesky_ex", A, True)
    found = attempted("cholesky", lambda a: cholesky(a, upper=upper), A, check_errors)
    return written(out, CholeskyExResult(*found))


@method("cholesky_solve")
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """X with L Lᴴ X = B, as torch.cholesky_solve; upper: Lᴴ L X = B. (.., n, k), (.., n, n) -> (.., n, k)."""
    need_matrix("cholesky_solve", B, argument="B"), need_matrix("cholesky_solve", L, True, "L")
    rows, order = B._array.shape[-2], L._array.shape[-1]
    if rows != order:
        raise ShapeError(f"cholesky_solve: Incompatible matrix sizes: B has {rows} rows, the factor {order}")
    check_dtypes("cholesky_solve: Expected {a} and {b} to have the same dtype, but they are {x} and {y}", B=B, L=L)
    return into(out, cholesky_solve_op(B, L, upper=bool(upper)), exact=False)


@method("cholesky_inverse")
def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L Lᴴ (upper: of Lᴴ L), as torch.cholesky_inverse. (.., n, n) -> (.., n, n)."""
    return into(out, cholesky_inverse_op(need_matrix("cholesky_inverse", L, True, "L"), upper=bool(upper)), exact=False)


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> QRResult:
    """A = Q R, as torch.linalg.qr.

    mode: "reduced" (.., n, k), (.., k, m) with k = min(n, m); "complete"; "r" (R alone).
    Differs: mode="r" has a gradient.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    need_matrix("qr", A)
    if mode == "r":
        empty = Tensor._of(backends.xp_of(A._array).zeros((0,), A._array.dtype))
        return written(out, QRResult(empty, qr_op(A, mode="reduced")[1]))
    return written(out, QRResult(*qr_op(A, mode=mode)))


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> EigResult:
    """Eigenvalues (rising) and eigenvectors of symmetric or Hermitian matrices.

    As torch.linalg.eigh; one half is read.
    """
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return written(out, EigResult(*eigh_op(need_matrix("eigh", A, True), upper=UPLO.upper() == "U")))


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of symmetric or Hermitian matrices, as torch.linalg.eigvalsh."""
    return into(out, eigh(A, UPLO).eigenvalues)


def eig(A: Tensor, *, out: Any = None) -> EigResult:
    """Eigenvalues and eigenvectors of any square matrices, complex, as torch.linalg.eig."""
    return written(out, EigResult(*eig_op(_finite(need_matrix("eig", A, True)))))


def _finite(A: Tensor) -> Tensor:
    """The matrix, if it has no inf and no nan. Raises RuntimeError otherwise."""
    if not backends.xp_of(A._array).isfinite(A._array).all():
        raise RuntimeError("linalg.eig: input tensor should not contain infs or NaNs.")
    return A


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of any square matrices, complex, as torch.linalg.eigvals."""
    return into(out, eig(A).eigenvalues, exact=False)


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> SVDResult:
    """A = U diag(S) Vh, singular values falling, as torch.linalg.svd. full_matrices: U (.., n, n), Vh (.., m, m).

    Gradients go through the first min(n, m) columns of U and rows of Vh.
    """
    need_matrix("svd", A)
    _no_driver(driver)
    u, s, vh = svd_op(A)
    if full_matrices and A._array.shape[-1] != A._array.shape[-2]:
        if A._node is None:
            xp = backends.xp_of(A._array)
            parts = xp.linalg.svd(A._array, full_matrices=True)
            return written(out, SVDResult(*[Tensor._of(part) for part in parts]))
        u, vh = _completed(u), transpose(_completed(transpose(vh, -2, -1)), -2, -1)
    return written(out, SVDResult(u, s, vh))


def _no_driver(driver: Any) -> None:
    if driver is not None:
        raise RuntimeError("linalg.svd: keyword argument `driver=` is only supported on CUDA inputs; leave it out")


def _completed(u: Tensor) -> Tensor:
    """Orthonormal columns with those added that make the matrix square."""
    from gradbook.ops.joining import cat

    rows, columns = u._array.shape[-2:]
    if rows <= columns:
        return u
    xp = backends.xp_of(u._array)
    rest = xp.linalg.svd(u._array, full_matrices=True)[0][..., columns:]
    return cat([u, Tensor._of(rest)], -1)


def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """Singular values, falling, as torch.linalg.svdvals. (.., n, m) -> (.., min(n, m))."""
    return into(out, svd(A, False, driver=driver).S)


@method("cholesky")
def torch_cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The triangular factor, as torch.cholesky."""
    return cholesky(input, upper=upper, out=out)


@method("qr")
def torch_qr(input: Tensor, some: bool = True, *, out: Any = None) -> QRResult:
    """A = Q R, as torch.qr."""
    return qr(input, "reduced" if some else "complete", out=out)


@method("svd")
def torch_svd(input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> TorchSVDResult:
    """A = U diag(S) Vᵀ, as torch.svd: V, not its transpose; zeros for both if not compute_uv."""
    u, s, vh = svd(input, not some)
    v = adjoint_of(vh)
    if not compute_uv:
        rows, columns = input._array.shape[-2:]
        u, v = (x.new_zeros((*input._array.shape[:-2], n, n)) for x, n in ((input, rows), (input, columns)))
    return written(out, TorchSVDResult(u, s, v))
