"""Convolutions of two axes (one axis: two of which the first has length 1) and their gradients, float32.

Inside, channels are innermost: a vector holds channels of one pixel. Arrays with channels first (layout "nchw") are
turned on the way in and out, image by image, in the cache; where neighbours in a program agree on channels innermost
("nhwc") nothing is turned. The weight is (out, channels / groups, height, width) in both.

The gradient of the weight is summed in as many parts as there are threads: its last bits depend on their number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.kernels.conv_direct import Job, WeightJob, correlate, lanes, sum_weight
from gradbook.kernels.conv_maps import fits_maps, fits_maps_weight, map_convolution, map_weight
from gradbook.kernels.conv_sizes import Array, Sizes
from gradbook.kernels.conv_tiles import channel_sums
from gradbook.kernels.depthwise import depthwise, depthwise_weight, is_depthwise
from gradbook.kernels.images import Images, images, is_dense
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.transposing import fill
from gradbook.kernels.winograd import best, is_large, winograd, winograd_weight
from gradbook.kernels.winograd_large import large_winograd, large_winograd_weight

__all__ = ["conv2d", "conv2d_bias_grad", "conv2d_input_grad", "conv2d_weight_grad"]

ACTIVATIONS = ("", "relu")


# -- the convolution and its transpose -------------------------------------------------------------------------------


def conv2d(
    program: Program,
    out: Array,
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    layout: str = "nchw",
    activation: str = "",
    precise: bool = False,
) -> None:
    """Out = activation(conv2d(x, weight) + bias), arguments as in torch.nn.functional.conv2d.

    x (n, c, h, w) and out (n, o, h, w); layout "nhwc": (n, h, w, c) and (n, h, w, o). activation: "" or "relu".
    precise: never Winograd's method, which rounds more and lets what is not finite reach its neighbours.
    Raises Unsupported for other dtypes, gaps between pixels, or out in the same memory as x.
    """
    source, result = images("conv2d", layout, x, out)
    check("conv2d", result, activation, source, weight, bias)
    shape = plane("conv2d", weight, x.ndim).shape
    window = both(stride, x.ndim, 1), both(padding, x.ndim, 0), both(dilation, x.ndim, 1)
    sizes = Sizes.of("conv2d", source.shape, shape, result.shape, *window, groups)
    convolve(Job(program, sizes, source, result, "conv2d", weight, bias, activation), precise)


def conv2d_input_grad(
    program: Program,
    out: Array,
    grad: Array,
    weight: Array,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    bias: Array | None = None,
    layout: str = "nchw",
    activation: str = "",
    precise: bool = False,
    accumulate: bool = False,
) -> None:
    """Out = the gradient of conv2d's x, given that of its result; with a bias: conv_transpose2d.

    grad (n, o, h, w) -> out (n, c, h, w), or with channels last. accumulate: it is added to out, without bias and
    activation. Raises Unsupported as conv2d.
    """
    if accumulate and (bias is not None or activation):
        raise Unsupported("conv2d_input_grad: what is added to a gradient has no bias and no activation")
    source, result = images("conv2d_input_grad", layout, grad, out)
    check("conv2d_input_grad", result, activation, source, weight, bias)
    shape = plane("conv2d_input_grad", weight, out.ndim).shape
    window = both(stride, out.ndim, 1), both(padding, out.ndim, 0), both(dilation, out.ndim, 1)
    sizes = Sizes.of("conv2d_input_grad", result.shape, shape, source.shape, *window, groups)
    job = Job(program, sizes, source, result, "conv2d_input_grad", weight, bias, activation, transposed=True,
              add=accumulate)  # fmt: skip
    convolve(job, precise)


def convolve(job: Job, precise: bool) -> None:
    """Add a convolution or its transpose, computed in the way that is likely to be fastest."""
    if not job.result.array.size:
        return
    m = 0 if precise else best(job.sizes, transposed=job.transposed)
    if m:
        (large_winograd if is_large(job.sizes, m, transposed=job.transposed) else winograd)(job, m)
    elif is_depthwise(job.sizes):
        depthwise(job)
    elif fits_maps(job.sizes, job.source, job.result, transposed=job.transposed):
        map_convolution(job)
    else:
        correlate(job)


def check(name: str, result: Images, activation: str, source: Images, weight: Array, bias: Array | None) -> None:
    """Raise Unsupported for what the kernels cannot be given."""
    if activation not in ACTIVATIONS:
        raise Unsupported(f"{name}: activation {activation!r}")
    if bias is not None and bias.shape != (result.channels,):
        raise Unsupported(f"{name}: bias {bias.shape} for {result.channels} channels")
    for array in (source.array, weight, bias):
        if array is None:
            continue
        if array.dtype != np.float32 or (array is not source.array and not is_dense(array, 0)):
            raise Unsupported(f"{name}: {array.dtype}, strides {array.strides} of {array.shape}")
        if np.may_share_memory(result.array, array):
            raise Unsupported(f"{name}: the result lies in the memory of an operand")


def plane(name: str, weight: Array, axes: int) -> Array:
    """A weight with two axes of its window. Raises Unsupported for gaps or another dtype."""
    if weight.dtype != np.float32 or weight.ndim != axes or not is_dense(weight, 0):
        raise Unsupported(f"{name}: {weight.dtype}, strides {weight.strides} of {weight.shape}")
    return weight[:, :, None] if axes == 3 else weight


def both(value: Any, axes: int, without: int) -> Any:
    """An argument for two axes; `without`: what it is for the axis that arrays of 3 axes lack."""
    if axes == 4:
        return value
    return (without, value[0] if isinstance(value, (tuple, list)) else value)


# -- the gradients of weight and bias --------------------------------------------------------------------------------


def conv2d_weight_grad(
    program: Program,
    out: Array,
    x: Array,
    grad: Array,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    layout: str = "nchw",
    precise: bool = False,
    accumulate: bool = False,
) -> None:
    """Out = the gradient of conv2d's weight, (o, c / groups, h, w), given that of its result; accumulate: out += it.

    x (n, c, h, w), grad (n, o, h, w), or with channels last. Raises Unsupported as conv2d.
    """
    source, second = images("conv2d_weight_grad", layout, x, grad)
    shape = plane("conv2d_weight_grad", out, x.ndim).shape
    for operand in (x, grad):
        if np.may_share_memory(out, operand):
            raise Unsupported("conv2d_weight_grad: the result lies in the memory of an operand")
    window = both(stride, x.ndim, 1), both(padding, x.ndim, 0), both(dilation, x.ndim, 1)
    sizes = Sizes.of("conv2d_weight_grad", source.shape, shape, second.shape, *window, groups)
    if not out.size or (accumulate and not grad.size):
        return
    if not grad.size:
        program.add(Kernel("conv2d_weight_grad", fill(), alone=True), out, out.size)
        return
    job = WeightJob(program, sizes, source, second, out, accumulate)
    m = 0 if precise else best(sizes)
    if m:
        (large_winograd_weight if is_large(sizes, m) else winograd_weight)(job, m)
    elif is_depthwise(sizes):
        depthwise_weight(job)
    elif fits_maps_weight(sizes, source, second):
        map_weight(job)
    else:
        sum_weight(job)


def conv2d_bias_grad(
    program: Program, out: Array, grad: Array, *, layout: str = "nchw", accumulate: bool = False
) -> None:
    """Out[o] = the sum of grad over all pixels of channel o; accumulate: out += it. Raises Unsupported as conv2d."""
    (source,) = images("conv2d_bias_grad", layout, grad)
    if out.dtype != np.float32 or out.shape != (source.channels,) or not is_dense(out, 0):
        raise Unsupported(f"conv2d_bias_grad: out {out.dtype} {out.shape}")
    if not out.size or (accumulate and not grad.size):
        return
    if not grad.size:
        program.add(Kernel("conv2d_bias_grad", fill(), alone=True), out, out.size)
        return
    step = source.array.strides[1] // 4 if layout == "nchw" else lanes()
    units = source.channels if layout == "nchw" else -(-source.channels // lanes())
    program.add(Kernel("conv2d_bias_grad", channel_sums(layout, accumulate), units), grad, out, source.shape[0],
                source.unit, step, source.area, source.channels)  # fmt: skip
