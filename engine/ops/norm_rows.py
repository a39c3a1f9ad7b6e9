"""Normalisation of rows: layer norm, group norm, RMS norm; each one op with one fast rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from gradbook import backends
from gradbook.autograd.op import Op
from gradbook.dtypes import finfo
from gradbook.errors import ShapeError
from gradbook.ops.conv_arrays import wide
from gradbook.ops.mistakes import foreign, mistake, need_tensor, scalar_name
from gradbook.tensor import Tensor

__all__ = ["group_norm", "layer_norm", "rms_norm"]


def through(fn: Callable[..., Any], grad: Tensor, operands: Sequence[Any], needs: Sequence[bool]) -> tuple[Any, ...]:
    """Gradients of fn(*operands) as Tensors that can be differentiated again; None where needs is false."""
    from gradbook.autograd.engine import grad as gradients
    from gradbook.autograd.rules import alias

    own = [alias(x) if isinstance(x, Tensor) else x for x in operands]
    asked = [i for i, need in enumerate(needs) if need and i < len(own)]
    found = gradients(fn(*own), [own[i] for i in asked], grad, create_graph=True, allow_unused=True)
    made: list[Any] = [None] * len(needs)
    for i, value in zip(asked, found, strict=True):
        made[i] = value
    return tuple(made)


def channels_shape(x: Any) -> tuple[int, ...]:
    """The shape that lines a vector of channels up with axis 1."""
    return (1, -1, *(1,) * (len(x.shape) - 2))


# -- sums over all axes but the channels -----------------------------------------------------------------------------


def channel_sum(xp: Any, x: Any) -> Any:
    """(n, c, *) -> (c,)"""
    if x.ndim == 2:
        return x.sum(axis=0)
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:])).sum(axis=2).sum(axis=0)


def channel_dot(xp: Any, a: Any, b: Any) -> Any:
    """(n, c, *), (n, c, *) -> (c,), sums of products."""
    if a.ndim == 2:
        return (a * b).sum(axis=0)
    shape = (*a.shape[:2], math.prod(a.shape[2:]))
    return xp.einsum("ncl,ncl->nc", a.reshape(shape), b.reshape(shape)).sum(axis=0)


def sum_channels(grad: Tensor) -> Tensor:
    """(n, c, *) -> (c,)"""
    total: Tensor = grad.sum((0, *range(2, grad.ndim)))
    return total


def check_floating(op: str, x: Tensor) -> None:
    """Raise NotImplementedError for a dtype that cannot be normalised."""
    if not x.dtype.is_floating_point:
        words = f"\"{op}\" not implemented for '{scalar_name(x.dtype)}'"
        raise foreign(NotImplementedError, op, words, "", "input.float()", input=x)


# -- layer norm and its kin: rows normalised ---------------------------------------------------------------------------


def normalise_rows(xp: Any, x: Any, eps: float) -> tuple[Any, Any]:
    """(m, d) -> the rows with mean 0 and variance 1, and 1 / their standard deviations (m, 1)."""
    size = x.dtype.type(max(1, x.shape[1]))
    hat = x - x.mean(axis=1, keepdims=True)
    var = xp.einsum("md,md->m", hat, hat)[:, None] / size
    invstd = 1 / xp.sqrt(var + x.dtype.type(eps))
    hat *= invstd
    return hat, invstd


def rows_grad(xp: Any, g: Any, hat: Any, invstd: Any) -> Any:
    """The gradient through normalise_rows: (m, d) -> (m, d); g is overwritten."""
    size = g.dtype.type(max(1, g.shape[1]))
    along = xp.einsum("md,md->m", g, hat)[:, None] / size
    g -= g.mean(axis=1, keepdims=True)
    g -= hat * along
    g *= invstd
    return g


layer_norm_op = Op(
    "layer_norm", "input weight bias", extras="hat invstd", promote=False, node_name="NativeLayerNormBackward0",
    formula=r"y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta",
    grads={
        "input": r"\bar x = \frac{1}{\sqrt{\sigma^2 + \epsilon}}"
        r" \left(\gamma \bar y - \operatorname{mean}(\gamma \bar y) - \hat x \operatorname{mean}(\gamma "
        r"\bar y \hat x)\right)",
        "weight": r"\bar\gamma = \sum \bar y \, \hat x",
        "bias": r"\bar\beta = \sum \bar y",
    },
)  # fmt: skip


@layer_norm_op.forward
def _(xp: Any, x: Any, weight: Any, bias: Any, *, rank: int, eps: float) -> Any:
    kind, shape = x.dtype, x.shape
    rows = wide(x).reshape(math.prod(shape[: len(shape) - rank]), math.prod(shape[len(shape) - rank :]))
    hat, invstd = normalise_rows(xp, rows, eps)
    y = hat if weight is None else hat * weight.reshape(-1).astype(hat.dtype, copy=False)
    if bias is not None:
        y = y + bias.reshape(-1) if y is hat else xp.add(y, bias.reshape(-1), out=y)
    y = y.astype(kind, copy=False).reshape(shape)
    return (y.copy() if weight is None and bias is None else y), hat, invstd


@layer_norm_op.backward
def _(grad: Any, input: Any, weight: Any, hat: Any, invstd: Any, needs: Any, rank: int, eps: float) -> Any:
    if isinstance(grad, Tensor):
        again = plain_layer_norm(rank, eps)
        bias = grad.reshape(-1, *grad.shape[grad.ndim - rank :]).sum(0) if needs[2] else None
        return (*through(again, grad, (input, weight), needs[:2])[:2], bias)
    xp = backends.xp_of(grad)
    g = wide(grad).reshape(hat.shape)
    shape = grad.shape[grad.ndim - rank :]
    dw = (g * hat).sum(axis=0).reshape(shape) if needs[1] else None
    db = g.sum(axis=0).reshape(shape) if needs[2] else None
    dx = None
    if needs[0]:
        dx = g.copy() if weight is None else g * weight.reshape(-1).astype(g.dtype, copy=False)
        dx = rows_grad(xp, dx, hat, invstd).reshape(grad.shape)
    return dx, dw, db


def plain_layer_norm(rank: int, eps: float) -> Callable[..., Any]:
    """Layer norm without its bias, in terms of other ops."""

    def run(x: Tensor, weight: Any) -> Tensor:
        axes = tuple(range(x.ndim - rank, x.ndim))
        centered = x - x.mean(axes, keepdim=True)
        y = centered / ((centered * centered).mean(axes, keepdim=True) + eps) ** 0.5
        result: Tensor = y if weight is None else y * weight
        return result

    return run


def check_normalized(op: str, input: Tensor, shape: Any, weight: Tensor | None, bias: Tensor | None) -> tuple[int, ...]:
    """The normalised axes. Raises ShapeError where they are not the input's last."""
    wanted = (int(shape),) if isinstance(shape, int) else tuple(shape)
    array = input._array
    fit = wanted and array.shape[array.ndim - len(wanted) :] == wanted and array.dtype.kind == "f"
    if fit and all(vector is None or vector._array.shape == wanted for vector in (weight, bias)):
        return wanted
    if not wanted:
        words = (
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {list(wanted)}"
        )
        raise mistake(ShapeError, op, words)
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and tuple(vector.shape) != wanted:
            words = (
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(vector.shape)} and "
                f"normalized_shape = {list(wanted)}"
            )
            operands: dict[str, Any] = {name: vector}
            raise mistake(ShapeError, op, words, **operands)
    if input.ndim < len(wanted) or tuple(input.shape[input.ndim - len(wanted) :]) != wanted:
        words = (
            f"Given normalized_shape={list(wanted)}, expected input with shape [*, "
            f"{', '.join(map(str, wanted))}], but got "
            f"input of size{list(input.shape)}"
        )
        fix = f"build the layer with normalized_shape={input.shape[-1] if input.ndim else 1}"
        raise mistake(ShapeError, op, words, "Only the last axes are normalised", fix, input=input)
    check_floating(op, input)
    return wanted


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise over the last axes, as torch.nn.functional.layer_norm: (*, *normalized_shape) -> the same.

    Raises ShapeError where the input does not end in normalized_shape.
    """
    wanted = check_normalized("layer_norm", need_tensor("layer_norm", input), normalized_shape, weight, bias)
    y: Tensor = layer_norm_op(input, weight, bias, rank=len(wanted), eps=eps)
    return y


group_norm_op = Op(
    "group_norm", "input weight bias", extras="hat invstd", promote=False, node_name="NativeGroupNormBackward0",
    formula=r"y_c = \gamma_c \frac{x_c - \mu_g}{\sqrt{\sigma_g^2 + \epsilon}} + \beta_c",
    grads={
        "input": r"\bar x = \frac{1}{\sqrt{\sigma_g^2 + \epsilon}}"
        r" \left(\gamma \bar y - \operatorname{mean}_g(\gamma \bar y) - \hat x "
        r"\operatorname{mean}_g(\gamma \bar y \hat x)\right)",
        "weight": r"\bar\gamma_c = \sum \bar y_c \, \hat x_c",
        "bias": r"\bar\beta_c = \sum \bar y_c",
    },
)  # fmt: skip


@group_norm_op.forward
def _(xp: Any, x: Any, weight: Any, bias: Any, *, groups: int, eps: float) -> Any:
    kind, shape = x.dtype, x.shape
    hat, invstd = normalise_rows(xp, wide(x).reshape(shape[0] * groups, math.prod(shape[1:]) // groups), eps)
    y = hat.reshape(shape)
    line = channels_shape(x)
    y = y.copy() if weight is None else y * weight.reshape(line).astype(y.dtype, copy=False)
    if bias is not None:
        y += bias.reshape(line)
    return y.astype(kind, copy=False), hat, invstd


@group_norm_op.backward
def _(grad: Any, input: Any, weight: Any, hat: Any, invstd: Any, needs: Any, groups: int, eps: float) -> Any:
    if isinstance(grad, Tensor):
        again = plain_group_norm(groups, eps)
        return (*through(again, grad, (input, weight), needs[:2])[:2], sum_channels(grad) if needs[2] else None)
    xp = backends.xp_of(grad)
    g = wide(grad)
    dw = channel_dot(xp, g, hat.reshape(g.shape)) if needs[1] else None
    db = channel_sum(xp, g) if needs[2] else None
    dx = None
    if needs[0]:
        dx = g.copy() if weight is None else g * weight.reshape(channels_shape(g)).astype(g.dtype, copy=False)
        dx = rows_grad(xp, dx.reshape(hat.shape), hat, invstd).reshape(grad.shape)
    return dx, dw, db


def plain_group_norm(groups: int, eps: float) -> Callable[..., Any]:
    """Group norm without its bias, in terms of other ops."""

    def run(x: Tensor, weight: Any) -> Tensor:
        rows = x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)
        y = plain_layer_norm(1, eps)(rows, None).reshape(x.shape)
        result: Tensor = y if weight is None else y * weight.reshape(channels_shape(x))
        return result

    return run


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise groups of channels of every sample, as torch.nn.functional.group_norm: (n, c, *) -> (n, c, *).

    Raises ShapeError where num_groups does not divide the channels.
    """
    x = need_tensor("group_norm", input)
    if x.ndim < 2:
        words = f"Expected at least 2 dimensions for input tensor but received {x.ndim}"
        raise mistake(ShapeError, "group_norm", words, input=x)
    if num_groups <= 0 or x.shape[1] % num_groups:
        words = (
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={num_groups}"
        )
        raise mistake(ShapeError, "group_norm", words, input=x)
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and tuple(vector.shape) != (x.shape[1],):
            words = (
                f"Expected {name} to be a vector of size equal to the number of channels in input, but "
                f"got {name} of shape"
            )
            raise mistake(ShapeError, "group_norm", f"{words} {list(vector.shape)} and input of shape {list(x.shape)}")
    check_floating("group_norm", x)
    y: Tensor = group_norm_op(x, weight, bias, groups=num_groups, eps=eps)
    return y


