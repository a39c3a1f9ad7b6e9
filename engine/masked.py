"""Reductions and normalisations of the elements that a mask keeps, as torch.masked. mask: True where one counts.

A mask is broadcast to the input, and may not have more axes. A reduction of nothing gives what it starts from (0 for a
sum), or nan where it starts from nothing.
Differs: there is no MaskedTensor (torch.masked.masked_tensor), a prototype in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

from gradbook import dtypes
from gradbook.ops import extremes, ordering, reduction, scan, transcendental, variance, vector_norm
from gradbook.ops import softmax as softmax_ops
from gradbook.ops.arguments import axes
from gradbook.ops.comparison import where
from gradbook.ops.creation import ones
from gradbook.ops.like import full_like
from gradbook.ops.mistakes import need_tensor
from gradbook.tensor import Tensor

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


# -- what counts -----------------------------------------------------------------------------------------------------


def _kept(name: str, input: Tensor, mask: Any) -> Tensor:
    """The mask in the input's shape. Raises IndexError where it has more axes."""
    if need_tensor(name, mask, "mask", 2).ndim > input.ndim:
        raise IndexError(
            f"{name}: expected broadcastable mask (got mask dimensionality higher than of the input: {mask.ndim} axes, "
            f"not {input.ndim})"
        )
    kept: Tensor = mask.bool().expand(input._array.shape)
    return kept


def _filled(name: str, input: Any, mask: Any, value: Any) -> Tensor:
    """The input with `value` (a number, or a function of the dtype) where it does not count."""
    x = need_tensor(name, input)
    if mask is None:
        return x
    result: Tensor = where(_kept(name, x, mask), x, full_like(x, value(x.dtype) if callable(value) else value))
    return result


def lowest(kind: dtypes.dtype) -> Any:
    """What no maximum is below. Raises NotImplementedError for bool."""
    return -math.inf if kind.is_floating_point else _limit("amax", kind).min


def highest(kind: dtypes.dtype) -> Any:
    """What no minimum is above. Raises NotImplementedError for bool."""
    return math.inf if kind.is_floating_point else _limit("amin", kind).max


def _log_of_nothing(kind: dtypes.dtype) -> Any:
    return -math.inf if kind.is_complex else lowest(kind)


def _limit(name: str, kind: dtypes.dtype) -> dtypes.iinfo:
    if kind is dtypes.bool_:
        raise NotImplementedError(f"identity of {name} on bool input: there is none; use .to(gradbook.uint8)")
    if kind.is_complex:
        raise TypeError(f"{name}: complex numbers have no order")
    return dtypes.iinfo(kind)


def _dims(input: Tensor, dim: Any) -> tuple[int, ...]:
    """The axes to reduce: all of them for None and ()."""
    found = axes(dim, input.ndim)
    return tuple(range(max(input.ndim, 1))) if found is None or found == () else found


def _typed(input: Any, dtype: Any) -> Any:
    return input if dtype is None or not isinstance(input, Tensor) else input.to(dtype)


# -- reductions ------------------------------------------------------------------------------------------------------


