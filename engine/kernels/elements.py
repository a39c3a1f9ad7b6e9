"""NumPy's functions of single elements, as expressions of the few operations that evaluate.py knows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels.expression import BOOL, CONSTANT, WHERE, Expression, Inexpressible, cast, constant, node

__all__ = ["FUNCTIONS", "apply", "named", "power"]

FLOATS = "f"
NUMBERS = "fiu"
ANY = "fiub"

# operations of evaluate.py, and the kinds of operands that each is there for
PRIMITIVES: dict[Any, str] = {
    np.add: ANY, np.subtract: NUMBERS, np.multiply: ANY, np.true_divide: FLOATS, np.negative: NUMBERS,
    np.absolute: NUMBERS, np.sqrt: FLOATS, np.floor: FLOATS, np.ceil: FLOATS, np.trunc: FLOATS, np.rint: FLOATS,
    np.maximum: ANY, np.minimum: ANY, np.fmax: FLOATS, np.fmin: FLOATS, np.copysign: FLOATS, np.equal: ANY,
    np.not_equal: ANY, np.less: ANY, np.less_equal: ANY, np.greater: ANY, np.greater_equal: ANY, np.isnan: FLOATS,
    np.isinf: FLOATS, np.isfinite: FLOATS, np.signbit: FLOATS, np.bitwise_and: "iub", np.bitwise_or: "iub",
    np.bitwise_xor: "iub", np.invert: "iub", np.left_shift: "iu", np.right_shift: "iu",
}  # fmt: skip
FUNCTIONS_OF_32 = {
    np.exp: "exp", np.exp2: "exp2", np.expm1: "expm1", np.log: "log", np.log1p: "log1p", np.log2: "log2",
    np.log10: "log10", np.tanh: "tanh", np.sin: "sin", np.cos: "cos", np.arctan: "arctan", np.arcsin: "arcsin",
    np.arccos: "arccos", np.arctan2: "arctan2",
}  # fmt: skip
FUNCTIONS_OF_64 = {"exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "tanh", "sigmoid"}


def apply(ufunc: Any, operands: tuple[Any, ...]) -> Expression:
    """A ufunc of expressions and numbers. Raises Inexpressible for one that kernels lack."""
    operands, dtype = _promoted(ufunc, operands)
    if all(operand.name == CONSTANT for operand in operands):
        with np.errstate(all="ignore"):
            return constant(ufunc(*(operand.value for operand in operands)), dtype)
    if ufunc is np.add and _is_share(*operands):
        return _share(operands[0].operands[0].operands[0])
    kinds = {operand.dtype.kind for operand in operands}
    if ufunc in PRIMITIVES and kinds <= set(PRIMITIVES[ufunc]):
        return node(ufunc.__name__, operands, dtype)
    if ufunc in FUNCTIONS_OF_32:
        return named(FUNCTIONS_OF_32[ufunc], *operands)
    made = COMPOSED.get(ufunc)
    if made is None:
        raise Inexpressible(f"numpy.{ufunc.__name__} of {operands[0].dtype}")
    result: Expression = made(*operands)
    return result


def _promoted(ufunc: Any, operands: tuple[Any, ...]) -> tuple[tuple[Expression, ...], Any]:
    """The operands in the dtypes that NumPy would compute with, and the dtype of the result."""
    given: list[Any] = []
    for operand in operands:
        if isinstance(operand, (bool, np.bool_)):
            given.append(BOOL)
        elif isinstance(operand, (int, float)) and not isinstance(operand, np.generic):
            given.append(type(operand))
        elif isinstance(operand, (Expression, np.generic)) or (isinstance(operand, np.ndarray) and not operand.ndim):
            given.append(operand.dtype)
        else:
            raise Inexpressible(f"numpy.{ufunc.__name__} of {type(operand).__name__}")
    try:
        *wanted, result = ufunc.resolve_dtypes((*given, None))
    except (TypeError, ValueError) as error:
        raise Inexpressible(str(error)) from None
    made = (
        cast(operand, kind) if isinstance(operand, Expression) else constant(operand, kind)
        for operand, kind in zip(operands, wanted, strict=True)
    )
    return tuple(made), result


def named(name: str, x: Expression, *others: Expression) -> Expression:
    """A function by the name it has in transcendental.py."""
    if x.dtype != np.float32 and not (x.dtype == np.float64 and name in FUNCTIONS_OF_64):
        raise Inexpressible(f"{name} of {x.dtype}")
    return node(name, (x, *others), x.dtype)


# -- made of others --------------------------------------------------------------------------------------------------


def where(condition: Any, a: Any, b: Any) -> Expression:
    """As numpy.where of three."""
    kinds = [v.dtype if hasattr(v, "dtype") else v for v in (a, b)]
    dtype = np.result_type(*kinds)
    if not isinstance(condition, Expression):
        raise Inexpressible("numpy.where of an array")
    sides = tuple(cast(v, dtype) if isinstance(v, Expression) else constant(v, dtype) for v in (a, b))
    chosen = cast(condition, BOOL)
    if chosen.name == CONSTANT:
        return sides[0] if chosen.value else sides[1]
    return sides[0] if sides[0] is sides[1] else node(WHERE, (chosen, *sides), dtype)


def clip(x: Any, low: Any = None, high: Any = None, **limits: Any) -> Expression:
    """As numpy.clip: limits may be left out."""
    if set(limits) - {"min", "max"}:
        raise Inexpressible(f"numpy.clip with {sorted(limits)}")
    low, high = limits.get("min", low), limits.get("max", high)
    y = x if low is None else np.maximum(x, low)
    made: Expression = y if high is None else np.minimum(y, high)
    return made


def power(x: Any, exponent: Any) -> Expression:
    """X ** exponent, as NumPy's arrays do it: the common exponents are no powers."""
    if isinstance(exponent, (int, float)) and x.dtype.kind == "f":
        if exponent == 2:
            return apply(np.multiply, (x, x))
        if exponent == 0.5:
            return apply(np.sqrt, (x,))
        if exponent == -1:
            return apply(np.reciprocal, (x,))
    return apply(np.power, (x, exponent))


