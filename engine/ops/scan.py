"""Running sums, products, extremes along one axis: cumsum, cumprod, cummax, cummin, logcumsumexp, diff, trapezoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import assign
from gradbook.autograd.op import MultiOp, Op
from gradbook.ops.arguments import axis, tensor_of, write_out
from gradbook.ops.reduction import joined, summable
from gradbook.tensor import Tensor, method

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]


def _back(xp: Any, x: Any, dim: int) -> Any:
    return xp.flip(x, dim) if x.ndim else x


cumsum_op = Op("cumsum", "x", formula=r"y_k = \sum_{i \le k} x_i", grads={"x": r"\bar x_i = \sum_{k \ge i} \bar y_k"})


@cumsum_op.forward
def _(xp: Any, x: Any, *, dim: int, reverse: Any = False) -> Any:
    if not x.ndim:
        return x.copy()
    kind = x.dtype
    source = x.astype(np.float32) if kind == dtypes.BF16 else x
    return (_back(xp, _back(xp, source, dim).cumsum(dim), dim) if reverse else source.cumsum(dim)).astype(
        kind, copy=False
    )


@cumsum_op.grad("x")
def _(grad: Any, dim: int, reverse: Any) -> Any:
    return cumsum_op(grad, dim=dim, reverse=not reverse)


cumprod_op = Op(
    "cumprod",
    "x",
    formula=r"y_k = \prod_{i \le k} x_i",
    grads={"x": r"\bar x_i = \sum_{k \ge i} \bar y_k \prod_{j \le k, j \ne i} x_j"},
)


@cumprod_op.forward
def _(xp: Any, x: Any, *, dim: int, reverse: Any = False) -> Any:
    if not x.ndim:
        return x.copy()
    return (_back(xp, _back(xp, x, dim).cumprod(dim), dim) if reverse else x.cumprod(dim)).astype(x.dtype, copy=False)


@cumprod_op.grad("x")
def _(grad: Any, x: Any, out: Any, dim: int, reverse: Any) -> Any:
    zeros = (x == 0).any()
    if not (zeros.item() if isinstance(zeros, Tensor) else zeros):
        return cumsum_op(grad * out.conj(), dim=dim, reverse=not reverse) / x.conj()
    return _through_zeros(grad, x.conj(), dim, reverse)


def _through_zeros(grad: Any, x: Any, dim: int, reverse: Any) -> Any:
    """The gradient of a running product with zeros in it, one element at a time: nothing is divided."""
    if not x.ndim:
        return grad
    count = x.shape[dim]
    columns: list[Any] = [None] * count
    order = list(range(count))[:: -1 if reverse else 1]
    before: Any = None  # product of all that come earlier
    for place, i in enumerate(order):
        total, product = _column(grad, dim, i), None
        for k in order[place + 1 :]:
            product = _column(x, dim, k) if product is None else product * _column(x, dim, k)
            total = total + _column(grad, dim, k) * product
        columns[i] = total if before is None else total * before
        before = _column(x, dim, i) if before is None else before * _column(x, dim, i)
    return joined(columns, dim)


def _column(x: Any, dim: int, i: int) -> Any:
    return x[(*(slice(None),) * dim, slice(i, i + 1))]


@method("cumsum")
def cumsum(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Running sums along `dim`, as torch.cumsum. (*) -> (*); bools and integers give int64."""
    x = summable(input, dtype, "cumsum", out)
    return write_out("cumsum", cumsum_op(x, dim=axis(dim, x._array.ndim), reverse=False), out)


