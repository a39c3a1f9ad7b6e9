"""NumPy's functions on arrays with one hidden axis, all samples in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.backends.batched import (
    FULL,
    FUNCTIONS,
    METHODS,
    UFUNCS,
    Batched,
    NotBatchable,
    aligned,
    axis_of,
    count_of,
    inverse,
    materialize,
    ndim_of,
    one_by_one,
    raised,
    rewrapped,
    tuple_of,
    unwrap,
)

__all__ = ["ALL_AT_ONCE", "matmul"]


def matmul(a: Any, b: Any) -> Any:
    """a @ b, of which one or both are batched."""
    level, _ = count_of((a, b))
    mine = isinstance(a, Batched) and a.level == level
    other = isinstance(b, Batched) and b.level == level
    if mine and not other and ndim_of(b) == 2 and a.ndim >= 1:  # the same matrix for all: one product
        rows = a.data.reshape((-1, a.data.shape[-1])) if a.data.size else a.data
        return Batched(level, np.matmul(rows, b).reshape((*a.data.shape[:-1], b.shape[1])))
    x, y = (v.data if is_mine else v for v, is_mine in ((a, mine), (b, other)))
    if mine and a.ndim == 1:
        x = x[:, None, :]
    if other and b.ndim == 1:
        y = y[:, :, None]
    if not mine and ndim_of(a) == 1:
        x = a[None, :]
    if not other and ndim_of(b) == 1:
        y = b[:, None]
    depth = max(ndim_of(a), ndim_of(b), 2)
    if mine:
        x = x.reshape((x.shape[0], *(1,) * (depth + 1 - x.ndim), *x.shape[1:]))
    if other:
        y = y.reshape((y.shape[0], *(1,) * (depth + 1 - y.ndim), *y.shape[1:]))
    out = np.matmul(x, y)
    if ndim_of(a) == 1:
        out = out[..., 0, :]
    if ndim_of(b) == 1:
        out = out[..., 0]
    return Batched(level, out)


def _along(func: Callable[..., Any], x: Any, *rest: Any, axis: Any = None, **named: Any) -> Any:
    """A reduction or scan along axes of each sample."""
    if any(isinstance(value, Batched) for value in (*rest, *named.values())):
        return one_by_one(func, (x, *rest), {"axis": axis, **named})
    if axis is None:
        where: Any = tuple(range(1, x.ndim + 1))
    elif isinstance(axis, (tuple, list)):
        where = tuple(axis_of(a, x.ndim) for a in axis)
    else:
        where = axis_of(axis, x.ndim)
    if x.ndim == 0 and axis is not None:
        x = Batched(x.level, x.data[:, None])
        if named.get("keepdims"):
            return Batched(x.level, func(x.data, *rest, axis=1, **{**named, "keepdims": False}))
        where = 1
    return rewrapped(x.level, func(x.data, *rest, axis=where, **named))


def _flat_along(func: Callable[..., Any], x: Any, axis: Any = None, **named: Any) -> Any:
    """argmax and its kin: one axis, or all of them as one."""
    if axis is None:
        flat = x.ravel()
        result = Batched(x.level, func(flat.data, axis=1))
        return result.reshape((1,) * x.ndim) if named.get("keepdims") else result
    return _along(func, x, axis=axis, **named)


def _scan(func: Callable[..., Any], x: Any, axis: Any = None, **named: Any) -> Any:
    return _along(func, x.ravel() if axis is None else x, axis=0 if axis is None else axis, **named)


def _add_at(ufunc: Any, target: Any, index: Any, *values: Any) -> None:
    if not isinstance(target, Batched):
        raise NotBatchable("vmap: ufunc.at on an array that all samples share")
    place, moved = target._place(index)
    if moved is None:
        part = target.data[place]
        operands = [raised(target.level, v, part.ndim - 1) for v in values]
        part[...] = ufunc(part, *operands)
        return
    shape = moved(target.data[place]).shape
    back = inverse(moved, target.data[place].shape)
    operands = [back(np.broadcast_to(raised(target.level, v, len(shape) - 1), shape)) for v in values]
    ufunc.at(target.data, place, *operands)


# -- functions with a rule ---------------------------------------------------------------------------------------------


def _joined(func: Callable[..., Any]) -> Callable[..., Any]:
    def run(arrays: Any, axis: int = 0, **named: Any) -> Any:
        arrays = list(arrays)
        level, count = count_of(arrays)
        rows = [unwrap(level, x, count) for x in arrays]
        ndim = ndim_of(arrays[0]) + (func is np.stack)
        return Batched(level, func(rows, axis=axis_of(axis, ndim), **named))

    return run


def _where(condition: Any, *values: Any) -> Any:
    if not values:
        return one_by_one(np.where, (condition,), {})
    level, parts = aligned((condition, *values), max(ndim_of(v) for v in (condition, *values)))
    return Batched(level, np.where(*parts))


def _broadcast_to(x: Any, shape: Any, **_: Any) -> Any:
    shape = tuple_of(shape)
    return x._view(np.broadcast_to(raised(x.level, x, len(shape)), (x.data.shape[0], *shape)))


def _like(func: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: Any, *args: Any, **named: Any) -> Any:
        if not isinstance(x, Batched) or named.get("shape") is not None:
            return one_by_one(func, (x, *args), named)
        rest = [raised(x.level, a, x.ndim) for a in args]
        return Batched(x.level, func(x.data, *rest, **{k: v for k, v in named.items() if k != "shape"}))

    return run


def _moveaxis(x: Any, source: Any, destination: Any) -> Any:
    n = x.ndim
    moved = np.moveaxis(
        x.data, [axis_of(a, n) for a in tuple_of(source)], [axis_of(a, n) for a in tuple_of(destination)]
    )
    return x._view(moved)


def _expand_dims(x: Any, axis: Any) -> Any:
    axes = tuple_of(axis)
    n = x.ndim + len(axes)
    return x._view(np.expand_dims(x.data, tuple(axis_of(a, n) for a in axes)))


def _take(x: Any, indices: Any, axis: Any = None, **_: Any) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    if isinstance(indices, Batched):
        x = materialize(indices, x)
    elif isinstance(x, Batched):
        return Batched(x.level, np.take(x.data, indices, axis_of(axis, x.ndim)))
    return x[(*(FULL,) * (axis % x.ndim), indices)]


def _take_along(x: Any, indices: Any, axis: Any = -1) -> Any:
    level, count = count_of((x, indices))
    if axis is None:
        return one_by_one(np.take_along_axis, (x, indices, axis), {})
    return Batched(
        level, np.take_along_axis(unwrap(level, x, count), unwrap(level, indices, count), axis_of(axis, ndim_of(x)))
    )


def _put_along(x: Any, indices: Any, values: Any, axis: Any) -> None:
    level, count = count_of((x, indices, values))
    if not isinstance(x, Batched) or x.level != level:
        raise NotBatchable("vmap: put_along_axis into an array that all samples share")
    part = raised(level, values, x.ndim)
    np.put_along_axis(x.data, unwrap(level, indices, count), part, axis_of(axis, x.ndim))
    versions.stamp(x.data)


def _matrices(func: Callable[..., Any]) -> Callable[..., Any]:
    """Functions of matrices that take any number of leading axes."""

    def run(a: Any, *args: Any, **named: Any) -> Any:
        if any(isinstance(v, Batched) for v in (*args, *named.values())) or a.ndim < 2:
            return one_by_one(func, (a, *args), named)
        result = func(a.data, *args, **named)
        parts = [Batched(a.level, part) for part in result] if isinstance(result, tuple) else []
        return (
            type(result)(*parts)
            if hasattr(result, "_fields")
            else (tuple(parts) if parts else Batched(a.level, result))
        )

    return run


def _solve(a: Any, b: Any) -> Any:
    if ndim_of(b) < 2 or ndim_of(a) < 2:
        return one_by_one(np.linalg.solve, (a, b), {})
    level, parts = aligned((a, b), max(ndim_of(a), ndim_of(b)))
    return Batched(level, np.linalg.solve(*parts))


def _einsum(spec: Any, *arrays: Any, **named: Any) -> Any:
    if not isinstance(spec, str) or "->" not in spec or "..." in spec:
        return one_by_one(np.einsum, (spec, *arrays), named)
    level, _ = count_of(arrays)
    free = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in spec)
    left, right = spec.replace(" ", "").split("->")
    mine = [isinstance(x, Batched) and x.level == level for x in arrays]
    terms = [free + term if batched else term for term, batched in zip(left.split(","), mine, strict=True)]
    data = [x.data if batched else x for x, batched in zip(arrays, mine, strict=True)]
    return Batched(level, np.einsum(f"{','.join(terms)}->{free}{right}", *data, **named))


def _pad(x: Any, pad_width: Any, mode: Any = "constant", **named: Any) -> Any:
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist() if x.ndim else []
    return Batched(x.level, np.pad(x.data, [(0, 0), *map(tuple, widths)], mode, **named))


def _flip(x: Any, axis: Any = None) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else tuple_of(axis)
    return x._view(np.flip(x.data, tuple(axis_of(a, x.ndim) for a in axes)))


def _roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return _roll(x.ravel(), shift, 0).reshape(x.shape)
    where = tuple(axis_of(a, x.ndim) for a in tuple_of(axis))
    return Batched(x.level, np.roll(x.data, shift, where if isinstance(axis, (tuple, list)) else where[0]))


def _windows(x: Any, window_shape: Any, axis: Any = None, **named: Any) -> Any:
    axes = tuple(range(x.ndim)) if axis is None else tuple_of(axis)
    where = tuple(axis_of(a, x.ndim) for a in axes)
    return x._view(np.lib.stride_tricks.sliding_window_view(x.data, tuple_of(window_shape), where, **named))


def _diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return x._view(np.diagonal(x.data, offset, axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)))


def _triangle(func: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, k=0: Batched(x.level, func(x.data, k)) if x.ndim >= 2 else one_by_one(func, (x, k), {})


def _copyto(target: Any, source: Any, **named: Any) -> None:
    if named or not isinstance(target, Batched):
        raise NotBatchable("vmap: copyto into an array that all samples share")
    target[...] = source


def _broadcast_arrays(*arrays: Any, **_: Any) -> Any:
    shape = np.broadcast_shapes(*[np.shape(x) if not isinstance(x, Batched) else x.shape for x in arrays])
    return tuple(np.broadcast_to(x, shape) for x in arrays)


def _method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **named: getattr(x, name)(*args, **named)


def _repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None or isinstance(repeats, Batched):
        return one_by_one(np.repeat, (x, repeats, axis), {})
    return Batched(x.level, np.repeat(x.data, repeats, axis_of(axis, x.ndim)))


def _reducers() -> dict[Any, Any]:
    names = "sum prod mean max min any all std var nansum nanmean median average ptp count_nonzero linalg.norm"
    found: dict[Any, Any] = {}
    for name in names.split():
        func: Any = np
        for part in name.split("."):
            func = getattr(func, part)
        if name == "linalg.norm":
            continue
        found[func] = lambda x, axis=None, *rest, _f=func, **named: _along(_f, x, *rest, axis=axis, **_plain(named))
    for func in (np.argmax, np.argmin):
        found[func] = lambda x, axis=None, _f=func, **named: _flat_along(_f, x, axis, **_plain(named))
    for func in (np.cumsum, np.cumprod):
        found[func] = lambda x, axis=None, _f=func, **named: _scan(_f, x, axis, **_plain(named))
    for func in (np.sort, np.argsort):
        found[func] = lambda x, axis=-1, _f=func, **named: _scan(_f, x, axis, **_plain(named))
    return found


def _plain(named: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments without what was not given. Raises NotBatchable for out=."""
    if named.get("out") is not None:
        raise NotBatchable("vmap: out= has no place here")
    return {key: value for key, value in named.items() if value is not None and value is not np._NoValue}


