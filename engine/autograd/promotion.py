"""PyTorch's dtype promotion of operands, and why arrays refused to be combined.

Differs: a NumPy array is taken as second operand of add, sub and the like (gradbook.add(x, array)), where PyTorch
raises TypeError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.errors import Card, DeviceError, DTypeError, ShapeError, UnsupportedDTypeError
from gradbook.tensor import Tensor

ndarray = np.ndarray
float32_numbers: dict[Any, Any] = {}  # Python numbers met so far, as 0-d float32 arrays; never 0 or nan
_numbers: dict[Any, dict[Any, Any]] = {}  # the same, by other dtypes


def scalar_array(value: Any, array_dtype: np.dtype[Any]) -> Any:
    """A Python number as a 0-d array, remembered: making one costs more than adding two small arrays."""
    if value == 0 or value != value:  # 0.0 == -0.0, and nan is never found again
        return np.asarray(value, array_dtype)
    numbers = float32_numbers if array_dtype is dtypes.F32 else _numbers.setdefault(array_dtype, {})
    found = numbers.get(value)
    if found is None:
        if len(numbers) > 4096:
            numbers.clear()
        try:
            found = np.asarray(value, array_dtype)
        except OverflowError:
            found = np.asarray(value).astype(array_dtype)
        found.flags.writeable = False
        numbers[value] = found
    return found


def mixed(name: str, a: Any, b: Any, float_input: bool = False) -> tuple[Any, Any, Any, Any]:
    """Two operands of which one is no Tensor. -> arrays of one dtype, and the edges."""
    tensor, number = (a, b) if isinstance(a, Tensor) else (b, a)
    array = tensor._array
    if float_input and array.dtype.kind in "iub" and not backends.is_array(number):
        array = array.astype(dtypes._default._np)  # -2 is no uint8, but a float it is
    x, y = with_number(name, array, number, tensor)
    return (x, y, a._node, None) if tensor is a else (y, x, None, b._node)


def with_number(name: str, array: Any, number: Any, tensor: Any) -> tuple[Any, Any]:
    """An array and a Python number, promoted as PyTorch promotes them. Raises TypeError for anything else."""
    kind, wanted = array.dtype.kind, array.dtype
    if name == "sub" and (kind == "b" or isinstance(number, (bool, np.bool_))):
        raise dtype_error(name, np.empty(0, bool))
    if isinstance(number, (bool, np.bool_)):
        pass
    elif isinstance(number, (int, np.integer)):
        if kind == "b":
            wanted = dtypes.I64
    elif isinstance(number, (float, np.floating)):
        if kind in "biu":
            wanted = dtypes._default._np
    elif isinstance(number, complex):
        if kind != "c":
            wanted = dtypes.of_np(array.dtype).to_complex()._np if kind == "f" else dtypes._default.to_complex()._np
    elif backends.is_array(number):
        pair = promote_arrays(name, (tensor, number), [array, number])
        return pair[0], pair[1]
    else:
        kinds = f"Tensor and {type(number).__name__}"
        raise TypeError(f"{name}(): unsupported operand types {kinds}; make it a tensor first: gradbook.tensor(...)")
    if wanted is not array.dtype:
        array = array.astype(wanted)
    other = scalar_array(number, wanted)
    return array, (other if type(array) is ndarray else backends.like(other, array))


def promote_arrays(name: str, operands: Sequence[Any], arrays: list[Any]) -> list[Any]:
    """Bring arrays (and numbers) to PyTorch's common dtype: dimensioned tensors over 0-d ones over numbers."""
    if arrays and all([type(array) is ndarray and array.dtype is dtypes.F32 for array in arrays]):
        return arrays
    wanted: Any = None
    rank = -1  # 2 dimensioned, 1 zero-dimensional, 0 number
    parts: list[Any] = [None, None, None]
    for array in arrays:
        if array is None:
            continue
        if backends.is_array(array):
            level, found = (2 if array.ndim else 1), array.dtype
        else:
            level, found = 0, number_dtype(array)
        if name == "sub" and found == dtypes.B8:
            raise dtype_error(name, np.empty(0, bool))
        if found not in dtypes._BY_ARRAY:
            raise DTypeError(f"{name}: arrays of dtype {found} have no tensor dtype")
        parts[level] = found if parts[level] is None else dtypes.promote_np(parts[level], found)
        rank = max(rank, level)
    for level in (2, 1, 0):
        if parts[level] is not None:
            wanted = parts[level] if wanted is None else lower_priority(wanted, parts[level])
    return [
        a if a is None or getattr(a, "dtype", None) is wanted
        else a.astype(wanted) if backends.is_array(a) else scalar_array(a, wanted)
        for a in arrays
    ]  # fmt: skip


