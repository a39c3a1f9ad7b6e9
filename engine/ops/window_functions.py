"""Window functions: weights that fade a frame of a signal out at its ends. They are computed in float64, then cast."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.errors import ShapeError
from gradbook.ops.arguments import array_dtype
from gradbook.ops.creation import leaf
from gradbook.tensor import Tensor

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]

BLACKMAN = (0.42, 0.5, 0.08)
Shape = Callable[[Any, int], Any]  # (0, 1, .., the length of the symmetric window) -> the weights


def weights(shape: Shape, length: int, symmetric: bool) -> Any:
    """The first `length` weights of a window: of one as long, or (periodic) of one longer by one. float64"""
    if length < 2:
        return np.ones(length)
    whole = length if symmetric else length + 1
    return shape(np.arange(length, dtype=np.float64), whole)


def cosines(a: Sequence[float]) -> Shape:
    """Sum of (-1)^k a_k cos(2πk n / (m - 1))."""
    return lambda n, m: sum((-1) ** k * value * np.cos(2 * np.pi * k * n / (m - 1)) for k, value in enumerate(a))


def triangle(n: Any, m: int) -> Any:
    """From 0 up to 1 and down again."""
    return 1 - abs(2 * n / (m - 1) - 1)


def kaiser(beta: float) -> Shape:
    """I_0(β √(1 - (2n / (m - 1) - 1)²)) / I_0(β)."""
    return lambda n, m: np.i0(beta * np.sqrt(np.maximum(0, 1 - (2 * n / (m - 1) - 1) ** 2))) / np.i0(beta)


def _window(name: str, shape: Shape, length: Any, periodic: bool, dtype: Any, device: Any, wanted: bool) -> Tensor:
    if isinstance(length, bool) or not hasattr(length, "__index__"):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not {type(length).__name__}")
    count = operator.index(length)
    kind = dtypes._default._np if dtype is None else array_dtype(dtype, name)
    if not dtypes.of_np(kind).is_floating_point:
        error = NotImplementedError if kind.kind == "c" else RuntimeError
        raise error(f"{name} expects floating point dtypes, got: {dtypes.of_np(kind)!r}")
    if count < 0:
        raise ShapeError(f"{name} requires non-negative window_length, got window_length={count}")
    return leaf(weights(shape, count, not periodic).astype(kind), device, wanted)


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """½ - ½ cos(2πn / m), as torch.hann_window. -> (window_length,); m is one less if not periodic (symmetric).

    Raises RuntimeError for a negative length or a dtype that is not floating, as all windows do.
    """
    return _window("hann_window", cosines((0.5, 0.5)), window_length, periodic, dtype, device, requires_grad)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """alpha - beta cos(2πn / m), as torch.hamming_window. -> (window_length,)"""
    return _window("hamming_window", cosines((alpha, beta)), window_length, periodic, dtype, device, requires_grad)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A triangle, as torch.bartlett_window. -> (window_length,)"""
    return _window("bartlett_window", triangle, window_length, periodic, dtype, device, requires_grad)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """0.42 - ½ cos(2πn / m) + 0.08 cos(4πn / m), as torch.blackman_window. -> (window_length,)"""
    return _window("blackman_window", cosines(BLACKMAN), window_length, periodic, dtype, device, requires_grad)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """I₀(β √(1 - (2n / m - 1)²)) / I₀(β), as torch.kaiser_window. -> (window_length,)"""
    return _window("kaiser_window", kaiser(beta), window_length, periodic, dtype, device, requires_grad)
