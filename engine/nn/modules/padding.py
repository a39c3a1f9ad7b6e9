"""Padding layers."""

from __future__ import annotations

from typing import Any

from gradbook.nn.module import Module
from gradbook.nn.modules.utils import _ntuple
from gradbook.ops.padding import pad
from gradbook.tensor import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d",
    "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Pad(Module):
    rank = 0
    mode = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self.rank)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_Pad):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.rank + 1, self.rank + 2):
            raise ValueError(f"expected {self.rank + 1}D or {self.rank + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class _ReflectionPadNd(_Pad):
    mode = "reflect"


class _ReplicationPadNd(_Pad):
    mode = "replicate"


class ConstantPad1d(_ConstantPadNd):
    """The last axis with a value around, as torch.nn.ConstantPad1d; padding: an int or (left, right)."""

    rank = 1


class ConstantPad2d(_ConstantPadNd):
    """The last two axes with a value around, as torch.nn.ConstantPad2d.

    Padding: an int or (left, right, top, bottom).
    """

    rank = 2


class ConstantPad3d(_ConstantPadNd):
    """The last three axes with a value around, as torch.nn.ConstantPad3d.

    Padding: an int or (left, right, top, bottom, front, back).
    """

    rank = 3


class ZeroPad1d(_ZeroPad):
    """The last axis with zeros around, as torch.nn.ZeroPad1d; padding: an int or (left, right)."""

    rank = 1


class ZeroPad2d(_ZeroPad):
    """The last two axes with zeros around, as torch.nn.ZeroPad2d; padding: an int or (left, right, top, bottom)."""

    rank = 2


class ZeroPad3d(_ZeroPad):
    """The last three axes with zeros around, as torch.nn.ZeroPad3d.

    Padding: an int or (left, right, top, bottom, front, back).
    """

    rank = 3


class CircularPad1d(_CircularPadNd):
    """The last axis with values from the other end around, as torch.nn.CircularPad1d.

    Padding: an int or (left, right).
    """

    rank = 1


class CircularPad2d(_CircularPadNd):
    """The last two axes with values from the other end around, as torch.nn.CircularPad2d.

    Padding: an int or (left, right, top, bottom).
    """

    rank = 2


class CircularPad3d(_CircularPadNd):
    """The last three axes with values from the other end around, as torch.nn.CircularPad3d.

    Padding: an int or (left, right, top, bottom, front, back).
    """

    rank = 3


class ReflectionPad1d(_ReflectionPadNd):
    """The last axis with a reflection that does not repeat the edge around, as torch.nn.ReflectionPad1d.

    Padding: an int or (left, right).
    """

    rank = 1


class ReflectionPad2d(_ReflectionPadNd):
    """The last two axes with a reflection that does not repeat the edge around, as torch.nn.ReflectionPad2d.

    Padding: an int or (left, right, top, bottom).
    """

    rank = 2


class ReflectionPad3d(_ReflectionPadNd):
    """The last three axes with a reflection that does not repeat the edge around, as torch.nn.ReflectionPad3d.

    Padding: an int or (left, right, top, bottom, front, back).
    """

    rank = 3


class ReplicationPad1d(_ReplicationPadNd):
    """The last axis with the edge itself around, as torch.nn.ReplicationPad1d; padding: an int or (left, right)."""

    rank = 1


class ReplicationPad2d(_ReplicationPadNd):
    """The last two axes with the edge itself around, as torch.nn.ReplicationPad2d.

    Padding: an int or (left, right, top, bottom).
    """

    rank = 2


class ReplicationPad3d(_ReplicationPadNd):
    """The last three axes with the edge itself around, as torch.nn.ReplicationPad3d.

    Padding: an int or (left, right, top, bottom, front, back).
    """

    rank = 3