# -- RMS norm ---------------------------------------------------------------------------------

rms_norm_op = Op(
    "rms_norm", "input weight", extras="invrms", promote=False, node_name="FusedRmsNormBackward0",
    formula=r"y = \gamma \frac{x}{\sqrt{\operatorname{mean} x^2 + \epsilon}}",
    grads={
        "input": r"\bar x = \frac{1}{r} \left(\gamma \bar y - \hat x \operatorname{mean}(\gamma \bar y \hat x)\right)",
        "weight": r"\bar\gamma = \sum \bar y \, \hat x",
    },
)  # fmt: skip


@rms_norm_op.forward
def _(xp: Any, x: Any, weight: Any, *, rank: int, eps: float) -> Any:
    kind, shape = x.dtype, x.shape
    rows = wide(x).reshape(math.prod(shape[: len(shape) - rank]), math.prod(shape[len(shape) - rank :]))
    size = rows.dtype.type(max(1, rows.shape[1]))
    invrms = 1 / xp.sqrt(xp.einsum("md,md->m", rows, rows)[:, None] / size + rows.dtype.type(eps))
    y = rows * invrms
    if weight is not None:
        y *= weight.reshape(-1)
    return y.astype(kind, copy=False).reshape(shape), invrms


@rms_norm_op.backward
def _(grad: Any, input: Any, weight: Any, invrms: Any, needs: Any, rank: int, eps: float) -> Any:
    if isinstance(grad, Tensor):
        return through(plain_rms_norm(rank, eps), grad, (input, weight), needs)
    xp = backends.xp_of(grad)
    hat = wide(input).reshape(invrms.shape[0], math.prod(input.shape[input.ndim - rank :])) * invrms
    g = wide(grad).reshape(hat.shape)
    dw = (g * hat).sum(axis=0).reshape(grad.shape[grad.ndim - rank :]) if needs[1] else None
    dx = None
    if needs[0]:
        dx = g.copy() if weight is None else g * weight.reshape(-1).astype(g.dtype, copy=False)
        hat *= xp.einsum("md,md->m", dx, hat)[:, None] / g.dtype.type(max(1, g.shape[1]))
        dx -= hat
        dx *= invrms
        dx = dx.reshape(grad.shape)
    return dx, dw


def plain_rms_norm(rank: int, eps: float) -> Callable[..., Any]:
    """RMS norm in terms of other ops."""

    def run(x: Tensor, weight: Any) -> Tensor:
        y = x / ((x * x).mean(tuple(range(x.ndim - rank, x.ndim)), keepdim=True) + eps) ** 0.5
        result: Tensor = y if weight is None else y * weight
        return result

    return run


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Divide by the root mean square over the last axes, as torch.nn.functional.rms_norm. eps: None is the dtype's own.

    Raises ShapeError where the input does not end in normalized_shape.
    """
    wanted = check_normalized("rms_norm", need_tensor("rms_norm", input), normalized_shape, weight, None)
    y: Tensor = rms_norm_op(input, weight, rank=len(wanted), eps=finfo(input.dtype).eps if eps is None else eps)
    return y