def _power(x: Any, y: Any) -> Expression:
    """Whole constant exponents up to 4 by multiplication; others by exp2(y log2(x)) of extra precision, in float32."""
    if y.name == CONSTANT and y.value in (0, 1, 2, 3, 4):
        square = x * x
        made: Expression = (constant(1, x.dtype), x, square, square * x, square * square)[int(y.value)]
        return made
    if x.dtype != np.float32:
        raise Inexpressible(f"numpy.power of {x.dtype}")
    return node("power", (x, y), x.dtype)


def _reciprocal(x: Any) -> Any:
    if x.dtype.kind != "f":
        raise Inexpressible(f"numpy.reciprocal of {x.dtype}")
    smooth = sigmoid_of(x)
    return 1 / x if smooth is None else smooth


def sigmoid_of(x: Expression) -> Expression | None:
    """The sigmoid of z where x is 1 + exp(-z), which would lose it to overflow: sigmoid(x) is written so."""
    if x.name == "add" and x.operands[1].name == CONSTANT and x.operands[1].value == 1:
        grown = x.operands[0]
        if grown.name == "exp" and grown.operands[0].name == "negative":
            return named("sigmoid", grown.operands[0].operands[0])
    return None


def _is_share(a: Expression, b: Expression) -> bool:
    """Whether a + b is erf(z) * 0.5 + 0.5, as gelu has it: where erf is near -1 that leaves no digits."""
    if a.name != "multiply" or a.operands[0].name != "erf":
        return False
    return all(one.name == CONSTANT and one.value == 0.5 for one in (a.operands[1], b))


def _share(z: Any) -> Expression:
    """(1 + erf(z)) / 2: the share of a normal distribution below sqrt(2) z."""
    if z.name == "multiply" and z.operands[1] is constant(math.sqrt(0.5), np.float32):
        return named("normal_share", z.operands[0])
    return named("normal_share", z * math.sqrt(2))


def _sign(x: Any) -> Any:
    if x.dtype.kind == "u":
        return where(x == 0, x, 1)
    return where(x > 0, 1, where(x < 0, -1, where(x == 0, 0, x)))


def _floats(ufunc: Any) -> Callable[..., Any]:
    def check(x: Any, *rest: Any) -> Any:
        if x.dtype.kind != "f":
            raise Inexpressible(f"numpy.{ufunc.__name__} of {x.dtype}")
        return COMPOSED_OF_FLOATS[ufunc](x, *rest)

    return check


def _logical(ufunc: Any) -> Callable[..., Any]:
    return lambda *operands: apply(ufunc, tuple(cast(operand, BOOL) for operand in operands))


def _logaddexp(a: Any, b: Any) -> Any:
    """max(a, b) + log1p(exp(-|a - b|)); of two equal infinities, themselves."""
    same = where(a == b, a + math.log(2), a - b)
    sign = a - b
    return where(a == b, same, np.maximum(a, b) + np.log1p(np.exp(-abs(sign))))


