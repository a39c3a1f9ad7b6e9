"""Images rearranged: fold and unfold, pixel and channel shuffles, interpolation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.conv import numbers
from gradbook.ops.creation import fixed
from gradbook.ops.mistakes import mistake, need_tensor
from gradbook.ops.windows import out_lengths, pad_spatial, scatter, windows
from gradbook.tensor import Tensor

__all__ = [
    "channel_shuffle", "fold", "interpolate", "native_channel_shuffle", "pixel_shuffle",
    "pixel_unshuffle", "unfold", "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip

# -- fold and unfold -------------------------------------------

unfold_op = Op("unfold", "input", node_name="Im2ColBackward0", formula=r"y_{:, i} = \operatorname{vec} x_{W_i}",
               grads={"input": r"\bar x_j = \sum_{i:\, j \in W_i} \bar y_{j, i}"})  # fmt: skip
fold_op = Op("fold", "input", node_name="Col2ImBackward0", formula=r"y_j = \sum_{i:\, j \in W_i} x_{j, i}",
             grads={"input": r"\bar x_{:, i} = \operatorname{vec} \bar y_{W_i}"})  # fmt: skip


@unfold_op.forward
def _(xp: Any, x: Any, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    out = out_lengths(size, kernel, stride, padding, dilation)
    seen = windows(xp, pad_spatial(xp, x, padding), kernel, out, stride, dilation, "nckl")
    return seen.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(out))


@unfold_op.grad("input")
def _(grad: Any, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    return fold_op(grad, size=size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


@fold_op.forward
def _(xp: Any, x: Any, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    out = out_lengths(size, kernel, stride, padding, dilation)
    parts = x.reshape(x.shape[0], x.shape[1] // math.prod(kernel), *kernel, *out)
    return scatter(xp, parts, size, kernel, stride, padding, dilation)


@fold_op.grad("input")
def _(grad: Any, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    return unfold_op(grad, size=size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Every window as a column, as torch.nn.functional.unfold: (n, c, h, w) -> (n, c * kernel, windows).

    Raises ShapeError for an input that is no image or windows that do not fit.
    """
    x = need_tensor("unfold", input)
    if x.ndim not in (3, 4):
        words = (
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(x.shape)}"
        )
        raise mistake(ShapeError, "unfold", words, input=x)
    where = {name: numbers(value, 2, name) for name, value in
             (("kernel", kernel_size), ("stride", stride), ("padding", padding), ("dilation", dilation))}  # fmt: skip
    size = tuple(x.shape[-2:])
    out = out_lengths(size, where["kernel"], where["stride"], where["padding"], where["dilation"])
    if any(n <= 0 for n in out):
        words = (
            f"Given input with spatial size {size}, calculated shape of the array of sliding blocks as "
            f"{out}, but its components must be at least one."
        )
        raise mistake(ShapeError, "unfold", words, input=x)
    y: Tensor = unfold_op(x if x.ndim == 4 else x.unsqueeze(0), size=size, **where)
    return y if x.ndim == 4 else y.squeeze(0)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Sum columns back into an image, as torch.nn.functional.fold: (n, c * kernel, windows) -> (n, c, h, w).

    Raises ShapeError where columns and windows do not fit.
    """
    x = need_tensor("fold", input)
    if x.ndim not in (2, 3):
        words = (
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            f"dimensions for input, but got: {list(x.shape)}"
        )
        raise mistake(ShapeError, "fold", words, input=x)
    where = {name: numbers(value, 2, name) for name, value in
             (("kernel", kernel_size), ("stride", stride), ("padding", padding), ("dilation", dilation))}  # fmt: skip
    size = numbers(output_size, 2, "output_size")
    block = math.prod(where["kernel"])
    if x.shape[-2] % block:
        words = (
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={x.shape[-2]} and kernel_size={where['kernel']}."
        )
        raise mistake(ShapeError, "fold", words, input=x)
    out = out_lengths(size, where["kernel"], where["stride"], where["padding"], where["dilation"])
    if x.shape[-1] != math.prod(out):
        words = (
            f"Given output_size={size}, kernel_size={where['kernel']}, expected size of input's dimension "
            "2 to match the "
            f"calculated number of sliding blocks {out[0]} * {out[1]} = {math.prod(out)}, but got "
            f"input.size(2)={x.shape[-1]}."
        )
        raise mistake(ShapeError, "fold", words, input=x)
    y: Tensor = fold_op(x if x.ndim == 3 else x.unsqueeze(0), size=size, **where)
    return y if x.ndim == 3 else y.squeeze(0)


# -- shuffles -------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels to pixels, as torch.nn.functional.pixel_shuffle: (*, c r², h, w) -> (*, c, h r, w r)."""
    r = upscale_factor
    if input.ndim < 3:
        words = (
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
        raise mistake(ShapeError, "pixel_shuffle", words, input=input)
    *lead, c, h, w = input.shape
    if r <= 0 or c % (r * r):
        words = (
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            "upscale_factor, but "
            f"input.size(-3)={c} is not divisible by {r * r}"
        )
        raise mistake(ShapeError, "pixel_shuffle", words, input=input)
    n = len(lead)
    split = input.reshape(*lead, c // (r * r), r, r, h, w)
    y: Tensor = split.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*lead, c // (r * r), h * r, w * r)
    return y


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels to channels, as torch.nn.functional.pixel_unshuffle: (*, c, h r, w r) -> (*, c r², h, w)."""
    r = downscale_factor
    *lead, c, h, w = input.shape
    if input.ndim < 3 or h % r or w % r:
        words = (
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but got "
            f"{list(input.shape)} and {r}"
        )
        raise mistake(ShapeError, "pixel_unshuffle", words, input=input)
    n = len(lead)
    split = input.reshape(*lead, c, h // r, r, w // r, r)
    y: Tensor = split.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3).reshape(*lead, c * r * r, h // r, w // r)
    return y


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels of groups interleaved, as torch.nn.functional.channel_shuffle: (n, c, *) -> (n, c, *)."""
    n, c, *rest = input.shape
    if input.ndim < 3 or groups <= 0 or c % groups:
        words = f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        raise mistake(ShapeError, "channel_shuffle", words, input=input)
    y: Tensor = input.reshape(n, groups, c // groups, *rest).transpose(1, 2).reshape(n, c, *rest)
    return y


native_channel_shuffle = channel_shuffle

# -- interpolation: one small matrix an axis -------------------------------------------


def source_points(out: int, length: int, align: bool, scale: float | None, cubic: bool = False) -> Any:
    """Where on the old axis each new index lies."""
    if align:
        return np.arange(out) * ((length - 1) / (out - 1) if out > 1 else 0.0)
    step = 1 / scale if scale else length / out
    points = (np.arange(out) + 0.5) * step - 0.5
    return points if cubic else np.maximum(points, 0)


def linear_matrix(out: int, length: int, align: bool, scale: float | None) -> Any:
    """(out, length): the weights of linear interpolation."""
    points = source_points(out, length, align, scale)
    low = np.minimum(points.astype(np.int64), length - 1)
    high = np.minimum(low + 1, length - 1)
    part = np.clip(points - low, 0, 1)
    made = np.zeros((out, length))
    line = np.arange(out)
    np.add.at(made, (line, low), 1 - part)
    np.add.at(made, (line, high), part)
    return made


def cubic_matrix(out: int, length: int, align: bool, scale: float | None) -> Any:
    """(out, length): the weights of cubic convolution with a = -0.75."""
    points = source_points(out, length, align, scale, cubic=True)
    low = np.floor(points).astype(np.int64)
    part = points - low
    made = np.zeros((out, length))
    line = np.arange(out)
    for shift in (-1, 0, 1, 2):
        d = np.abs(part - shift)
        near = (1.25 * d - 2.25) * d * d + 1
        far = ((-0.75 * d + 3.75) * d - 6) * d + 3
        np.add.at(made, (line, np.clip(low + shift, 0, length - 1)), np.where(d <= 1, near, far))
    return made


def smooth_matrix(out: int, length: int, align: bool, scale: float | None, cubic: bool) -> Any:
    """(out, length): antialiased linear or cubic weights, which widen with the step."""
    step = (length - 1) / (out - 1) if align and out > 1 else 1 / scale if scale else length / out
    width = max(step, 1.0)
    made = np.zeros((out, length))
    at = np.arange(length)
    for i in range(out):
        center = step * (i + 0.5)
        reach = (2 if cubic else 1) * width
        d = np.abs((at + 0.5 - center) / width)
        inside = (at >= int(max(center - reach + 0.5, 0))) & (at < min(int(center + reach + 0.5), length))
        if cubic:  # a = -0.5
            near, far = (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
            weight = np.where(d <= 1, near, np.where(d < 2, far, 0))
        else:
            weight = np.maximum(1 - d, 0)
        made[i] = weight * inside
        made[i] /= made[i].sum()
    return made


def nearest_index(out: int, length: int, scale: float | None, exact: bool) -> Any:
    """The old index that each new one shows."""
    step = np.float32(1 / scale) if scale else np.float32(length / out)
    line = np.arange(out, dtype=np.float32)
    return np.minimum(np.floor((line + np.float32(0.5 if exact else 0)) * step).astype(np.int64), length - 1)


def resampled(x: Tensor, sizes: Any, scales: Any, mode: str, align: bool, antialias: bool) -> Tensor:
    """Every spatial axis brought to its new length."""
    xp = backends.xp_of(x._array)
    rank = len(sizes)
    for axis, out, scale in zip(range(x.ndim - rank, x.ndim), sizes, scales, strict=True):
        length = x.shape[axis]
        if mode.startswith("nearest"):
            index = nearest_index(out, length, scale, mode == "nearest-exact")
            x = x.index_select(axis, fixed(xp.asarray(index)))
            continue
        if antialias:
            matrix = smooth_matrix(out, length, align, scale, mode == "bicubic")
        else:
            matrix = (cubic_matrix if mode == "bicubic" else linear_matrix)(out, length, align, scale)
        weights = fixed(xp.asarray(matrix.T.astype(x._array.dtype)))
        x = x @ weights if axis == x.ndim - 1 else (x.movedim(axis, -1) @ weights).movedim(-1, axis)
    result: Tensor = x.contiguous()
    return result


_MODES = {"nearest": 0, "nearest-exact": 0, "linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4, "area": 0}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize the spatial axes of (n, c, *), as torch.nn.functional.interpolate; give size or scale_factor.

    mode: nearest, nearest-exact, linear (3 axes), bilinear and bicubic (4), trilinear (5), area. Raises ValueError for
    arguments that exclude each other, NotImplementedError for a mode that the number of axes does not have.
    """
    x = need_tensor("interpolate", input)
    rank = x.ndim - 2
    if mode.startswith("nearest") or mode == "area":
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | "
                "bicubic | trilinear"
            )
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if mode not in _MODES or rank < 1 or (_MODES[mode] and _MODES[mode] != x.ndim):
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported (got "
            f"{x.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
            f"nearest-exact (got {mode})"
        )
    scales: list[Any] = [None] * rank
    if size is not None:
        sizes = [int(s) for s in (size if isinstance(size, (tuple, list)) else [size] * rank)]
        what, given = "Input and output", sizes
    else:
        factors = [
            float(f) for f in (scale_factor if isinstance(scale_factor, (tuple, list)) else [scale_factor] * rank)
        ]
        what, given = "Input and scale_factor", factors  # type: ignore[assignment]
        sizes = [math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=False)]
        if not recompute_scale_factor:
            scales = list(factors)
    if len(given) != rank:
        raise ValueError(
            f"{what} must have the same number of spatial dimensions, but got input with spatial dimensions of "
            f"{list(x.shape[2:])} and {given}. Please provide input tensor in (N, C, d1, d2, ...,dK) format."
        )
    if any(s <= 0 for s in sizes):
        words = f"Input and output sizes should be greater than 0, but got input {list(x.shape[2:])} and output {sizes}"
        raise mistake(ShapeError, "interpolate", words, input=x)
    if mode == "area":
        from gradbook.ops.pool_functions import adaptive_avg

        return adaptive_avg(rank, x, sizes)
    return resampled(x, sizes, scales, mode, bool(align_corners), antialias)


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """interpolate under its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate with mode nearest."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate with mode bilinear and corners aligned."""
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)
