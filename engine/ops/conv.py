"""Convolutions of one, two and three spatial axes and their transposes.

A convolution is linear in each operand, and each of its gradients is another convolution: three ops, each the gradient
of the others, so derivatives of any order come by themselves. conv_arrays.py computes them.
Differs: convolution and pooling do not keep channels_last: the result is contiguous.
"""

from __future__ import annotations

import math
from typing import Any

from gradbook import backends
from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.conv_arrays import add_bias, convolve, input_grad, weight_grad, wide
from gradbook.ops.linalg import conj
from gradbook.ops.mistakes import check_same_dtype, mistake, need_tensor
from gradbook.tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

KEEP_AT_MOST = 32 << 20  # bytes of unfolded windows kept for the weight's gradient; beyond that they are made again


# -- the ops ---------------------------------------------------------------------------------------------------------


def conv_flops(x: Any, w: Any, b: Any, out: Any) -> int:
    """Multiply-adds counted as two."""
    return int(2 * math.prod(out) * math.prod(w[1:]))


def declare(rank: int) -> tuple[Op, Op, Op]:
    """The three ops of one rank: the convolution, its transpose, and the gradient of its weight."""
    conv = Op(
        f"conv{rank}d", "input weight bias", extras="cols", promote=False, node_name="ConvolutionBackward0",
        formula=r"y_{n,o} = b_o + \sum_c w_{o,c} \star x_{n,c}",
        grads={
            "input": r"\bar x_{n,c} = \sum_o w_{o,c} \ast \bar y_{n,o}",
            "weight": r"\bar w_{o,c} = \sum_n \bar y_{n,o} \star x_{n,c}",
            "bias": r"\bar b_o = \sum_{n,i} \bar y_{n,o,i}",
        },
        flops=conv_flops,
    )  # fmt: skip
    turned = Op(
        f"conv_transpose{rank}d", "input weight bias", promote=False, node_name="ConvolutionBackward0",
        formula=r"y_{n,c} = b_c + \sum_o w_{o,c} \ast x_{n,o}",
        grads={
            "input": r"\bar x_{n,o} = \sum_c w_{o,c} \star \bar y_{n,c}",
            "weight": r"\bar w_{o,c} = \sum_n x_{n,o} \star \bar y_{n,c}",
            "bias": r"\bar b_c = \sum_{n,i} \bar y_{n,c,i}",
        },
    )  # fmt: skip
    weight = Op(
        f"conv{rank}d_weight", "input grad", promote=False, node_name="ConvolutionBackward0",
        formula=r"\bar w_{o,c} = \sum_n \bar y_{n,o} \star x_{n,c}",
    )  # fmt: skip
    rules_of_conv(conv, turned, weight)
    rules_of_transpose(conv, turned, weight)
    rules_of_weight(conv, turned, weight)
    return conv, turned, weight


