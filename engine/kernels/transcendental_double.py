"""exp, log, tanh and their kin for vectors of float64. The largest error in units in the last place:

exp, log 1.0, exp2 1.1, log1p 1.4, log2 1.5, expm1 1.9, sigmoid 2.0, tanh 2.5, log10 2.9. erf and its kin are made of
these by the ops themselves; sin, cos and powers are left to NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradbook.kernels.emit import DOUBLE, INT, LONG, KernelBuilder
from gradbook.kernels.transcendental import at_least, at_most, finished, polynomial

__all__ = ["FUNCTIONS"]

# of r on [-ln 2 / 2, ln 2 / 2]: e^r = 1 + r + r^2 EXP(r); ln((1 + s) / (1 - s)) = 2 s + s^3 LOG(s^2); highest first
EXP = (
    2.0924488510003118e-09, 2.5109044640537406e-08, 2.755724258742789e-07, 2.7557244182703013e-06,
    2.4801587360795128e-05, 0.00019841269886157698, 0.0013888888888866694, 0.008333333333321617, 0.0416666666666667,
    0.16666666666666677, 0.5,
)  # fmt: skip
LOG = (
    0.1479626516469374, 0.15314020708444642, 0.1818356542430405, 0.22222198553419195, 0.2857142874256639,
    0.3999999999941394, 0.6666666666666734,
)  # fmt: skip
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # the first has 21 zeros at its end
LOG2_E, LOG10_E = 1 / math.log(2), 1 / math.log(10)
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
SMALLEST_NORMAL = 2.0**-1022


def longs(build: KernelBuilder, k: Any) -> Any:
    """Whole numbers as int64, of floats."""
    narrow = build.ir.fptosi(k, build.vector(INT, k.type.count))
    return build.ir.sext(narrow, build.vector(LONG, k.type.count))


def power_of_two(build: KernelBuilder, k: Any) -> Any:
    """2**k of integers k, -1022 <= k <= 1023."""
    biased = build.ir.add(k, build.constant(1023, k))
    return build.ir.bitcast(build.ir.shl(biased, build.constant(52, k)), build.vector(DOUBLE, k.type.count))


def scaled(build: KernelBuilder, y: Any, k: Any) -> Any:
    """Y * 2**k, rounded once where that is denormal; k: whole numbers as floats, -2044 <= k <= 2044."""
    whole = longs(build, k)
    half = build.ir.ashr(whole, build.constant(1, whole))
    rest = build.ir.sub(whole, half)
    return build.mul(build.mul(y, power_of_two(build, half)), power_of_two(build, rest))


def reduced(build: KernelBuilder, x: Any) -> tuple[Any, Any]:
    """(k, e**r - 1): x = k ln 2 + r, k whole, |r| <= ln 2 / 2."""
    k = build.intrinsic("rint", build.mul(x, build.constant(LOG2_E, x)))
    r = build.fma(k, build.constant(-LN2_LOW, x), build.fma(k, build.constant(-LN2_HIGH, x), x))
    return k, grown(build, r)


def grown(build: KernelBuilder, r: Any) -> Any:
    """e**r - 1, for |r| <= ln 2 / 2."""
    square = build.mul(r, r)
    return build.fma(square, polynomial(build, r, EXP, square), r)


def exp(build: KernelBuilder, x: Any) -> Any:
    """e**x."""
    k, p = reduced(build, at_least(build, at_most(build, x, 710.0), -746.0))
    return scaled(build, build.add(p, build.constant(1.0, x)), k)


def exp2(build: KernelBuilder, x: Any) -> Any:
    """2**x."""
    x = at_least(build, at_most(build, x, 1025.0), -1076.0)
    k = build.intrinsic("rint", x)
    p = grown(build, build.mul(build.sub(x, k), build.constant(math.log(2), x)))
    return scaled(build, build.add(p, build.constant(1.0, x)), k)


def expm1_from(build: KernelBuilder, x: Any) -> Any:
    """e**x - 1, for -40 <= x <= 709.8; the sign of 0 may be lost."""
    k, p = reduced(build, x)
    whole = longs(build, k)
    half = power_of_two(build, build.ir.sub(whole, build.constant(1, whole)))
    y = build.fma(half, p, build.sub(half, build.constant(0.5, x)))
    return build.add(y, y)


def expm1(build: KernelBuilder, x: Any) -> Any:
    """e**x - 1, exact near 0."""
    y = expm1_from(build, at_least(build, at_most(build, x, 709.8), -40.0))
    return build.intrinsic("copysign", y, x)


def tanh(build: KernelBuilder, x: Any) -> Any:
    """From t = e**(-2 |x|) - 1: -t / (t + 2)."""
    size, two = at_most(build, build.intrinsic("fabs", x), 20.0), build.constant(-2.0, x)
    t = expm1_from(build, build.mul(size, two))
    return build.intrinsic("copysign", build.div(t, build.sub(two, t)), x)


def sigmoid(build: KernelBuilder, x: Any) -> Any:
    """1 / (1 + e**-x); with e**-x = 2**k (1 + p), 2**-k / (1 + p + 2**-k), where nothing overflows."""
    k, p = reduced(build, at_least(build, at_most(build, build.ir.fneg(x), 746.0), -700.0))
    one, down = build.constant(1.0, x), build.ir.fneg(k)
    more = build.add(one, build.add(p, scaled(build, one, down)))
    return scaled(build, build.div(one, more), down)


def split(build: KernelBuilder, x: Any) -> tuple[Any, Any]:
    """(e, f): x = 2**e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), e as floats. For positive finite x."""
    tiny = build.ir.fcmp_ordered("<", x, build.constant(SMALLEST_NORMAL, x))
    bits = build.ir.bitcast(
        build.ir.select(tiny, build.mul(x, build.constant(2.0**54, x)), x), build.vector(LONG, x.type.count)
    )
    whole = build.ir.ashr(build.ir.sub(bits, build.constant(ROOT_HALF_BITS, bits)), build.constant(52, bits))
    one = build.ir.sub(bits, build.ir.shl(whole, build.constant(52, bits)))
    e = as_floats(build, whole, x.type)
    e = build.ir.select(tiny, build.sub(e, build.constant(54.0, x)), e)
    return e, build.sub(build.ir.bitcast(one, x.type), build.constant(1.0, x))


def as_floats(build: KernelBuilder, whole: Any, kind: Any) -> Any:
    """Small integers as floats."""
    return build.ir.sitofp(build.ir.trunc(whole, build.vector(INT, kind.count)), kind)


def log_of(build: KernelBuilder, e: Any, f: Any) -> Any:
    """E ln 2 + ln(1 + f)."""
    s = build.div(f, build.add(f, build.constant(2.0, f)))
    square, half = build.mul(s, s), build.mul(build.mul(f, f), build.constant(0.5, f))
    rest = build.mul(square, polynomial(build, square, LOG))
    low = build.fma(s, build.add(half, rest), build.mul(e, build.constant(LN2_LOW, e)))
    return build.fma(e, build.constant(LN2_HIGH, e), build.sub(f, build.sub(half, low)))


def log(build: KernelBuilder, x: Any) -> Any:
    """The natural logarithm."""
    return finished(build, x, log_of(build, *split(build, x)))


def log1p(build: KernelBuilder, x: Any) -> Any:
    """log(1 + x): f comes from x itself and is rounded once, so nothing is lost near 0."""
    kind = build.vector(LONG, x.type.count)
    bits = build.ir.bitcast(build.add(x, build.constant(1.0, x)), kind)
    whole = build.ir.ashr(build.ir.sub(bits, build.constant(ROOT_HALF_BITS, kind)), build.constant(52, kind))
    down = power_of_two(build, build.ir.sub(build.constant(2, kind), whole))  # 2**(2 - e): 2**-e may be denormal
    part = build.constant(0.25, x)
    f = build.fma(build.mul(x, part), down, build.fma(down, part, build.constant(-1.0, x)))
    y = build.intrinsic("copysign", log_of(build, as_floats(build, whole, x.type), f), x)
    small = build.ir.fcmp_ordered("<", build.intrinsic("fabs", x), build.constant(2.0**-54, x))
    return finished(build, x, build.ir.select(small, x, y), -1.0)


def _log_to(base: float, two: float) -> Callable[[KernelBuilder, Any], Any]:
    """The logarithm of whose base 1 / ln is `base`; two: that of 2."""

    def log_to(build: KernelBuilder, x: Any) -> Any:
        e, f = split(build, x)
        y = log_of(build, build.constant(0.0, e), f)
        return finished(build, x, build.fma(y, build.constant(base, x), build.mul(e, build.constant(two, e))))

    return log_to


FUNCTIONS: dict[str, Callable[[KernelBuilder, Any], Any]] = {
    "exp": exp, "exp2": exp2, "expm1": expm1, "log": log, "log1p": log1p, "log2": _log_to(LOG2_E, 1.0),
    "log10": _log_to(LOG10_E, math.log10(2)), "tanh": tanh, "sigmoid": sigmoid,
}  # fmt: skip
