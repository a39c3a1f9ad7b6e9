"""Discrete Fourier transforms: complex to complex, real to (half) complex, half complex to real.

The adjoint of a transform is the one in the other direction, scaled at the other end: rules are transforms again.
Of a half spectrum, all but the ends stand for two: they count twice, or half, in the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradbook import dtypes
from gradbook.autograd.op import Op
from gradbook.backends.science import transforms
from gradbook.errors import ShapeError, UnsupportedDTypeError
from gradbook.ops.mistakes import scalar_name
from gradbook.ops.padding import pad_op
from gradbook.tensor import Tensor

__all__: list[str] = []

NORMS = {"forward": "backward", "ortho": "ortho", "backward": "forward"}  # and that of the adjoint

_FORMULA = r"y_k = c \textstyle\sum_j x_j e^{\mp 2 \pi \mathrm{i} jk / n}"
_GRAD = r"\bar x_j = c \textstyle\sum_k \bar y_k e^{\pm 2 \pi \mathrm{i} jk / n}"

c2c_op = Op("fft_c2c", "x", formula=_FORMULA, grads={"x": _GRAD}, node_name="FftC2CBackward0")
r2c_op = Op("fft_r2c", "x", formula=_FORMULA, grads={"x": r"\Re " + _GRAD}, node_name="FftR2CBackward0")
c2r_op = Op("fft_c2r", "x", formula=_FORMULA, grads={"x": _GRAD}, node_name="FftC2RBackward0")
middle_op = Op(
    "fft_middle", "x", formula=r"y_k = c x_k \text{ where } x_k \text{ stands for } \overline{x_{n-k}} \text{ too}"
)


@c2c_op.forward
def _(xp: Any, x: Any, *, dims: tuple[int, ...], norm: str, inverse: bool) -> Any:
    if not x.size:
        return x.astype(dtypes.of_array(x).to_complex()._np)
    if len(dims) == 1:
        return (transforms(xp).ifft if inverse else transforms(xp).fft)(x, axis=dims[0], norm=norm)
    return (transforms(xp).ifftn if inverse else transforms(xp).fftn)(x, axes=dims, norm=norm)


@c2c_op.grad("x")
def _(grad: Any, dims: tuple[int, ...], norm: str, inverse: bool) -> Any:
    return c2c_op(grad, dims=dims, norm=NORMS[norm], inverse=not inverse)


@r2c_op.forward
def _(xp: Any, x: Any, *, dim: int, norm: str) -> Any:
    if not x.size:
        shape = (*x.shape[:dim], x.shape[dim] // 2 + 1, *x.shape[dim + 1 :])
        return xp.zeros(shape, dtypes.of_array(x).to_complex()._np)
    return transforms(xp).rfft(x, axis=dim, norm=norm)


@r2c_op.grad("x")
def _(grad: Any, x_shape: Any, dim: int, norm: str) -> Any:
    halved = middle_op(grad, dim=dim, length=x_shape[dim], factor=0.5)
    return c2r_op(halved, dim=dim, norm=NORMS[norm], length=x_shape[dim])


@c2r_op.forward
def _(xp: Any, x: Any, *, dim: int, norm: str, length: int) -> Any:
    if not x.size:
        return xp.zeros((*x.shape[:dim], length, *x.shape[dim + 1 :]), x.real.dtype)
    return transforms(xp).irfft(x, length, axis=dim, norm=norm)


@c2r_op.grad("x")
def _(grad: Any, dim: int, norm: str, length: int) -> Any:
    return middle_op(r2c_op(grad, dim=dim, norm=NORMS[norm]), dim=dim, length=length, factor=2)


@middle_op.forward
def _(xp: Any, x: Any, *, dim: int, length: int, factor: float) -> Any:
    y = x.copy()
    y[(slice(None),) * dim + (slice(1, 1 + length - x.shape[dim]),)] *= factor
    return y


@middle_op.grad("x")
def _(grad: Any, dim: int, length: int, factor: float) -> Any:
    return middle_op(grad, dim=dim, length=length, factor=factor)


# -- what callers write, brought to one form -------------------------------------------------------------------------


def transformable(name: str, x: Tensor) -> Tensor:
    """The tensor in a dtype with a transform: integers become the default float dtype. Raises RuntimeError."""
    kind = x.dtype
    if not (kind.is_floating_point or kind.is_complex):
        x = x.to(dtypes._default)
        kind = x.dtype
    if kind.itemsize == 2:
        raise UnsupportedDTypeError(f"{name}: Unsupported dtype {scalar_name(kind)}; use .float()")
    return x


def as_complex(x: Tensor) -> Tensor:
    """The tensor in the complex dtype of its width."""
    result: Tensor = x if x.is_complex() else x.to(x.dtype.to_complex())
    return result


def norm_of(norm: Any) -> str:
    """The name of a normalisation; None is "backward". Raises RuntimeError for others."""
    if norm is None:
        return "backward"
    if norm not in NORMS:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"; it is one of "forward", "backward" and "ortho"')
    return str(norm)


def resized(x: Tensor, dims: Sequence[int], lengths: Sequence[int]) -> Tensor:
    """Axes cut, or filled up with zeros, to their lengths; -1 keeps one. Raises RuntimeError for a length below 1."""
    pads = [0] * (2 * x.ndim)
    for dim, length in zip(dims, lengths, strict=True):
        size = x._array.shape[dim]
        wanted = size if length == -1 else length
        if wanted < 1:
            raise ShapeError(f"Invalid number of data points ({wanted}) specified")
        pads[2 * (x.ndim - 1 - dim) + 1] = wanted - size
    if not any(pads):
        return x
    result: Tensor = pad_op(x, pads=tuple(pads), value=0)
    return result
