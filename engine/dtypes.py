"""dtypes, their NumPy counterparts, and PyTorch's promotion rules."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

__all__ = ["dtype", "finfo", "get_default_dtype", "iinfo", "set_default_dtype"]

BOOL, INTEGRAL, FLOATING, COMPLEX = range(4)


class dtype:
    """The type of a tensor's elements, as torch.dtype: `gradbook.float32` and its kin are the only instances."""

    __slots__ = ("_category", "_name", "_np", "itemsize")

    def __init__(self, name: str, array_dtype: np.dtype[Any], category: int) -> None:
        self._name, self._np, self._category = name, array_dtype, category
        self.itemsize = array_dtype.itemsize

    @property
    def is_floating_point(self) -> bool:
        """True for float16, bfloat16, float32 and float64."""
        return self._category == FLOATING

    @property
    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self._category == COMPLEX

    @property
    def is_signed(self) -> bool:
        """True unless bool or uint8."""
        return self._name not in ("bool", "uint8", "uint16", "uint32", "uint64")

    def to_real(self) -> dtype:
        """complex64 -> float32, complex128 -> float64, others themselves."""
        return {"complex64": float32, "complex128": float64}.get(self._name, self)

    def to_complex(self) -> dtype:
        """float32 -> complex64, float64 -> complex128. Differs: float16 -> complex64, as there is no complex32."""
        return complex128 if self is float64 else complex64 if self._category == FLOATING else self

    def __repr__(self) -> str:
        return f"gradbook.{self._name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return by_name, (self._name,)


def _make(name: str, scalar_type: Any, category: int) -> dtype:
    made = dtype(name, np.dtype(scalar_type), category)
    _BY_ARRAY[made._np] = made
    return made


_BY_ARRAY: dict[np.dtype[Any], dtype] = {}
bool_ = _make("bool", np.bool_, BOOL)
uint8 = _make("uint8", np.uint8, INTEGRAL)
int8 = _make("int8", np.int8, INTEGRAL)
int16 = short = _make("int16", np.int16, INTEGRAL)
int32 = int_ = _make("int32", np.int32, INTEGRAL)
int64 = long = _make("int64", np.int64, INTEGRAL)
uint16 = _make("uint16", np.uint16, INTEGRAL)
uint32 = _make("uint32", np.uint32, INTEGRAL)
uint64 = _make("uint64", np.uint64, INTEGRAL)
float16 = half = _make("float16", np.float16, FLOATING)
bfloat16 = _make("bfloat16", ml_dtypes.bfloat16, FLOATING)
float32 = float_ = _make("float32", np.float32, FLOATING)
float64 = double = _make("float64", np.float64, FLOATING)
complex64 = cfloat = _make("complex64", np.complex64, COMPLEX)
complex128 = cdouble = _make("complex128", np.complex128, COMPLEX)

PUBLIC = {  # the names under which gradbook exports them
    "bool": bool_, "uint8": uint8, "int8": int8, "int16": int16, "short": short, "int32": int32, "int": int_,
    "int64": int64, "long": long, "uint16": uint16, "uint32": uint32, "uint64": uint64, "float16": float16,
    "half": half, "bfloat16": bfloat16, "float32": float32, "float": float_, "float64": float64, "double": double,
    "complex64": complex64, "cfloat": cfloat, "complex128": complex128, "cdouble": cdouble,
}  # fmt: skip
F32, F64, I64, B8 = float32._np, float64._np, int64._np, bool_._np
BF16 = bfloat16._np

_default = float32


def by_name(name: str) -> dtype:
    """The dtype called `name`, such as "float32"."""
    return PUBLIC[name]


def get_default_dtype() -> dtype:
    """The dtype of new floating point tensors, as torch.get_default_dtype."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of new floating point tensors. Raises TypeError unless it is a floating dtype."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = d


def of_array(array: Any) -> dtype:
    """The dtype of an array. Raises TypeError if PyTorch has none like it."""
    found = _BY_ARRAY.get(array.dtype)
    if found is None:
        native = array.dtype.newbyteorder("=")
        if native not in _BY_ARRAY:
            known = ", ".join(map(repr, _BY_ARRAY.values()))
            raise TypeError(f"arrays of dtype {array.dtype} have no tensor dtype; use one of {known}")
        found = _BY_ARRAY[native]
    return found


def of_np(array_dtype: np.dtype[Any]) -> dtype:
    """The dtype for a NumPy dtype."""
    return _BY_ARRAY[np.dtype(array_dtype)]


def category_of(array_dtype: np.dtype[Any]) -> int:
    """BOOL, INTEGRAL, FLOATING or COMPLEX of a NumPy dtype."""
    return _BY_ARRAY[array_dtype]._category


def promote_np(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The NumPy dtype that PyTorch promotes two dtypes of equal priority to (torch.promote_types)."""
    if a == b:
        return a
    found = _PROMOTED.get((a, b))
    if found is None:
        found = _PROMOTED[a, b] = _promote(_BY_ARRAY[a], _BY_ARRAY[b])._np
    return found


def _promote(a: dtype, b: dtype) -> dtype:
    if a._category < b._category:
        a, b = b, a
    if a._category == COMPLEX:
        wide = complex128 in (a, b) or float64 in (a, b)
        return complex128 if wide else complex64
    if a._category == FLOATING:
        if b._category < FLOATING:
            return a
        if {a, b} == {float16, bfloat16}:
            return float32
    return _BY_ARRAY[np.result_type(a._np, b._np)] if bfloat16 not in (a, b) else (a if b is bfloat16 else b)


_PROMOTED: dict[tuple[np.dtype[Any], np.dtype[Any]], np.dtype[Any]] = {}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that both promote to, as torch.promote_types."""
    return _BY_ARRAY[promote_np(type1._np, type2._np)]


def can_cast(from_: dtype, to: dtype) -> bool:
    """True if a result of dtype `from_` may be written to a tensor of dtype `to`, as torch.can_cast."""
    return from_._category <= to._category


class finfo:
    """Limits of a floating point dtype, as torch.finfo: bits, eps, max, min, tiny, smallest_normal, resolution."""

    def __init__(self, type: dtype | None = None) -> None:
        d = type or _default
        if d._category < FLOATING:
            raise TypeError(f"finfo: {d!r} is not a floating point type; use iinfo")
        info = ml_dtypes.finfo(d.to_real()._np)  # type: ignore[no-untyped-call]
        self.dtype = d._name
        self.bits, self.eps, self.max, self.min = info.bits, _py(info.eps), _py(info.max), _py(info.min)
        self.tiny = self.smallest_normal = _py(info.tiny)
        self.resolution = _py(info.resolution)


class iinfo:
    """Limits of an integer dtype, as torch.iinfo: bits, max, min."""

    def __init__(self, type: dtype) -> None:
        if type._category != INTEGRAL:
            raise TypeError(f"iinfo: {type!r} is not an integer type; use finfo")
        info = np.iinfo(type._np)
        self.dtype, self.bits, self.max, self.min = type._name, info.bits, info.max, info.min


def _py(value: Any) -> Any:
    return np.asarray(value).astype(np.float64).item()
