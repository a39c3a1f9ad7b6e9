"""Window functions, as torch.signal.windows: M weights, symmetric, or (sym=False) one period of such a sequence.

Differs: with requires_grad=True they are leaves; PyTorch's have a grad_fn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.ops.arguments import array_dtype
from gradbook.ops.creation import leaf
from gradbook.ops.window_functions import BLACKMAN, Shape, cosines, triangle, weights
from gradbook.ops.window_functions import kaiser as kaiser_shape
from gradbook.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming",
    "hann", "kaiser", "nuttall",
]  # fmt: skip

NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


def _made(
    name: str, shape: Shape, M: Any, sym: bool, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    if isinstance(M, bool) or not hasattr(M, "__index__"):
        raise TypeError(f"{name}(): argument 'M' must be int, not {type(M).__name__}")
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    kind = dtypes._default._np if dtype is None else array_dtype(dtype, name)
    if kind not in (dtypes.F32, dtypes.F64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtypes.of_np(kind)!r}")
    return leaf(weights(shape, int(M), sym).astype(kind), device, requires_grad)


def bartlett(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """A triangle, as torch.signal.windows.bartlett. -> (M,)

    Every window takes dtype (float32 or float64), layout, device and requires_grad, and raises ValueError for M < 0.
    """
    return _made("bartlett", triangle, M, sym, **made)


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, **made: Any) -> Tensor:
    """Σ (-1)ᵏ aₖ cos(2πk n / (M - 1)), as torch.signal.windows.general_cosine. -> (M,)

    Raises TypeError if `a` is no sequence, ValueError if it is empty.
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    terms = [float(value) for value in a]
    if not terms:
        raise ValueError("Coefficients cannot be empty")
    return _made("general_cosine", cosines(terms), M, sym, **made)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **made: Any) -> Tensor:
    """alpha - (1 - alpha) cos(2πn / (M - 1)), as torch.signal.windows.general_hamming. -> (M,)"""
    return general_cosine(M, a=(alpha, 1 - alpha), sym=sym, **made)


def hamming(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """general_hamming with alpha = 0.54, as torch.signal.windows.hamming. -> (M,)"""
    return general_hamming(M, sym=sym, **made)


def hann(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """general_hamming with alpha = ½, as torch.signal.windows.hann. -> (M,)"""
    return general_hamming(M, alpha=0.5, sym=sym, **made)


def blackman(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """general_cosine with a = (0.42, 0.5, 0.08), as torch.signal.windows.blackman. -> (M,)"""
    return general_cosine(M, a=BLACKMAN, sym=sym, **made)


def nuttall(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """general_cosine with Nuttall's four terms, as torch.signal.windows.nuttall. -> (M,)"""
    return general_cosine(M, a=NUTTALL, sym=sym, **made)


def cosine(M: int, *, sym: bool = True, **made: Any) -> Tensor:
    """sin(π (n + ½) / M), as torch.signal.windows.cosine. -> (M,)"""
    return _made("cosine", lambda n, m: np.sin(np.pi * (n + 0.5) / m), M, sym, **made)


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **made: Any) -> Tensor:
    """exp(-|n - center| / τ), as torch.signal.windows.exponential. -> (M,); center: the middle unless given.

    Raises ValueError unless τ is positive, and for a center of a symmetric window.
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if M == 1 and center is not None:  # the one weight is not in the middle
        return _made("exponential", triangle, M, sym, **made) * math.exp(-abs(center) / tau)
    return _made(
        "exponential", lambda n, m: np.exp(-abs(n - ((m - 1) / 2 if center is None else center)) / tau), M, sym, **made
    )


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **made: Any) -> Tensor:
    """exp(-½ ((n - middle) / std)²), as torch.signal.windows.gaussian. -> (M,). Raises ValueError unless std > 0."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _made("gaussian", lambda n, m: np.exp(-0.5 * ((n - (m - 1) / 2) / std) ** 2), M, sym, **made)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **made: Any) -> Tensor:
    """I₀(β √(1 - (2n / (M - 1) - 1)²)) / I₀(β), as torch.signal.windows.kaiser. -> (M,)

    Raises ValueError for β < 0.
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _made("kaiser", kaiser_shape(beta), M, sym, **made)