def _logaddexp2(a: Any, b: Any) -> Any:
    spread = np.log1p(np.exp2(-abs(a - b))) * (1 / math.log(2))
    return where(a == b, a + 1, np.maximum(a, b) + spread)


def _by_double(formula: Callable[..., Any]) -> Callable[..., Any]:
    """A formula for float32 that is computed in float64: what it loses there is less than what is kept."""

    def apply_wide(*operands: Any) -> Any:
        if operands[0].dtype != np.float32:
            raise Inexpressible(f"a function of {operands[0].dtype}")
        return formula(*(cast(operand, np.float64) for operand in operands)).astype(np.float32)

    return apply_wide


def _hypot(x: Any, y: Any) -> Any:
    return where(np.isinf(x) | np.isinf(y), math.inf, np.sqrt(x * x + y * y))


def _sinh(x: Any) -> Any:
    more = np.expm1(np.minimum(abs(x), 100.0))  # beyond 90 it is infinite in float32
    return np.copysign((more + more / (more + 1)) * 0.5, x)


def _arcsinh(x: Any) -> Any:
    size = abs(x)
    square = size * size
    made = np.copysign(np.log1p(size + square / (1 + np.sqrt(square + 1))), x)
    return where(np.isinf(x), x, made)


def _arccosh(x: Any) -> Any:
    more = x - 1
    made = np.log1p(more + np.sqrt(more * (more + 2)))
    return where(x == math.inf, x, where(x < 1, math.nan, made))


def _heaviside(a: Any, b: Any) -> Any:
    return where(a == 0, b, where(a < 0, 0, where(a > 0, 1, a)))


COMPOSED_OF_FLOATS: dict[Any, Callable[..., Any]] = {
    np.deg2rad: lambda x: x * (math.pi / 180), np.radians: lambda x: x * (math.pi / 180),
    np.rad2deg: lambda x: x * (180 / math.pi), np.degrees: lambda x: x * (180 / math.pi),
    np.logaddexp: _logaddexp, np.logaddexp2: _logaddexp2, np.hypot: _by_double(_hypot), np.heaviside: _heaviside,
    np.sinh: _by_double(_sinh), np.cosh: _by_double(lambda x: (np.exp(x) + np.exp(-x)) * 0.5),
    np.arcsinh: _by_double(_arcsinh), np.arccosh: _by_double(_arccosh),
    np.arctanh: _by_double(lambda x: (np.log1p(x) - np.log1p(-x)) * 0.5), np.fabs: abs,
    np.tan: lambda x: np.sin(x) / np.cos(x),
}  # fmt: skip
COMPOSED: dict[Any, Callable[..., Any]] = {
    np.positive: lambda x: x, np.conjugate: lambda x: x, np.square: lambda x: x * x, np.reciprocal: _reciprocal,
    np.sign: _sign, np.power: _power,
    np.logical_and: _logical(np.bitwise_and), np.logical_or: _logical(np.bitwise_or),
    np.logical_xor: _logical(np.bitwise_xor), np.logical_not: _logical(np.invert),
    np.isnan: lambda x: constant(False, BOOL), np.isinf: lambda x: constant(False, BOOL),
    np.isfinite: lambda x: constant(True, BOOL), np.signbit: lambda x: x < 0,
    np.floor: lambda x: x, np.ceil: lambda x: x, np.trunc: lambda x: x,
    **{ufunc: _floats(ufunc) for ufunc in COMPOSED_OF_FLOATS},
}  # fmt: skip


# -- NumPy's other functions -----------------------------------------------------------------------------------------


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """As numpy.nan_to_num."""
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    y = where(np.isnan(x), nan, x)
    y = where(x == math.inf, limits.max if posinf is None else posinf, y)
    return where(x == -math.inf, limits.min if neginf is None else neginf, y)


def _filled(x: Expression, value: Any, dtype: Any = None) -> Expression:
    return constant(value, x.dtype if dtype is None else dtype)


def sinc(x: Any) -> Any:
    """As numpy.sinc: sin(pi x) / (pi x), 1 at 0."""
    away: Any = where(x == 0, x.dtype.type(1e-20), x)
    y = away * math.pi
    return np.sin(y) / y


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: where, np.clip: clip, np.nan_to_num: nan_to_num, np.sinc: sinc, np.real: lambda x: x,
    np.copy: lambda x: x, np.isposinf: lambda x: x == math.inf, np.isneginf: lambda x: x == -math.inf,
    np.zeros_like: lambda x, dtype=None: _filled(x, 0, dtype), np.ones_like: lambda x, dtype=None: _filled(x, 1, dtype),
    np.full_like: lambda x, value, dtype=None: _filled(x, value, dtype),
}  # fmt: skip
