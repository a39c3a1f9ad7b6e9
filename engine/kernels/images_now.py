"""Convolution and pooling outside a program: what eager operations run, on arrays with channels first.

`forwards()` has them by the names of the operations, with the arguments of their forwards. They raise Unsupported for
arrays that kernels cannot be given: the caller then computes as it would without kernels.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels.conv import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.images import Array
from gradbook.kernels.pooling import avg_pool2d, avg_pool2d_grad, max_pool2d, max_pool2d_grad
from gradbook.kernels.program import Program, Scratch, Unsupported, address_of
from gradbook.kernels.team import Paced

__all__ = ["channel_sum", "forwards"]

PLANS = 256  # that a thread keeps
Shape = tuple[int, ...]
Add = Callable[..., None]
FLOAT, PLACE = np.dtype(np.float32), np.dtype(np.uint8)


class Plan:
    """A program for arrays of certain shapes."""

    def __init__(
        self, add: Callable[..., None], shapes: tuple[tuple[Shape, str], ...], settings: Any, more: Any
    ) -> None:
        program = Program(scratch=own.scratch)
        arrays = [np.empty(shape, dtype) for shape, dtype in shapes]
        self.places = [program.place(array) for array in arrays]
        add(program, *arrays, *settings, **dict(more))
        self._run = Paced(program).run

    def run(self, arrays: tuple[Array, ...]) -> None:
        """Run on other arrays of the same shapes, whose numbers lie side by side."""
        for place, array in zip(self.places, arrays, strict=True):
            place.bind(address_of(array))
        self._run()


class Own(threading.local):
    """What each thread has for itself: a plan's words and memory are those of one run."""

    def __init__(self) -> None:
        self.scratch = Scratch()
        self.plan = functools.lru_cache(PLANS)(Plan)


own = Own()


def run(
    add: Callable[..., None], made: tuple[Array, ...], given: tuple[Array, ...], *settings: Any, **more: Any
) -> None:
    """Compute `made` from `given`. Raises Unsupported for other types than float32 (and the uint8 of places)."""
    arrays = (*made, *[usable(array) for array in given])
    shapes = tuple([(array.shape, array.dtype.char) for array in arrays])
    own.plan(add, shapes, settings, tuple(more.items())).run(arrays)


def usable(array: Array) -> Array:
    """The array, or a copy whose numbers lie side by side."""
    dtype = array.dtype
    if dtype != FLOAT and dtype != PLACE:
        raise Unsupported(f"kernels of images compute float32, not {dtype}")
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.require(array, requirements=["C", "A"])


def made_of(shape: Shape, like: Array) -> Array:
    """A new array for a result."""
    if like.dtype != FLOAT:
        raise Unsupported(f"kernels of images compute float32, not {like.dtype}")
    array: Array = used_again()(np, tuple(shape), FLOAT)
    return array


@functools.cache
def used_again() -> Any:
    """The function that gives memory which was used before; the operations may not be there yet when this is read."""
    from gradbook.ops.workspace import empty

    return empty


# -- convolution -----------------------------------------------------------------------------------------------------


def lengths(x: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """How many windows there are on each axis."""
    axes = zip(x[2:], kernel, stride, padding, dilation, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


def conv(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> tuple[Array, None]:
    """As the forward of conv2d and conv1d; nothing is kept for the gradient of the weight."""
    y = made_of((x.shape[0], w.shape[0], *lengths(x.shape, w.shape[2:], stride, padding, dilation)), x)
    window = (stride, padding, dilation, groups)
    if b is None:
        run(conv2d, (y,), (x, w), None, *window)
    else:
        run(conv2d, (y,), (x, w, b), *window)
    return y, None


def conv_transpose(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, output_padding: Shape,
    dilation: Shape, groups: int,
) -> Array:  # fmt: skip
    """As the forward of conv_transpose2d and conv_transpose1d."""
    axes = zip(x.shape[2:], w.shape[2:], stride, padding, output_padding, dilation, strict=True)
    sizes = [(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, e, d in axes]
    y = made_of((x.shape[0], w.shape[1] * groups, *sizes), x)
    if b is None:
        run(conv2d_input_grad, (y,), (x, w), stride, padding, dilation, groups)
    else:
        run(transposed_with_bias, (y,), (x, w, b), stride, padding, dilation, groups)
    return y


def transposed_with_bias(program: Program, out: Array, x: Array, weight: Array, bias: Array, *window: Any) -> None:
    """conv2d_input_grad with the bias among the arrays."""
    conv2d_input_grad(program, out, x, weight, *window, bias=bias)


def conv_weight(
    xp: Any, x: Array, g: Array, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Array:
    """As the forward of conv2d_weight and conv1d_weight."""
    made = made_of((g.shape[1], x.shape[1] // groups, *kernel), x)
    run(conv2d_weight_grad, (made,), (x, g), stride, padding, dilation, groups)
    return made


def channel_sum(grad: Array) -> Array:
    """The sum over all axes but that of channels: the gradient of a bias."""
    made = made_of((grad.shape[1],), grad)
    run(conv2d_bias_grad, (made,), (grad,))
    return made


# -- pooling ---------------------------------------------------------------------------------------------------------


def max_pool(
    xp: Any, x: Array, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, out: Shape
) -> tuple[Array, Array]:
    """As the forward of max_pool2d and max_pool1d: largest values, and their places in the windows."""
    best = made_of((*x.shape[:2], *out), x)
    which = np.empty(best.shape, PLACE)
    run(max_pool2d, (best, which), (x,), kernel, stride, padding, dilation)
    return best, which


def max_pool_grad(
    xp: Any, grad: Array, *, lengths: Shape, which: Array, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape
) -> Array:
    """As the forward of max_pool2d_backward and max_pool1d_backward."""
    made = made_of((*grad.shape[:2], *lengths), grad)
    run(max_pool2d_grad, (made,), (grad, which), kernel, stride, padding, dilation)
    return made


def avg_pool(
    xp: Any, x: Array, *, kernel: Shape, stride: Shape, padding: Shape, out: Shape, count_pad: bool, divisor: Any
) -> Array:
    """As the forward of avg_pool2d and avg_pool1d."""
    made = made_of((*x.shape[:2], *out), x)
    run(avg_pool2d, (made,), (x,), kernel, stride, padding, count_pad=count_pad, divisor=divisor)
    return made


def avg_pool_grad(
    xp: Any, grad: Array, *, lengths: Shape, kernel: Shape, stride: Shape, padding: Shape, count_pad: bool, divisor: Any
) -> Array:
    """As the forward of avg_pool2d_backward and avg_pool1d_backward."""
    made = made_of((*grad.shape[:2], *lengths), grad)
    run(avg_pool2d_grad, (made,), (grad,), kernel, stride, padding, count_pad=count_pad, divisor=divisor)
    return made


def forwards() -> dict[str, Callable[..., Any]]:
    """Forwards by the names of the operations, for one axis and for two."""
    kinds: dict[str, Callable[..., Any]] = {
        "conv{}d": conv, "conv_transpose{}d": conv_transpose, "conv{}d_weight": conv_weight, "max_pool{}d": max_pool,
        "max_pool{}d_backward": max_pool_grad, "avg_pool{}d": avg_pool, "avg_pool{}d_backward": avg_pool_grad,
    }  # fmt: skip
    return {name.format(rank): forward for name, forward in kinds.items() for rank in (1, 2)}
