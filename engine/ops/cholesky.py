"""What is made of a Cholesky factor: the inverse and the solutions of the matrix that it is a factor of."""

from __future__ import annotations

from typing import Any

from gradbook.autograd.op import Op
from gradbook.ops.decomposition import adjoint_of, attempt, times, triangular_op

__all__: list[str] = []

# PyTorch's gradients are those of a full factor: they are not cut to its triangle

inverse_op = Op(
    "cholesky_inverse", "x", formula=r"y = (x \, x^\top)^{-1}", grads={"x": r"-y \, (\bar y + \bar y^\top) \, y \, x"}
)
inverse_op.forward(lambda xp, x, *, upper: _inverse(xp, x, upper))


def _inverse(xp: Any, x: Any, upper: bool) -> Any:
    low = xp.tril(adjoint_of(x) if upper else x)
    inverse = attempt("inv", xp.linalg.inv, low)
    return adjoint_of(inverse) @ inverse


@inverse_op.grad("x")
def _(grad: Any, x: Any, out: Any, upper: bool) -> Any:
    common = times(out, grad + adjoint_of(grad), out)
    return -times(x, common) if upper else -times(common, x)


solve_op = Op(
    "cholesky_solve", "b x", formula=r"y = (x \, x^\top)^{-1} b",
    grads={"b": r"(x \, x^\top)^{-1} \bar y", "x": r"-(\bar b \, y^\top + y \, \bar b^\top) \, x"},
)  # fmt: skip
solve_op.forward(lambda xp, b, x, *, upper: _solved(b, adjoint_of(x) if upper else x))


def _solved(b: Any, low: Any) -> Any:
    half = triangular_op(low, b, upper=False, unitriangular=False)
    return triangular_op(adjoint_of(low), half, upper=True, unitriangular=False)


@solve_op.grad("b")
def _(grad: Any, x: Any, upper: bool) -> Any:
    return solve_op(grad, x, upper=upper)


@solve_op.grad("x")
def _(grad: Any, x: Any, out: Any, upper: bool) -> Any:
    half = times(solve_op(grad, x, upper=upper), adjoint_of(out))
    common = half + adjoint_of(half)
    return -times(x, common) if upper else -times(common, x)
