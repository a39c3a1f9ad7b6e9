"""Whether two results are the same: kind, dtype, shape, values, and which of them require grad."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import gradbook
from tests.parity.replay import flat
from tests.parity.twins import array_of

# (relative to the largest value of the tensor or to the value itself, absolute)
TOLERANCE = {
    "bfloat16": (2e-2, 1e-3),
    "float16": (4e-3, 1e-4),
    "float32": (5e-5, 1e-6),
    "float64": (1e-7, 1e-11),
    "complex64": (5e-5, 1e-6),
    "complex128": (1e-7, 1e-11),
}


def dtype_name(tensor: Any) -> str:
    """`float32`, whichever library it is of."""
    return str(tensor.dtype).rpartition(".")[2]


def wide(tensor: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor of either library, wide enough to compare."""
    array = array_of(tensor) if isinstance(tensor, torch.Tensor) else np.asarray(tensor.detach()._array)
    if array.dtype.kind in "fV":
        return array.astype(np.float64)
    return array.astype(np.complex128) if array.dtype.kind == "c" else array


def difference(theirs: Any, mine: Any, grad: bool = False, loose: float = 1.0) -> str:
    """What differs, or an empty text. `grad`: also which outputs require grad. `loose`: a factor on the tolerance."""
    expected, found = flat(theirs), flat(mine)
    if len(expected) != len(found):
        return f"{len(found)} outputs, not {len(expected)}"
    for i, (one, other) in enumerate(zip(expected, found, strict=True)):
        where = f"output {i}: " if len(expected) > 1 else ""
        if isinstance(one, torch.Tensor):
            problem = tensor_difference(one, other, loose)
            if not problem and grad and one.requires_grad != other.requires_grad:
                problem = f"requires_grad {other.requires_grad}, not {one.requires_grad}"
        else:
            problem = plain_difference(one, other)
        if problem:
            return where + problem
    return ""


def plain_difference(theirs: Any, mine: Any) -> str:
    """The same for numbers, dtypes and whatever else is no tensor."""
    if isinstance(theirs, (float, complex)):
        same = isinstance(mine, (int, float, complex)) and np.isclose(theirs, mine, rtol=1e-5, equal_nan=True)
    elif isinstance(theirs, (torch.dtype, torch.device)):
        same = str(theirs).rpartition(".")[2] == str(mine).rpartition(".")[2]
    else:
        same = theirs == mine and isinstance(mine, bool) == isinstance(theirs, bool)
    return "" if same else f"{mine!r}, not {theirs!r}"


def meta_difference(theirs: torch.Tensor, mine: Any) -> str:
    """The same for what is not a value: kind, dtype, shape."""
    if not isinstance(mine, gradbook.Tensor):
        return f"{type(mine).__name__}, not a tensor"
    if dtype_name(mine) != dtype_name(theirs):
        return f"dtype {dtype_name(mine)}, not {dtype_name(theirs)}"
    if tuple(mine.shape) != tuple(theirs.shape):
        return f"shape {tuple(mine.shape)}, not {tuple(theirs.shape)}"
    return ""


def tensor_difference(theirs: torch.Tensor, mine: Any, loose: float = 1.0) -> str:
    """The same for one tensor."""
    problem = meta_difference(theirs, mine)
    if problem or not theirs.numel():
        return problem
    expected, found = wide(theirs), wide(mine)
    if expected.dtype.kind not in "fc":
        wrong = int((expected != found).sum())
        return f"{wrong} of {expected.size} {dtype_name(theirs)} values differ" if wrong else ""
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(found)):
        return "nan or inf in other places"
    if expected.dtype.kind == "f" and not np.array_equal(expected[~finite], found[~finite], equal_nan=True):
        return "another nan or inf"
    relative, absolute = TOLERANCE[dtype_name(theirs)]
    scale = float(np.abs(expected[finite]).max()) if finite.any() else 0.0
    error = np.abs(expected[finite] - found[finite])
    if error.size and error.max() > loose * (relative * scale + absolute):
        return f"off by {error.max():.3g} where the largest value is {scale:.3g}"
    return ""
