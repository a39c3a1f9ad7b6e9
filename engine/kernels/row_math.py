"""exp and log of vectors, until transcendental.py lands."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from gradbook.kernels.emit import INT, KernelBuilder

EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip


def polynomial(build: KernelBuilder, x: Any, terms: tuple[float, ...]) -> Any:
    """Horner's scheme, highest power first."""
    value = build.constant(terms[0], x)
    for term in terms[1:]:
        value = build.fma(value, x, build.constant(term, x))
    return value


def integers(x: Any) -> Any:
    """32-bit integers, as many as x has lanes."""
    return ir.VectorType(INT, x.type.count) if isinstance(x.type, ir.VectorType) else INT


def exp(build: KernelBuilder, x: Any) -> Any:
    """e ** x of vectors or numbers."""
    nothing = build.ir.fcmp_ordered("<", x, build.constant(-103.98, x))
    for op, limit in (("<", -104.0), (">", 89.0)):
        bound = build.constant(limit, x)
        x = build.ir.select(build.ir.fcmp_ordered(op, x, bound), bound, x)
    n = build.intrinsic("rint", build.mul(x, build.constant(math.log2(math.e), x)))
    r = build.fma(n, build.constant(-0.693359375, x), x)
    r = build.fma(n, build.constant(2.12194440e-4, x), r)
    p = polynomial(build, r, EXP)
    p = build.fma(p, build.mul(r, r), build.add(r, build.constant(1.0, x)))
    kind = integers(x)
    k = build.ir.fptosi(n, kind)
    half = build.ir.ashr(k, ir.Constant(kind, [1] * kind.count if isinstance(kind, ir.VectorType) else 1))
    p = build.mul(p, power_of_two(build, half, x.type))
    rest = power_of_two(build, build.ir.sub(k, half), x.type)
    # 0 by a factor of 0: a product that underflows costs a hundred times as much
    return build.mul(p, build.ir.select(nothing, build.constant(0.0, x), rest))


def power_of_two(build: KernelBuilder, k: Any, kind: Any) -> Any:
    """2 ** k as a float of `kind`."""
    many = k.type.count if isinstance(k.type, ir.VectorType) else 0
    bias, shift = (ir.Constant(k.type, [v] * many if many else v) for v in (127, 23))
    return build.ir.bitcast(build.ir.shl(build.ir.add(k, bias), shift), kind)


def log(build: KernelBuilder, x: Any) -> Any:
    """Log of positive normal numbers; NaN and inf stay."""
    kind = integers(x)

    def whole(value: int) -> Any:
        return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)

    bits = build.ir.bitcast(x, kind)
    shifted = build.ir.sub(bits, whole(0x3F3504F3))  # mantissa from sqrt(1/2) on
    e = build.ir.sitofp(build.ir.ashr(shifted, whole(23)), x.type)
    m = build.ir.bitcast(build.ir.add(build.ir.and_(shifted, whole(0x7FFFFF)), whole(0x3F3504F3)), x.type)
    f = build.sub(m, build.constant(1.0, x))
    z = build.mul(f, f)
    y = build.mul(build.mul(polynomial(build, f, LOG), f), z)
    y = build.fma(e, build.constant(-2.12194440e-4, x), y)
    y = build.fma(z, build.constant(-0.5, x), y)
    y = build.fma(e, build.constant(0.693359375, x), build.add(f, y))
    odd = build.ir.fcmp_unordered("==", x, build.constant(math.inf, x))
    return build.ir.select(odd, x, y)
