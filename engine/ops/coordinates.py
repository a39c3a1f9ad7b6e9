"""Where elements are: flat indices as coordinates, and those of what is not zero, in a fixed number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.tensor import Tensor, method

__all__ = ["nonzero_static", "unravel_index"]


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The coordinates, in a tensor of `shape`, of flat indices, as torch.unravel_index: (*) -> one (*) int64 an axis.

    Raises TypeError unless the indices and lengths are integers, ValueError for a negative length.
    """
    array = tensor_of("unravel_index", indices)._array
    if array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype!r}")
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    for length in lengths:
        if not isinstance(length, (int, np.integer)):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(length)}")
    if any(length < 0 for length in lengths):
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(lengths)}")
    rest = backends.xp_of(array).array(array, np.int64)
    found: list[Tensor] = []
    for length in reversed(lengths):
        found.append(Tensor._of(backends.as_array(rest % length, array)))
        rest = rest // length
    return tuple(reversed(found))


@method("nonzero_static")
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """The coordinates of the first `size` elements that are not zero, then fill_value, as torch.nonzero_static.

    (*) -> (size, ndim) int64. Raises RuntimeError for a negative size.
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, got {size}")
    array = tensor_of("nonzero_static", input)._array
    xp = backends.xp_of(array)
    made = xp.full((size, array.ndim), fill_value, np.int64)
    if array.ndim:
        found = xp.argwhere(array)[:size]
        made[: len(found)] = found
    return write_out("nonzero_static", Tensor._of(made), out)
