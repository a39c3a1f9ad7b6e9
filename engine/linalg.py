"""Linear algebra, as torch.linalg: norms, determinants, solutions, factorisations. All take batches: (.., n, m)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradbook import backends
from gradbook.errors import LinAlgError, ShapeError
from gradbook.ops.decomposition import (
    adjoint_of,
    cholesky_op,
    det_op,
    eig_op,
    eigh_op,
    inv_op,
    pinv_op,
    qr_op,
    slogdet_op,
    solve_op,
    svd_op,
    triangular_op,
)  # fmt: skip
from gradbook.ops.linalg import cross as _cross
from gradbook.ops.linalg import matmul
from gradbook.ops.mistakes import scalar_name
from gradbook.ops.shape import need_tensor, reshape_op, transpose, unsqueeze_op, wrap_dims
from gradbook.ops.strides import diagonal as _diagonal
from gradbook.ops.strides import tril
from gradbook.ops.vector_norm import vector_norm
from gradbook.tensor import Tensor, method

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "inv_ex",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]


class QRResult(NamedTuple):
    """Q with orthonormal columns, R an upper triangle."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """A = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class EigResult(NamedTuple):
    """Eigenvalues and, as columns, eigenvectors."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SlogdetResult(NamedTuple):
    """det A = sign · exp(logabsdet)."""

    sign: Tensor
    logabsdet: Tensor


class LstsqResult(NamedTuple):
    """The least squares solution, sums of squared residuals, rank, singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class ExResult(NamedTuple):
    """A result, and 0 where it could be computed."""

    result: Tensor
    info: Tensor


def _matrix(name: str, A: Any, square: bool = False, argument: str = "A") -> Tensor:
    """The operand, if it is a floating matrix (or a batch). Raises TypeError or RuntimeError otherwise."""
    need_tensor(f"linalg.{name}", A, 1, argument)
    shape = A._array.shape
    if len(shape) < 2:
        raise ShapeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions; it is {tuple(shape)}.")
    if square and shape[-1] != shape[-2]:
        raise ShapeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    kind = A.dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {scalar_name(kind)}"
        )
    if A._array.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {scalar_name(kind)}; use .float()")
    found: Tensor = A
    return found


def _into(out: Tensor | None, result: Tensor) -> Tensor:
    if out is None:
        return result
    from gradbook.ops.joining import _into as write

    return write(out, result)


# -- inverse, solve, determinant -------------------------------------------------------------------------------------


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices, as torch.linalg.inv. (.., n, n) -> (.., n, n). Raises LinAlgError if singular."""
    return _into(out, inv_op(_matrix("inv", A, True)))


def inv_ex(A: Tensor, *, check_errors: bool = False) -> ExResult:
    """The inverse, and an info tensor that is not 0 where a matrix is singular, as torch.linalg.inv_ex."""
    return _ex(inv, A, A._array.shape[:-2], check_errors)


def _ex(compute: Any, A: Tensor, batch: Any, check_errors: bool, *more: Any) -> ExResult:
    xp = backends.xp_of(A._array)
    info = Tensor._of(xp.zeros(batch, np.int32))
    try:
        return ExResult(compute(A, *more), info)
    except LinAlgError:
        if check_errors:
            raise
        info._array[...] = 1
        shape = more[0]._array.shape if more else A._array.shape
        return ExResult(Tensor._of(xp.full(shape, np.nan, A._array.dtype)), info)


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of square matrices, as torch.linalg.det. (.., n, n) -> (..)."""
    return _into(out, det_op(_matrix("det", A, True)))