ALL_AT_ONCE: dict[Any, Callable[..., Any]] = {
    **_reducers(),
    np.amax: lambda x, axis=None, **named: _along(np.max, x, axis=axis, **_plain(named)),
    np.amin: lambda x, axis=None, **named: _along(np.min, x, axis=axis, **_plain(named)),
    np.broadcast_arrays: _broadcast_arrays,
    np.clip: lambda x, low=None, high=None, **named: (
        np.minimum(np.maximum(x, low), high)
        if low is not None and high is not None and not _plain(named)
        else one_by_one(np.clip, (x, low, high), named)
    ),
    np.broadcast_to: _broadcast_to,
    np.concatenate: _joined(np.concatenate),
    np.copyto: _copyto,
    np.diagonal: _diagonal,
    np.einsum: _einsum,
    np.expand_dims: _expand_dims,
    np.flip: _flip,
    np.imag: lambda x: x.imag,
    np.lib.stride_tricks.sliding_window_view: _windows,
    np.linalg.solve: _solve,
    np.moveaxis: _moveaxis,
    np.ndim: lambda x: x.ndim,
    np.pad: _pad,
    np.put_along_axis: _put_along,
    np.real: lambda x: x.real,
    np.repeat: _repeat,
    np.roll: _roll,
    np.shape: lambda x: x.shape,
    np.size: lambda x: x.size,
    np.stack: _joined(np.stack),
    np.take: _take,
    np.take_along_axis: _take_along,
    np.where: _where,
}
FUNCTIONS.update(ALL_AT_ONCE)
_function: Any
for _function in (np.reshape, np.ravel, np.transpose, np.swapaxes, np.squeeze, np.copy):
    FUNCTIONS[_function] = _method(_function.__name__)
for _function in (np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.nan_to_num, np.isclose):
    FUNCTIONS[_function] = _like(_function)
for _function in (np.tril, np.triu):
    FUNCTIONS[_function] = _triangle(_function)
for _name in "inv det slogdet cholesky eigh eigvalsh svd qr pinv eig eigvals matrix_rank".split():
    FUNCTIONS[getattr(np.linalg, _name)] = _matrices(getattr(np.linalg, _name))
METHODS.update(
    {
        name: FUNCTIONS[getattr(np, name)]
        for name in "sum prod mean max min any all std var argmax argmin cumsum cumprod diagonal repeat argsort".split()
    }
)
UFUNCS.update({"along": _along, "at": _add_at, "matmul": matmul})