@method("cumprod")
def cumprod(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Running products along `dim`, as torch.cumprod. (*) -> (*); bools and integers give int64."""
    x = summable(input, dtype, "cumprod", out)
    return write_out("cumprod", cumprod_op(x, dim=axis(dim, x._array.ndim), reverse=False), out)


@method()
def cumsum_(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums in place."""
    return assign(self, cumsum(self, dim, dtype=dtype or self.dtype))


@method()
def cumprod_(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products in place."""
    return assign(self, cumprod(self, dim, dtype=dtype or self.dtype))


# -- running extremes ------------------------------------------------------------------------------------------------

cummax_op = MultiOp(
    "cummax", "x", formula=r"y_k = \max_{i \le k} x_i", grads={"x": r"\bar x_i = \sum_{k: y_k = x_i} \bar y_k"}
)
cummin_op = MultiOp(
    "cummin", "x", formula=r"y_k = \min_{i \le k} x_i", grads={"x": r"\bar x_i = \sum_{k: y_k = x_i} \bar y_k"}
)


def _running(xp: Any, x: Any, dim: int, better: Any) -> tuple[Any, Any]:
    if not x.ndim or not x.size:
        return x.copy(), xp.zeros(x.shape, np.int64)
    moved = xp.moveaxis(x, dim, 0)
    values, index = xp.empty_like(moved), xp.empty(moved.shape, np.int64)
    values[0], index[0] = moved[0], 0
    for i in range(1, len(moved)):
        new = better(moved[i], values[i - 1]) | (moved[i] != moved[i])
        values[i] = xp.where(new, moved[i], values[i - 1])
        index[i] = xp.where(new, i, index[i - 1])
    return xp.moveaxis(values, 0, dim), xp.moveaxis(index, 0, dim)


cummax_op.forward(lambda xp, x, *, dim: _running(xp, x, dim, lambda new, old: new >= old))
cummin_op.forward(lambda xp, x, *, dim: _running(xp, x, dim, lambda new, old: new <= old))


def _running_rule(grads: Any, x_shape: Any, out: Any, dim: int) -> Any:
    from gradbook.ops.extremes import put_op

    return (put_op(grads[0], index=out[1], dim=dim, length=x_shape[dim] if x_shape else 1, add=True),)


cummax_op.backward(_running_rule)
cummin_op.backward(_running_rule)


def _running_pair(op: MultiOp, input: Tensor, dim: int, out: Any) -> Any:
    from gradbook.ops.extremes import Pair, pair_out

    values, indices = op(input, dim=axis(dim, tensor_of(op.name, input)._array.ndim))
    return pair_out(op.name, Pair[op.name](values, indices), out)


@method("cummax")
def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The largest so far along `dim`, and where it was, as torch.cummax. -> (values, indices)."""
    return _running_pair(cummax_op, input, dim, out)


@method("cummin")
def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The smallest so far along `dim`, and where it was, as torch.cummin. -> (values, indices)."""
    return _running_pair(cummin_op, input, dim, out)


@method("logcumsumexp")
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """Log of the running sums of exp(input) along `dim`, without overflow (torch.logcumsumexp)."""
    from gradbook.ops.joining import cat
    from gradbook.ops.vector_norm import logsumexp

    where = axis(dim, input._array.ndim)
    if not input._array.ndim or not input._array.size:
        return write_out("logcumsumexp", input * 1, out)
    parts = [
        logsumexp(input[(*(slice(None),) * where, slice(0, i + 1))], where, True)
        for i in range(input._array.shape[where])
    ]
    return write_out("logcumsumexp", cat(parts, where), out)


# -- differences -----------------------------------------------------------------------------------------------------


@method("diff")
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Differences of neighbours along `dim`, n times, as torch.diff."""
    from gradbook.ops.joining import cat

    if input._array.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return write_out("diff", input.clone(), out)
    where = axis(dim, input._array.ndim)
    parts = [part for part in (prepend, input, append) if part is not None]
    x = cat(parts, where) if len(parts) > 1 else input
    ahead, behind = (*(slice(None),) * where, slice(1, None)), (*(slice(None),) * where, slice(None, -1))
    for _ in range(n):
        x = x[ahead] != x[behind] if x._array.dtype.kind == "b" else x[ahead] - x[behind]
    return write_out("diff", x, out)


def _strips(y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Tensor:
    where = axis(dim, y._array.ndim)
    ahead, behind = (*(slice(None),) * where, slice(1, None)), (*(slice(None),) * where, slice(None, -1))
    if x is None:
        result: Tensor = (y[ahead] + y[behind]) * (dx / 2)
        return result
    steps = diff(x, dim=dim if x._array.ndim > 1 else -1)
    if x._array.ndim == 1 and y._array.ndim > 1:
        steps = steps.reshape([-1 if i == where else 1 for i in range(y._array.ndim)])
    result = (y[ahead] + y[behind]) * steps * 0.5
    return result


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of y along `dim` by the trapezoidal rule, as torch.trapezoid."""
    result: Tensor = _strips(y, x, 1.0 if dx is None else dx, dim).sum(dim)
    return result


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The running integral of y along `dim` by the trapezoidal rule, as torch.cumulative_trapezoid."""
    return cumsum(_strips(y, x, 1.0 if dx is None else dx, dim), dim)