def sum(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The sum over axes (all unless `dim` names some), as torch.masked.sum; 0 of nothing. Integers add up in int64.

    All functions here: keepdim leaves reduced axes with length 1, dtype converts the input first, mask broadcasts.
    """
    x = _filled("sum", _typed(input, dtype), mask, 0)
    return reduction.sum(x, _dims(x, dim), keepdim, dtype=dtype)


def prod(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The product over axes, as torch.masked.prod; 1 of nothing."""
    x = _filled("prod", _typed(input, dtype), mask, 1)
    for axis in sorted(_dims(x, dim), reverse=True):
        x = reduction.prod(x, axis, keepdim, dtype=dtype)
    return x


def amax(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The largest element over axes, as torch.masked.amax; of nothing the lowest number of the dtype."""
    x = _filled("amax", _typed(input, dtype), mask, lowest)
    return extremes.amax(x, _dims(x, dim), keepdim)


def amin(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The smallest element over axes, as torch.masked.amin; of nothing the highest number of the dtype."""
    x = _filled("amin", _typed(input, dtype), mask, highest)
    return extremes.amin(x, _dims(x, dim), keepdim)


def argmax(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """Where the largest element is, as torch.masked.argmax: a number in the dtype of the input, as there."""
    x = _filled("argmax", _typed(input, dtype), mask, lowest)
    found: Tensor = extremes.argmax(x, dim, keepdim).to(x.dtype)
    return found


def argmin(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """Where the smallest element is, as torch.masked.argmin: a number in the dtype of the input, as there."""
    x = _filled("argmin", _typed(input, dtype), mask, highest)
    found: Tensor = extremes.argmin(x, dim, keepdim).to(x.dtype)
    return found


def mean(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The mean over axes, as torch.masked.mean; nan of nothing. Raises ValueError for integers without a dtype."""
    x = _typed(need_tensor("mean", input), dtype)
    if not (x.is_floating_point() or x.is_complex()):
        raise ValueError(
            "mean(): Could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {x.dtype!r}; pass dtype="
        )
    if mask is None:
        return reduction.mean(x, _dims(x, dim), keepdim)
    return sum(x, dim, keepdim=keepdim, mask=mask) / _count(x, dim, keepdim, mask)


def _count(x: Tensor, dim: Any, keepdim: bool, mask: Any) -> Tensor:
    """How many elements count."""
    return sum(ones(x._array.shape, dtype=dtypes.int64, device=x.device), dim, keepdim=keepdim, mask=mask)


def median(input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The lower median along an axis, as torch.masked.median; nan of nothing.

    Raises ValueError where nothing counts and the dtype has no nan.
    """
    x = _typed(need_tensor("median", input), dtype)
    if x.is_floating_point():
        found: Tensor = ordering.nanmedian(_filled("median", x, mask, math.nan), dim, keepdim)[0]
        return found
    if mask is not None and not bool(reduction.any(_kept("median", x, mask), dim).all()):
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    middle: Tensor = ordering.nanmedian(_filled("median", x.double(), mask, math.nan), dim, keepdim)[0]
    whole: Tensor = middle.to(x.dtype)
    return whole


def norm(
    input: Tensor, ord: float = 2.0, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The vector norm over axes, as torch.masked.norm; 0 of nothing, inf for ord -inf."""
    x = _filled("norm", _typed(input, dtype), mask, math.inf if ord == -math.inf else 0)
    return vector_norm.vector_norm(x, ord, _dims(x, dim), keepdim, dtype=dtype)


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Any = None,
) -> Tensor:  # fmt: skip
    """The variance over axes, as torch.masked.var; nan of nothing.

    The sum of squares is divided by the count less `correction` (1; 0 if not unbiased). Integers become float32.
    """
    x = need_tensor("var", input)
    x = _typed(x, dtype or (None if x.is_floating_point() or x.is_complex() else dtypes._default))
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = correction if correction is not None else 0 if unbiased is False else 1
    if mask is None:
        result: Tensor = variance.var(x, _dims(x, dim), correction=less, keepdim=keepdim).to(x.dtype)
        return result
    count = _count(x, dim, True, mask)
    distance = x - sum(x, dim, keepdim=True, mask=mask) / count
    total = sum(distance.abs().square(), dim, keepdim=keepdim, mask=mask)
    spread: Tensor = total / (_count(x, dim, keepdim, mask) - less).clamp_min(0)
    result = spread.to(x.dtype)  # complex numbers have a complex variance here, as there
    return result


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Any = None,
) -> Tensor:  # fmt: skip
    """The square root of var, as torch.masked.std."""
    options: dict[str, Any] = {"correction": correction, "keepdim": keepdim, "dtype": dtype, "mask": mask}
    return transcendental.sqrt(var(input, dim, unbiased, **options))


def logsumexp(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """Log of the sum of exponentials over axes, as torch.masked.logsumexp; -inf of nothing."""
    x = _filled("logsumexp", _typed(input, dtype), mask, _log_of_nothing)
    result: Tensor = vector_norm.logsumexp(x, _dims(x, dim), keepdim).to(x.dtype)
    return result


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Any = None, other_mask: Any = None
) -> Tensor:
    """log(exp(input) + exp(other)), as torch.masked.logaddexp; what does not count adds nothing."""
    a = _filled("logaddexp", _typed(input, dtype), input_mask, lowest)
    b = _filled("logaddexp", _typed(other, dtype), other_mask, lowest)
    result: Tensor = transcendental.logaddexp(a, b).to(a.dtype)
    return result


# -- of the input's shape --------------------------------------------------------------------------------------------


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """The sum up to each element along an axis, as torch.masked.cumsum."""
    x = _filled("cumsum", _typed(input, dtype), mask, 0)
    return scan.cumsum(x, dim, dtype=x.dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """The product up to each element along an axis, as torch.masked.cumprod."""
    x = _filled("cumprod", _typed(input, dtype), mask, 1)
    return scan.cumprod(x, dim, dtype=x.dtype)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Softmax along an axis of what counts, 0 elsewhere, as torch.masked.softmax; nan where nothing counts."""
    return softmax_ops.softmax(_filled("softmax", input, mask, lowest), dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """The logarithm of softmax, as torch.masked.log_softmax."""
    return softmax_ops.log_softmax(_filled("log_softmax", input, mask, lowest), dim, dtype=dtype)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Softmax of the negative, as torch.masked.softmin."""
    return softmax_ops.softmax(-_filled("softmin", input, mask, highest), dim, dtype=dtype)


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The input over its norm along an axis (at least eps), as torch.masked.normalize; 0 where nothing counts."""
    x = _filled("normalize", _typed(input, dtype), mask, 0)
    result: Tensor = x / norm(x, ord, dim, keepdim=True, mask=mask).clamp_min(eps)
    return result
