"""The largest error of each function over float32, in units in the last place, and what it does at the ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.expression import inputs, node
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Program

Array = np.ndarray[Any, Any]
X, Y = inputs(np.float32, np.float32)


def erf(x: Array) -> Array:
    return np.array([math.erf(v) for v in x])


def sigmoid(x: Array) -> Array:
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


# name -> (reference in float64, largest error allowed, of which transcendental.py states what was measured)
KNOWN: dict[str, tuple[Callable[[Array], Array], float]] = {
    "exp": (np.exp, 1.0), "exp2": (np.exp2, 1.0), "expm1": (np.expm1, 1.6), "log": (np.log, 1.0),
    "log1p": (np.log1p, 1.5), "log2": (np.log2, 1.0), "log10": (np.log10, 1.1), "tanh": (np.tanh, 1.4),
    "sigmoid": (sigmoid, 2.0), "erf": (erf, 1.0), "sin": (np.sin, 1.6), "cos": (np.cos, 1.6),
}  # fmt: skip
# of formulas made of others: sinh, cosh, arcsinh, ... by float64, tan by sin and cos
COMPOSED = {
    "arctan": 1.5, "arcsin": 2.1, "arccos": 1.1, "sinh": 0.6, "cosh": 0.6, "arcsinh": 0.6, "arccosh": 0.6,
    "arctanh": 0.6,
}  # fmt: skip
SPECIAL = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 2**24, 3.4e38, -3.4e38], np.float32)


def every_binade(step: int) -> Array:
    bits = np.arange(0, 2**31, step, dtype=np.int64).astype(np.uint32)
    return np.concatenate([bits, bits | np.uint32(2**31), SPECIAL.view(np.uint32)]).view(np.float32)


def computed(expression: Any, *arrays: Array) -> Array:
    out = np.empty_like(arrays[0])
    program = Program()
    pointwise(program, [(expression, out)], list(arrays))
    program.run()
    return out


def errors(made: Array, exact: Array) -> Array:
    """In units in the last place of float32; inf where one is NaN, or infinite, and the other is not."""
    with np.errstate(all="ignore"):
        wanted = exact.astype(np.float32)
        unit = np.spacing(np.minimum(np.abs(wanted), np.finfo(np.float32).max)).astype(np.float64)
        found = np.abs(made.astype(np.float64) - exact) / unit
        same = (made == wanted) | (np.isnan(made) & np.isnan(exact))
        found = np.where(np.isinf(made) != np.isinf(wanted), np.inf, np.where(np.isinf(made), 0, found))
        found = np.where(np.isnan(found), np.inf, found)
        return np.where(same, np.minimum(found, 0.5), found)


@pytest.mark.parametrize("name", KNOWN)
def test_the_error_stays_below_what_is_stated(name: str) -> None:
    reference, allowed = KNOWN[name]
    x = every_binade(40_013)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
    found = errors(computed(node(name, (X,), np.float32), x), exact)
    where = int(found.argmax())
    assert found[where] <= allowed, f"{name}({x[where]!r}): {found[where]:.2f}"


@pytest.mark.parametrize("name", COMPOSED)
def test_the_error_of_composed_functions(name: str) -> None:
    ufunc, x = getattr(np, name), every_binade(200_003)
    with np.errstate(all="ignore"):
        found = errors(computed(ufunc(X), x), ufunc(x.astype(np.float64)))
    where = int(found.argmax())
    assert found[where] <= COMPOSED[name], f"{name}({x[where]!r}): {found[where]:.2f}"


def test_angles_of_points() -> None:
    rng = np.random.default_rng(1)
    x, y = ((rng.standard_normal(20000) * 10.0 ** rng.uniform(-5, 5, 20000)).astype(np.float32) for _ in range(2))
    ends = (array.ravel() for array in np.meshgrid(SPECIAL, SPECIAL))
    x, y = (np.concatenate([array, end]) for array, end in zip((x, y), ends, strict=True))
    exact = np.arctan2(y.astype(np.float64), x.astype(np.float64))
    made = computed(np.arctan2(Y, X), x, y)
    assert errors(made, exact).max() <= 1.7
    np.testing.assert_array_equal(np.signbit(made)[~np.isnan(exact)], np.signbit(exact)[~np.isnan(exact)])


# name -> largest error allowed in float64, measured against the longer floats of this machine, where it has them
DOUBLE = {
    "exp": 1.1, "exp2": 1.2, "expm1": 2.0, "log": 1.0, "log1p": 1.5, "log2": 1.7, "log10": 3.1, "tanh": 2.7,
    "sigmoid": 2.1,
}  # fmt: skip


@pytest.mark.skipif(np.finfo(np.longdouble).nmant <= 60, reason="no floats longer than float64 here")
@pytest.mark.parametrize("name", DOUBLE)
def test_the_error_in_float64(name: str) -> None:
    rng = np.random.default_rng(2)
    x = np.ldexp(rng.uniform(0.5, 1, 40000), np.append(rng.integers(-1074, 1025, 20000), rng.integers(-12, 11, 20000)))
    x = np.concatenate([x, -x, SPECIAL.astype(np.float64), [5e-324, 1.7e308, -1e300]])
    reference = sigmoid if name == "sigmoid" else getattr(np, name)
    (leaf,) = inputs(np.float64)
    made = computed(node(name, (leaf,), np.float64), x)
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.longdouble))
        wanted = exact.astype(np.float64)
        found = np.abs(made.astype(np.longdouble) - exact) / np.spacing(np.abs(wanted))
    same = (made == wanted) | (np.isnan(made) & np.isnan(exact))
    assert found[~same].max() <= DOUBLE[name]
    np.testing.assert_array_equal(np.signbit(made[wanted == 0]), np.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize("name", KNOWN)
def test_signs_of_zero_are_numpys(name: str) -> None:
    zeros = np.array([0.0, -0.0], np.float32)
    with np.errstate(all="ignore"):
        wanted = KNOWN[name][0](zeros.astype(np.float64))
    np.testing.assert_array_equal(np.signbit(computed(node(name, (X,), np.float32), zeros)), np.signbit(wanted))


def test_angles_far_from_zero_are_exact() -> None:
    """The angles nearest to multiples of pi / 2 among float32, and huge ones; values by integer arithmetic."""
    x = np.array([16367173 * 2.0**72, 6e37, 3.4e38, 1e10, 2.0**15, 32767.998, 1e5, 123456.79, 8388607.5], np.float32)
    x = np.concatenate([x, -x])
    sines, cosines = (np.array(values) for values in zip(*(sine_and_cosine(float(v)) for v in x), strict=True))
    assert errors(computed(np.sin(X), x), sines).max() <= 1.6
    assert errors(computed(np.cos(X), x), cosines).max() <= 1.6


def sine_and_cosine(x: float) -> tuple[float, float]:
    """By reducing x modulo pi / 2 as a fraction of 2**400."""
    digits = 400
    pi = pi_times(digits)
    numerator, denominator = abs(x).as_integer_ratio()
    turns, rest = divmod((numerator << digits + 1) // denominator + pi // 2, pi)
    r = (rest - pi // 2) / 2 ** (digits + 1)
    sines = (math.sin(r), math.cos(r), -math.sin(r), -math.cos(r))
    return math.copysign(1, x) * sines[turns % 4], sines[(turns + 1) % 4]


def pi_times(bits: int) -> int:
    """Pi * 2**bits, by Machin's formula."""

    def arctan(inverse: int) -> int:
        term = total = (1 << bits + 10) // inverse
        n = 1
        while term:
            term //= -inverse * inverse
            n += 2
            total += term // n
        return total

    return 4 * (4 * arctan(5) - arctan(239)) >> 10


