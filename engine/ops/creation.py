"""New tensors: from data, filled, counted, triangular; copies in another dtype or on another device."""

from __future__ import annotations

import builtins
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode
from gradbook.autograd.inference import mark
from gradbook.device import CPU, get_default_device, place
from gradbook.device import device as device_type
from gradbook.layout import empty_in
from gradbook.ops.arguments import array_dtype, shape_given, shape_of, with_out, write_out
from gradbook.ops.elements import array_of_elements, has_tensors, tensors_in
from gradbook.tensor import Tensor, leaf_node, method

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "eye", "from_numpy", "full", 
    "is_complex", "is_floating_point", "is_nonzero", "is_tensor", "linspace", "logspace", "numel", "ones",
    "range", "scalar_tensor", "tensor", "tril_indices", "triu_indices", "zeros", 
]  # fmt: skip

# -- from data -------------------------------------------------------------------------------------------------------


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor with a copy of `data` (a number, nested sequences, an array or a Tensor), as torch.tensor.

    Without dtype: Python floats become the default dtype, ints int64, bools bool; arrays and tensors keep theirs.
    Raises ValueError for ragged sequences, TypeError or RuntimeError for what is no number.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than gradbook.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    array = array_from(data, array_dtype(dtype))
    where = device if device is not None or not isinstance(data, Tensor) else data.device
    made = leaf(array, where, requires_grad)
    if events.cut:
        for source in tensors_in(data):
            events.emit(events.cut, "tensor", source, made)
    return made


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where its dtype and device allow (torch.as_tensor)."""
    if isinstance(data, np.ndarray):
        data = from_numpy(data)
    elif backends.is_array(data):
        data = Tensor._of(data)
    if isinstance(data, Tensor):
        result: Tensor = data.to(device=device, dtype=dtype)
        return result
    return leaf(array_from(data, array_dtype(dtype)), device)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor, copied if `copy`, shared if it is False (ValueError if it cannot be), as torch.asarray."""
    if isinstance(obj, (bytes, bytearray, memoryview)):
        from gradbook.ops.exchange import frombuffer

        obj = frombuffer(obj, dtype=dtype or dtypes._default)
    made = as_tensor(obj, dtype, device)
    shared = made is obj or (backends.is_array(obj) and np.shares_memory(made._array, obj))
    if copy is False and not shared:
        raise ValueError("can't alias arbitrary object or dtype without a copy; leave copy=None")
    if copy and (shared or made is obj):
        made = made.clone()
    if not made.requires_grad or requires_grad:
        made = made if made.requires_grad == requires_grad else made.detach().requires_grad_(requires_grad)
    return made


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares memory with an array. Raises TypeError unless it is an ndarray of a dtype we have."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ValueError("given numpy array has byte order different from the native byte order; convert it first")
    if ndarray.dtype not in dtypes._BY_ARRAY:
        raise TypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}. The only supported types are: "
            f"{', '.join(d._name for d in dtypes._BY_ARRAY.values())}."
        )
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "supported: copy it first, as in from_numpy(array.copy())"
        )
    if not ndarray.flags.writeable:
        _warn_of_read_only()
    made: Tensor = Tensor._of(np.asarray(ndarray))
    if events.cut:
        events.emit(events.cut, "numpy", None, made)
    return made


def _warn_of_read_only() -> None:
    """Warn, once, that a tensor shares memory that cannot be written to."""
    global _read_only_told
    if not _read_only_told:
        _read_only_told = True
        warnings.warn(
            "The given NumPy array is not writable: writing to the tensor that shares its memory raises an error. Copy "
            "the array first if you mean to. (This is said once.)",
            UserWarning,
            stacklevel=3,
        )


_read_only_told = False


def array_from(data: Any, wanted: Any) -> Any:
    """A new array with a copy of nested data, in PyTorch's choice of dtype unless one is wanted."""
    if isinstance(data, Tensor):
        data = data._array
    if backends.is_array(data):
        return data.astype(wanted or dtypes.of_array(data)._np)
    first = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, Tensor):
        return array_of_elements(data, wanted)
    if isinstance(first, (list, tuple)):  # empty
        return np.array(data, wanted or dtypes._default._np)
    if wanted is not None and wanted.kind in "iub" and not isinstance(first, float):
        return _array(data, wanted, wanted)
    array = _array(data, None, wanted)
    kind = array.dtype.kind
    if kind == "O" or kind not in "biufcV" or array.dtype not in dtypes._BY_ARRAY:
        _refuse(first, data)
    if wanted is not None:
        return array.astype(wanted)
    if isinstance(first, (np.ndarray, np.generic)) or backends.is_array(first):
        return array if array.dtype == first.dtype or kind != "f" else array.astype(first.dtype)
    if kind == "f":
        with np.errstate(over="ignore"):
            return array.astype(dtypes._default._np)
    return array.astype(dtypes._default.to_complex()._np) if kind == "c" else array


