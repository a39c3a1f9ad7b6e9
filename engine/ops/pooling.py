"""Pooling over windows of one, two or three spatial axes: max, average, power average, and the adaptive ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.conv import numbers
from gradbook.ops.mistakes import mistake, need_tensor
from gradbook.ops.windows import offsets, pad_spatial, reach
from gradbook.tensor import Tensor

# -- max: the place of the largest value in each window is found once, then picked and filled ------------------------


def max_windows(xp: Any, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> tuple[Any, Any]:
    """(n, c, *s) -> the largest value of each window, and its flat index in the c-th map (int64)."""
    low = -np.inf if x.dtype.kind in "fV" else np.iinfo(x.dtype).min
    need = [(m - 1) * s + d * (k - 1) + 1 for m, k, s, d in zip(out, kernel, stride, dilation, strict=True)]
    after = [max(0, n - p - length) for n, p, length in zip(need, padding, x.shape[2:], strict=True)]
    if any(padding) or any(after):
        padded = xp.full(
            (*x.shape[:2], *(p + n + a for p, n, a in zip(padding, x.shape[2:], after, strict=True))), low, x.dtype
        )
        padded[(..., *(slice(p, p + n) for p, n in zip(padding, x.shape[2:], strict=True)))] = x
    else:
        padded = x
    best: Any = None
    which: Any = None
    for number, at in enumerate(offsets(kernel)):
        seen = padded[(..., *reach(at, out, stride, dilation))]
        if best is None:
            best, which = seen.copy(), xp.zeros(seen.shape, np.uint16 if math.prod(kernel) > 255 else np.uint8)
            continue
        better = seen > best
        if x.dtype.kind in "fV":
            better |= seen != seen
        xp.copyto(which, which.dtype.type(number), where=better)
        xp.copyto(best, seen, where=better) if x.dtype.kind == "V" else xp.maximum(best, seen, out=best)
    return best, which


def places(xp: Any, which: Any, lengths: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Positions inside windows -> flat indices in the map that was pooled, int64."""
    rank = len(kernel)
    flat: Any = 0
    rest = which.astype(np.int64)
    for axis in range(rank):
        inner = math.prod(kernel[axis + 1 :])
        at, rest = rest // inner, rest % inner
        line = xp.arange(which.shape[2 + axis], dtype=np.int64) * stride[axis] - padding[axis]
        at = at * dilation[axis] + line.reshape(-1, *(1,) * (rank - 1 - axis))
        flat = flat * lengths[axis] + at
    return flat