def slogdet(A: Tensor, *, out: Any = None) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant, as torch.linalg.slogdet. (.., n, n) -> 2 × (..)."""
    return SlogdetResult(*slogdet_op(_matrix("slogdet", A, True)))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """X with A X = B (X A = B if not left), as torch.linalg.solve. (.., n, n), (.., n, k) or (.., n) -> the shape of B.

    Raises LinAlgError if A is singular.
    """
    _matrix("solve", A, True)
    need_tensor("linalg.solve", B, 2, "B")
    a, b = A._array.shape, B._array.shape
    vector = len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)
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
        return _into(out, reshape_op(result, shape=tuple(result._array.shape[:-1])))
    if not left:
        return _into(out, transpose(_solve(transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1))
    return _into(out, _solve(A, B))


def _solve(A: Tensor, B: Tensor) -> Tensor:
    if A._array.shape[-1] != B._array.shape[-2]:
        raise ShapeError(
            "linalg.solve: Incompatible shapes of A and B for the equation AX = B "
            f"({A._array.shape[-2]}x{A._array.shape[-1]} "
            f"and {B._array.shape[-2]}x{B._array.shape[-1]})"
        )
    result: Tensor = solve_op(A, B)
    return result


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> ExResult:
    """As solve, with an info tensor that is not 0 where A is singular, as torch.linalg.solve_ex."""
    return _ex(lambda a, b: solve(a, b, left=left), A, A._array.shape[:-2], check_errors, B)


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """X with A X = B for a triangle A, of which the other half is not read, as torch.linalg.solve_triangular."""
    _matrix("solve_triangular", A, True), _matrix("solve_triangular", B, argument="B")
    if not left:
        turned = triangular_op(transpose(A, -2, -1), transpose(B, -2, -1), upper=not upper, unitriangular=unitriangular)
        return _into(out, transpose(turned, -2, -1))
    return _into(out, triangular_op(A, B, upper=bool(upper), unitriangular=bool(unitriangular)))


def pinv(
    A: Tensor, *args: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False, rcond: Any = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The Moore-Penrose inverse, as torch.linalg.pinv. (.., n, m) -> (.., m, n)."""
    _matrix("pinv", A, hermitian)
    relative = args[0] if args else rcond if rcond is not None else rtol
    limit = _relative(A, atol, relative)
    return _into(out, pinv_op(A, rcond=limit, hermitian=hermitian))


def _relative(A: Tensor, atol: Any, rtol: Any) -> Any:
    """Below which part of the largest a singular value counts as zero."""
    array = A._array
    relative = (
        max(array.shape[-2:]) * float(np.finfo(array.dtype).eps) if rtol is None and atol is None else rtol or 0.0
    )
    relative = float(relative) if not isinstance(relative, Tensor) else relative._array
    if atol is None:
        return relative
    largest = backends.xp_of(array).linalg.svd(array, compute_uv=False)[..., 0]
    absolute = atol._array if isinstance(atol, Tensor) else float(atol)
    return backends.xp_of(array).maximum(relative, absolute / largest)


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> LstsqResult:
    """X with the least ‖A X − B‖, as torch.linalg.lstsq. (.., n, m), (.., n, k) -> solution (.., m, k), and more."""
    _matrix("lstsq", A), need_tensor("linalg.lstsq", B, 2, "B")
    vector = B._array.ndim == A._array.ndim - 1
    right = unsqueeze_op(B, dim=B._array.ndim) if vector else B
    solution = matmul(pinv(A, rtol=rcond), right)
    xp, array = backends.xp_of(A._array), A._array
    rows, columns = array.shape[-2:]
    singular = xp.linalg.svd(array, compute_uv=False)
    limit = (rcond if rcond is not None else np.finfo(array.dtype).eps * max(rows, columns)) * singular[..., :1]
    rank = (singular > limit).sum(axis=-1)
    residuals = Tensor._of(xp.zeros((0,), array.dtype))
    if driver in ("gels", "gelsd", "gelss") and rows > columns and bool((rank == columns).all()):
        residuals = (matmul(A, solution) - right).abs().square().sum(-2)
    if vector:
        solution = reshape_op(solution, shape=tuple(solution._array.shape[:-1]))
    values = singular if driver in ("gelsd", "gelss") else xp.zeros((0,), array.dtype)
    ranks = xp.asarray(rank) if driver != "gels" else xp.zeros((0,), np.int64)
    return LstsqResult(solution, residuals, Tensor._of(ranks), Tensor._of(values))


def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """A @ A @ … n times, as torch.linalg.matrix_power; the inverse for negative n, the identity for 0."""
    need_tensor("linalg.matrix_power", A, 1, "A")
    shape = A._array.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {tuple(shape)}")
    xp = backends.xp_of(A._array)
    if n == 0:
        eye = Tensor._of(xp.broadcast_to(xp.eye(shape[-1], dtype=A._array.dtype), shape).copy())
        return _into(out, eye if A._node is None else A.masked_fill(eye == eye, 0) + eye)
    base = inv(A) if n < 0 else A
    result: Tensor | None = None
    n = abs(n)
    while n:
        if n & 1:
            result = base if result is None else matmul(result, base)
        n >>= 1
        base = matmul(base, base) if n else base
    return _into(out, result if result is not None and result is not A else A.clone())


