"""Questions asked element by element: comparisons, logic, bits, nan and inf, where; and whether tensors are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.inplace import assign
from gradbook.autograd.op import Elementwise, Op
from gradbook.autograd.promotion import promote_arrays
from gradbook.errors import DTypeError, UnsupportedDTypeError
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.conversion import converted
from gradbook.ops.elementwise import binary, masked, no_bool, unary, where_op
from gradbook.tensor import Tensor, method

__all__ = [
    "allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "eq", "equal", "gcd", "ge", "greater", "greater_equal", "gt", "heaviside", "isclose", "isfinite",
    "isinf", "isnan", "isneginf", "isposinf", "isreal", "lcm", "le", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "lt", "nan_to_num", "ne", "not_equal", "signbit",
    "where",
]  # fmt: skip

# -- comparisons: bool results, no gradients -------------------------------------------------------------------------


def ordered(name: str, ufunc: Any) -> Any:
    """An array function that refuses complex numbers, which NumPy would put in an order of its own."""

    def apply(a: Any, b: Any) -> Any:
        if a.dtype.kind == "c":
            raise UnsupportedDTypeError(f'"{name}_cpu" not implemented for {dtypes.of_array(a)!r}: it has no order')
        return ufunc(a, b)

    return apply


def _comparison(name: str, ufunc: Any, sign: str, words: str, alias: str, dunder: str) -> Any:
    op = Elementwise(name, ufunc, "a b", formula=rf"y = [a {sign} b]")
    fast = op.fast

    def compare(self: Tensor, other: Any) -> Any:
        try:
            return fast(self, other)
        except TypeError:
            return NotImplemented

    method(dunder)(compare)
    return binary(op, f"input {words} other", aliases=alias)


eq = _comparison("eq", np.equal, "=", "==", "", "__eq__")
ne = not_equal = _comparison("ne", np.not_equal, r"\ne", "!=", "not_equal", "__ne__")
lt = less = _comparison("lt", ordered("lt", np.less), "<", "<", "less", "__lt__")
le = less_equal = _comparison("le", ordered("le", np.less_equal), r"\le", "<=", "less_equal", "__le__")
gt = greater = _comparison("gt", ordered("gt", np.greater), ">", ">", "greater", "__gt__")
ge = greater_equal = _comparison("ge", ordered("ge", np.greater_equal), r"\ge", ">=", "greater_equal", "__ge__")

isnan_op = Elementwise("isnan", lambda x: np.isnan(x) if x.dtype.kind in "fcV" else np.zeros_like(x, bool), "x")
isinf_op = Elementwise("isinf", lambda x: np.isinf(x) if x.dtype.kind in "fcV" else np.zeros_like(x, bool), "x")
isfinite_op = Elementwise("isfinite", lambda x: np.isfinite(x) if x.dtype.kind in "fcV" else np.ones_like(x, bool), "x")
isposinf_op = Elementwise("isposinf", lambda x: np.isposinf(x) if x.dtype.kind in "f" else np.zeros_like(x, bool), "x")
isneginf_op = Elementwise("isneginf", lambda x: np.isneginf(x) if x.dtype.kind in "f" else np.zeros_like(x, bool), "x")
isreal_op = Elementwise("isreal", lambda x: x.imag == 0 if x.dtype.kind == "c" else np.ones_like(x, bool), "x")
signbit_op = Elementwise("signbit", lambda x: np.signbit(x) if x.dtype.kind in "fV" else x < 0, "x")

isnan = unary(isnan_op, "True for nan", in_place=False)
isinf = unary(isinf_op, "True for inf and -inf", in_place=False)
isfinite = unary(isfinite_op, "True unless nan, inf or -inf", in_place=False)
isposinf = unary(isposinf_op, "True for inf", in_place=False)
isneginf = unary(isneginf_op, "True for -inf", in_place=False)
isreal = unary(isreal_op, "True where there is no imaginary part", in_place=False)
signbit = unary(signbit_op, "True below 0 and for -0.0", in_place=False)

# -- logic and bits --------------------------------------------------------------------------------------------------

logical_not_op = Elementwise(
    "logical_not", lambda x: x == 0 if x.dtype.kind == "V" else np.logical_not(x), "x", formula=r"y = \lnot x"
)
logical_and_op = Elementwise("logical_and", lambda a, b: (a != 0) & (b != 0), "a b", formula=r"y = a \land b")
logical_or_op = Elementwise("logical_or", lambda a, b: (a != 0) | (b != 0), "a b", formula=r"y = a \lor b")
logical_xor_op = Elementwise("logical_xor", lambda a, b: (a != 0) ^ (b != 0), "a b", formula=r"y = a \oplus b")
logical_not = unary(logical_not_op, "True where x is 0")
logical_and = binary(logical_and_op, "True where both are not 0", tensors=True)
logical_or = binary(logical_or_op, "True where either is not 0", tensors=True)
logical_xor = binary(logical_xor_op, "True where exactly one is not 0", tensors=True)

bitwise_not_op = Elementwise("bitwise_not", np.invert, "x", formula=r"y = \lnot x")
bitwise_and_op = Elementwise("bitwise_and", np.bitwise_and, "a b", formula=r"y = a \land b")
bitwise_or_op = Elementwise("bitwise_or", np.bitwise_or, "a b", formula=r"y = a \lor b")
bitwise_xor_op = Elementwise("bitwise_xor", np.bitwise_xor, "a b", formula=r"y = a \oplus b")


def _left(a: Any, b: Any) -> Any:
    no_bool("lshift", a)
    return np.left_shift(a, b)


def _right(a: Any, b: Any) -> Any:
    no_bool("rshift", a)
    return np.right_shift(a, b)


left_shift_op = Elementwise("bitwise_left_shift", _left, "a b", formula=r"y = a \, 2^b")
right_shift_op = Elementwise("bitwise_right_shift", _right, "a b", formula=r"y = \lfloor a / 2^b \rfloor")
bitwise_not = unary(bitwise_not_op, "Every bit turned over")


@method("__invert__")
def _invert(self: Tensor) -> Tensor:
    """~self. Raises TypeError for what is neither whole numbers nor truth values."""
    if self._array.dtype.kind not in "biu":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not(self)


bitwise_and = binary(bitwise_and_op, "input & other", aliases="__and__ __rand__", number_first=True)
bitwise_or = binary(bitwise_or_op, "input | other", aliases="__or__ __ror__", number_first=True)
bitwise_xor = binary(bitwise_xor_op, "input ^ other", aliases="__xor__ __rxor__", number_first=True)
bitwise_left_shift = binary(left_shift_op, "input << other", aliases="__lshift__", number_first=True)
bitwise_right_shift = binary(right_shift_op, "input >> other", aliases="__rshift__", number_first=True)

heaviside_op = Elementwise("heaviside", lambda a, b: np.where(a == 0, b, (a > 0).astype(a.dtype)), "a b")
heaviside = binary(heaviside_op, "0 below 0, 1 above 0, other at 0", tensors=True)

gcd = binary(Elementwise("gcd", np.gcd, "a b", formula=r"y = \gcd(a, b)"), "The greatest common divisor", tensors=True)
lcm = binary(
    Elementwise("lcm", np.lcm, "a b", formula=r"y = \operatorname{lcm}(a, b)"),
    "The least common multiple",
    tensors=True,
)

# -- choose ----------------------------------------------------------------------------------------------------------


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Input where condition is true, else other, with broadcasting (torch.where); numbers are allowed.

    where(condition) alone gives the indices of what is true, one tensor an axis. Raises RuntimeError unless it is bool.
    """
    tensor_of("where", condition, "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError("where() takes one condition, or a condition and two values")
    mask = condition._array
    if mask.dtype == np.uint8:
        mask = mask.astype(bool)
    if mask.dtype != np.bool_:
        raise DTypeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype!r}"
        )
    arrays = [v._array if isinstance(v, Tensor) else v for v in (input, other)]
    wanted = promote_arrays("where", (input, other), arrays)[0].dtype
    values = [
        converted(v, wanted, None) if isinstance(v, Tensor) else backends.like(np.asarray(v, wanted), mask)
        for v in (input, other)
    ]
    return write_out("where", where_op(condition if mask is condition._array else Tensor._of(mask), *values), out)


