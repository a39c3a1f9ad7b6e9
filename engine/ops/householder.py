"""Products of Householder reflections, I - tau v v^H, as LAPACK's QR keeps them: v below the diagonal of a matrix."""

from __future__ import annotations

from gradbook import backends
from gradbook.ops.linalg import conj, matmul
from gradbook.ops.strides import tril_op
from gradbook.tensor import Tensor

__all__: list[str] = []


def reflected(a: Tensor, tau: Tensor, c: Tensor, back: bool) -> Tensor:
    """Q c, or back: Q^H c, where Q is the product of the reflections. (.., n, k), (.., k), (.., n, m) -> (.., n, m)."""
    array = a._array
    count = tau._array.shape[-1]
    vectors = tril_op(a, diagonal=-1) + Tensor._of(backends.xp_of(array).eye(*array.shape[-2:], dtype=array.dtype))
    for i in range(count) if back else reversed(range(count)):
        v = vectors[..., i : i + 1]
        scale = tau[..., None, i : i + 1]
        c = c - matmul(v * (conj(scale) if back else scale), matmul(conj(v).transpose(-2, -1), c))
    return c
