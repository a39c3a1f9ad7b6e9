"""Convolution layers and their transposes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import gradbook
from gradbook.nn import init
from gradbook.nn.module import Module
from gradbook.nn.modules.lazy import LazyModuleMixin
from gradbook.nn.modules.utils import _ntuple, _reverse_repeat_tuple
from gradbook.nn.modules.utils import _pair as _pair
from gradbook.nn.modules.utils import _single as _single
from gradbook.nn.modules.utils import _triple as _triple
from gradbook.nn.parameter import Parameter, UninitializedParameter
from gradbook.ops import conv as ops
from gradbook.ops.padding import pad
from gradbook.tensor import Tensor

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "LazyConv1d", "LazyConv2d",
    "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
]  # fmt: skip

PADDING_MODES = {"zeros", "reflect", "replicate", "circular"}


class _ConvNd(Module):
    """What all convolutions share: sizes, weight, bias, their start, the repr."""

    rank = 0
    function: Callable[..., Tensor]
    _size: Any
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    groups: int
    padding_mode: str

    def _setup(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
        groups: int,
        bias: bool, padding_mode: str, transposed: bool, output_padding: Any, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        sizes = _ntuple(self.rank)
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
            if padding == "same" and any(s != 1 for s in sizes(stride)):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, but got padding_mode='{padding_mode}'")
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, sizes(kernel_size)
        self.stride, self.dilation, self.groups = sizes(stride), sizes(dilation), groups
        self.padding = padding if isinstance(padding, str) else sizes(padding)
        self.transposed, self.output_padding, self.padding_mode = transposed, sizes(output_padding), padding_mode
        if isinstance(self.padding, str):
            ends = []
            for d, k in zip(reversed(self.dilation), reversed(self.kernel_size), strict=True):
                total = d * (k - 1) if padding == "same" else 0
                ends += [total // 2, total - total // 2]
            self._reversed_padding_repeated_twice: Any = ends
        else:
            self._reversed_padding_repeated_twice = _reverse_repeat_tuple(self.padding, 2)
        first, second = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(gradbook.empty((first, second, *self.kernel_size), device=device, dtype=dtype))
        if bias:
            self.bias: Parameter | None = Parameter(gradbook.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew: uniform in ±1/sqrt(fan in)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * len(self.kernel_size):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = (0,) * self.rank
        return type(self).function(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class _ConvTransposeNd(_ConvNd):
    """What transposed convolutions share."""

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._output_padding(input, output_size)
        return type(self).function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _output_padding(self, input: Tensor, output_size: Any, *unused: Any) -> tuple[int, ...]:
        rank = self.rank
        sizes = tuple(output_size)
        if len(sizes) == rank + (2 if input.ndim == rank + 2 else 1):
            sizes = sizes[-rank:]
        if len(sizes) != rank:
            raise ValueError(
                f"ConvTranspose{rank}D: for {input.ndim}D input, output_size must have {rank} or {input.ndim} elements "
                f"(got {len(sizes)})"
            )
        low = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-rank:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        high = [n + s - 1 for n, s in zip(low, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(low, sizes, high, strict=True)):
            raise ValueError(
                f"requested an output size of {list(sizes)}, but valid sizes range from {low} to {high} "
                "(for an input of "
                f"{list(input.shape[2:])})"
            )
        return tuple(n - a for n, a in zip(sizes, low, strict=True))


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share: in_channels comes from the first input."""

    in_channels: int

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, once they have a shape."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take in_channels from the first input."""
        me: Any = self
        if not me.has_uninitialized_params():
            return
        if input.ndim not in (me.rank + 1, me.rank + 2):
            raise RuntimeError(
                f"Expected {me.rank + 1}D (unbatched) or {me.rank + 2}D (batched) input to "
                f"{type(me).__name__}, but got "
                f"input of size: {input.shape}"
            )
        me.in_channels = input.shape[-me.rank - 1]
        if me.in_channels % me.groups:
            raise ValueError("in_channels must be divisible by groups")
        first, second = (me.in_channels, me.out_channels) if me.transposed else (me.out_channels, me.in_channels)
        me.weight.materialize((first, second // me.groups, *me.kernel_size))
        if me.bias is not None:
            me.bias.materialize((me.out_channels,))
        me.reset_parameters()

    def _uninitialized(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        me: Any = self
        me.weight = UninitializedParameter(device=device, dtype=dtype)
        me.out_channels = out_channels
        if bias:
            me.bias = UninitializedParameter(device=device, dtype=dtype)


class Conv1d(_ConvNd):
    """y_o = bias_o + Σ_c weight_oc ⋆ x_c over length, as torch.nn.Conv1d.

    x: (n, in_channels, l) or without n -> (n, out_channels, l').
    weight: (out_channels, in_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    Raises ShapeError if axis 1 of x is not in_channels or the kernel is larger than the padded x.
    """

    rank = 1
    function = staticmethod(ops.conv1d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._setup(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            False,
            0,
            device,
            dtype,
        )


class Conv2d(_ConvNd):
    """y_o = bias_o + Σ_c weight_oc ⋆ x_c over height and width, as torch.nn.Conv2d.

    x: (n, in_channels, h, w) or without n -> (n, out_channels, h', w').
    weight: (out_channels, in_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    Raises ShapeError if axis 1 of x is not in_channels or the kernel is larger than the padded x.
    """

    rank = 2
    function = staticmethod(ops.conv2d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._setup(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            False,
            0,
            device,
            dtype,
        )


class Conv3d(_ConvNd):
    """y_o = bias_o + Σ_c weight_oc ⋆ x_c over depth, height and width, as torch.nn.Conv3d.

    x: (n, in_channels, d, h, w) or without n -> (n, out_channels, d', h', w').
    weight: (out_channels, in_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    Raises ShapeError if axis 1 of x is not in_channels or the kernel is larger than the padded x.
    """

    rank = 3
    function = staticmethod(ops.conv3d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._setup(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            False,
            0,
            device,
            dtype,
        )


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of a convolution over length, as torch.nn.ConvTranspose1d.

    x: (n, in_channels, l) or without n -> (n, out_channels, l'), larger by stride.
    weight: (in_channels, out_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    """

    rank = 1
    function = staticmethod(ops.conv_transpose1d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError('Only "zeros" padding mode is supported for ConvTranspose1d')
        self._setup(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, True,
            output_padding, device, dtype,
        )  # fmt: skip


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of a convolution over height and width, as torch.nn.ConvTranspose2d.

    x: (n, in_channels, h, w) or without n -> (n, out_channels, h', w'), larger by stride.
    weight: (in_channels, out_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    """

    rank = 2
    function = staticmethod(ops.conv_transpose2d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError('Only "zeros" padding mode is supported for ConvTranspose2d')
        self._setup(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, True,
            output_padding, device, dtype,
        )  # fmt: skip


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of a convolution over depth, height and width, as torch.nn.ConvTranspose3d.

    x: (n, in_channels, d, h, w) or without n -> (n, out_channels, d', h', w'), larger by stride.
    weight: (in_channels, out_channels / groups, *kernel_size); both start uniform in ±1/sqrt(fan in).
    """

    rank = 3
    function = staticmethod(ops.conv_transpose3d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError('Only "zeros" padding mode is supported for ConvTranspose3d')
        self._setup(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, True,
            output_padding, device, dtype,
        )  # fmt: skip


class LazyConv1d(_LazyConv, Conv1d):
    """Conv1d that takes in_channels from its first input, as torch.nn.LazyConv1d."""

    cls_to_become = Conv1d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1,
        bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)


class LazyConv2d(_LazyConv, Conv2d):
    """Conv2d that takes in_channels from its first input, as torch.nn.LazyConv2d."""

    cls_to_become = Conv2d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1,
        bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)


class LazyConv3d(_LazyConv, Conv3d):
    """Conv3d that takes in_channels from its first input, as torch.nn.LazyConv3d."""

    cls_to_become = Conv3d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1,
        bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """ConvTranspose1d that takes in_channels from its first input, as torch.nn.LazyConvTranspose1d."""

    cls_to_become = ConvTranspose1d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """ConvTranspose2d that takes in_channels from its first input, as torch.nn.LazyConvTranspose2d."""

    cls_to_become = ConvTranspose2d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """ConvTranspose3d that takes in_channels from its first input, as torch.nn.LazyConvTranspose3d."""

    cls_to_become = ConvTranspose3d

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._uninitialized(out_channels, bias, device, dtype)