def test_the_share_below_has_digits_where_it_is_small() -> None:
    x = np.concatenate([np.linspace(-20, 8, 50001), SPECIAL, [1e30, -1e30]]).astype(np.float32)
    share = np.array([0.5 * math.erfc(-float(v) * math.sqrt(0.5)) for v in x])
    made = computed((X * math.sqrt(0.5)).named("erf") * 0.5 + 0.5, x)
    found = errors(made, share)
    assert found[x > 0].max() <= 1.8
    assert found[(x > -2.5) & (x <= 0)].max() <= 25
    assert (np.abs(made - share)[x <= -2.5] <= 5e-8 * share[x <= -2.5] ** 0.25).all()
    again = computed(X.named("erf") * 0.5 + 0.5, x)  # the same function of another argument
    np.testing.assert_allclose(again, [0.5 * math.erfc(-float(v)) for v in x], rtol=1e-4, atol=1e-7)


def test_powers() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([np.exp(rng.uniform(-80, 80, 20000)), rng.uniform(0.5, 2, 20000)]).astype(np.float32)
    y = np.concatenate([rng.uniform(-2, 2, 20000), rng.uniform(-100, 100, 20000)]).astype(np.float32)
    exact = np.power(x.astype(np.float64), y.astype(np.float64))
    assert errors(computed(np.power(X, Y), x, y), exact).max() <= 1.1
    ends = np.array([0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e-30, -1e-30, np.inf, -np.inf, np.nan, 1e30], np.float32)
    x, y = (array.ravel().copy() for array in np.meshgrid(ends, ends))
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.float64), y.astype(np.float64))
    made = computed(np.power(X, Y), x, y)
    assert errors(made, exact).max() <= 1.0
    known = ~np.isnan(exact)
    np.testing.assert_array_equal(np.signbit(made[known]), np.signbit(exact[known]))
