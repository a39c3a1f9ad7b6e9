"""LAPACK's routines that NumPy does not offer, by SciPy, for every matrix of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends.science import science

__all__: list[str] = []


def routine(name: str, array: Any, what: str) -> Any:
    """The routine (`getrf`, `sytrf`, ..) for the array's dtype. what: who needs it, for the error without SciPy."""
    return science(np, "linalg", what).get_lapack_funcs((name,), (np.empty(0, array.dtype),))[0]


def each(
    xp: Any, compute: Callable[..., Any], batch: Sequence[int], arrays: Sequence[tuple[Any, int]],
    outs: Sequence[tuple[tuple[int, ...], Any]],
) -> tuple[Any, ...]:  # fmt: skip
    """`compute` on each item of a batch, on the CPU.

    arrays: with the number of their last axes that make one item; they are broadcast to `batch`.
    outs: shape and dtype of an item of each result. Nothing is called for items without elements.
    """
    host = []
    for array, own in arrays:
        part = backends.cpu.asarray(array)
        host.append(np.broadcast_to(part, (*batch, *part.shape[part.ndim - own :])))
    made = [np.zeros((*batch, *shape), dtype) for shape, dtype in outs]
    if all(part.size for part in host):
        for index in np.ndindex(*batch):
            for target, value in zip(made, compute(*(part[index] for part in host)), strict=True):
                target[index] = value
    return tuple(made) if xp is np else tuple(xp.asarray(part) for part in made)
