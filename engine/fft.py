"""Discrete Fourier transforms and their frequencies, as torch.fft.

Differs: transforms of an empty batch are empty; PyTorch with MKL raises.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd import casting
from gradbook.errors import ShapeError
from gradbook.ops import creation
from gradbook.ops.arguments import array_dtype, axis, write_out
from gradbook.ops.complex import conj
from gradbook.ops.fourier import NORMS, as_complex, c2c_op, c2r_op, norm_of, r2c_op, resized, transformable
from gradbook.ops.mistakes import need_tensor, scalar_name
from gradbook.ops.tiling import roll
from gradbook.tensor import Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

LAST_TWO = (-2, -1)


def _one(name: str, input: Any, n: Any, dim: int) -> tuple[Tensor, int, Any]:
    """The input in a dtype with a transform, its axis, and how long that shall be (-1: as it is)."""
    x = transformable(name, casting.full(need_tensor(f"fft_{name}", input))[0])
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    length = -1 if n is None else operator.index(n)
    if n is not None and length < 1:
        raise ShapeError(f"{name}: Invalid number of data points ({length}) specified")
    return x, axis(dim, x.ndim), length


def _several(name: str, input: Any, s: Any, dim: Any) -> tuple[Tensor, tuple[int, ...], tuple[int, ...]]:
    """The input, its axes, and how long they shall be (-1: as they are)."""
    x = transformable(name, casting.full(need_tensor(f"fft_{name}", input))[0])
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if dim is not None and len(dim) and not x.ndim:
        raise IndexError(f"Dimension specified as {dim[0]} but tensor has no dimensions")
    if s is not None and dim is not None and len(s) != len(dim):
        raise ShapeError(f"{name}: When given, dim and shape arguments must have the same length: {s} and {dim}")
    if s is not None and len(s) > x.ndim:
        raise ShapeError(f"{name}: Got shape with {len(s)} values but input tensor only has {x.ndim} dimensions.")
    if dim is None:
        dim = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    dims = tuple(axis(d, x.ndim) for d in dim)
    if len(set(dims)) != len(dims):
        raise ShapeError(f"{name}: FFT dims must be unique, not {tuple(dim)}")
    return x, dims, tuple(s) if s is not None else (-1,) * len(dims)


def _need_axes(name: str, dims: tuple[int, ...]) -> None:
    if not dims:
        raise ShapeError(f"{name} must transform at least one axis")


def _need_real(name: str, x: Any, words: str) -> None:
    if need_tensor(f"fft_{name}", x).is_complex():
        raise RuntimeError(f"{words}, but got {scalar_name(x.dtype)}; take its .real part, or use fft")


def _out(name: str, result: Tensor, out: Tensor | None) -> Tensor:
    if isinstance(out, Tensor) and out.is_complex() != result.is_complex():
        wanted = "complex" if result.is_complex() else "floating point"
        raise RuntimeError(f"{name} expects a {wanted} output tensor, but got {scalar_name(out.dtype)}")
    return write_out(f"fft_{name}", result, out)


# -- the three kinds, over one axis and over several -----------------------------------------------------------------


def _c2c(name: str, input: Any, n: Any, dim: int, norm: Any, inverse: bool, out: Any) -> Tensor:
    x, at, length = _one(name, input, n, dim)
    x = resized(x, (at,), (length,))
    return _out(name, c2c_op(as_complex(x), dims=(at,), norm=norm_of(norm), inverse=inverse), out)


def _c2cn(name: str, input: Any, s: Any, dim: Any, norm: Any, inverse: bool, out: Any) -> Tensor:
    x, dims, lengths = _several(name, input, s, dim)
    x = as_complex(resized(x, dims, lengths))
    return _out(name, c2c_op(x, dims=dims, norm=norm_of(norm), inverse=inverse) if dims else x.clone(), out)


def _c2r(name: str, input: Any, n: Any, dim: int, norm: Any, inverse: bool, out: Any) -> Tensor:
    x, at, length = _one(name, input, n, dim)
    length = 2 * (x._array.shape[at] - 1) if length == -1 else length
    if length < 1:
        raise ShapeError(f"{name}: Invalid number of data points ({length}) specified")
    x = as_complex(resized(x, (at,), (length // 2 + 1,)))
    way = norm_of(norm)
    result = c2r_op(x if inverse else conj(x), dim=at, norm=way if inverse else NORMS[way], length=length)
    return _out(name, result, out)


def _c2rn(name: str, input: Any, s: Any, dim: Any, norm: Any, inverse: bool, out: Any) -> Tensor:
    x, dims, lengths = _several(name, input, s, dim)
    _need_axes(name, dims)
    last = 2 * (x._array.shape[dims[-1]] - 1) if s is None or lengths[-1] == -1 else lengths[-1]
    if last < 1:
        raise ShapeError(f"{name}: Invalid number of data points ({last}) specified")
    x = as_complex(resized(x, dims, (*lengths[:-1], last // 2 + 1)))
    way = norm_of(norm)
    if len(dims) > 1:
        x = c2c_op(x, dims=dims[:-1], norm=way, inverse=inverse)
    result = c2r_op(x if inverse else conj(x), dim=dims[-1], norm=way if inverse else NORMS[way], length=last)
    return _out(name, result, out)


def _r2c(name: str, input: Any, n: Any, dim: int, norm: Any, inverse: bool, out: Any) -> Tensor:
    _need_real(name, input, f"{name} expects a real input tensor")
    x, at, length = _one(name, input, n, dim)
    x = resized(x, (at,), (length,))
    way = norm_of(norm)
    result = conj(r2c_op(x, dim=at, norm=NORMS[way])) if inverse else r2c_op(x, dim=at, norm=way)
    return _out(name, result, out)


def _r2cn(name: str, input: Any, s: Any, dim: Any, norm: Any, inverse: bool, out: Any) -> Tensor:
    _need_real(name, input, f"{name} expects a real-valued input tensor")
    x, dims, lengths = _several(name, input, s, dim)
    _need_axes(name, dims)
    x = resized(x, dims, lengths)
    way = norm_of(norm)
    result = conj(r2c_op(x, dim=dims[-1], norm=NORMS[way])) if inverse else r2c_op(x, dim=dims[-1], norm=way)
    if len(dims) > 1:
        result = c2c_op(result, dims=dims[:-1], norm=way, inverse=inverse)
    return _out(name, result, out)


# -- torch.fft's names -----------------------------------------------------------------------------------------------


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """y_k = sum_j x_j e^(-2πi jk/n) along an axis, as torch.fft.fft. (.., m) -> complex (.., n); n None: as long as m.

    The axis is cut, or filled with zeros, to n. norm: "backward" (no factor), "ortho" (1/√n), "forward" (1/n).
    Raises RuntimeError for n < 1, for 16-bit floats, and for another norm.
    """
    return _c2c("fft", input, n, dim, norm, False, out)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """x_j = 1/n sum_k y_k e^(2πi jk/n): the inverse of fft, as torch.fft.ifft. Arguments as fft's.

    norm: "backward" (1/n), "ortho" (1/√n), "forward" (no factor), as in all inverses.
    """
    return _c2c("ifft", input, n, dim, norm, True, out)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The first half of the transform of a real tensor, as torch.fft.rfft. (.., n) -> complex (.., n // 2 + 1).

    The other half is its conjugate. Raises RuntimeError for a complex tensor.
    """
    return _r2c("rfft", input, n, dim, norm, False, out)


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The inverse of rfft, as torch.fft.irfft. (.., n // 2 + 1) -> real (.., n); n None: 2 (m - 1) for m given."""
    return _c2r("irfft", input, n, dim, norm, True, out)


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The real transform of a signal of which the first half is given, the other its conjugate, as torch.fft.hfft.

    (.., n // 2 + 1) -> real (.., n); n None: 2 (m - 1) for m given.
    """
    return _c2r("hfft", input, n, dim, norm, False, out)


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The inverse of hfft, as torch.fft.ihfft. real (.., n) -> complex (.., n // 2 + 1)."""
    return _r2c("ihfft", input, n, dim, norm, True, out)


def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """fft along several axes, as torch.fft.fftn.

    s: their lengths (-1 keeps one). dim: the axes; None: the last len(s), or all. norm: of the product of the lengths.
    """
    return _c2cn("fftn", input, s, dim, norm, False, out)


def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The inverse of fftn, as torch.fft.ifftn."""
    return _c2cn("ifftn", input, s, dim, norm, True, out)


def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The transform of a real tensor along several axes, half of the last one, as torch.fft.rfftn."""
    return _r2cn("rfftn", input, s, dim, norm, False, out)


def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The inverse of rfftn, as torch.fft.irfftn. `s[-1]` is the length of the real axis; None: 2 (m - 1)."""
    return _c2rn("irfftn", input, s, dim, norm, True, out)


def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """hfft along several axes, as torch.fft.hfftn: half of the last one is given."""
    return _c2rn("hfftn", input, s, dim, norm, False, out)


def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Tensor:
    """The inverse of hfftn, as torch.fft.ihfftn."""
    return _r2cn("ihfftn", input, s, dim, norm, True, out)


def _flat(name: str, of: Any) -> Any:
    """The two-dimensional function of one over several axes."""

    def plane(input: Tensor, s: Any = None, dim: Any = LAST_TWO, norm: str | None = None, *, out: Any = None) -> Tensor:
        result: Tensor = of(input, s, dim, norm, out=out)
        return result

    plane.__name__ = plane.__qualname__ = name
    plane.__doc__ = f"{of.__name__} along two axes, the last ones unless `dim` says others, as torch.fft.{name}."
    return plane


fft2, ifft2, rfft2, irfft2 = _flat("fft2", fftn), _flat("ifft2", ifftn), _flat("rfft2", rfftn), _flat("irfft2", irfftn)
hfft2, ihfft2 = _flat("hfft2", hfftn), _flat("ihfft2", ihfftn)


# -- frequencies -----------------------------------------------------------------------------------------------------


def _frequencies(name: str, n: Any, d: float, first: Any, dtype: Any, **made: Any) -> Tensor:
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"fft_{name}(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    kind = dtypes.of_np(array_dtype(dtype)) if dtype is not None else dtypes._default
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype, not {kind!r}")
    count = operator.index(n)
    if count < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {count}: [{count}]")
    with np.errstate(invalid="ignore", divide="ignore"):
        values = first(count) * np.divide(1.0, n * d)
    out, wanted, where = made["out"], made["requires_grad"], made["device"]
    result = creation.tensor(values, dtype=kind, device=where)
    return write_out(name, result, out) if out is not None else result.requires_grad_(wanted)


def fftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of fft's n values, `d` apart: 0, 1, …, -2, -1 over n·d, as torch.fft.fftfreq. -> (n,)"""
    made = {"out": out, "device": device, "requires_grad": requires_grad}
    return _frequencies("fftfreq", n, d, lambda m: np.fft.ifftshift(np.arange(m) - m // 2), dtype, **made)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of rfft's values: 0, 1, …, n // 2 over n·d, as torch.fft.rfftfreq. -> (n // 2 + 1,)"""
    made = {"out": out, "device": device, "requires_grad": requires_grad}
    return _frequencies("rfftfreq", n, d, lambda m: np.arange(m // 2 + 1), dtype, **made)


def _shifted(input: Tensor, dim: int | Sequence[int] | None, back: bool) -> Tensor:
    dims = tuple(range(input.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    half = [input._array.shape[axis(d, input.ndim)] for d in dims]
    return roll(input, tuple((n + 1) // 2 if back else n // 2 for n in half), dims)


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The zero frequency moved to the middle of axes (all unless `dim` names some), as torch.fft.fftshift."""
    return _shifted(need_tensor("fft_fftshift", input), dim, False)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Undo fftshift, as torch.fft.ifftshift."""
    return _shifted(need_tensor("fft_ifftshift", input), dim, True)
