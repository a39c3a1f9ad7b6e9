"""Constants, names of types, and arithmetic on plain numbers that PyTorch also does on symbolic ones (torch.sym_*)."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.promotion import promote_arrays
from gradbook.tensor import Tensor

__all__ = [
    "e", "inf", "nan", "newaxis", "pi", "result_type", "sym_float", "sym_int", "sym_ite", "sym_max", "sym_min",
    "sym_not", "sym_sqrt", "sym_sum", "typename",
]  # fmt: skip

pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None


def typename(obj: Any) -> str:
    """The full name of a type: `gradbook.FloatTensor` of a tensor, else module and class (torch.typename)."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if isinstance(obj, type) else type(obj)
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__builtin__") else f"{module}.{kind.__qualname__}"


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype that arithmetic of two tensors or numbers gives, as torch.result_type."""
    operands = (tensor1, tensor2)
    parts = [
        np.empty((0,) * value._array.ndim, value._array.dtype) if isinstance(value, Tensor) else value
        for value in operands
    ]
    return dtypes.of_array(promote_arrays("result_type", operands, parts)[0])


def sym_int(a: Any) -> int:
    """A number cut to an integer (torch.sym_int)."""
    return int(a)


def sym_float(a: Any) -> float:
    """A number as a float (torch.sym_float)."""
    return float(a)


def sym_not(a: Any) -> bool:
    """Not a (torch.sym_not)."""
    return not a


def sym_max(a: Any, b: Any) -> Any:
    """The larger, a float if one of them is (torch.sym_max)."""
    return _same_kind(builtins.max(a, b), a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller, a float if one of them is (torch.sym_min)."""
    return _same_kind(builtins.min(a, b), a, b)


def _same_kind(value: Any, a: Any, b: Any) -> Any:
    return float(value) if isinstance(a, float) or isinstance(b, float) else value


def sym_sqrt(a: Any) -> float:
    """The square root of a number (torch.sym_sqrt)."""
    return math.sqrt(a)


def sym_ite(b: Any, t: Any, f: Any) -> Any:
    """T if b else f (torch.sym_ite)."""
    return t if b else f


def sym_sum(*args: Any) -> Any:
    """The sum of numbers, given as one list or one by one (torch.sym_sum)."""
    return sum(args[0] if len(args) == 1 and isinstance(args[0], (list, tuple)) else args)