@method("where")
def _where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where condition is true, else other."""
    result: Tensor = where(condition, self, other)
    return result


nan_to_num_op = Op("nan_to_num", "x", formula=r"y = x \text{, finite}", grads={"x": r"\bar y \, [x \text{ finite}]"})
nan_to_num_op.grad("x")(lambda grad, x: masked(grad, isfinite_op(x)))


@nan_to_num_op.forward
def _(xp: Any, x: Any, *, nan: Any, posinf: Any, neginf: Any) -> Any:
    if x.dtype.kind not in "fcV":
        return x.copy()
    if x.dtype == dtypes.BF16:
        info = dtypes.finfo(dtypes.bfloat16)
        wide = x.astype(np.float32)
        return xp.nan_to_num(
            wide,
            nan=nan or 0.0,
            posinf=info.max if posinf is None else posinf,
            neginf=info.min if neginf is None else neginf,
        ).astype(x.dtype)
    return xp.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


@method("nan_to_num")
def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """nan, inf and -inf replaced: by 0 and the dtype's limits unless numbers are given (torch.nan_to_num)."""
    return write_out("nan_to_num", nan_to_num_op(input, nan=nan, posinf=posinf, neginf=neginf), out)


@method()
def nan_to_num_(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace nan, inf and -inf in place."""
    return assign(self, nan_to_num(self, nan, posinf, neginf))


# -- of whole tensors ------------------------------------------------------------------------------------------------


@method("isclose")
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """|input - other| <= atol + rtol |other| (torch.isclose). Raises RuntimeError for two dtypes."""
    tensor_of("isclose", input)
    if tensor_of("isclose", other, "other").dtype is not input.dtype:
        raise DTypeError(f"{input.dtype!r} did not match {other.dtype!r}")
    for name, bound in (("rtol", rtol), ("atol", atol)):
        if bound < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {bound}")
    a, b = input._array, other._array
    if a.dtype == dtypes.BF16 or a.dtype == np.float16:
        a, b = a.astype(np.float32), b.astype(np.float32)
    close = backends.xp_of(a).isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    made: Tensor = Tensor._of(backends.as_array(close, a))
    return made


@method("allclose")
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """True if every pair is close, as torch.allclose."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@method("equal")
def equal(input: Tensor, other: Tensor) -> bool:
    """True if both have one shape and the same elements, as torch.equal."""
    tensor_of("equal", other, "other")
    a, b = input._array, other._array
    return a.shape == b.shape and bool((a == b).all())
