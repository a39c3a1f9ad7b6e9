"""x to the power y for vectors of float32: 2**(y log2 x), the logarithm and the product in float64.

The largest error is 1.02 units in the last place; the exceptions are those of C and NumPy: 1 for x = 1 and for y = 0
even beside NaN, NaN for a negative x unless y is whole, signed zeros and infinities.
"""

from __future__ import annotations

import math
from typing import Any

from gradbook.kernels.emit import DOUBLE, INT, LONG, KernelBuilder
from gradbook.kernels.transcendental import EXP2, at_least, at_most, polynomial, scaled

__all__ = ["power"]

# of s = (m - 1) / (m + 1), m on [sqrt(1/2), sqrt(2)]: log2 m = s LOG2(s^2) to 45 bits; highest order first
LOG2 = (
    0.28288934209103966, 0.31990651794130825, 0.41220923060095693, 0.5770779426002068, 0.9617966941124542,
    2.8853900817778504,
)  # fmt: skip
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


def power(build: KernelBuilder, x: Any, y: Any) -> Any:
    """x**y."""
    size = build.intrinsic("fabs", x)
    return exceptions(build, x, y, size, finite(build, size, y))


def finite(build: KernelBuilder, size: Any, y: Any) -> Any:
    """2**(y log2(size)), for a positive finite size."""
    wide = build.vector(DOUBLE, size.type.count)
    product = build.mul(build.ir.fpext(y, wide), log2_of(build, build.ir.fpext(size, wide)))
    product = at_least(build, at_most(build, product, 160.0), -160.0)
    k = build.intrinsic("rint", product)
    r = build.ir.fptrunc(build.sub(product, k), size.type)
    grown = build.fma(r, polynomial(build, r, EXP2), build.constant(1.0, r))
    return scaled(build, grown, build.ir.fptrunc(k, size.type))


def log2_of(build: KernelBuilder, x: Any) -> Any:
    """log2 of positive float64 numbers to 44 bits."""
    kind = build.vector(LONG, x.type.count)
    bits = build.ir.bitcast(x, kind)
    whole = build.ir.ashr(build.ir.sub(bits, build.constant(ROOT_HALF_BITS, kind)), build.constant(52, kind))
    m = build.ir.bitcast(build.ir.sub(bits, build.ir.shl(whole, build.constant(52, kind))), x.type)
    one = build.constant(1.0, x)
    s = build.div(build.sub(m, one), build.add(m, one))
    narrow = build.ir.trunc(whole, build.vector(INT, x.type.count))
    return build.fma(s, polynomial(build, build.mul(s, s), LOG2), build.ir.sitofp(narrow, x.type))


def exceptions(build: KernelBuilder, x: Any, y: Any, size: Any, result: Any) -> Any:
    """x**y where |x|**y is `result`, or x or y is special."""
    choose, both, either = build.ir.select, build.ir.and_, build.ir.or_

    def ask(sign: str, a: Any, value: float) -> Any:
        return build.ir.fcmp_ordered(sign, a, build.constant(value, a))

    def whole(value: Any) -> Any:
        return build.ir.fcmp_ordered("==", build.intrinsic("trunc", value), value)

    below = ask("<", y, 0.0)
    edge = either(ask("==", size, 0.0), ask("==", size, math.inf))
    grows = build.ir.xor(ask("==", size, math.inf), below)
    result = choose(edge, choose(grows, build.constant(math.inf, x), build.constant(0.0, x)), result)
    odd = both(whole(y), build.ir.not_(whole(build.mul(y, build.constant(0.5, y)))))
    result = choose(odd, build.intrinsic("copysign", result, x), result)
    negative = both(ask("<", x, 0.0), ask(">", x, -math.inf))
    unknown = either(build.ir.fcmp_unordered("uno", x, y), both(negative, build.ir.not_(whole(y))))
    result = choose(unknown, build.constant(math.nan, x), result)
    endless = ask("==", build.intrinsic("fabs", y), math.inf)
    one = either(either(ask("==", y, 0.0), ask("==", x, 1.0)), both(ask("==", size, 1.0), endless))
    return choose(one, build.constant(1.0, x), result)