def _array(data: Any, wanted: Any, asked: Any) -> Any:
    """np.array with PyTorch's exceptions; `asked` is the dtype of the user, for data that NumPy cannot take."""
    try:
        return np.array(data, wanted)
    except ValueError as error:
        if "inhomogeneous" in str(error) or "sequence" in str(error):
            if has_tensors(data):
                return array_of_elements(data, asked)
            raise ValueError(f"expected sequences of equal length at every depth: {error}") from None
        raise
    except OverflowError as error:
        if wanted is not None and wanted.kind == "u":
            wide = np.array(data)
            if (
                wide.dtype.kind == "i"
                and wide.min() >= -int(np.iinfo(wanted).max)
                and wide.max() <= np.iinfo(wanted).max
            ):
                return wide.astype(wanted)  # -1 is the largest number, as in C
        raise RuntimeError(f"value cannot be converted to type {wanted} without overflow") from error
    except TypeError as error:
        raise TypeError(
            f"tensor(): data of type {type(data).__name__} holds something that is no number: {error}"
        ) from None


def _refuse(first: Any, data: Any) -> None:
    """Raise what PyTorch raises for data without a dtype: another type inside a sequence than alone."""
    inside = isinstance(data, (list, tuple))
    first = next((part for part in _leaves(data) if not isinstance(part, (int, float, builtins.complex))), first)
    if isinstance(first, (str, bytes)):
        kind = type(first).__name__
        raise ValueError(f"too many dimensions '{kind}'") if inside else TypeError(f"new(): invalid data type '{kind}'")
    if isinstance(first, int):
        text = "Overflow when unpacking long long: the number does not fit into int64"
        raise ValueError(text)
    raise RuntimeError(f"Could not infer dtype of {type(first).__name__}")


def _leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, (list, tuple)):
        for part in data:
            yield from _leaves(part)
    else:
        yield data


