"""exp, log, tanh, erf and their kin for vectors of float32, by polynomials of our own.

The largest error over all float32 numbers, in units in the last place (tests/engine/kernels/test_transcendental.py
measures it against float64 in every binade):

    exp    1.00   expm1  1.58   log    0.79   log1p  1.39   sigmoid  2.00   sin  1.55   power  1.02
    exp2   0.96   tanh   1.10   log2   0.92   log10  0.91   erf      0.96   cos  1.55   (of powers.py, trigonometry.py)

Overflow gives inf, underflow goes gradually through the denormal numbers to 0, NaN stays NaN, and signed zeros keep
their sign where NumPy's do. The polynomials are minimax fits whose coefficients were rounded to float32 from the lowest
order up, the rest being fitted again each time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from gradbook.kernels.emit import FLOAT, INT, KernelBuilder
from gradbook.kernels.host import host

__all__ = ["FUNCTIONS"]

# of r on [-ln 2 / 2, ln 2 / 2]: e^r = 1 + r + r^2 EXP(r); of r on [-1/2, 1/2]: 2^r = 1 + r EXP2(r); highest order first
EXP = (0.0013870698167011142, 0.00836627185344696, 0.04166743531823158, 0.1666654646396637, 0.4999999701976776)
EXP2 = (
    0.0001546330749988556, 0.001339120208285749, 0.00961806159466505, 0.055503591895103455, 0.24022650718688965,
    0.6931471824645996,
)  # fmt: skip
# of f on [sqrt(1/2) - 1, sqrt(2) - 1]: ln(1 + f) = f - f^2 / 2 + f^3 LOG(f); log2(1 + f) = f / ln 2 + f^2 LOG2(f)
LOG = (
    0.06749539822340012, -0.11670184880495071, 0.1188347190618515, -0.12406208366155624, 0.14220362901687622,
    -0.16667990386486053, 0.2000207155942917, -0.25000008940696716, 0.3333331346511841,
)  # fmt: skip
LOG2 = (
    -0.11095607280731201, 0.18740899860858917, -0.19129438698291779, 0.20443645119667053, -0.23957094550132751,
    0.2885737419128418, -0.3606986403465271, 0.4808981716632843, -0.7213473320007324,
)  # fmt: skip
# tanh(x) = x + x^3 TANH(x^2) up to 5/8
TANH = (-0.005696392618119717, 0.02063094452023506, -0.05373707041144371, 0.1333140879869461, -0.3333328068256378)
# erf(x) = x + x ERF(x^2) up to 1; ln(erfc(x)) = ERF_TAIL(x) from 1 to 4
ERF = (
    7.806903886375949e-05, -0.0007997853099368513, 0.005187162198126316, -0.026853347197175026, 0.11283578723669052,
    -0.3761262595653534, 0.12837916612625122,
)  # fmt: skip
ERF_TAIL = (
    0.00018638237088453025, -0.002947684610262513, 0.021838156506419182, -0.10310692340135574, -0.6381446719169617,
    -1.127089262008667, -0.00034151258296333253,
)  # fmt: skip
# ln of the share of a standard normal distribution beyond x = SHARE(x), x >= 0; from 6 on it only falls fast enough
SHARE = (
    -1.184640950668836e-06, 1.81352279469138e-05, -8.67359631229192e-05, -0.00019335304386913776, 0.005018445663154125,
    -0.03646734356880188, -0.31827422976493835, -0.7978881597518921, -0.6931471228599548,
)  # fmt: skip
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6  # the first has 9 zeros at its end
LOG2_E = 1.4426950408889634
ROOT_HALF_BITS = 0x3F3504F3
SMALLEST_NORMAL = 2.0**-126


def polynomial(build: KernelBuilder, x: Any, coefficients: tuple[float, ...], square: Any = None) -> Any:
    """The value at x, highest order first: even and odd orders apart, so that fewer steps wait for each other."""
    square = build.mul(x, x) if square is None else square
    even, odd = (horner(build, square, coefficients[::-1][i::2][::-1]) for i in (0, 1))
    return build.fma(odd, x, even)


def horner(build: KernelBuilder, x: Any, coefficients: tuple[float, ...]) -> Any:
    """The value at x, highest order first."""
    total = build.constant(coefficients[0], x)
    for coefficient in coefficients[1:]:
        total = build.fma(total, x, build.constant(coefficient, x))
    return total


def at_most(build: KernelBuilder, x: Any, limit: float) -> Any:
    """min(x, limit); NaN stays."""
    bound = build.constant(limit, x)
    return build.ir.select(build.ir.fcmp_ordered("<", bound, x), bound, x)


def at_least(build: KernelBuilder, x: Any, limit: float) -> Any:
    """max(x, limit); NaN stays."""
    bound = build.constant(limit, x)
    return build.ir.select(build.ir.fcmp_ordered(">", bound, x), bound, x)


def integers(build: KernelBuilder, x: Any) -> Any:
    """The vector type of int32 beside a vector of float32."""
    return build.vector(INT, x.type.count)


def power_of_two(build: KernelBuilder, k: Any) -> Any:
    """2**k of integers k, -126 <= k <= 127."""
    biased = build.ir.add(k, build.constant(127, k))
    return build.ir.bitcast(build.ir.shl(biased, build.constant(23, k)), build.vector(FLOAT, k.type.count))


def instruction() -> bool:
    """Whether one instruction scales a vector by powers of two."""
    here = host()
    return here is not None and here.isa == "avx512"


def scaled(build: KernelBuilder, y: Any, k: Any) -> Any:
    """Y * 2**k, rounded once where that is denormal; k: whole numbers as floats, -252 <= k <= 252."""
    if instruction() and y.type.count == 16:
        name, mask = "llvm.x86.avx512.mask.scalef.ps.512", ir.Constant(ir.IntType(16), -1)
        return build.call(name, y.type, y, k, y, mask, INT(4))
    whole = build.ir.fptosi(k, integers(build, k))
    half = build.ir.ashr(whole, build.constant(1, whole))
    rest = build.ir.sub(whole, half)
    return build.mul(build.mul(y, power_of_two(build, half)), power_of_two(build, rest))


def reduced(build: KernelBuilder, x: Any) -> tuple[Any, Any]:
    """(k, r): x = k ln 2 + r, k whole, |r| <= ln 2 / 2."""
    k = build.intrinsic("rint", build.mul(x, build.constant(LOG2_E, x)))
    r = build.fma(k, build.constant(-LN2_HIGH, x), x)
    return k, build.fma(k, build.constant(-LN2_LOW, x), r)


def exp(build: KernelBuilder, x: Any) -> Any:
    """e**x."""
    x = at_least(build, at_most(build, x, 89.0), -104.0)
    k, r = reduced(build, x)
    y = build.fma(build.mul(r, r), polynomial(build, r, EXP), r)
    y = build.add(y, build.constant(1.0, x))
    if not instruction():  # 0 by a factor of 0: a product that underflows takes a hundred times as long
        y = build.ir.select(build.ir.fcmp_ordered("<", x, build.constant(-103.98, x)), build.constant(0.0, x), y)
    return scaled(build, y, k)


def exp_from(build: KernelBuilder, x: Any) -> Any:
    """e**x, for -170 <= x <= 89."""
    k, r = reduced(build, x)
    y = build.fma(build.mul(r, r), polynomial(build, r, EXP), r)
    return scaled(build, build.add(y, build.constant(1.0, x)), k)


def exp2(build: KernelBuilder, x: Any) -> Any:
    """2**x."""
    x = at_least(build, at_most(build, x, 129.0), -151.0)
    k = build.intrinsic("rint", x)
    r = build.sub(x, k)
    return scaled(build, build.fma(r, polynomial(build, r, EXP2), build.constant(1.0, x)), k)


def expm1_from(build: KernelBuilder, x: Any) -> Any:
    """e**x - 1, for -25 <= x <= 88.8; the sign of 0 may be lost."""
    k, r = reduced(build, x)
    p = build.fma(build.mul(r, r), polynomial(build, r, EXP), r)
    whole = build.ir.fptosi(k, integers(build, k))
    half = power_of_two(build, build.ir.sub(whole, build.constant(1, whole)))
    y = build.fma(half, p, build.sub(half, build.constant(0.5, x)))
    return build.add(y, y)


def expm1(build: KernelBuilder, x: Any) -> Any:
    """e**x - 1, exact near 0."""
    y = expm1_from(build, at_least(build, at_most(build, x, 88.8), -18.0))
    return build.intrinsic("copysign", y, x)


def two_to(build: KernelBuilder, k: Any) -> Any:
    """2**k of whole numbers as floats, -126 <= k <= 127."""
    if instruction():
        return scaled(build, build.constant(1.0, k), k)
    return power_of_two(build, build.ir.fptosi(k, integers(build, k)))


def tanh(build: KernelBuilder, x: Any) -> Any:
    """By a polynomial near 0, and 1 - 2 / (e**(2 |x|) + 1)."""
    size, square, one = build.intrinsic("fabs", x), build.mul(x, x), build.constant(1.0, x)
    near = build.fma(build.mul(x, square), polynomial(build, square, TANH), x)
    k, r = reduced(build, at_most(build, build.add(size, size), 20.0))
    p, grown = build.fma(build.mul(r, r), polynomial(build, r, EXP), r), two_to(build, k)
    more = build.fma(grown, p, build.add(grown, one))  # e**(2 |x|) + 1, rounded once
    far = build.sub(one, build.div(build.constant(2.0, x), more))
    y = build.ir.select(build.ir.fcmp_ordered("<", size, build.constant(0.625, x)), near, far)
    return build.intrinsic("copysign", y, x)


def sigmoid(build: KernelBuilder, x: Any) -> Any:
    """1 / (1 + e**-x); with e**-x = 2**k (1 + p), 2**-k / (1 + p + 2**-k), where nothing overflows."""
    k, r = reduced(build, at_least(build, at_most(build, build.ir.fneg(x), 104.0), -88.0))
    p, one = build.fma(build.mul(r, r), polynomial(build, r, EXP), r), build.constant(1.0, x)
    down = build.ir.fneg(k)
    more = build.add(one, build.add(p, scaled(build, one, down)))
    return scaled(build, build.div(one, more), down)


def erf(build: KernelBuilder, x: Any) -> Any:
    """By two polynomials: near 0, and of ln(erfc)."""
    size, square = build.intrinsic("fabs", x), build.mul(x, x)
    near = build.fma(x, polynomial(build, square, ERF), x)
    tail = exp_from(build, polynomial(build, at_most(build, size, 4.0), ERF_TAIL))
    far = build.intrinsic("copysign", build.sub(build.constant(1.0, x), tail), x)
    return build.ir.select(build.ir.fcmp_ordered("<", size, build.constant(1.0, x)), near, far)


def normal_share(build: KernelBuilder, x: Any) -> Any:
    """The share of a standard normal distribution below x, (1 + erf(x / sqrt(2))) / 2.

    To 1.8 units above 0, to 25 down to -2.5; farther below it falls to 0 as it should, where 1 + erf has no digits.
    """
    size, one, zero = build.intrinsic("fabs", x), build.constant(1.0, x), build.constant(0.0, x)
    beyond = exp_from(build, polynomial(build, at_most(build, size, 11.0 if instruction() else 9.3), SHARE))
    if not instruction():  # as in exp: not by underflow
        beyond = build.ir.select(build.ir.fcmp_ordered(">", size, build.constant(9.3, x)), zero, beyond)
    return build.ir.select(build.ir.fcmp_ordered("<", x, zero), beyond, build.sub(one, beyond))


# -- logarithms ------------------------------------------------------------------------------------------------------


def split(build: KernelBuilder, x: Any) -> tuple[Any, Any]:
    """(e, f): x = 2**e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), e as floats. For positive finite x."""
    kind = integers(build, x)
    tiny = build.ir.fcmp_ordered("<", x, build.constant(SMALLEST_NORMAL, x))
    grown = build.ir.select(tiny, build.mul(x, build.constant(2.0**24, x)), x)
    bits = build.ir.bitcast(grown, kind)
    whole = build.ir.ashr(build.ir.sub(bits, build.constant(ROOT_HALF_BITS, kind)), build.constant(23, kind))
    one = build.ir.sub(bits, build.ir.shl(whole, build.constant(23, kind)))
    f = build.sub(build.ir.bitcast(one, x.type), build.constant(1.0, x))
    e = build.ir.sitofp(whole, x.type)
    return build.ir.select(tiny, build.sub(e, build.constant(24.0, x)), e), f


def finished(build: KernelBuilder, x: Any, y: Any, zero: float = 0.0) -> Any:
    """The logarithm y of x, with what it is at the ends: inf, -inf at `zero`, NaN below."""
    y = build.ir.select(build.ir.fcmp_ordered("<", x, build.constant(math.inf, x)), y, x)
    end = build.constant(zero, x)
    y = build.ir.select(build.ir.fcmp_ordered("==", x, end), build.constant(-math.inf, x), y)
    return build.ir.select(build.ir.fcmp_ordered("<", x, end), build.constant(math.nan, x), y)


def log_of(build: KernelBuilder, e: Any, f: Any) -> Any:
    """E ln 2 + ln(1 + f)."""
    square = build.mul(f, f)
    rest = build.fma(build.mul(f, polynomial(build, f, LOG)), square, build.mul(square, build.constant(-0.5, f)))
    rest = build.fma(e, build.constant(LN2_LOW, e), rest)
    return build.fma(e, build.constant(LN2_HIGH, e), build.add(f, rest))


def log(build: KernelBuilder, x: Any) -> Any:
    """The natural logarithm."""
    return finished(build, x, log_of(build, *split(build, x)))


def log1p(build: KernelBuilder, x: Any) -> Any:
    """log(1 + x): f comes from x itself and is rounded once, so nothing is lost near 0."""
    kind = integers(build, x)
    bits = build.ir.bitcast(build.add(x, build.constant(1.0, x)), kind)
    whole = build.ir.ashr(build.ir.sub(bits, build.constant(ROOT_HALF_BITS, kind)), build.constant(23, kind))
    down = power_of_two(build, build.ir.sub(build.constant(2, kind), whole))  # 2**(2 - e): 2**-e may be denormal
    part = build.constant(0.25, x)
    f = build.fma(build.mul(x, part), down, build.fma(down, part, build.constant(-1.0, x)))
    y = build.intrinsic("copysign", log_of(build, build.ir.sitofp(whole, x.type), f), x)
    small = build.ir.fcmp_ordered("<", build.intrinsic("fabs", x), build.constant(2.0**-25, x))
    return finished(build, x, build.ir.select(small, x, y), -1.0)


def _log_to(build: KernelBuilder, x: Any, high: float, low: float, e_high: float, e_low: float, rest: Any) -> Any:
    e, f = split(build, x)
    y = build.fma(f, build.constant(low, x), rest(f))
    y = build.fma(e, build.constant(e_low, x), y) if e_low else y
    return finished(build, x, build.fma(e, build.constant(e_high, x), build.fma(f, build.constant(high, x), y)))


def log2(build: KernelBuilder, x: Any) -> Any:
    """The logarithm to base 2."""
    high = 1.44269502162933349609375  # 1 / ln 2 in float32

    def rest(f: Any) -> Any:
        return build.mul(build.mul(f, f), polynomial(build, f, LOG2))

    return _log_to(build, x, high, LOG2_E - high, 1.0, 0.0, rest)


def log10(build: KernelBuilder, x: Any) -> Any:
    """The logarithm to base 10."""
    tenth, two = 1 / math.log(10), math.log10(2)
    high, two_high = 0.4342944622039794921875, 0.301025390625  # the second has zeros at its end

    def rest(f: Any) -> Any:
        square = build.mul(f, f)
        y = build.fma(build.mul(f, polynomial(build, f, LOG)), square, build.mul(square, build.constant(-0.5, f)))
        return build.mul(y, build.constant(tenth, f))

    return _log_to(build, x, high, tenth - high, two_high, two - two_high, rest)


FUNCTIONS: dict[str, Callable[[KernelBuilder, Any], Any]] = {
    "exp": exp, "exp2": exp2, "expm1": expm1, "log": log, "log1p": log1p, "log2": log2, "log10": log10, "tanh": tanh,
    "sigmoid": sigmoid, "erf": erf, "normal_share": normal_share,
}  # fmt: skip
