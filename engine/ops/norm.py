"""Normalisation over the batch: batch norm, instance norm, local response norm; one op, one fast rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.autograd import versions
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.conv_arrays import wide
from gradbook.ops.mistakes import foreign, mistake, need_tensor
from gradbook.ops.norm_rows import (
    channel_dot,
    channel_sum,
    channels_shape,
    check_floating,
    group_norm,
    layer_norm,
    rms_norm,
    sum_channels,
    through,
)
from gradbook.tensor import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

batch_norm_op = Op(
    "batch_norm", "input weight bias running_mean running_var", extras="mean invstd", promote=False,
    node_name="NativeBatchNormBackward0",
    formula=r"y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta",
    grads={
        "input": r"\bar x = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}}"
        r" \left(\bar y - \operatorname{mean} \bar y - \hat x \operatorname{mean}(\bar y \hat x)\right)",
        "weight": r"\bar\gamma = \sum \bar y \, \hat x",
        "bias": r"\bar\beta = \sum \bar y",
    },
)  # fmt: skip


@batch_norm_op.forward
def _(
    xp: Any, x: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, *,
    training: bool, momentum: float, eps: float,
) -> Any:  # fmt: skip
    kind, x = x.dtype, wide(x)
    shape = channels_shape(x)
    if training:
        count = x.size // x.shape[1]
        mean = channel_sum(xp, x) / x.dtype.type(count)
        y = x - mean.reshape(shape)
        var = channel_dot(xp, y, y) / x.dtype.type(count)
        if running_mean is not None and count:
            running_mean += momentum * (mean - running_mean).astype(running_mean.dtype)
            running_var += momentum * (var * (count / max(1, count - 1)) - running_var).astype(running_var.dtype)
    else:
        mean, var = running_mean.astype(x.dtype), running_var.astype(x.dtype)
        y = x - mean.reshape(shape)
    invstd = 1 / xp.sqrt(var + x.dtype.type(eps))
    y *= (invstd if weight is None else invstd * weight.astype(x.dtype, copy=False)).reshape(shape)
    if bias is not None:
        y += bias.reshape(shape)
    return y.astype(kind, copy=False), mean, invstd


@batch_norm_op.backward
def _(grad: Any, input: Any, weight: Any, mean: Any, invstd: Any, needs: Any, training: bool, eps: float) -> Any:
    if isinstance(grad, Tensor):
        again = plain_batch_norm(mean, invstd, training, eps)
        bias = sum_channels(grad) if needs[2] else None
        return (*through(again, grad, (input, weight), needs[:2])[:2], bias, None, None)
    xp = backends.xp_of(grad)
    g, x = wide(grad), wide(input)
    shape = channels_shape(x)
    scale = invstd if weight is None else invstd * weight.astype(x.dtype, copy=False)
    if not training and not needs[1]:
        return (
            (g * scale.reshape(shape) if needs[0] else None),
            None,
            (channel_sum(xp, g) if needs[2] else None),
            None,
            None,
        )
    total = channel_sum(xp, g)
    centered = x - mean.reshape(shape)
    dot = channel_dot(xp, centered, g)
    dx = None
    if needs[0] and not training:
        dx = g * scale.reshape(shape)
    elif needs[0]:
        count = x.dtype.type(x.size // x.shape[1])
        centered *= (-scale * invstd * invstd * dot / count).reshape(shape)
        centered += g * scale.reshape(shape)
        centered -= (scale * total / count).reshape(shape)
        dx = centered
    return dx, (dot * invstd if needs[1] else None), (total if needs[2] else None), None, None


def plain_batch_norm(mean: Any, invstd: Any, training: bool, eps: float) -> Callable[..., Any]:
    """Batch norm without its bias, in terms of other ops."""

    def run(x: Tensor, weight: Any) -> Tensor:
        shape = channels_shape(x)
        if training:
            axes = (0, *range(2, x.ndim))
            centered = x - x.mean(axes, keepdim=True)
            y = centered / ((centered * centered).mean(axes, keepdim=True) + eps) ** 0.5
        else:
            y = (x - mean.reshape(shape)) * invstd.reshape(shape)
        result: Tensor = y if weight is None else y * weight.reshape(shape)
        return result

    return run


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel over the batch, as torch.nn.functional.batch_norm: (n, c, *) -> (n, c, *).

    training: by the batch's own mean and variance, which the running ones move towards; else by the running ones.
    Raises ShapeError where channels do not fit, ValueError for one value a channel in training.
    """
    x = need_tensor("batch_norm", input)
    check_floating("batch_norm", x)
    if training and eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if x.ndim < 2 and not x.numel():
        empty: Tensor = x.clone()
        return empty
    if x.ndim < 2:
        words = f"Expected 2D or more input to batch_norm, but got input of shape {list(x.shape)}"
        raise mistake(ShapeError, "batch_norm", words, input=x)
    if training and eps <= 0:
        words = f"batch_norm eps must be positive during training, but got {eps}"
        raise foreign(ValueError, "batch_norm", words, "", "the usual 1e-5", input=x)
    if training and x.numel() == x.shape[1] * 1:
        words = f"Expected more than 1 value per channel when training, got input size {x.shape}"
        why = "The variance of one value is zero"
        raise foreign(ValueError, "batch_norm", words, why, "use a larger batch", "model.eval()", input=x)
    if not training and (running_mean is None or running_var is None):
        raise mistake(
            ShapeError, "batch_norm", "Expected running_mean and running_var to be defined when training=False"
        )
    for name, vector in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if vector is not None and vector.numel() != x.shape[1]:
            words = f"{name} should contain {x.shape[1]} elements not {vector.numel()}"
            fix = f"build the layer with num_features={x.shape[1]}; axis 1 of the input holds the channels"
            raise mistake(ShapeError, "batch_norm", words, "", fix, input=x, **{name: vector})
    y: Tensor = batch_norm_op(x, weight, bias, running_mean, running_var, training=training, momentum=momentum, eps=eps)
    if training and running_mean is not None and running_var is not None:
        versions.stamp(running_mean._array)
        versions.stamp(running_var._array)
    return y


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every sample, as torch.nn.functional.instance_norm: (n, c, *) -> (n, c, *).

    Raises ValueError for one value a channel. The running mean and variance move towards those of the batch.
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    count = math.prod(input.shape[2:])
    if count == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if running_mean is not None and running_var is not None:
        x = wide(input._array).reshape(*input.shape[:2], -1)
        mean, var = x.mean(axis=2).mean(axis=0), (x.var(axis=2) * (count / max(1, count - 1))).mean(axis=0)
        for running, new in ((running_mean._array, mean), (running_var._array, var)):
            running += momentum * (new - running).astype(running.dtype)
            versions.stamp(running)
    return group_norm(input, input.shape[1], weight, bias, eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """y = x / (k + alpha * mean of x² over `size` neighbouring channels) ** beta, as torch's.

    (n, c, *) -> (n, c, *).
    """
    from gradbook.ops.padding import pad

    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    c = input.shape[1]
    ends = [0, 0] * (input.ndim - 2) + [size // 2, (size - 1) // 2]
    squares = pad(input * input, ends)
    total = squares[:, 0:c]
    for i in range(1, size):
        total = total + squares[:, i : i + c]
    y: Tensor = input / (total * (alpha / size) + k) ** beta
    return y
