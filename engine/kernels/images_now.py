"""Convolution and pooling outside a program: what eager operations run, in one thread, on arrays with channels first.

They have the arguments of the operations' forwards, and raise Unsupported for arrays that kernels cannot be given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.backends import native
from gradbook.kernels.conv import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.images import Array
from gradbook.kernels.now import made_of, run, whole
from gradbook.kernels.pooling import avg_pool2d, avg_pool2d_grad, max_pool2d, max_pool2d_grad
from gradbook.kernels.program import Program, Unsupported

__all__ = ["channel_sum", "kernels"]

Shape = tuple[int, ...]


def precision() -> tuple[tuple[str, Any], ...]:
    """The setting that keeps Winograd's method out, where it is to be kept out."""
    return PRECISE if native.state.precise else ()


PRECISE = (("precise", True),)


# -- convolution -----------------------------------------------------------------------------------------------------


def lengths(x: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """How many windows there are on each axis."""
    axes = zip(x[2:], kernel, stride, padding, dilation, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


def transposed_lengths(
    x: Shape, weight: Shape, stride: Shape, padding: Shape, output_padding: Shape, dilation: Shape
) -> Shape:
    """How long each axis is of what a transposed convolution gives."""
    axes = zip(x[2:], weight[2:], stride, padding, output_padding, dilation, strict=True)
    return tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, e, d in axes)


def conv(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> tuple[Array, None]:
    """As the forward of conv2d and conv1d; nothing is kept for the gradient of the weight."""
    x, w, b = whole(x, w, b)
    y = made_of((x.shape[0], w.shape[0], *lengths(x.shape, w.shape[2:], stride, padding, dilation)))
    window = (stride, padding, dilation, groups)
    if b is None:
        run(conv2d, (y,), (x, w), (None, *window), precision())
    else:
        run(conv2d, (y,), (x, w, b), window, precision())
    return y, None


def conv_transpose(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, output_padding: Shape,
    dilation: Shape, groups: int,
) -> Array:  # fmt: skip
    """As the forward of conv_transpose2d and conv_transpose1d."""
    x, w, b = whole(x, w, b)
    sizes = transposed_lengths(x.shape, w.shape, stride, padding, output_padding, dilation)
    y = made_of((x.shape[0], w.shape[1] * groups, *sizes))
    given = (x, w) if b is None else (x, w, b)
    run(transposed, (y,), given, (stride, padding, dilation, groups, output_padding), precision())
    return y


def transposed(program: Program, out: Array, x: Array, weight: Array, *rest: Any, precise: bool = False) -> None:
    """conv2d_input_grad with the bias, if there is one, among the arrays; the last setting is what made out's size."""
    *bias, stride, padding, dilation, groups, _ = rest
    conv2d_input_grad(
        program, out, x, weight, stride, padding, dilation, groups, bias=bias[0] if bias else None, precise=precise
    )  # fmt: skip


def conv_weight(
    xp: Any, x: Array, g: Array, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Array:
    """As the forward of conv2d_weight and conv1d_weight."""
    x, g = whole(x, g)
    made = made_of((g.shape[1], x.shape[1] // groups, *kernel))
    run(weight_grad_of, (made,), (x, g), (kernel, stride, padding, dilation, groups), precision())
    return made


def weight_grad_of(
    program: Program, made: Array, x: Array, grad: Array, kernel: Shape, *window: Any, precise: bool = False
) -> None:
    """conv2d_weight_grad for a window of size `kernel`."""
    conv2d_weight_grad(program, made, x, grad, *window, precise=precise)


def weight_rule(
    grad: Array, x: Array, cols: Any, weight_shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Array:
    """As the rule of conv2d and conv1d for their weight; the unfolded windows are not needed."""
    kernel = tuple(weight_shape[2:])
    return conv_weight(
        np, x, grad, kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
    )  # fmt: skip


def channel_sum(grad: Array) -> Array:
    """The sum over all axes but that of channels: the gradient of a bias."""
    (grad,) = whole(grad)
    made = made_of((grad.shape[1],))
    run(conv2d_bias_grad, (made,), (grad,))
    return made


# -- pooling: the lengths of results are settings too, as they do not follow from the arrays' shapes ------------------


def max_pool_of(program: Program, best: Array, which: Array, x: Array, out: Shape, *window: Any) -> None:
    """max_pool2d to maps of size `out`."""
    max_pool2d(program, best, which, x, *window)


def max_pool_grad_of(program: Program, made: Array, grad: Array, which: Array, lengths: Shape, *window: Any) -> None:
    """max_pool2d_grad to maps of size `lengths`."""
    max_pool2d_grad(program, made, grad, which, *window)


def avg_pool_of(
    program: Program, made: Array, x: Array, out: Shape, count_pad: bool, divisor: Any, *window: Any
) -> None:
    """avg_pool2d to maps of size `out`."""
    avg_pool2d(program, made, x, *window, count_pad=count_pad, divisor=divisor)


def avg_pool_grad_of(
    program: Program, made: Array, grad: Array, lengths: Shape, count_pad: bool, divisor: Any, *window: Any
) -> None:
    """avg_pool2d_grad to maps of size `lengths`."""
    avg_pool2d_grad(program, made, grad, *window, count_pad=count_pad, divisor=divisor)


def max_pool(
    xp: Any, x: Array, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, out: Shape
) -> tuple[Array, Array]:
    """As the forward of max_pool2d and max_pool1d: largest values, and their places in the windows."""
    (x,) = whole(x)
    best = made_of((*x.shape[:2], *out))
    which = np.empty(best.shape, np.uint8)
    run(max_pool_of, (best, which), (x,), (out, kernel, stride, padding, dilation))
    return best, which


def max_pool_grad(
    xp: Any, grad: Array, *, lengths: Shape, which: Array, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape
) -> Array:
    """As the forward of max_pool2d_backward and max_pool1d_backward."""
    (grad,) = whole(grad)
    if type(which) is not np.ndarray or which.dtype != np.uint8 or not which.flags.c_contiguous:
        raise Unsupported("places in windows that are no uint8")
    made = made_of((*grad.shape[:2], *lengths))
    run(max_pool_grad_of, (made,), (grad, which), (lengths, kernel, stride, padding, dilation))
    return made


def avg_pool(
    xp: Any, x: Array, *, kernel: Shape, stride: Shape, padding: Shape, out: Shape, count_pad: bool, divisor: Any
) -> Array:
    """As the forward of avg_pool2d and avg_pool1d."""
    (x,) = whole(x)
    made = made_of((*x.shape[:2], *out))
    run(avg_pool_of, (made,), (x,), (out, count_pad, divisor, kernel, stride, padding))
    return made


def avg_pool_grad(
    xp: Any, grad: Array, *, lengths: Shape, kernel: Shape, stride: Shape, padding: Shape, count_pad: bool, divisor: Any
) -> Array:
    """As the forward of avg_pool2d_backward and avg_pool1d_backward."""
    (grad,) = whole(grad)
    made = made_of((*grad.shape[:2], *lengths))
    run(avg_pool_grad_of, (made,), (grad,), (lengths, count_pad, divisor, kernel, stride, padding))
    return made


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules, for one axis and for two."""
    kinds: dict[str, Callable[..., Any]] = {
        "conv{}d": conv, "conv{}d.weight": weight_rule, "conv{}d.bias": channel_sum, "conv{}d_weight": conv_weight,
        "conv_transpose{}d": conv_transpose, "conv_transpose{}d.bias": channel_sum, "max_pool{}d": max_pool,
        "max_pool{}d_backward": max_pool_grad, "avg_pool{}d": avg_pool, "avg_pool{}d_backward": avg_pool_grad,
    }  # fmt: skip
    return {name.format(rank): forward for name, forward in kinds.items() for rank in (1, 2)}