def fill_windows(
    xp: Any, grad: Any, which: Any, lengths: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """The transpose of picking: every window's gradient goes to the place that it was picked from."""
    out = grad.shape[2:]
    total = [max(n + 2 * p, (m - 1) * s + d * (k - 1) + 1) for n, p, m, s, d, k in
             zip(lengths, padding, out, stride, dilation, kernel, strict=True)]  # fmt: skip
    apart = all(s >= d * (k - 1) + 1 for s, d, k in zip(stride, dilation, kernel, strict=True))
    made = xp.zeros((*grad.shape[:2], *total), grad.dtype)
    for number, at in enumerate(offsets(kernel)):
        here = (..., *reach(at, out, stride, dilation))
        if apart:
            xp.multiply(grad, which == number, out=made[here])
        else:
            made[here] += grad * (which == number)
    inside = (..., *(slice(p, p + n) for p, n in zip(padding, lengths, strict=True)))
    return made if list(lengths) == total else xp.ascontiguousarray(made[inside])


def declare_max(rank: int) -> Op:
    """max_pool over `rank` axes."""
    op = Op(
        f"max_pool{rank}d", "input", extras="which", node_name=f"MaxPool{rank}DWithIndicesBackward0",
        formula=r"y_i = \max_{j \in W_i} x_j", grads={"input": r"\bar x_j = \sum_{i:\, j = \arg\max W_i} \bar y_i"},
    )  # fmt: skip
    fill = Op(f"max_pool{rank}d_backward", "grad", formula=r"\bar x_j = \sum_{i:\, j = \arg\max W_i} \bar y_i")
    pick = Op(f"max_pool{rank}d_pick", "input", formula=r"y_i = x_{\arg\max W_i}")

    @op.forward
    def _(xp: Any, x: Any, *, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> Any:
        return max_windows(xp, x, kernel, stride, padding, dilation, out)

    @op.grad("input")
    def _(grad: Any, which: Any, input_shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
        which = which._array if isinstance(which, Tensor) else which
        where = {"which": which, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        return fill(grad, lengths=tuple(input_shape[2:]), **where)

    @fill.forward
    def _(xp: Any, grad: Any, *, lengths: Any, which: Any, **where: Any) -> Any:
        return fill_windows(xp, grad, which, lengths, **where)

    @fill.grad("grad")
    def _(grad_: Any, which: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
        return pick(grad_, which=which, kernel=kernel, stride=stride, padding=padding, dilation=dilation)

    @pick.forward
    def _(xp: Any, x: Any, *, which: Any, **where: Any) -> Any:
        flat = places(xp, which, x.shape[2:], **where).reshape(*which.shape[:2], -1)
        return xp.take_along_axis(x.reshape(*x.shape[:2], -1), flat, axis=2).reshape(which.shape)

    @pick.grad("input")
    def _(grad: Any, input_shape: Any, which: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
        where = {"which": which, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        return fill(grad, lengths=tuple(input_shape[2:]), **where)

    return op


# -- average: a sum of shifted maps, divided by how many there were --------------------------------------------------


def window_sums(xp: Any, x: Any, kernel: Any, stride: Any, padding: Any, out: Any) -> Any:
    """(n, c, *s) -> the sum of each window, axis by axis."""
    need = [(m - 1) * s + k for m, k, s in zip(out, kernel, stride, strict=True)]
    padded = pad_spatial(xp, x, padding) if any(padding) else x
    after = [max(0, n - length) for n, length in zip(need, padded.shape[2:], strict=True)]
    if any(after):
        padded = xp.pad(padded, [(0, 0), (0, 0), *((0, a) for a in after)])
    total = padded
    for axis, (m, k, s) in enumerate(zip(out, kernel, stride, strict=True)):
        first, *others = along(total, axis, m, k, s)
        total = first.copy()
        for part in others:
            xp.add(total, part, out=total)
    return total


def along(x: Any, axis: int, out: int, kernel: int, stride: int) -> list[Any]:
    """Of each window on one spatial axis its first values, its second ones, and so on: views of x."""
    lead, span = (slice(None),) * (2 + axis), (out - 1) * stride + 1
    return [x[(*lead, slice(i, i + span, stride))] for i in range(kernel)]


def spread_sums(xp: Any, grad: Any, lengths: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    """The transpose of window_sums: (n, c, *out) -> (n, c, *lengths)."""
    out = grad.shape[2:]
    total = [max(n + 2 * p, (m - 1) * s + k) for n, p, m, s, k in
             zip(lengths, padding, out, stride, kernel, strict=True)]  # fmt: skip
    made = grad
    for axis in reversed(range(len(kernel))):  # the last one while there is little
        given, shape = made, list(made.shape)
        shape[2 + axis] = total[axis]
        made = xp.zeros(shape, grad.dtype)
        for part in along(made, axis, out[axis], kernel[axis], stride[axis]):
            xp.add(part, given, out=part)
    inside = (..., *(slice(p, p + n) for p, n in zip(padding, lengths, strict=True)))
    return made if list(lengths) == total else xp.ascontiguousarray(made[inside])


def counts(
    xp: Any, dtype: Any, lengths: Any, kernel: Any, stride: Any, padding: Any, out: Any, count_pad: bool, divisor: Any
) -> Any:
    """What each window's sum is divided by: a number, or one a window."""
    if divisor is not None:
        return dtype.type(divisor)
    full = all(
        (m - 1) * s + k <= n + 2 * p for n, p, m, s, k in zip(lengths, padding, out, stride, kernel, strict=True)
    )
    if full and (count_pad or not any(padding)):
        return dtype.type(math.prod(kernel))
    found: Any = xp.ones((), np.float64)
    for axis, (n, k, s, p, m) in enumerate(zip(lengths, kernel, stride, padding, out, strict=True)):
        start = xp.arange(m) * s - p
        stop = xp.minimum(start + k, n + p)
        if not count_pad:
            start, stop = xp.maximum(start, 0), xp.minimum(stop, n)
        found = found[..., None] * (stop - start) if axis else (stop - start).astype(np.float64)
    return found.astype(dtype)


def declare_avg(rank: int) -> Op:
    """avg_pool over `rank` axes."""
    op = Op(
        f"avg_pool{rank}d", "input", node_name=f"AvgPool{rank}DBackward0",
        formula=r"y_i = \operatorname{mean}_{j \in W_i} x_j",
        grads={"input": r"\bar x_j = \sum_{i:\, j \in W_i} \bar y_i / |W_i|"},
    )  # fmt: skip
    back = Op(f"avg_pool{rank}d_backward", "grad", formula=r"\bar x_j = \sum_{i:\, j \in W_i} \bar y_i / |W_i|")

    @op.forward
    def _(xp: Any, x: Any, *, kernel: Any, stride: Any, padding: Any, out: Any, count_pad: bool, divisor: Any) -> Any:
        total = window_sums(xp, x, kernel, stride, padding, out)
        if total.dtype.kind in "iu":  # whole numbers are cut toward 0
            share = total / counts(xp, np.dtype("f8"), x.shape[2:], kernel, stride, padding, out, count_pad, divisor)
            return xp.trunc(share).astype(total.dtype)
        total /= counts(xp, total.dtype, x.shape[2:], kernel, stride, padding, out, count_pad, divisor)
        return total

    @op.grad("input")
    def _(
        grad: Any, input_shape: Any, kernel: Any, stride: Any, padding: Any, out: Any, count_pad: bool, divisor: Any
    ) -> Any:
        where = {"kernel": kernel, "stride": stride, "padding": padding, "count_pad": count_pad, "divisor": divisor}
        return back(grad, lengths=tuple(input_shape[2:]), **where)

    @back.forward
    def _(
        xp: Any, grad: Any, *, lengths: Any, kernel: Any, stride: Any, padding: Any, count_pad: bool, divisor: Any
    ) -> Any:
        each = counts(xp, grad.dtype, lengths, kernel, stride, padding, grad.shape[2:], count_pad, divisor)
        return spread_sums(xp, grad / each, lengths, kernel, stride, padding)

    @back.grad("grad")
    def _(grad_: Any, grad_shape: Any, kernel: Any, stride: Any, padding: Any, count_pad: bool, divisor: Any) -> Any:
        where = {"kernel": kernel, "stride": stride, "padding": padding, "count_pad": count_pad, "divisor": divisor}
        return op(grad_, out=tuple(grad_shape[2:]), **where)

    return op


MAX = {rank: declare_max(rank) for rank in (1, 2, 3)}
AVG = {rank: declare_avg(rank) for rank in (1, 2, 3)}


# -- arguments -------------------------------------------


def pooled_lengths(
    op: str, x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[int, ...]:
    """How many windows on each axis. Raises ShapeError where none fits."""
    found = []
    for n, k, s, p, d in zip(x._array.shape[2:], kernel, stride, padding, dilation, strict=True):
        if s <= 0:
            raise mistake(ShapeError, op, "stride should not be zero", input=x)
        span = n + 2 * p - d * (k - 1) - 1
        m = (span + s - 1) // s + 1 if ceil_mode else span // s + 1
        if ceil_mode and (m - 1) * s >= n + p:
            m -= 1
        found.append(m)
    if any(m <= 0 for m in found):
        shape = "x".join(str(v) for v in x.shape[1:])
        words = (
            f"Given input size: ({shape}). Calculated output size: ({x.shape[1]}x{'x'.join(map(str, found))}). "
            "Output size is too small"
        )
        raise mistake(
            ShapeError, op, words, "The windows do not fit", "a smaller kernel_size", "a larger image", input=x
        )
    return tuple(found)


def prepare(
    op: str, rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Any, ...]:
    """Check and complete pooling arguments -> (batched input, was batched, kernel, stride, padding, dilation)."""
    x = need_tensor(op, input)
    key = (rank, x._array.shape, kernel_size, stride, padding, dilation)
    try:
        found = _prepared.get(key)
    except TypeError:  # lists
        return checked(op, rank, x, kernel_size, stride, padding, dilation)
    if found is None:
        found = checked(op, rank, x, kernel_size, stride, padding, dilation)[1:]
        if len(_prepared) >= KNOWN:
            _prepared.clear()
        _prepared[key] = found
    return (x if found[0] else x.unsqueeze(0), *found)


KNOWN = 1024  # arguments that are not checked again
_prepared: dict[Any, tuple[Any, ...]] = {}


def checked(
    op: str, rank: int, x: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> tuple[Any, ...]:
    """As prepare. Raises ShapeError for what does not fit."""
    if x.ndim not in (rank + 1, rank + 2):
        words = (
            f"{op}(): Expected {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input, but "
            f"got: {list(x.shape)}"
        )
        raise mistake(ShapeError, op, words, input=x)
    if any(n == 0 for n in x.shape[x.ndim - rank - 1 :]) or (x.ndim == rank + 1 and x.shape[0] == 0):
        words = (
            f"{op}(): Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got: {list(x.shape)}"
        )
        raise mistake(ShapeError, op, words, input=x)
    kernel = numbers(kernel_size, rank, "kernel_size")
    no_stride = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    stride = kernel if no_stride else numbers(stride, rank, "stride")
    padding, dilation = numbers(padding, rank, "padding"), numbers(dilation, rank, "dilation")
    if any(d <= 0 for d in dilation):
        raise mistake(ShapeError, op, f"{op}() dilation must be greater than zero, but got {dilation}")
    if any(k <= 0 for k in kernel):
        raise mistake(ShapeError, op, f"kernel size should be greater than zero, but got {kernel}")
    if any(p < 0 or p > (d * (k - 1) + 1) // 2 for p, k, d in zip(padding, kernel, dilation, strict=True)):
        words = (
            f"pad should be at most half of effective kernel size, but got pad={padding}, "
            f"kernel_size={kernel} and dilation={dilation}"
        )
        raise mistake(ShapeError, op, words, input=x)
    batched = x.ndim == rank + 2
    return x if batched else x.unsqueeze(0), batched, kernel, stride, padding, dilation


def max_pool(
    rank: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    """max_pool<rank>d, arguments as PyTorch's."""
    name = f"max_pool{rank}d"
    x, batched, kernel, stride, padding, dilation = prepare(name, rank, input, kernel_size, stride, padding, dilation)
    out = pooled_lengths(name, x, kernel, stride, padding, dilation, ceil_mode)
    where = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    y = MAX[rank](x, **where, out=out)
    if not return_indices:
        return y if batched else y.squeeze(0)
    xp = backends.xp_of(x._array)
    which = max_windows(xp, x._array, out=out, **where)[1]
    indices = Tensor._of(places(xp, which, x.shape[2:], **where))
    return (y, indices) if batched else (y.squeeze(0), indices.squeeze(0))


def avg_pool(
    rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_pad: bool, divisor: Any
) -> Any:
    """avg_pool<rank>d, arguments as PyTorch's."""
    name = f"avg_pool{rank}d"
    x, batched, kernel, stride, padding, ones = prepare(name, rank, input, kernel_size, stride, padding)
    if divisor == 0:
        raise mistake(ShapeError, name, "divisor must be not zero")
    out = pooled_lengths(name, x, kernel, stride, padding, ones, ceil_mode)
    y = AVG[rank](x, kernel=kernel, stride=stride, padding=padding, out=out, count_pad=count_pad, divisor=divisor)
    return y if batched else y.squeeze(0)
