"""Norms, condition numbers and ranks of matrices, as torch.linalg."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.linalg.checks import into, need_matrix
from gradbook.linalg.factors import svdvals
from gradbook.linalg.solving import inv_ex
from gradbook.ops.shape import need_tensor, reshape_op, wrap_dims
from gradbook.ops.vector_norm import vector_norm
from gradbook.tensor import Tensor


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
    need_matrix("matrix_norm", A)
    A = A.to(dtype) if dtype is not None else A
    ndim = A._array.ndim
    axes = wrap_dims(dim, ndim)
    if len(axes) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    if ord == "fro":
        return into(out, vector_norm(A, 2, axes, keepdim))
    if ord in ("nuc", 2, -2):
        last = A.movedim(axes, (-2, -1))
        s = svdvals(last)
        value = s.sum(-1) if ord == "nuc" or not s.shape[-1] else s.amax(-1) if ord == 2 else s.amin(-1)
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
    return into(out, value)


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
    """The condition number ‖A‖ ‖A⁻¹‖, as torch.linalg.cond; by singular values for p None or ±2. (.., n, n) -> (..)

    inf for a singular matrix, 0 for an empty one. Raises RuntimeError for another norm than matrix_norm's.
    """
    need_matrix("cond", A)
    if p not in (None, 1, -1, 2, -2, math.inf, -math.inf, "fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if p not in (None, 2, -2):
        need_matrix("cond", A, True)
    if not A._array.size:
        array = A._array
        return into(out, Tensor._of(backends.xp_of(array).zeros(array.shape[:-2], array.real.dtype)), exact=False)
    if p in (None, 2, -2):
        s = svdvals(A)
        ends = (s[..., 0], s[..., -1])
        return into(out, ends[1] / ends[0] if p == -2 else ends[0] / ends[1], exact=False)
    found = inv_ex(A)
    if not found.info._array.any():
        return into(out, matrix_norm(A, p) * matrix_norm(found.inverse, p), exact=False)
    singular = Tensor._of(found.info._array != 0)
    usable = found.inverse.masked_fill(singular[..., None, None], 0)
    value = matrix_norm(A, p) * matrix_norm(usable, p)
    return into(out, value.masked_fill(singular, math.nan if p == "nuc" else math.inf), exact=False)


def matrix_rank(
    A: Tensor, *args: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False, tol: Any = None, out: Any = None
) -> Tensor:
    """How many singular values are not nearly zero, as torch.linalg.matrix_rank. (.., n, m) -> int64 (..)."""
    need_matrix("matrix_rank", A)
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