# -- factorisations --------------------------------------------------------------------------------------------------


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangle L with A = L Lᴴ (upper: A = Uᴴ U), as torch.linalg.cholesky.

    Raises LinAlgError unless A is positive definite.
    """
    low = cholesky_op(_matrix("cholesky", A, True))
    return _into(out, adjoint_of(low) if upper else low)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> ExResult:
    """As cholesky, with an info tensor that is not 0 where A is not positive definite, as torch.linalg.cholesky_ex."""
    return _ex(lambda a: cholesky(a, upper=upper), A, A._array.shape[:-2], check_errors)


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> QRResult:
    """A = Q R, as torch.linalg.qr.

    mode: "reduced" (.., n, k), (.., k, m) with k = min(n, m); "complete"; "r" (R alone).
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    _matrix("qr", A)
    if mode == "r":
        empty = Tensor._of(backends.xp_of(A._array).zeros((0,), A._array.dtype))
        return QRResult(empty, qr_op(A, mode="reduced")[1])
    return QRResult(*qr_op(A, mode=mode))


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> EigResult:
    """Eigenvalues (rising) and eigenvectors of symmetric or Hermitian matrices.

    As torch.linalg.eigh; one half is read.
    """
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return EigResult(*eigh_op(_matrix("eigh", A, True), upper=UPLO.upper() == "U"))


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of symmetric or Hermitian matrices, as torch.linalg.eigvalsh."""
    return _into(out, eigh(A, UPLO).eigenvalues)


def eig(A: Tensor, *, out: Any = None) -> EigResult:
    """Eigenvalues and eigenvectors of any square matrices, complex, as torch.linalg.eig."""
    return EigResult(*eig_op(_matrix("eig", A, True)))


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of any square matrices, complex, as torch.linalg.eigvals."""
    return _into(out, eig(A).eigenvalues)


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> SVDResult:
    """A = U diag(S) Vh, singular values falling, as torch.linalg.svd. full_matrices: U (.., n, n), Vh (.., m, m).

    Gradients go through the first min(n, m) columns of U and rows of Vh.
    """
    _matrix("svd", A)
    u, s, vh = svd_op(A)
    if full_matrices and A._array.shape[-1] != A._array.shape[-2]:
        if A._node is None:
            xp = backends.xp_of(A._array)
            return SVDResult(*[Tensor._of(part) for part in xp.linalg.svd(A._array, full_matrices=True)])
        u, vh = _completed(u), transpose(_completed(transpose(vh, -2, -1)), -2, -1)
    return SVDResult(u, s, vh)


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
    return _into(out, svd(A, False).S)


# -- norms and numbers of matrices -----------------------------------------------------------------------------------


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """A norm of matrices, as torch.linalg.matrix_norm.

    ord: "fro", "nuc", ±1, ±2, ±inf. Raises RuntimeError for others.
    """
    _matrix("matrix_norm", A)
    A = A.to(dtype) if dtype is not None else A
    ndim = A._array.ndim
    axes = wrap_dims(dim, ndim)
    if len(axes) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    if ord == "fro":
        return _into(out, vector_norm(A, 2, axes, keepdim))
    if ord in ("nuc", 2, -2):
        last = A.movedim(axes, (-2, -1))
        s = svdvals(last)
        value = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)
    elif ord in (1, -1, math.inf, -math.inf):
        rows, columns = axes
        along, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = A.abs().sum(along)
        at = other - (other > along)
        value = sums.amax(at) if ord > 0 else sums.amin(at)
    else:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if keepdim:
        value = reshape_op(value, shape=tuple(1 if i in axes else n for i, n in enumerate(A._array.shape)))
    return _into(out, value)


def norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """A norm of vectors or matrices.

    As torch.linalg.norm: of matrices if dim has two axes, or A has and ord is given.
    """
    need_tensor("linalg.norm", A, 1, "A")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    axes = dim if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if axes is None:
        if A._array.ndim not in (1, 2):
            raise ShapeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._array.ndim}D."
            )
        axes = tuple(range(A._array.ndim))
    if len(axes) == 2:
        return matrix_norm(A, ord, axes, keepdim, dtype=dtype, out=out)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: Order {ord} only supports 2-dim dim arguments")
    return vector_norm(A, ord, axes, keepdim, dtype=dtype, out=out)


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number ‖A‖ ‖A⁻¹‖, as torch.linalg.cond; by singular values for p None or 2."""
    _matrix("cond", A)
    if p in (None, 2, -2):
        s = svdvals(A)
        ends = (s[..., 0], s[..., -1])
        return _into(out, ends[1] / ends[0] if p == -2 else ends[0] / ends[1])
    _matrix("cond", A, True)
    result = inv_ex(A).result
    return _into(out, matrix_norm(A, p) * matrix_norm(result, p).nan_to_num(nan=math.inf))


def matrix_rank(
    A: Tensor, *args: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False, tol: Any = None, out: Any = None
) -> Tensor:
    """How many singular values are not nearly zero, as torch.linalg.matrix_rank. (.., n, m) -> int64 (..)."""
    _matrix("matrix_rank", A)
    array = A._array
    s = backends.xp_of(array).linalg.svd(array, compute_uv=False)
    absolute = args[0] if args else tol if tol is not None else atol
    absolute = 0.0 if absolute is None else absolute._array if isinstance(absolute, Tensor) else float(absolute)
    given = args or tol is not None or atol is not None
    relative = (0.0 if given else max(array.shape[-2:]) * float(np.finfo(array.dtype).eps)) if rtol is None else rtol
    relative = relative._array if isinstance(relative, Tensor) else relative
    limit = backends.xp_of(array).maximum(absolute, relative * s.max(axis=-1, initial=0))
    made: Tensor = Tensor._of(backends.xp_of(array).asarray((s > limit[..., None]).sum(axis=-1)).astype(np.int64))
    return made


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
    return _into(out, result)


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


# -- others ----------------------------------------------------------------------------------------------------------


def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross product along an axis of three, as torch.linalg.cross."""
    return _cross(input, other, dim, out=out)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as torch.linalg.diagonal: a view."""
    return _diagonal(A, offset, dim1, dim2)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Dot products along an axis, x conjugated, as torch.linalg.vecdot."""
    left = x.conj() if x.is_complex() else x
    return _into(out, (left * y).sum(dim))


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 … N-1 of each element in a row, as torch.linalg.vander. (.., n) -> (.., n, N)."""
    from gradbook.ops.joining import stack

    x = x if x._array.ndim else unsqueeze_op(x, dim=0)
    count = x._array.shape[-1] if N is None else N
    if N is not None and N <= 1:
        raise RuntimeError(f"N must be greater than 1. Got {N}.")
    rows = [x**0]
    for _ in range(count - 1):
        rows.append(rows[-1] * x)
    return stack(rows, -1)


def matrix_exp(A: Tensor) -> Tensor:
    """The matrix exponential, as torch.linalg.matrix_exp: scaled down, a Taylor series, squared up again."""
    _matrix("matrix_exp", A, True)
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
    return _into(out, reshape_op(flat, shape=(*shape[ind:], *shape[:ind])))


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
    return _into(out, reshape_op(flat, shape=shape))


# -- Tensor's methods --------------------------------------------------------------------------------------------------


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant, nan where that is negative, as torch.logdet."""
    sign, log = slogdet(input)
    result: Tensor = log.masked_fill(sign < 0, math.nan) if (sign._array < 0).any() else log
    return result


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """X with L Lᴴ X = B, as torch.cholesky_solve."""
    low = adjoint_of(L) if upper else L
    return _into(out, solve_triangular(adjoint_of(low), solve_triangular(low, B, upper=False), upper=True))


def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L Lᴴ, as torch.cholesky_inverse."""
    low = tril(adjoint_of(L) if upper else L)
    inverse = inv(low)
    return _into(out, matmul(adjoint_of(inverse), inverse))


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse, as torch.pinverse."""
    return pinv(input, rtol=rcond)


inverse = inv
_torch_names: dict[str, Any] = {
    "inverse": inv, "det": det, "logdet": logdet, "slogdet": slogdet, "pinverse": pinverse,
    "matrix_power": matrix_power,
    "matrix_exp": matrix_exp, "cholesky_solve": cholesky_solve, "cholesky_inverse": cholesky_inverse,
}  # fmt: skip
for _name, _fn in _torch_names.items():
    method(_name)(_fn)


@method("cholesky")
def torch_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor, as torch.cholesky."""
    return cholesky(input, upper=upper)


@method("qr")
def torch_qr(input: Tensor, some: bool = True) -> QRResult:
    """A = Q R, as torch.qr."""
    return qr(input, "reduced" if some else "complete")


@method("svd")
def torch_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """A = U diag(S) Vᵀ, as torch.svd: V, not its transpose."""
    u, s, vh = svd(input, not some)
    return torch_svd_result(u, s, adjoint_of(vh))


class torch_svd_result(NamedTuple):
    """U, S, V."""

    U: Tensor
    S: Tensor
    V: Tensor
