"""Classification losses: cross entropy as one op with one fast rule, and negative log likelihood."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.conv_arrays import wide
from gradbook.ops.mistakes import foreign, mistake, need_tensor, scalar_name
from gradbook.tensor import Tensor

__all__ = ["cross_entropy", "nll_loss"]

CLASSES = (np.dtype(np.int64), np.dtype(np.uint8))  # of targets
_FORMULA = r"y = -\tfrac1n \sum_i \log \operatorname{softmax}(x_i)_{t_i}"
cross_entropy_op = Op(
    "cross_entropy", "input target weight", extras="p share", promote=False, node_name="NllLossBackward0",
    formula=_FORMULA, grads={"input": r"\bar x_i = \frac{\bar y}{n} \left(\operatorname{softmax}(x_i) - "
    r"e_{t_i}\right)"},
    flops=lambda x, t, w, out: 8 * math.prod(x),
)  # fmt: skip


def rows_of(x: Any) -> Any:
    """(n, c, *d) -> (n * d, c); (c,) -> (1, c)."""
    if len(x.shape) == 1:
        return x.reshape(1, -1)
    if len(x.shape) == 2:
        return x
    return x.transpose(0, *range(2, len(x.shape)), 1).reshape(-1, x.shape[1])


def rows_back(rows: Any, shape: tuple[int, ...]) -> Any:
    """Undo rows_of."""
    if len(shape) <= 2:
        return rows.reshape(shape)
    inner = rows.reshape(shape[0], *shape[2:], shape[1])
    return inner.transpose(0, len(shape) - 1, *range(1, len(shape) - 1))


def log_softmax_rows(xp: Any, rows: Any) -> tuple[Any, Any]:
    """(m, c) -> x - log sum exp x, and softmax."""
    z = rows - rows.max(axis=1, keepdims=True)
    p = xp.exp(z)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    z -= xp.log(total)
    return z, p


def class_shares(xp: Any, target: Any, weight: Any, ignore: int, classes: int, dtype: Any) -> tuple[Any, Any]:
    """How much each row counts (its class's weight, 0 where ignored) and a class that is safe to index with."""
    valid = target != ignore
    safe = target if not backends.is_batched(valid) and valid.all() else xp.where(valid, target, 0)
    share = valid.astype(dtype) if weight is None else weight[safe].astype(dtype) * valid
    return share, safe


def reduced(values: Any, total: Any, reduction: str) -> Any:
    """Rows' losses as asked: none, their sum, or their sum / total."""
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else values.sum() / total


def counted(xp: Any, total: Any) -> Any:
    """What a mean's gradient is divided by: where every target is ignored the loss is nan, its gradient 0 (PyTorch)."""
    return xp.where(total == 0, xp.ones_like(total), total)


@cross_entropy_op.forward
def _(xp: Any, x: Any, target: Any, weight: Any, *, reduction: str, ignore_index: int, label_smoothing: float) -> Any:
    rows = rows_of(wide(x))
    logp, p = log_softmax_rows(xp, rows)
    count, classes = rows.shape
    if target.dtype.kind in "iu":
        flat = target.reshape(-1)
        share, safe = class_shares(xp, flat, weight, ignore_index, classes, rows.dtype)
        values = -share * logp[xp.arange(count), safe]
        total = share.sum() if reduction == "mean" else None
        if label_smoothing:
            every = logp if weight is None else logp * weight.astype(rows.dtype, copy=False)
            smooth = -every.sum(axis=1) * (flat != ignore_index)
            values = values * (1 - label_smoothing) + smooth * (label_smoothing / classes)
        shape = target.shape
    else:
        soft = soft_targets(rows_of(wide(target)), label_smoothing, classes)
        share = soft if weight is None else soft * weight.astype(rows.dtype, copy=False)
        values = -(share * logp).sum(axis=1)
        total = rows.dtype.type(count)
        shape = () if len(x.shape) == 1 else (x.shape[0], *x.shape[2:])
    with np.errstate(invalid="ignore", divide="ignore"):
        out = reduced(values.reshape(shape), total, reduction)
        share = share / counted(xp, total) if reduction == "mean" else share
    return xp.asarray(out).astype(x.dtype, copy=False), p, share


def soft_targets(target: Any, smoothing: float, classes: int) -> Any:
    """Probabilities, moved towards the uniform ones."""
    return target * (1 - smoothing) + smoothing / classes if smoothing else target


@cross_entropy_op.backward
def _(
    grad: Any, input: Any, target: Any, weight: Any, p: Any, share: Any, needs: Any, reduction: str, ignore_index: int,
    label_smoothing: float,
) -> Any:  # fmt: skip
    if isinstance(grad, Tensor):
        return through_plain(grad, input, target, weight, needs, reduction, ignore_index, label_smoothing)
    xp = backends.xp_of(grad)
    g = wide(grad).reshape(-1, 1) if reduction == "none" and grad.ndim else wide(grad)
    index = target.dtype.kind in "iu"
    dx = None
    if needs[0]:
        if index:
            dx = index_grad(xp, p, target.reshape(-1), weight, share, ignore_index, label_smoothing)
        else:
            dx = p * share.sum(axis=1, keepdims=True)
            dx -= share
        dx *= g
        dx = rows_back(dx, input.shape)
    dt = None
    if needs[1] and not index:
        logp = log_softmax_rows(xp, rows_of(wide(input)))[0]
        scaled = logp if weight is None else logp * weight
        dt = scaled * (-(1 - label_smoothing) * (g / len(logp) if reduction == "mean" else g))
        dt = rows_back(dt, input.shape)
    return dx, dt, None


def index_grad(xp: Any, p: Any, target: Any, weight: Any, share: Any, ignore: int, smoothing: float) -> Any:
    """(softmax - one hot) * share, with label smoothing if asked for."""
    count, classes = p.shape
    valid = target != ignore
    safe = target if not backends.is_batched(valid) and valid.all() else xp.where(valid, target, 0)
    line = xp.arange(count)
    if not smoothing:
        dx = p * share[:, None]
        dx[line, safe] -= share
        return dx
    dx = p * (share * (1 - smoothing))[:, None]
    dx[line, safe] -= share * (1 - smoothing)
    # every valid row counts alike in the smooth part, also one whose class has weight 0
    unit = share if weight is None else valid * undivided(xp, share, weight[safe], valid)
    each = xp.ones(classes, p.dtype) if weight is None else weight
    dx += (p * each.sum() - each) * (unit * (smoothing / classes))[:, None]
    return dx


def undivided(xp: Any, share: Any, own: Any, valid: Any) -> Any:
    """What reduction made of a share of 1, told by the rows that have a weight; 1 where none has."""
    tells = valid & (own != 0)
    count = tells.sum()
    total = xp.where(tells, share / xp.where(tells, own, 1), 0).sum()
    return xp.where(count == 0, 1, total / xp.where(count == 0, 1, count)).astype(share.dtype)


def through_plain(
    grad: Tensor, input: Tensor, target: Tensor, weight: Any, needs: Any, reduction: str, ignore: int, smoothing: float
) -> Any:
    """The gradients as Tensors: those of the same loss made of other ops."""
    from gradbook.ops.norm_rows import through

    def run(x: Tensor, t: Tensor, w: Any) -> Tensor:
        return plain_cross_entropy(x, t, w, reduction, ignore, smoothing)

    return through(run, grad, (input, target, weight), (needs[0], needs[1], False))


def plain_cross_entropy(
    x: Tensor, target: Tensor, weight: Any, reduction: str, ignore: int, smoothing: float
) -> Tensor:
    """Cross entropy in terms of other ops."""
    axis = 0 if x.ndim == 1 else 1
    logp = x.log_softmax(axis)
    if target._array.dtype.kind in "iu":
        loss = nll_loss(logp, target, weight, ignore_index=ignore, reduction=reduction)
        if not smoothing:
            return loss
        line = (-1, *(1,) * (x.ndim - 1 - axis))
        every = logp if weight is None else logp * weight.reshape(line)
        valid = Tensor._of((target._array != ignore).astype(x._array.dtype))
        smooth = -every.sum(axis) * valid
        if reduction == "mean":
            share = valid if weight is None else valid * weight[Tensor._of(np.where(valid._array, target._array, 0))]
            smooth = smooth.sum() / share.sum()
        elif reduction == "sum":
            smooth = smooth.sum()
        result: Tensor = loss * (1 - smoothing) + smooth * (smoothing / x.shape[axis])
        return result
    soft = target * (1 - smoothing) + smoothing / x.shape[axis]
    if weight is not None:
        soft = soft * weight.reshape((-1, *(1,) * (x.ndim - 1 - axis)))
    values: Tensor = -(soft * logp).sum(axis)
    if reduction == "none":
        return values
    result = values.sum() if reduction == "sum" else values.sum() / (x.numel() // x.shape[axis])
    return result


# -- negative log likelihood -------------------------------------------

nll_loss_op = Op(
    "nll_loss", "input target weight", promote=False, node_name="NllLossBackward0",
    formula=r"y = -\tfrac1n \sum_i x_{i, t_i}", grads={"input": r"\bar x_i = -\frac{\bar y}{n} e_{t_i}"},
)  # fmt: skip


@nll_loss_op.forward
def _(xp: Any, x: Any, target: Any, weight: Any, *, reduction: str, ignore_index: int) -> Any:
    rows = rows_of(x)
    if all_count(target, weight, ignore_index):
        values = rows[np.arange(len(rows)), target.reshape(-1)]
        if reduction == "none":
            return -values.reshape(target.shape)
        return np.asarray(-np.add.reduce(values) / rows.dtype.type(1 if reduction == "sum" else target.size))
    share, safe = class_shares(xp, target.reshape(-1), weight, ignore_index, rows.shape[1], rows.dtype)
    values = -share * rows[xp.arange(len(rows)), safe]
    with np.errstate(invalid="ignore", divide="ignore"):
        return xp.asarray(reduced(values.reshape(target.shape), share.sum(), reduction))


@nll_loss_op.grad("input")
def _(grad: Any, target: Any, weight: Any, input_shape: Any, reduction: str, ignore_index: int) -> Any:
    tensors = isinstance(grad, Tensor)
    g = grad._array if tensors else grad
    t = target._array if isinstance(target, Tensor) else target
    w = weight._array if isinstance(weight, Tensor) else weight
    xp = backends.xp_of(g, t)
    classes = input_shape[0] if len(input_shape) == 1 else input_shape[1]
    if reduction != "none" and not tensors and all_count(t, w, ignore_index):
        rows = np.zeros((t.size, classes), g.dtype)
        rows[np.arange(t.size), t.reshape(-1)] = g * g.dtype.type(-1 if reduction == "sum" else -1 / t.size)
        return rows_back(rows, tuple(input_shape))
    share, safe = class_shares(xp, t.reshape(-1), w, ignore_index, classes, g.dtype)
    rows = xp.zeros((len(safe), classes), g.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = -share / counted(xp, share.sum()) if reduction == "mean" else -share
    if reduction != "none" and not tensors:  # one factor for all: few numbers are not 0
        parts, g = parts * g, None
    rows[xp.arange(len(safe)), safe] = parts
    known = rows_back(rows, tuple(input_shape))
    if len(input_shape) > 2:
        known = known.copy()  # in index order
    if g is None:
        return known
    if reduction == "none" and len(input_shape) > 1:
        grad = grad.reshape(input_shape[0], 1, *input_shape[2:])
    return grad * (Tensor._of(known) if tensors else known)


def all_count(target: Any, weight: Any, ignore: int) -> bool:
    """Whether all classes count alike, in NumPy's arrays: the usual case, for which little is to be done."""
    return weight is None and type(target) is np.ndarray and target.size > 0 and not np.count_nonzero(target == ignore)


# -- the functions -------------------------------------------


def reduction_of(reduction: Any, size_average: Any = None, reduce: Any = None) -> str:
    """none, mean or sum, also from PyTorch's old arguments. Raises ValueError for another."""
    if size_average is not None or reduce is not None:
        found = "none" if reduce is False else "mean" if size_average in (None, True) else "sum"
        text = f"size_average and reduce args will be deprecated, please use reduction='{found}' instead."
        warnings.warn(text, stacklevel=2)
        return found
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction; use 'none', 'mean' or 'sum'")
    return str(reduction)


def check_classes(op: str, input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    """Raise what PyTorch raises for class indices that do not fit the scores."""
    shape, got = input._array.shape, target._array.shape
    if not shape:
        raise mistake(ShapeError, op, "input tensor should be 1D or 2D", input=input)
    classes = shape[0] if len(shape) == 1 else shape[1]
    wanted = () if len(shape) == 1 else (shape[0], *shape[2:])
    if got != wanted and not (len(shape) == 1 and got == (1,)):
        raise classes_shape_error(op, input, target, wanted)
    if weight is not None and tuple(weight.shape) != (classes,):
        words = (
            f"weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
        raise mistake(ShapeError, op, words, "", f"a weight of {classes} numbers", weight=weight)
    if weight is not None and weight._array.dtype != input._array.dtype:
        words = f"expected scalar type {scalar_name(input.dtype)} but found {scalar_name(weight.dtype)}"
        raise mistake(DTypeError, op, words, "", f"weight.to({input.dtype!r})", input=input, weight=weight)
    array = backends.all_samples(target._array)
    flat = type(array) is np.ndarray and array.dtype.itemsize == 8
    if flat and array.size and array.view(np.uint64).max() < classes:
        return  # as unsigned numbers those below 0 are large
    if array.size:
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= classes:
            wrong = array[((array < 0) | (array >= classes)) & (array != ignore_index)]
            if wrong.size:
                raise out_of_bounds(op, int(wrong.reshape(-1)[0]), classes, target)


def classes_shape_error(op: str, input: Tensor, target: Tensor, wanted: tuple[int, ...]) -> Exception:
    """The error for targets whose shape is not the scores' without their class axis."""
    got = tuple(target.shape)
    fixes = [f"a target of shape {wanted}: one class index for each of them"]
    if got == (*wanted, 1):
        fixes.insert(0, "target.squeeze(-1)")
    if input.ndim > 2 and got == tuple(input.shape[:-1]):
        fixes.insert(
            0, "the class axis is axis 1: input.movedim(-1, 1), or flatten both: input.flatten(0, -2), target.flatten()"
        )
    if len(wanted) == 1 and len(got) == 1:
        words = f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({got[0]})."
        return foreign(ValueError, op, words, "", *fixes, input=input, target=target)
    if input.ndim == 2 and len(got) != 1:
        words = "0D or 1D target tensor expected, multi-target not supported"
        return mistake(ShapeError, op, words, "", *fixes, input=input, target=target)
    if input.ndim > 2 and len(got) == input.ndim - 1 and got[0] == input.shape[0]:
        words = f"size mismatch (got input: {list(input.shape)} , target: {list(got)}"
        return mistake(ShapeError, op, words, "", *fixes, input=input, target=target)
    words = f"Expected target size {list(wanted)}, got {list(got)}"
    return mistake(ShapeError, op, words, "", *fixes, input=input, target=target)


def out_of_bounds(op: str, index: int, classes: int, target: Tensor) -> IndexError:
    """The error for a class that is not there."""
    fixes = (
        [f"let the last layer give {index + 1} or more scores"]
        if index >= classes
        else ["mark rows to skip with ignore_index"]
    )
    if index == classes:
        fixes.append("count classes from 0: target - 1")
    why = f"There are {classes} classes, 0 to {classes - 1}"
    return foreign(IndexError, op, f"Target {index} is out of bounds.", why, *fixes, target=target)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input)[target], as torch.nn.functional.cross_entropy: input holds scores, not probabilities.

    input (c,), (n, c) or (n, c, *d); target int64 () / (n,) / (n, *d), or probabilities of input's shape. reduction:
    none,
    sum, or mean (weighted by class). Raises ShapeError or ValueError where shapes do not fit, IndexError for a class
    that is not there, DTypeError for a target that is neither integer nor like input.
    """
    if casting.scopes:
        input, target, weight = casting.full(input, target, weight)
    reduction = reduction_of(reduction, size_average, reduce)
    need_tensor("cross_entropy_loss", input)
    need_tensor("cross_entropy_loss", target, "target", 2)
    if not 0.0 <= label_smoothing <= 1.0:
        raise mistake(
            ShapeError, "cross_entropy", f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )
    check_scores("cross_entropy", input)
    kind = target._array.dtype.kind
    if kind in "fV" and target.shape == input.shape:
        if ignore_index >= 0:
            words = "ignore_index is not supported for floating point target"
            raise mistake(DTypeError, "cross_entropy", words, "Targets are class probabilities", target=target)
        if weight is not None and tuple(weight.shape) != (input.shape[min(1, input.ndim - 1)],):
            words = (
                "cross_entropy: weight tensor should be defined either for all "
                f"{input.shape[min(1, input.ndim - 1)]} classes or no classes"
            )
            raise mistake(ShapeError, "cross_entropy", f"{words} but got weight tensor of shape: {list(weight.shape)}")
    elif kind in "fV" and input.ndim == target.ndim:
        words = "Expected floating point type for target with class probabilities of input's shape"
        raise mistake(ShapeError, "cross_entropy", words, "", "a target of input's shape", input=input, target=target)
    elif target._array.dtype not in CLASSES:
        words = f"expected target dtype to be Long or Byte, but got {scalar_name(target.dtype)}"
        raise mistake(
            DTypeError, "cross_entropy", words, "Targets are class indices", "target.long()", input=input, target=target
        )
    else:
        check_classes("cross_entropy", input, target, weight, ignore_index)
        if target._array.dtype.kind == "u":
            target = target.long()
    loss: Tensor = cross_entropy_op(
        input, target, weight, reduction=reduction, ignore_index=ignore_index, label_smoothing=label_smoothing
    )
    return loss.reshape(target.shape) if reduction == "none" and input.ndim == 1 and kind in "iu" else loss


def check_scores(op: str, input: Tensor) -> None:
    """Raise NotImplementedError for scores that are no floating point numbers."""
    if not input.dtype.is_floating_point:
        words = f"\"log_softmax_lastdim_kernel_impl\" not implemented for '{scalar_name(input.dtype)}'"
        raise foreign(NotImplementedError, op, words, "Scores must be floating point", "input.float()", input=input)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[target], as torch.nn.functional.nll_loss: input holds log probabilities (c,), (n, c) or (n, c, *d).

    Raises as cross_entropy.
    Differs: a weight that requires grad is accepted (and gets None), in cross_entropy too; PyTorch raises RuntimeError.
    """
    if casting.scopes:
        input, weight = casting.full(input, weight)
    reduction = reduction_of(reduction, size_average, reduce)
    need_tensor("nll_loss", input)
    need_tensor("nll_loss", target, "target", 2)
    if target._array.dtype not in CLASSES:
        words = f"expected scalar type Long but found {scalar_name(target.dtype)}"
        raise mistake(
            DTypeError, "nll_loss", words, "Targets are class indices", "target.long()", input=input, target=target
        )
    check_classes("nll_loss", input, target, weight, ignore_index)
    if target._array.dtype.kind == "u":
        target = target.long()
    loss: Tensor = nll_loss_op(input, target, weight, reduction=reduction, ignore_index=ignore_index)
    return loss