def number_dtype(number: Any) -> Any:
    """The dtype a bare Python number promotes with."""
    if isinstance(number, bool):
        return dtypes.B8
    if isinstance(number, int):
        return dtypes.I64
    if isinstance(number, complex):
        return dtypes._default.to_complex()._np
    return dtypes._default._np


def lower_priority(wanted: Any, other: Any) -> Any:
    """`other` is of lower priority: it changes the dtype only if its category is higher."""
    category, new = dtypes.category_of(wanted), dtypes.category_of(other)
    if new <= category:
        return wanted
    if new == dtypes.COMPLEX and category == dtypes.FLOATING:
        return dtypes.of_np(wanted).to_complex()._np
    return other


def operand_error(name: str, x: Any, y: Any, error: Exception) -> Exception:
    """Why an array function refused two operands: their devices, or their shapes."""
    places = [backends.device_of(v)[0] for v in (x, y) if backends.is_array(v)]
    if len(set(places)) > 1:
        return DeviceError(
            f"{name}: Expected all tensors to be on the same device, but found at least two devices, {places[0]} and "
            f"{places[1]}! Move one with .to({places[0]!r})"
        )
    if isinstance(error, ValueError) and backends.is_array(x) and backends.is_array(y):
        return broadcast_error(name, x.shape, y.shape)
    if isinstance(error, TypeError) and backends.is_array(x):
        return dtype_error(name, x)
    return error


def mismatch(name: str, arrays: Sequence[Any], error: ValueError) -> Exception:
    """Why an array function refused its operands: a pair whose shapes do not broadcast, or what it says itself."""
    if "could not be broadcast" not in str(error):
        return error
    seen: tuple[int, ...] = ()
    for array in arrays:
        if backends.is_array(array):
            try:
                seen = np.broadcast_shapes(seen, array.shape)
            except ValueError:
                return broadcast_error(name, seen, array.shape)
    return error


def dtype_error(name: str, array: Any) -> DTypeError:
    """Why an array function refused the dtype of its operands."""
    kind = dtypes.of_array(array)
    if kind is dtypes.bool_ and name in ("sub", "neg"):
        what = "Subtraction, the `-` operator, with" if name == "sub" else "Negation, the `-` operator, on"
        return DTypeError(
            f"{what} a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )
    return UnsupportedDTypeError(f'"{name}_cpu" not implemented for {kind!r}; convert it first')


def broadcast_error(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> ShapeError:
    """Why two shapes do not broadcast, naming the axis, as PyTorch counts it."""
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            axis = max(len(a), len(b)) - back
            text = (
                f"{name}: The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) at "
                f"non-singleton dimension {axis}; a is {tuple(a)}, b is {tuple(b)}. Axes are matched from the right "
                "and must be equal or 1"
            )
            operands = [{"name": "a", "shape": tuple(a)}, {"name": "b", "shape": tuple(b)}]
            return ShapeError(text, card=Card(op=name, operands=operands, explanation=text))
    return ShapeError(f"{name}: shapes {tuple(a)} and {tuple(b)} do not broadcast")
