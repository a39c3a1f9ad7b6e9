"""What callers may write, brought to one form: dtypes, shapes, axes, out=."""

from __future__ import annotations

import functools
import inspect
import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.inplace import check_overlap
from gradbook.errors import DTypeError, ShapeError
from gradbook.tensor import Tensor, dim_error

Function = TypeVar("Function", bound=Callable[..., Any])
_PYTHON = {float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_, complex: dtypes.complex128}


def array_dtype(dtype: Any, name: str = "tensor") -> Any:
    """The NumPy dtype of a dtype argument (a gradbook dtype, or Python's float, int, bool); None stays None."""
    if dtype is None:
        return None
    if isinstance(dtype, dtypes.dtype):
        return dtype._np
    try:
        return _PYTHON[dtype]._np
    except (KeyError, TypeError):
        given = dtype.__name__ if isinstance(dtype, type) else repr(dtype)
        raise TypeError(
            f"{name}(): argument 'dtype' must be gradbook.dtype, not {given}; write gradbook.float32 or its kin"
        ) from None


def no_others(name: str, named: dict[str, Any], *known: str) -> None:
    """Raise TypeError for a keyword argument that `name` does not have."""
    for word in named:
        if word not in known:
            raise TypeError(f"{name}() got an unexpected keyword argument '{word}'")


def shape_given(name: str, size: Any, named: dict[str, Any]) -> tuple[int, ...]:
    """The shape that *size, or size= among keyword arguments, gives. Raises TypeError for a keyword nobody knows."""
    if named:
        no_others(name, named, "size", "layout", "names", "pin_memory")
    return shape_of(name, size or (named.get("size", ()),))


def shape_of(name: str, size: Any) -> tuple[int, ...]:
    """The shape from `*size`: ints, or one sequence of ints. Raises TypeError for others, RuntimeError below 0."""
    if len(size) == 1 and not isinstance(size[0], (int, np.integer)):
        only = size[0]
        if isinstance(only, (tuple, list)):
            size = only
        elif isinstance(only, Tensor):
            size = only.tolist() if only.ndim else (only.item(),)
        else:
            raise TypeError(f"{name}(): argument 'size' must be tuple of ints, not {type(only).__name__}")
    try:
        shape = tuple(operator.index(n) for n in size)
    except TypeError:
        kinds = ", ".join(type(n).__name__ for n in size)
        raise TypeError(
            f"{name}(): argument 'size' must be tuple of ints, but found elements of type {kinds}"
        ) from None
    for n in shape:
        if n < 0:
            raise ShapeError(f"{name}(): Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def axis(dim: Any, ndim: int) -> int:
    """One axis, counted from the front; a 0-d tensor has axis 0 and -1. Raises IndexError outside."""
    if type(dim) is not int:
        if isinstance(dim, (bool, float, str)) or dim is None:
            raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
        dim = operator.index(dim)
    size = ndim or 1
    if not -size <= dim < size:
        raise dim_error(dim, ndim)
    return int(dim % size)


def axes(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """Axes to reduce over, as a tuple; None for all of them (dim=None, an empty sequence, or a 0-d tensor)."""
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        found = tuple(axis(d, ndim) for d in dim)
        if len(set(found)) != len(found):
            twice = next(d for d in found if found.count(d) > 1)
            raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
        return (found or None) if ndim else None
    return (axis(dim, ndim),) if ndim else None


def tensor_of(name: str, value: Any, position: str = "input") -> Tensor:
    """`value` if it is a Tensor. Raises TypeError in PyTorch's words if not."""
    if isinstance(value, Tensor):
        return value
    raise TypeError(
        f"{name}(): argument '{position}' (position 1) must be Tensor, not {type(value).__name__}; "
        "make it one with gradbook.tensor(...)"
    )


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """`value` if it is allowed. Raises RuntimeError naming what is."""
    if value in allowed:
        return str(value)
    raise RuntimeError(f"{name}(): expected one of {', '.join(map(repr, allowed))}, got {value!r}")


EXACT = frozenset(  # the ops whose out must have the very dtype of the result, for PyTorch casts nothing there
    """
    abs addbmm addmm addmv alias_copy all amax amin aminmax any argmax argmin as_strided_copy baddbmm bitwise_not
    bmm bucketize ceil chain_matmul clamp clamp_max clamp_min clip complex conj_physical cross cummax cummin diag
    diagonal_copy diff dot expand_copy fft_ifft fft_ihfft float_power floor frac frexp gather hash_tensor
    heaviside histc index_add index_copy index_reduce index_select inner isin isneginf isposinf kthvalue
    log_softmax logcumsumexp masked_select matmul max min mm mode msort mv nan_to_num nanmean nanquantile
    narrow_copy neg nonzero norm permute_copy polar quantile renorm round scatter scatter_add scatter_reduce
    searchsorted sgn sign signbit slice_scatter softmax sort squeeze_copy svd t_copy take take_along_dim
    tensordot topk transpose_copy tril triu trunc unfold_copy unsqueeze_copy vdot view_copy
    """.split()
)
JOINING = frozenset("cat column_stack concat concatenate dstack hstack row_stack stack vstack".split())
SILENT = frozenset("empty full narrow_copy ones zeros".split())  # what resizes its out without a warning


def write_out(name: str, result: Tensor, out: Tensor | None) -> Tensor:
    """The result, written into `out` if there is one (resized if it has another shape, with a warning if not empty).

    Raises RuntimeError if autograd would have to follow, or if the result's dtype does not go into that of `out`.
    Differs: refused under autograd everywhere; PyTorch follows a few composed functions (tensordot, inner, quantile,
    linalg.norm, linalg.cond) into out=.
    """
    if out is None:
        return result
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if grad_mode.state.enabled and (result._node is not None or out._node is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    array, new = out._array, result._array
    check_overlap(array)
    if new.dtype != array.dtype and (name in EXACT or not dtypes.can_cast(result.dtype, out.dtype)):
        kind = TypeError if name in JOINING else DTypeError
        raise kind(f"result type {result.dtype!r} can't be cast to the desired output type {out.dtype!r}")
    if array.shape != new.shape:
        if array.size and name not in SILENT:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(array.shape)}, which does "
                f"not match the required output shape {list(new.shape)}.",
                UserWarning,
                stacklevel=3,
            )
        out._array = new.astype(array.dtype)
    else:
        array[...] = new
        versions.stamp(array)
    return out


def with_out(fn: Function) -> Function:
    """Decorator: the function takes `out=` too, and its result is written there; several results, part by part."""

    @functools.wraps(fn)
    def call(*args: Any, **named: Any) -> Any:
        if "out" not in named:
            return fn(*args, **named)
        out, result = named.pop("out"), fn(*args, **named)
        if isinstance(result, Tensor):
            return write_out(fn.__name__, result, out)
        return result if out is None else tuple(write_out(fn.__name__, *pair) for pair in zip(result, out, strict=True))

    signature = inspect.signature(fn)
    parameters = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
    out = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Tensor | None")
    call.__signature__ = signature.replace(parameters=[*parameters, out, *rest])  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]  # the same function, with one argument more


def as_tensor_like(value: Any, example: Tensor) -> Tensor:
    """A number or Tensor as a Tensor beside `example`: numbers take its dtype where they fit, as in its arithmetic."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float, complex, np.generic)):
        kinds = {bool: dtypes.B8, int: dtypes.I64, float: dtypes._default._np}
        wanted = kinds.get(type(value))
        array = backends.like(np.asarray(value, wanted), example._array)
        made: Tensor = Tensor._of(array)
        return made
    raise TypeError(f"expected a Tensor or a number, got {type(value).__name__}")
