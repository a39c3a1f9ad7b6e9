"""assert_close: numbers, tensors, arrays, and sequences and mappings of them, equal within a tolerance.

The checks come in PyTorch's order, and the text of an AssertionError has its shape: what differs, how much at most and
where, and at which place of a container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import gradbook
from gradbook.tensor import Tensor

__all__ = ["assert_close"]

Message = str | Callable[[str], str] | None
# dtype -> (rtol, atol); exact for any other
TOLERANCES = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip


class _Check:
    """The options of one call, and where in its containers it stands."""

    def __init__(self, rtol: float | None, atol: float | None, equal_nan: bool, msg: Message, **checks: bool) -> None:
        if (rtol is None) != (atol is None):
            missing = "rtol" if rtol is None else "atol"
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
        self.rtol, self.atol, self.equal_nan, self.msg, self.checks = rtol, atol, equal_nan, msg, checks
        self.place: list[Any] = []

    def fail(self, text: str, kind: type[Exception] = AssertionError) -> Exception:
        if self.place:
            text += f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in self.place)}"
        if kind is AssertionError and self.msg is not None:
            text = self.msg(text) if callable(self.msg) else self.msg
        return kind(text)

    def tolerances(self, *dtypes: str) -> tuple[float, float]:
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        found = [TOLERANCES.get(name, (0.0, 0.0)) for name in dtypes]
        return max(rtol for rtol, _ in found), max(atol for _, atol in found)

    # -- what is compared with what ------------------------------------------------------------------------------

    def pair(self, actual: Any, expected: Any) -> None:
        if actual is None or expected is None:
            if actual is not expected:
                raise self.fail(f"None mismatch: {actual} is not {expected}")
        elif isinstance(actual, bool | np.bool_) and isinstance(expected, bool | np.bool_):
            if bool(actual) is not bool(expected):
                raise self.fail(f"Booleans mismatch: {actual} is not {expected}")
        elif _is_number(actual) and _is_number(expected):
            self.numbers(actual, expected)
        elif isinstance(actual, Tensor | np.ndarray) and isinstance(expected, Tensor | np.ndarray):
            self.tensors(actual, expected)
        elif _is_sequence(actual) and _is_sequence(expected):
            self.sequences(actual, expected)
        elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
            self.mappings(actual, expected)
        else:
            raise self.unable(actual, expected)

    def unable(self, actual: Any, expected: Any) -> Exception:
        text = f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
        return self.fail(text, TypeError)

    def sequences(self, actual: Any, expected: Any) -> None:
        if len(actual) != len(expected):
            raise self.fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}")
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            self.at(i, one, other)

    def mappings(self, actual: Any, expected: Any) -> None:
        missing, more = (sorted(a.keys() - b.keys(), key=str) for a, b in ((expected, actual), (actual, expected)))
        if missing or more:
            raise self.fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {more}"
            )
        for key in sorted(actual, key=str):
            self.at(key, actual[key], expected[key])

    def at(self, key: Any, actual: Any, expected: Any) -> None:
        self.place.append(key)
        self.pair(actual, expected)
        self.place.pop()

    # -- values ---------------------------------------------------------------------------------------------------

    def numbers(self, actual: Any, expected: Any) -> None:
        if self.checks["check_dtype"] and type(actual) is not type(expected):
            raise self.fail(f"The (d)types do not match: {type(actual)} != {type(expected)}.")
        names = [_kind_of(number) for number in (actual, expected)]
        self.scalars(actual, expected, *self.tolerances(*names))

    def scalars(self, actual: Any, expected: Any, rtol: float, atol: float) -> None:
        if actual == expected or (self.equal_nan and actual != actual and expected != expected):
            return
        apart = abs(actual - expected)
        if np.isfinite(apart) and apart <= atol + rtol * abs(expected):
            return
        relative = apart / abs(expected) if expected else float("inf")
        exact = not rtol and not atol
        raise self.fail(
            f"Scalars are not {'equal' if exact else 'close'}!\n\n"
            f"Expected {expected} but got {actual}.\n"
            f"Absolute difference: {apart}{'' if exact else f' (up to {atol} allowed)'}\n"
            f"Relative difference: {relative}{'' if exact else f' (up to {rtol} allowed)'}"
        )

    def tensors(self, actual: Any, expected: Any) -> None:
        different = type(actual) is not type(expected)
        if isinstance(actual, Tensor) != isinstance(expected, Tensor):
            raise self.unable(actual, expected)
        if different and not self.checks["allow_subclasses"]:
            raise self.unable(actual, expected)
        one, other = (gradbook.as_tensor(value).detach() for value in (actual, expected))
        if one.shape != other.shape:
            raise self.unlike("shape", one.shape, other.shape)
        for name, check in (("device", "check_device"), ("dtype", "check_dtype")):
            if self.checks[check] and getattr(one, name) != getattr(other, name):
                raise self.unlike(name, getattr(one, name), getattr(other, name))
        if self.checks["check_stride"] and one.stride() != other.stride():
            raise self.unlike("stride()", one.stride(), other.stride())
        self.elements(one, other)

    def unlike(self, name: str, actual: Any, expected: Any) -> Exception:
        return self.fail(f"The values for attribute '{name}' do not match: {actual} != {expected}.")

    def elements(self, one: Tensor, other: Tensor) -> None:
        rtol, atol = self.tolerances(*(str(t.dtype).rpartition(".")[2] for t in (one, other)))
        actual, expected = (_comparable(t) for t in (one, other))
        close = np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=self.equal_nan)
        if close.all():
            return
        if close.ndim == 0:
            self.scalars(actual.item(), expected.item(), rtol, atol)
            return
        exact = not rtol and not atol
        with np.errstate(all="ignore"):
            apart = np.where(close, 0, np.abs(actual - expected)).astype(_reported(one))
            relative = np.where(close, 0, _ratio(apart, np.abs(expected).astype(_reported(one))))
        lines = [
            f"Tensor-likes are not {'equal' if exact else 'close'}!\n",
            f"Mismatched elements: {(~close).sum()} / {close.size} ({(~close).mean():.1%})",
            _greatest("absolute", apart, atol, exact),
            _greatest("relative", relative, rtol, exact),
        ]
        raise self.fail("\n".join(lines))


def _reported(tensor: Tensor) -> Any:
    """The dtype that differences are said in: the tensor's own, as far as it has absolute values."""
    dtype = tensor.abs().dtype if tensor.dtype.is_complex else tensor.dtype
    return np.int64 if not dtype.is_floating_point else dtype._np


