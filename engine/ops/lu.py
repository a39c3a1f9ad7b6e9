"""x = P L U with partial pivoting, and what is made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.ops.decomposition import Factors, adjoint_of, bare, times, triangular_op
from gradbook.ops.joining import cat_op
from gradbook.ops.lapack import each, routine
from gradbook.ops.strides import tril_op, triu_op

__all__: list[str] = []


def permutation(pivots: Any, rows: int) -> Any:
    """Which row of x each row of L U is, from LAPACK's swaps (counted from 1). (.., k) -> (.., rows), on the CPU."""
    swaps = backends.cpu.asarray(pivots).astype(np.int64) - 1
    order = np.broadcast_to(np.arange(rows), (*swaps.shape[:-1], rows)).copy()
    for i in range(swaps.shape[-1]):
        other = swaps[..., i : i + 1]
        moved = order[..., i : i + 1].copy()
        order[..., i : i + 1] = np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, moved, -1)
    return order


def permutation_matrix(pivots: Any, rows: int, like: Any) -> Any:
    """P with x = P L U. -> (.., rows, rows), in the dtype and library of `like`."""
    order = permutation(pivots, rows)
    return backends.like((order[..., None, :] == np.arange(rows)[:, None]).astype(like.dtype), like)


def triangles(lu: Any, diagonal: bool = True) -> tuple[Any, Any]:
    """L (with ones on its diagonal, unless it shall have none) and U from the two in one matrix."""
    rows, columns = lu.shape[-2:]
    k = min(rows, columns)
    low = tril_op(lu[..., :k], diagonal=-1)
    if diagonal:
        array = bare(lu)
        low = low + backends.xp_of(array).eye(rows, k, dtype=array.dtype)
    return low, triu_op(lu[..., :k, :], diagonal=0)


class LU(Factors):
    """x = P L U: L and U in one matrix, the swaps that make P, and where U has a zero on its diagonal."""

    def rule(self, g: list[Any], outs: list[Any], shape: Any, **_: Any) -> Any:
        """P L^-H (tril(L^H L_grad, -1) + triu(U_grad U^H)) U^-H; what is beyond the square part comes beside it."""
        if g[0] is None:
            return None
        rows, columns = shape[-2:]
        k = min(rows, columns)
        low, up = triangles(outs[0])
        low_grad, up_grad = triangles(g[0], diagonal=False)
        square = outs[0][..., :k, :k]
        below = times(adjoint_of(low[..., :k, :]), low_grad[..., :k, :])
        above = times(up_grad[..., :k], adjoint_of(up[..., :k]))
        if columns > k:
            below = below - times(up_grad[..., k:], adjoint_of(up[..., k:]))
        if rows > k:
            above = above - times(adjoint_of(low[..., k:, :]), low_grad[..., k:, :])
        middle = tril_op(below, diagonal=-1) + triu_op(above, diagonal=0)
        result = _over_u(square, _over_l(square, middle))
        if columns > k:
            result = cat_op(result, _over_l(square, up_grad[..., k:]), dim=len(shape) - 1, lengths=(k, columns - k))
        if rows > k:
            result = cat_op(result, _over_u(square, low_grad[..., k:, :]), dim=len(shape) - 2, lengths=(k, rows - k))
        return times(permutation_matrix(bare(outs[1]), rows, bare(outs[0])), result)


def _over_l(lu: Any, y: Any) -> Any:
    """L^-H y."""
    return triangular_op(adjoint_of(lu), y, upper=True, unitriangular=True)


def _over_u(lu: Any, y: Any) -> Any:
    """Y U^-H."""
    return adjoint_of(triangular_op(lu, adjoint_of(y), upper=True, unitriangular=False))


lu_op = LU("linalg_lu_factor", "x", formula="x = P L U", node_name="LinalgLuFactorExBackward0")


@lu_op.forward
def _(xp: Any, x: Any) -> Any:
    rows, columns = x.shape[-2:]
    getrf = routine("getrf", x, "linalg.lu_factor")

    def factor(a: Any) -> Any:
        lu, swaps, info = getrf(a)
        return lu, swaps + 1, info

    outs = [((rows, columns), x.dtype), ((min(rows, columns),), np.int32), ((), np.int32)]
    return each(xp, factor, x.shape[:-2], [(x, 2)], outs)