def rules_of_conv(conv: Op, turned: Op, weight: Op) -> None:
    """Forward and gradients of the convolution."""

    @conv.forward
    def _(xp: Any, x: Any, w: Any, b: Any, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        y, cols = convolve(xp, wide(x), wide(w), stride, padding, dilation, groups)
        y = add_bias(y, b).astype(x.dtype, copy=False)
        return y, (cols if cols.nbytes <= KEEP_AT_MOST else None)

    @conv.grad("input")
    def _(grad: Any, weight: Any, input_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        extra = left_over(input_shape[2:], grad.shape[2:], weight.shape[2:], stride, padding, dilation)
        return turned(
            grad,
            conj(weight),
            None,
            stride=stride,
            padding=padding,
            output_padding=extra,
            dilation=dilation,
            groups=groups,
        )

    @conv.grad("weight")
    def _(
        grad: Any, input: Any, cols: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Any:
        kernel = tuple(weight_shape[2:])
        if isinstance(grad, Tensor) or cols is None:
            return weight(
                conj(input), grad, kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
            )
        xp = backends.xp_of(grad)
        return weight_grad(xp, conj(input), wide(grad), kernel, stride, padding, dilation, groups, conj(cols))

    conv.grad("bias")(channel_sum)


def rules_of_transpose(conv: Op, turned: Op, weight: Op) -> None:
    """Forward and gradients of the transposed convolution."""

    @turned.forward
    def _(
        xp: Any, x: Any, w: Any, b: Any, *, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: int
    ) -> Any:
        lengths = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, k, s, p, e, d in zip(
                x.shape[2:], w.shape[2:], stride, padding, output_padding, dilation, strict=True
            )
        )
        y = input_grad(xp, wide(x), wide(w), lengths, stride, padding, dilation, groups)
        return add_bias(y, b).astype(x.dtype, copy=False)

    @turned.grad("input")
    def _(grad: Any, weight: Any, input_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        made = conv(grad, conj(weight), None, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return crop(made, input_shape)

    @turned.grad("weight")
    def _(grad: Any, input: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        kernel = tuple(weight_shape[2:])
        return weight(
            grad, conj(input), kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
        )

    turned.grad("bias")(channel_sum)


def rules_of_weight(conv: Op, turned: Op, weight: Op) -> None:
    """Forward and gradients of the weight's gradient, for derivatives of higher order."""

    @weight.forward
    def _(xp: Any, x: Any, g: Any, *, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        return weight_grad(xp, wide(x), wide(g), kernel, stride, padding, dilation, groups).astype(x.dtype, copy=False)

    @weight.grad("input")
    def _(
        grad_: Any, grad: Any, input_shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Any:
        extra = left_over(input_shape[2:], grad.shape[2:], kernel, stride, padding, dilation)
        return turned(
            conj(grad),
            grad_,
            None,
            stride=stride,
            padding=padding,
            output_padding=extra,
            dilation=dilation,
            groups=groups,
        )

    @weight.grad("grad")
    def _(grad_: Any, input: Any, grad_shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        made = conv(conj(input), grad_, None, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return crop(made, grad_shape)


def crop(made: Any, shape: Any) -> Any:
    """The first windows: those that the last axes of `shape` count."""
    if tuple(made.shape[2:]) == tuple(shape[2:]):
        return made
    return made[(slice(None), slice(None), *(slice(0, n) for n in shape[2:]))]


def channel_sum(grad: Any) -> Any:
    """The gradient of one number a channel."""
    axes = (0, *range(2, len(grad.shape)))
    if isinstance(grad, Tensor) or grad.dtype.itemsize > 2:
        return grad.sum(axes)
    return wide(grad).sum(axes).astype(grad.dtype)


def left_over(lengths: Any, out: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """How many values at the end of each axis no window reached."""
    return tuple(
        n - ((m - 1) * s - 2 * p + d * (k - 1) + 1)
        for n, m, k, s, p, d in zip(lengths, out, kernel, stride, padding, dilation, strict=True)
    )


OPS = {rank: declare(rank) for rank in (1, 2, 3)}
conv1d_op, conv2d_op, conv3d_op = (OPS[rank][0] for rank in (1, 2, 3))


# -- the functions ---------------------------------------------------------------------------------------------------


def numbers(value: Any, rank: int, what: str) -> tuple[int, ...]:
    """One int or one an axis -> one an axis. Raises RuntimeError for another count."""
    if not isinstance(value, (tuple, list)):
        return (int(value),) * rank
    if len(value) == 1:
        return (int(value[0]),) * rank
    if len(value) != rank:
        raise RuntimeError(f"expected {what} to be a single integer value or a list of {rank} values to match the "
                           f"convolution dimensions, but got {what}={list(value)}")  # fmt: skip
    return tuple(int(v) for v in value)


def check_conv(op: str, input: Tensor, weight: Tensor, bias: Any, rank: int, groups: int, channels: int) -> None:
    """Raise what PyTorch raises for operands that do not fit, and say how to mend it."""
    need_tensor(op, input)
    need_tensor(op, weight, "weight", 2)
    size = list(input.shape)
    if input.ndim not in (rank + 1, rank + 2):
        words = (
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {op}, but got input of size: {size}"
        )
        axes = (
            "(batch, channels, length)",
            "(batch, channels, height, width)",
            "(batch, channels, depth, height, width)",
        )[rank - 1]
        raise mistake(ShapeError, op, words, f"The axes are {axes}", "add the missing axis with unsqueeze", input=input)
    if weight.ndim != rank + 2:
        words = (
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional "
            f"weight{list(weight.shape)}, but got"
        )
        raise mistake(
            ShapeError, op, f"{words} {input.ndim}-dimensional input of size {size} instead", input=input, weight=weight
        )
    check_same_dtype(
        op, "Input type ({0}) and weight type ({1}) should be the same", input=input, weight=weight, bias=bias
    )
    got = size[-rank - 1]
    if groups <= 0:
        raise mistake(ShapeError, op, "non-positive groups is not supported")
    if got != channels:
        words = (
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{size} to have {channels} "
            f"channels, but got {got} channels instead"
        )
        fixes = [f"build the layer with in_channels={got}"]
        if size[-1] == channels:
            fixes.insert(
                0, f"the last axis has {channels}: move it to axis 1 with permute (gradbook wants channels first)"
            )
        raise mistake(ShapeError, op, words, "", *fixes, input=input, weight=weight)
    if weight.shape[0] % groups:
        words = (
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size"
        )
        raise mistake(ShapeError, op, f"{words} {list(weight.shape)} instead")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],) and op.startswith("conv") and "transpose" not in op:
        words = (
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with "
            f"{weight.shape[0]} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
        raise mistake(ShapeError, op, words, "", bias=bias, weight=weight)


def convolution(
    rank: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """A convolution over `rank` spatial axes, arguments as PyTorch's conv<rank>d."""
    if casting.scopes:
        input, weight, bias = casting.lower(input, weight, bias)
    op = f"conv{rank}d"
    check_conv(op, input, weight, bias, rank, groups, need_tensor(op, weight, "weight", 2).shape[1] * groups)
    stride, dilation = numbers(stride, rank, "stride"), numbers(dilation, rank, "dilation")
    if any(s <= 0 for s in stride):
        raise mistake(ShapeError, op, "non-positive stride is not supported")
    if any(d <= 0 for d in dilation):
        raise mistake(ShapeError, op, "dilation should be greater than zero")
    kernel = tuple(weight.shape[2:])
    if isinstance(padding, str):
        input, padding = named_padding(op, input, padding, kernel, stride, dilation)
    else:
        padding = numbers(padding, rank, "padding")
        if any(p < 0 for p in padding):
            raise mistake(ShapeError, op, "negative padding is not supported")
    batched = input.ndim == rank + 2
    x = input if batched else input.unsqueeze(0)
    padded = tuple(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))
    if any(n < d * (k - 1) + 1 for n, k, d in zip(padded, kernel, dilation, strict=True)):
        wanted = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        words = (
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size: "
            f"({' x '.join(map(str, wanted))}). Kernel size can't be greater than actual input size"
        )
        raise mistake(ShapeError, op, words, "", "a smaller kernel_size", "more padding", input=input, weight=weight)
    y: Tensor = OPS[rank][0](x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return y if batched else y.squeeze(0)


def named_padding(op: str, input: Any, padding: str, kernel: Any, stride: Any, dilation: Any) -> tuple[Any, Any]:
    """padding="valid" or "same" -> the input, padded where the two ends differ, and the padding that is left to do."""
    if padding == "valid":
        return input, (0,) * len(kernel)
    if padding != "same":
        raise mistake(ShapeError, op, f"Invalid padding string: '{padding}'", "", "'same' or 'valid'")
    if any(s != 1 for s in stride):
        raise mistake(
            ShapeError, op, "padding='same' is not supported for strided convolutions", "", "an int as padding"
        )
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if any(t % 2 for t in totals):
        from gradbook.ops.padding import pad

        ends = [end for t in reversed(totals) for end in (0, t % 2)]
        input = pad(input, ends)
    return input, tuple(t // 2 for t in totals)


def transposed(
    rank: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    """A transposed convolution over `rank` spatial axes, arguments as PyTorch's conv_transpose<rank>d."""
    if casting.scopes:
        input, weight, bias = casting.lower(input, weight, bias)
    op = f"conv_transpose{rank}d"
    check_conv(op, input, weight, bias, rank, groups, need_tensor(op, weight, "weight", 2).shape[0])
    stride, padding = numbers(stride, rank, "stride"), numbers(padding, rank, "padding")
    dilation, extra = numbers(dilation, rank, "dilation"), numbers(output_padding, rank, "output_padding")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        words = f"output padding must be smaller than either stride or dilation, but got output_padding={list(extra)}"
        raise mistake(ShapeError, op, f"{words}, stride={list(stride)}, dilation={list(dilation)}")
    batched = input.ndim == rank + 2
    x = input if batched else input.unsqueeze(0)
    y: Tensor = OPS[rank][1](
        x, weight, bias, stride=stride, padding=padding, output_padding=extra, dilation=dilation, groups=groups
    )
    return y if batched else y.squeeze(0)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over length, as torch.nn.functional.conv1d.

    input (n, c, l) or without n; weight (out, c / groups, *kernel); padding: int, one an axis, "same" or "valid".
    Raises ShapeError where channels, kernel or bias do not fit, DTypeError where dtypes differ.
    """
    return convolution(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over height and width, as torch.nn.functional.conv2d.

    input (n, c, h, w) or without n; weight (out, c / groups, *kernel); padding: int, one an axis, "same" or "valid".
    Raises ShapeError where channels, kernel or bias do not fit, DTypeError where dtypes differ.
    """
    return convolution(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over depth, height and width, as torch.nn.functional.conv3d.

    input (n, c, d, h, w) or without n; weight (out, c / groups, *kernel); padding: int, one an axis, "same" or "valid".
    Raises ShapeError where channels, kernel or bias do not fit, DTypeError where dtypes differ.
    """
    return convolution(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution over length, as torch.nn.functional.conv_transpose1d.

    input (n, c, l) or without n; weight (c, out / groups, *kernel). Raises ShapeError where channels do not fit.
    """
    return transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution over height and width, as torch.nn.functional.conv_transpose2d.

    input (n, c, h, w) or without n; weight (c, out / groups, *kernel). Raises ShapeError where channels do not fit.
    """
    return transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed convolution over depth, height and width, as torch.nn.functional.conv_transpose3d.

    input (n, c, d, h, w) or without n; weight (c, out / groups, *kernel). Raises ShapeError where channels do not fit.
    """
    return transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
