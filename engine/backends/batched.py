"""Arrays with one hidden axis: what vmap hands to functions written for one sample.

A Batched looks like the array of one sample; the samples lie along axis 0 of `data`, an array of the library below
(NumPy, or a Batched of an outer vmap). NumPy functions, ufuncs, operators, methods and indexing do all samples at once
where there is a rule, and one sample at a time where there is none. What would need one answer for all samples (bool,
int, conversion to a real array) raises NotBatchable, and whoever called does the samples one by one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.autograd import versions

__all__ = ["Batched", "NotBatchable", "levels_of", "materialize", "reduce_level", "unwrap", "wrap"]

FULL = slice(None)
FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # how a NumPy function is done for all samples: see batched_functions
METHODS: dict[str, Callable[..., Any]] = {}  # the same of array methods, by name
UFUNCS: dict[str, Callable[..., Any]] = {}  # the same of what ufuncs do besides calling them


class NotBatchable(RuntimeError):
    """Something was asked of all samples at once that has an answer only for each."""


class Batched:
    """The array of one sample of many. level: which vmap it belongs to; nested ones have the innermost outside."""

    __slots__ = ("__weakref__", "base", "data", "level")
    __array_priority__ = 2000

    def __init__(self, level: int, data: Any, base: Any = None) -> None:
        self.level, self.data, self.base = level, data, base

    # -- what it looks like ------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of one sample's axes."""
        return tuple(self.data.shape[1:])

    @property
    def ndim(self) -> int:
        """Number of one sample's axes."""
        return int(self.data.ndim) - 1

    @property
    def size(self) -> int:
        """Number of elements of one sample."""
        return math.prod(self.data.shape[1:])

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self.data.dtype

    @property
    def itemsize(self) -> int:
        """Bytes an element takes."""
        return int(self.data.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes one sample takes."""
        return self.size * self.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one index of a sample to the next."""
        return tuple(self.data.strides[1:])

    @property
    def flags(self) -> Any:
        """Memory layout, of all samples together."""
        return self.data.flags

    @property
    def T(self) -> Batched:
        """The axes of a sample in reverse order."""
        return self.transpose()

    @property
    def real(self) -> Batched:
        """Real part."""
        return self._view(self.data.real)

    @property
    def imag(self) -> Batched:
        """Imaginary part."""
        return self._view(self.data.imag)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Batched(level={self.level}, data={self.data!r})"

    def _view(self, data: Any) -> Batched:
        """A Batched of data that may share memory with this one."""
        shared = versions.owner(data) is versions.owner(self.data)
        return Batched(self.level, data, (self if self.base is None else self.base) if shared else None)

    # -- what only each sample can answer ----------------------------------------------------------------------------

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotBatchable("vmap: one value was asked of an array that holds one a sample")

    __bool__ = __int__ = __float__ = __complex__ = __index__ = __array__ = __contains__ = tolist = tobytes = _refuse

    def item(self, *_: Any) -> Any:
        """Raise RuntimeError, in PyTorch's words."""
        raise RuntimeError(
            "vmap: It looks like you're calling .item() on a Tensor, or branching on its value. We don't support "
            "vmap over calling .item() on a Tensor, nor data-dependent control flow: each sample may have another "
            "value. Rewrite what you're doing to not need it, such as with gradbook.where."
        )

    # -- methods -----------------------------------------------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C") -> Batched:
        """The samples in another shape."""
        wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)) else shape
        wanted = tuple(operator.index(n) for n in wanted)
        if -1 in wanted:
            rest = -math.prod(wanted)
            if not rest or self.size % rest:
                raise ValueError(f"cannot reshape array of size {self.size} into shape {wanted}")
            wanted = tuple(self.size // rest if n == -1 else n for n in wanted)
        if math.prod(wanted) != self.size:
            raise ValueError(f"cannot reshape array of size {self.size} into shape {wanted}")
        return self._view(self.data.reshape((self.data.shape[0], *wanted)))

    def ravel(self, order: str = "C") -> Batched:
        """All elements of a sample along one axis."""
        return self.reshape(-1) if self.size else self.reshape(self.size)

    def flatten(self, order: str = "C") -> Batched:
        """All elements of a sample along one axis, in new memory."""
        return self.ravel().copy()

    def transpose(self, *axes: Any) -> Batched:
        """The axes of a sample in another order."""
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            axes = tuple(axes[0]) if axes[0] is not None else ()
        order = axes or tuple(range(self.ndim))[::-1]
        return self._view(self.data.transpose((0, *(a % self.ndim + 1 for a in order))))

    def swapaxes(self, a: int, b: int) -> Batched:
        """Two axes of a sample swapped."""
        n = self.ndim
        return self._view(self.data.swapaxes(axis_of(a, n), axis_of(b, n)))

    def squeeze(self, axis: Any = None) -> Batched:
        """Without axes of length 1."""
        n = self.ndim
        gone = [i for i, m in enumerate(self.shape) if m == 1] if axis is None else [a % n for a in tuple_of(axis)]
        return self.reshape(tuple(m for i, m in enumerate(self.shape) if i not in gone))

    def astype(self, dtype: Any, copy: bool = True, **named: Any) -> Batched:
        """In another dtype."""
        data = self.data.astype(dtype, copy=copy, **named)
        return self if data is self.data else Batched(self.level, data)

    def copy(self, order: str = "C") -> Batched:
        """In new memory."""
        return Batched(self.level, self.data.copy())

    __copy__ = copy

    def view(self, *kind: Any) -> Batched:
        """The same memory; of another dtype only where that takes as many bytes."""
        if not kind:
            return self._view(self.data[...])
        if np.dtype(kind[0]).itemsize != self.itemsize and not self.ndim:
            raise NotBatchable("vmap: a sample without axes has no bytes to count otherwise")
        return self._view(self.data.view(kind[0]))

    def conj(self) -> Batched:
        """Complex conjugate."""
        return Batched(self.level, self.data.conj())

    conjugate = conj

    def fill(self, value: Any) -> None:
        """Every element set to a value."""
        self[...] = value

    def take(self, indices: Any, axis: Any = None, **named: Any) -> Any:
        """As numpy.take."""
        return np.take(self, indices, axis)

    def dot(self, other: Any) -> Any:
        """As numpy.dot."""
        return np.dot(self, other)

    def __getattr__(self, name: str) -> Any:
        method = getattr(np.ndarray, name, None)
        if name.startswith("__") or not callable(method):
            raise AttributeError(f"'Batched' object has no attribute {name!r}")
        rule = METHODS.get(name)
        if rule is not None:
            return lambda *args, **named: rule(self, *args, **named)
        return lambda *args, **named: one_by_one(
            lambda x, *rest, **kw: getattr(x, name)(*rest, **kw), (self, *args), named
        )

    # -- NumPy's two doors -------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **named: Any) -> Any:
        if method == "at":
            return UFUNCS["at"](ufunc, *inputs)
        target = out[0] if isinstance(out, tuple) else out
        if method in ("reduce", "accumulate") and isinstance(inputs[0], Batched):
            result = UFUNCS["along"](getattr(ufunc, method), inputs[0], *inputs[1:], **{"axis": 0, **named})
        elif method != "__call__":
            result = one_by_one(getattr(ufunc, method), inputs, named)
        elif ufunc is np.matmul:
            result = UFUNCS["matmul"](*inputs)
        else:
            level, parts = aligned(inputs, max(ndim_of(x) for x in inputs))
            result = rewrapped(level, ufunc(*parts, **named))
        if target is None:
            return result
        if not isinstance(target, Batched) or (out is not None and isinstance(out, tuple) and len(out) > 1):
            raise NotBatchable(
                "vmap: inplace arithmetic is not possible because there exists a Tensor `other` that is being vmapped "
                "over while `self` is not. Use the out-of-place op instead."
            )
        target[...] = result
        return target

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        rule = FUNCTIONS.get(func)
        return one_by_one(func, args, kwargs) if rule is None else rule(*args, **kwargs)

    # -- indexing ----------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        place, moved = self._place(index)
        found = self.data[place]
        if moved is not None:
            return Batched(self.level, moved(found))
        return self._view(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        place, moved = self._place(index)
        if moved is not None:
            shape = moved(self.data[place]).shape
            back = inverse(moved, self.data[place].shape)
            self.data[place] = back(np.broadcast_to(raised(self.level, value, len(shape) - 1), shape))
        else:
            part = self.data[place]
            part[...] = raised(self.level, value, part.ndim - 1)
        versions.stamp(self.data)

    def _place(self, index: Any) -> tuple[Any, Callable[[Any], Any] | None]:
        """The index into `data`, and what brings the found axes in order; None where that is a view as it is."""
        parts = list(index) if isinstance(index, tuple) else [index]
        special = [i for i, part in enumerate(parts) if _is_array_index(part)]
        if not special:
            return ((FULL, *parts) if Ellipsis in parts or parts else (FULL,)), None
        parts = _expanded(parts, self.ndim)
        special = [i for i, part in enumerate(parts) if _is_array_index(part) or isinstance(part, (int, np.integer))]
        together = special[-1] - special[0] + 1 == len(special)
        before = sum(1 for part in parts[: special[0]] if not isinstance(part, (int, np.integer)))
        first = before if together else 0
        if any(isinstance(part, Batched) for part in parts):
            return self._own_indices(parts, special, first)
        if together:
            return (FULL, *parts), lambda found: found
        width = np.broadcast(*[np.asarray(parts[i]) for i in special]).ndim
        return (FULL, *parts), lambda found: np.moveaxis(found, width, 0)

    def _own_indices(self, parts: list[Any], special: list[int], first: int) -> tuple[Any, Callable[[Any], Any]]:
        """Each sample has indices of its own: the sample's number is one more index."""
        if any(getattr(part, "dtype", None) == np.bool_ for part in parts):
            raise NotBatchable("vmap: a mask takes another number of elements of each sample")
        width = max(ndim_of(parts[i]) for i in special)
        index: list[Any] = [np.arange(self.data.shape[0]).reshape(-1, *(1,) * width), *parts]
        for i in special:
            part = parts[i]
            if isinstance(part, Batched) and part.level != self.level:
                raise NotBatchable("vmap: indices of another level")
            index[i + 1] = raised(self.level, part, width) if isinstance(part, Batched) else part
        # NumPy puts what the indices found first, unless they are neighbours at the front anyway
        source, target = tuple(range(1, width + 1)), tuple(range(first + 1, first + width + 1))
        return tuple(index), lambda found: np.moveaxis(found, source, target)


def _expanded(parts: list[Any], ndim: int) -> list[Any]:
    """An index with its `...` written out."""
    taken = sum(
        part.ndim if getattr(part, "dtype", None) == np.bool_ else 1
        for part in parts
        if part is not None and part is not Ellipsis
    )
    for i, part in enumerate(parts):
        if part is Ellipsis:
            return [*parts[:i], *[FULL] * (ndim - taken), *parts[i + 1 :]]
    return parts


def inverse(moved: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """What undoes a moveaxis of `shape`, found by moving strides that number the axes."""
    numbered = np.lib.stride_tricks.as_strided(np.empty(1), (1,) * len(shape), range(len(shape)))
    order = tuple(np.argsort(moved(numbered).strides))
    return lambda found: found.transpose(order)


def _is_array_index(part: Any) -> bool:
    return isinstance(part, (np.ndarray, Batched, list))


# -- levels ------------------------------------------------------------------------------------------------------------


def wrap(level: int, data: Any, axis: int = 0) -> Batched:
    """Hide an axis of an array. Levels stay in order: the innermost vmap, with the highest level, is outside."""
    if isinstance(data, Batched) and data.level > level:
        return Batched(data.level, wrap(level, data.data, axis % data.ndim + 1))
    moved = np.moveaxis(data, axis, 0) if axis else data
    return Batched(level, moved, data if not axis and isinstance(data, Batched) else None)


def unwrap(level: int, array: Any, count: int, axis: int = 0) -> Any:
    """Show the axis of a level again, at place `axis`; repeated `count` times if the array does not have it."""
    if isinstance(array, Batched) and array.level > level:
        return Batched(array.level, unwrap(level, array.data, count, axis + 1))
    if isinstance(array, Batched) and array.level == level:
        return np.moveaxis(array.data, 0, axis) if axis else array.data
    return np.moveaxis(np.broadcast_to(array, (count, *array.shape)), 0, axis)


def reduce_level(level: int, array: Any) -> Any:
    """The sum over the samples of a level, if the array has them."""
    if not isinstance(array, Batched) or array.level < level:
        return array
    if array.level == level:
        return array.data.sum(axis=0)
    return Batched(array.level, reduce_level(level, array.data)) if level in levels_of(array.data) else array


def levels_of(array: Any) -> tuple[int, ...]:
    """The levels that an array has hidden axes of, innermost vmap first."""
    found = []
    while isinstance(array, Batched):
        found.append(array.level)
        array = array.data
    return tuple(found)


def materialize(example: Batched, array: Any) -> Batched:
    """The array as one with the outermost hidden axis of `example`: repeated, without a copy, if it has none."""
    if isinstance(array, Batched) and array.level >= example.level:
        return array
    return Batched(example.level, np.broadcast_to(array, (example.data.shape[0], *array.shape)))


# -- all samples at once -----------------------------------------------------------------------------------------------


def ndim_of(value: Any) -> int:
    """Number of axes of a sample, an array or a number."""
    return int(value.ndim) if hasattr(value, "ndim") else np.ndim(value)


def axis_of(axis: int, ndim: int) -> int:
    """An axis of a sample, counted in the data. Raises AxisError for one that is not there."""
    if not -max(ndim, 1) <= axis < max(ndim, 1):
        raise np.exceptions.AxisError(axis, ndim)
    return axis % max(ndim, 1) + 1


def tuple_of(value: Any) -> tuple[int, ...]:
    """One number or several, as a tuple."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def raised(level: int, value: Any, ndim: int) -> Any:
    """The data of a value of that level with leading axes, so that a sample has `ndim` of them; others as they are."""
    if not isinstance(value, Batched) or value.level != level:
        if isinstance(value, Batched) and value.level > level:
            raise NotBatchable("vmap: a value of an inner vmap does not fit into an array of an outer one")
        return value
    if value.ndim < ndim:
        return value.data.reshape((value.data.shape[0], *(1,) * (ndim - value.ndim), *value.shape))
    if value.ndim > ndim:  # leading axes of length 1
        return value.data.reshape((value.data.shape[0], *value.shape[value.ndim - ndim :]))
    return value.data


def aligned(values: Sequence[Any], ndim: int) -> tuple[int, list[Any]]:
    """(the highest level, the values with that level's axis in front and broadcastable to `ndim` axes a sample)."""
    level = max(value.level for value in values if isinstance(value, Batched))
    return level, [raised(level, value, ndim) for value in values]


def rewrapped(level: int, result: Any) -> Any:
    """A result, or several, with the axis of a level hidden."""
    return tuple(Batched(level, part) for part in result) if isinstance(result, tuple) else Batched(level, result)


def count_of(values: Any) -> tuple[int, int]:
    """(highest level among arrays, number of its samples), looking into lists and tuples."""
    level, count = -1, 0
    for value in values:
        if isinstance(value, (list, tuple)):
            inner, many = count_of(value)
        elif isinstance(value, Batched):
            inner, many = value.level, value.data.shape[0]
        else:
            continue
        if inner > level:
            level, count = inner, many
    return level, count


def opened(values: Any) -> list[Any]:
    """The values, with lists and tuples among them opened."""
    return [part for value in values for part in (value if isinstance(value, (list, tuple)) else (value,))]


def sample(value: Any, level: int, i: int) -> Any:
    """Sample i of what is batched at a level, looking into lists and tuples."""
    if isinstance(value, Batched):
        return value.data[i] if value.level == level else value
    if type(value) in (list, tuple):
        return type(value)(sample(part, level, i) for part in value)
    return value


def one_by_one(func: Callable[..., Any], args: Any, named: dict[str, Any]) -> Any:
    """func of each sample, the results stacked. Raises NotBatchable if they are of different shapes."""
    level, count = count_of((*args, *named.values()))
    if named.get("out") is not None or not count:
        raise NotBatchable(f"vmap: {getattr(func, '__name__', func)} cannot be done one sample at a time")
    rows = [
        func(*[sample(a, level, i) for a in args], **{k: sample(v, level, i) for k, v in named.items()})
        for i in range(count)
    ]
    return stacked(level, rows)


def stacked(level: int, rows: list[Any]) -> Any:
    """Results of each sample, as one of all."""
    if isinstance(rows[0], (tuple, list)):
        parts = [stacked(level, list(column)) for column in zip(*rows, strict=True)]
        kind = type(rows[0])
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    if rows[0] is None:
        return None
    if len({np.shape(row) if not isinstance(row, Batched) else row.shape for row in rows}) > 1:
        raise NotBatchable("vmap: the samples give results of different shapes")
    if not isinstance(rows[0], (Batched, np.ndarray)) and not np.isscalar(rows[0]):
        raise NotBatchable(f"vmap: the samples give {type(rows[0]).__name__}, which cannot be stacked")
    return Batched(level, np.stack(rows))


for _name in (
    "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift eq ne lt le gt ge"
).split():  # NumPy's ufuncs under Python's names
    _ufunc: Any = {
        "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
        "mod": np.remainder, "pow": np.power, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
        "lshift": np.left_shift, "rshift": np.right_shift, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
        "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "add": np.add, "matmul": np.matmul,
    }[_name]  # fmt: skip
    setattr(Batched, f"__{_name}__", lambda self, other, _f=_ufunc: _f(self, other))
    if _name not in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Batched, f"__r{_name}__", lambda self, other, _f=_ufunc: _f(other, self))
        setattr(Batched, f"__i{_name}__", lambda self, other, _f=_ufunc: _f(self, other, out=self))
for _name, _ufunc in {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}.items():
    setattr(Batched, f"__{_name}__", lambda self, _f=_ufunc: _f(self))
Batched.__hash__ = object.__hash__  # type: ignore[method-assign]
