"""Sorting among equals: PyTorch promises no order, so an index stands for the value it points to."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.parity.agree import wide

DIM_AT = {"argsort": 0, "kthvalue": 1, "msort": None, "sort": 0, "topk": 1}  # where `dim` stands among the arguments


def any_order(name: str, given: Any) -> bool:
    """True if a sample sorts equals, and does not ask for a stable order."""
    first, _, kwargs = given
    if name not in DIM_AT or kwargs.get("stable"):
        return False
    values = wide(first).ravel()
    return len(np.unique(values)) < values.size


def pointed(name: str, given: Any, result: Any) -> list[Any]:
    """A result with values for indices: arrays, which `np.testing` or a comparison of lists can take."""
    first, args, kwargs = given
    place = DIM_AT[name]
    dim = kwargs.get("dim", args[place] if place is not None and len(args) > place else -1)
    source = wide(first)
    outputs = list(result) if isinstance(result, tuple) else [result]
    found = []
    for part in outputs:
        array = wide(part)
        if part is outputs[-1] and name != "msort":
            index = array if array.ndim == source.ndim else np.expand_dims(array, dim)
            array = np.take_along_axis(source, index, dim) if source.ndim else source
        found.append(array)
    return found
