"""The array module of arrays with one hidden axis: NumPy's functions, and new arrays that have the axis too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends.batched import Batched, count_of, tuple_of

__all__ = ["Module", "module_of"]


def module_of(values: Sequence[Any]) -> Module:
    """The array module for the highest level among arrays."""
    level, count = count_of(values)
    below = [x.data if isinstance(x, Batched) and x.level == level else x for x in values]
    return Module(level, count, backends.xp_of(*below))


class Module:
    """The array module of Batched arrays: NumPy's functions, except that new arrays have the hidden axis too."""

    def __init__(self, level: int, count: int, below: Any) -> None:
        self.level, self.count, self.below = level, count, below

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, shape: Any, dtype: Any = None, **_: Any) -> Batched:
        """Zeros, for each sample its own."""
        return self._made("zeros", shape, dtype)

    def ones(self, shape: Any, dtype: Any = None, **_: Any) -> Batched:
        """Ones, for each sample its own."""
        return self._made("ones", shape, dtype)

    def empty(self, shape: Any, dtype: Any = None, **_: Any) -> Batched:
        """Memory, for each sample its own."""
        return self._made("empty", shape, dtype)

    def full(self, shape: Any, value: Any, dtype: Any = None, **_: Any) -> Batched:
        """One value, for each sample its own."""
        made = self.empty(shape, np.asarray(value).dtype if dtype is None and not isinstance(value, Batched) else dtype)
        made[...] = value
        return made

    def _made(self, name: str, shape: Any, dtype: Any) -> Batched:
        return Batched(self.level, getattr(self.below, name)((self.count, *tuple_of(shape)), dtype or np.float64))

    def asarray(self, value: Any, dtype: Any = None, **_: Any) -> Any:
        """The value as an array; a Batched stays one."""
        if isinstance(value, Batched):
            return value if dtype is None else value.astype(dtype, copy=False)
        return np.asarray(value, dtype)

    ascontiguousarray = asanyarray = asarray

    def array(self, value: Any, dtype: Any = None, copy: bool = True, **_: Any) -> Any:
        """The value as a new array."""
        made = self.asarray(value, dtype)
        return made.copy() if copy and made is value else made