def _ratio(difference: Any, of: Any) -> Any:
    if difference.dtype.kind == "i":
        difference, of = difference.astype(np.float32), of.astype(np.float32)
    return difference / of


def _greatest(name: str, difference: Any, allowed: float, exact: bool) -> str:
    place = np.unravel_index(np.argmax(difference), difference.shape)
    where = tuple(int(i) for i in place)
    limit = "" if exact else f" (up to {allowed} allowed)"
    return f"Greatest {name} difference: {difference[place].item()} at index {where}{limit}"


def _comparable(tensor: Tensor) -> Any:
    """The elements as an array that NumPy can subtract."""
    array = tensor.cpu().numpy()
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    return array if array.dtype.kind in "fc" and array.dtype.itemsize > 2 else array.astype(np.float32)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)


def _kind_of(number: Any) -> str:
    if isinstance(number, int | np.integer):
        return "int64"
    return "float64" if isinstance(number, float | np.floating) else "complex128"


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol |expected|, as torch.testing.assert_close.

    Tensors, arrays, numbers, and sequences and mappings of them. Without rtol and atol the dtype decides: float32
    1.3e-6 and 1e-5, float64 1e-7 and 1e-7, integers exact. msg: the text, or a function that makes it.
    Raises TypeError for what cannot be compared, ValueError if only one of rtol and atol is given.
    """
    checks = {"check_device": check_device, "check_dtype": check_dtype, "check_stride": check_stride}
    check = _Check(rtol, atol, equal_nan, msg, allow_subclasses=allow_subclasses, **checks)
    check.pair(actual, expected)