def leaf(array: Any, where: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor around an array, on a device, asked to require grad or not."""
    if not backends.is_array(array):  # NumPy's arithmetic on 0-d arrays gives scalars
        array = np.asarray(array)
    made: Tensor = Tensor._of(array if where is None and get_default_device() is CPU else place(array, where))
    if requires_grad:
        if array.dtype.kind not in "fcV":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made._node = leaf_node(made)
    if grad_mode.state.inference:
        mark(made)
    if events.made:
        events.emit(events.made, made)
    return made


def fixed(array: Any) -> Tensor:
    """A tensor around an array that the library made of sizes alone: the same one whenever they are the same."""
    made: Tensor = Tensor._of(array)
    if events.made:
        events.emit(events.made, made)
    return made


# -- filled ----------------------------------------------------------------------------------------------------------


def module_for(where: Any) -> Any:
    """The array module for a device argument."""
    chosen = get_default_device() if where is None else device_type(where)
    return np if chosen.type == "cpu" else backends.of_device(chosen.type).xp()


def zeros(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Zeros of shape `size`, as torch.zeros. Raises RuntimeError for a negative length."""
    shape = shape_given("zeros", size, named)
    array = module_for(device).zeros(shape, array_dtype(dtype, "zeros") or dtypes._default._np)
    return write_out("zeros", leaf(array, device, requires_grad), out)


def ones(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Ones of shape `size`, as torch.ones. Raises RuntimeError for a negative length."""
    shape = shape_given("ones", size, named)
    array = module_for(device).ones(shape, array_dtype(dtype, "ones") or dtypes._default._np)
    return write_out("ones", leaf(array, device, requires_grad), out)


def empty(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False, memory_format: Any = None, **named: Any,
) -> Tensor:  # fmt: skip
    """A tensor of shape `size` with whatever memory held, as torch.empty."""
    shape = shape_given("empty", size, named)
    array = empty_in(module_for(device), shape, array_dtype(dtype, "empty") or dtypes._default._np, memory_format)
    return write_out("empty", leaf(array, device, requires_grad), out)


def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of shape `size` filled with one number, whose kind decides the dtype (torch.full)."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    array = module_for(device).full(shape_of("full", (size,)), value, array_dtype(dtype, "full") or number_kind(value))
    return write_out("full", leaf(array, device, requires_grad), out)


def number_kind(value: Any) -> Any:
    """The NumPy dtype of a tensor made of one Python number."""
    if isinstance(value, (bool, np.bool_)):
        return dtypes.B8
    if isinstance(value, (int, np.integer)):
        return dtypes.I64
    return dtypes._default.to_complex()._np if isinstance(value, builtins.complex) else dtypes._default._np


def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A 0-d tensor of the default dtype, whatever kind of number `s` is (torch.scalar_tensor)."""
    return leaf(np.asarray(s).astype(array_dtype(dtype) or dtypes._default._np), device, requires_grad)


# -- counted ---------------------------------------------------------------------------------------------------------


def arange(
    *bounds: Any,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    **named: Any,
) -> Tensor:
    """start, start + step, … below end: arange(end), arange(start, end, step), as torch.arange.

    int64 if all three are ints, else the default dtype. Raises RuntimeError for step 0 or a step away from end.
    """
    start, end, step = _bounds(bounds, named)
    kind = array_dtype(dtype, "arange")
    if kind is None:
        kind = dtypes.I64 if all(isinstance(v, (int, np.integer)) for v in (start, end, step)) else dtypes._default._np
    if kind == dtypes.I64:  # of all dtypes only this one cuts the bounds first, as in PyTorch
        start, end, step = int(start), int(end), int(step)
    _check_step("arange", start, end, step)
    count = max(0, math.ceil((end - start) / step))
    xp = module_for(device)
    if kind == dtypes.I64:
        array = xp.arange(start, start + count * step, step, dtype=kind)
    else:
        array = (start + step * xp.arange(count, dtype=np.float64)).astype(kind)
    return write_out("arange", leaf(array, device, requires_grad), out)


@with_out
def range(*bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **named: Any) -> Tensor:
    """As arange, with `end` included (torch.range; deprecated there too)."""
    start, end, step = _bounds(bounds, named)
    _check_step("range", start, end, step)
    count = math.floor((end - start) / step) + 1
    array = (start + step * module_for(device).arange(count, dtype=np.float64)).astype(
        array_dtype(dtype) or dtypes._default._np
    )
    return leaf(array, device, requires_grad)


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    names = ("end",) if len(bounds) == 1 and "end" not in named else ("start", "end", "step")
    values = {"start": 0, "step": 1, **dict(zip(names, bounds, strict=False)), **named}
    if len(bounds) > 3 or "end" not in values or set(values) - {"start", "end", "step"}:
        raise TypeError("arange() takes (end), (start, end) or (start, end, step)")
    found = [
        v.item() if isinstance(v, (Tensor, np.generic)) else v for v in (values["start"], values["end"], values["step"])
    ]
    for value in found:
        if not isinstance(value, (int, float)):
            raise TypeError(f"arange(): bounds must be numbers, not {type(value).__name__}")
    return found[0], found[1], found[2]


def _check_step(name: str, start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(map(math.isfinite, (start, end))):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"{name}(): upper bound and lower bound inconsistent with step sign")


def linspace(
    start: Any, end: Any, steps: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from start to end, both included, as torch.linspace. Raises RuntimeError for negative steps."""
    array = _evenly("linspace", start, end, steps, array_dtype(dtype), device)
    return write_out("linspace", leaf(array, device, requires_grad), out)


def logspace(
    start: Any, end: Any, steps: Any, base: float = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """base**start … base**end with evenly spaced exponents, as torch.logspace."""
    kind = array_dtype(dtype) or dtypes._default._np
    if kind.kind in "iu" and steps != 1:  # the ends, not only the powers, are cut to integers
        start, end = int(start), int(end)
    exponents = _evenly("logspace", start, end, steps, dtypes.F64 if kind.kind != "c" else kind, device)
    array = (np.asarray(float(base)) ** exponents).astype(kind)
    return write_out("logspace", leaf(array, device, requires_grad), out)


def _evenly(name: str, start: Any, end: Any, steps: Any, kind: Any, device: Any) -> Any:
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    steps = steps.item() if isinstance(steps, Tensor) else steps
    if isinstance(steps, float) or steps is None:
        raise TypeError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps < 0:
        raise RuntimeError(f"{name}(): number of steps must be non-negative")
    if kind is None:
        kind = number_kind(1j if isinstance(start, builtins.complex) or isinstance(end, builtins.complex) else 1.0)
    xp = module_for(device)
    if kind.kind in "iu":
        start, end = int(start), int(end)
    if steps == 1:
        return xp.full((1,), start, kind)
    work = kind if kind.kind in "fc" and kind.itemsize > 2 else dtypes.F64
    each = work.type((end - start) / max(steps - 1, 1))
    index = xp.arange(steps).astype(work if work.kind == "f" else dtypes.F64)
    half = steps // 2
    array = xp.empty(steps, work)  # from both ends, so that both are exact
    array[:half] = work.type(start) + each * index[:half]
    array[half:] = work.type(end) - each * index[: steps - half][::-1]
    return array.astype(kind)


def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal, (n, m), as torch.eye."""
    shape = shape_of("eye", (n, n if m is None else m))
    array = module_for(device).eye(*shape, dtype=array_dtype(dtype) or dtypes._default._np)
    return write_out("eye", leaf(array, device, requires_grad), out)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, layout: Any = None, device: Any = None,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Row and column indices of the lower triangle. -> (2, n)."""
    return leaf(np.stack(np.tril_indices(row, offset, col)).astype(array_dtype(dtype)), device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, layout: Any = None, device: Any = None,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Row and column indices of the upper triangle. -> (2, n)."""
    return leaf(np.stack(np.triu_indices(row, offset, col)).astype(array_dtype(dtype)), device)


# -- questions -------------------------------------------------------------------------------------------------------


def is_tensor(obj: Any) -> bool:
    """True for a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """True for float16, bfloat16, float32 and float64."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """True for complex64 and complex128."""
    return input.is_complex()


@method("is_nonzero")
def is_nonzero(input: Tensor) -> bool:
    """True if the only element is not zero. Raises RuntimeError if there is not exactly one."""
    return bool(input)


def numel(input: Tensor) -> int:
    """Number of elements."""
    return input.numel()
