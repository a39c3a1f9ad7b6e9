"""Convolutions over depth, height and width outside a program, as convolutions of planes.

Planes that a window reads together are put side by side, as if they were channels: the weight (out, in, depth, h, w) is
that of (out, in * depth, h, w) as it lies in memory. Arguments and results are those of the operations' forwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradbook.kernels import images_now
from gradbook.kernels.images import Array
from gradbook.kernels.images_now import Shape, lengths, transposed_lengths
from gradbook.kernels.now import made_of, whole
from gradbook.ops import workspace

__all__ = ["kernels"]


def reached(depth: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> Iterator[tuple[Any, Any]]:
    """For each plane of the window: (windows for which it is inside, the planes it is then), as slices."""
    for k in range(kernel):
        shift = k * dilation - padding
        first = min(out, max(0, -(shift // stride)))
        last = max(first, min(out, (depth - 1 - shift) // stride + 1))
        start = first * stride + shift
        yield (
            slice(first, last),
            slice(start, start + (last - first - 1) * stride + 1 if last > first else start, stride),
        )


def side_by_side(x: Array, out: int, kernel: int, *window: int) -> Array:
    """(n, c, depth, h, w) -> (n * out, c * kernel, h, w): the planes of each window."""
    n, c, depth, *plane = x.shape
    made: Array = workspace.empty(np, (n, out, c, kernel, *plane), x.dtype)
    for k, (inside, planes) in enumerate(reached(depth, out, kernel, *window)):
        made[:, : inside.start, :, k] = 0
        made[:, inside.stop :, :, k] = 0
        made[:, inside, :, k] = x[:, :, planes].swapaxes(1, 2)
    return made.reshape(n * out, c * kernel, *plane)


def added_up(parts: Array, n: int, depth: int, kernel: int, *window: int) -> Array:
    """(n * out, c * kernel, h, w) -> (n, c, depth, h, w): the sum of what windows have for each plane."""
    out, c = parts.shape[0] // n, parts.shape[1] // kernel
    parts = parts.reshape(n, out, c, kernel, *parts.shape[2:])
    made = made_of((n, c, depth, *parts.shape[4:]))
    made.fill(0)
    for k, (inside, planes) in enumerate(reached(depth, out, kernel, *window)):
        made[:, :, planes] += parts[:, inside, :, k].swapaxes(1, 2)
    return made


def planes_of(x: Array) -> Array:
    """(n, c, depth, h, w) -> (n * depth, c, h, w)."""
    n, c, depth, *plane = x.shape
    if c == 1 or depth == 1:
        return x.reshape(n * depth, c, *plane)
    made: Array = workspace.empty(np, (n, depth, c, *plane), x.dtype)
    made[...] = x.swapaxes(1, 2)
    return made.reshape(n * depth, c, *plane)


def flat_weight(w: Array) -> Array:
    """(out, in, depth, h, w) -> (out, in * depth, h, w), the same memory."""
    return w.reshape(w.shape[0], w.shape[1] * w.shape[2], *w.shape[3:])


def conv(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> tuple[Array, None]:
    """As the forward of conv3d; nothing is kept for the gradient of the weight."""
    x, w, b = whole(x, w, b)
    out, *plane = lengths(x.shape, w.shape[2:], stride, padding, dilation)
    images = side_by_side(x, out, w.shape[2], stride[0], padding[0], dilation[0])
    window: dict[str, Any] = {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
    y, _ = images_now.conv(xp, images, flat_weight(w), b, **window)
    shape = (len(x), out, len(w), *plane)
    if out == 1:
        return y.reshape(len(x), len(w), 1, *plane), None
    made = made_of((len(x), len(w), out, *plane))
    made[...] = y.reshape(shape).swapaxes(1, 2)
    return made, None


def conv_transpose(
    xp: Any, x: Array, w: Array, b: Array | None, *, stride: Shape, padding: Shape, output_padding: Shape,
    dilation: Shape, groups: int,
) -> Array:  # fmt: skip
    """As the forward of conv_transpose3d."""
    x, w, b = whole(x, w, b)
    depth = transposed_lengths(x.shape, w.shape, stride, padding, output_padding, dilation)[0]
    window: dict[str, Any] = {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
    parts = images_now.conv_transpose(
        xp, planes_of(x), flat_weight(w), None, output_padding=output_padding[1:], **window
    )
    made = added_up(parts, len(x), depth, w.shape[2], stride[0], padding[0], dilation[0])
    if b is not None:
        made += b[:, None, None, None]
    return made


def conv_weight(
    xp: Any, x: Array, g: Array, *, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Array:
    """As the forward of conv3d_weight."""
    x, g = whole(x, g)
    images = side_by_side(x, g.shape[2], kernel[0], stride[0], padding[0], dilation[0])
    window: dict[str, Any] = {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
    made = images_now.conv_weight(xp, images, planes_of(g), kernel=kernel[1:], **window)
    return made.reshape(g.shape[1], x.shape[1] // groups, *kernel)


def weight_rule(
    grad: Array, x: Array, cols: Any, weight_shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Array:
    """As the rule of conv3d for its weight; the unfolded windows are not needed."""
    window: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return conv_weight(np, x, grad, kernel=tuple(weight_shape[2:]), **window)


def channel_sum(grad: Array) -> Array:
    """The sum over all axes but that of channels: the gradient of a bias."""
    (grad,) = whole(grad)
    return images_now.channel_sum(grad.reshape(*grad.shape[:2], -1))


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules."""
    return {
        "conv3d": conv, "conv3d.weight": weight_rule, "conv3d.bias": channel_sum, "conv3d_weight": conv_weight,
        "conv_transpose3d": conv_transpose, "conv_transpose3d.bias": channel_sum,
    }  # fmt: skip
