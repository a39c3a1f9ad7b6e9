"""The angles of given sines, cosines and tangents, for vectors of float32; errors up to 2.1 units in the last place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.kernels.emit import INT, KernelBuilder
from gradbook.kernels.transcendental import polynomial

__all__ = ["FUNCTIONS"]

# arctan t = t + t^3 ATAN(t^2) up to 1; arcsin s = s + s^3 ASIN(s^2) up to 1/2; highest order first
ATAN = (
    -0.0017874144250527024, 0.010886868461966515, -0.031126288697123528, 0.05790604278445244, -0.08400458097457886,
    0.10951172560453415, -0.14264051616191864, 0.1999853104352951, -0.33333298563957214,
)  # fmt: skip
ASIN = (
    0.03757822920498911, 0.014393762152467161, 0.0318198273828463, 0.044515470736338596, 0.0750051212799904,
    0.16666659853197013,
)  # fmt: skip
HALF_PI = (1.57079637050628662109375, -4.37113882867379113e-08)  # as two float32 numbers
PI = (2 * HALF_PI[0], 2 * HALF_PI[1])


def less_than(build: KernelBuilder, whole: tuple[float, float], x: Any, times: float = 1.0) -> Any:
    """A constant of two parts, less `times` x."""
    rest = build.fma(x, build.constant(-times, x), build.constant(whole[1], x))
    return build.add(build.constant(whole[0], x), rest)


def arctan(build: KernelBuilder, x: Any) -> Any:
    """The angle of a tangent."""
    size, one = build.intrinsic("fabs", x), build.constant(1.0, x)
    steep = build.ir.fcmp_ordered(">", size, one)
    t = build.ir.select(steep, build.div(one, size), size)
    flat = near(build, t, ATAN)
    return build.intrinsic("copysign", build.ir.select(steep, less_than(build, HALF_PI, flat), flat), x)


def near(build: KernelBuilder, t: Any, coefficients: tuple[float, ...]) -> Any:
    """T + t^3 p(t^2)."""
    square = build.mul(t, t)
    return build.fma(build.mul(t, square), polynomial(build, square, coefficients), t)


def arctan2(build: KernelBuilder, y: Any, x: Any) -> Any:
    """The angle of the point (x, y)."""
    up, along = build.intrinsic("fabs", y), build.intrinsic("fabs", x)
    steep = build.ir.fcmp_ordered(">", up, along)
    larger, smaller = build.ir.select(steep, up, along), build.ir.select(steep, along, up)
    t = build.div(smaller, larger)
    alike = build.ir.fcmp_ordered("==", up, along)  # both 0 or both inf among others
    origin = build.ir.fcmp_ordered("==", larger, build.constant(0.0, x))
    t = build.ir.select(alike, build.ir.select(origin, build.constant(0.0, x), build.constant(1.0, x)), t)
    angle = near(build, t, ATAN)
    angle = build.ir.select(steep, less_than(build, HALF_PI, angle), angle)
    bits = build.ir.bitcast(x, build.vector(INT, x.type.count))
    behind = build.ir.icmp_signed("<", bits, build.constant(0, bits))
    angle = build.intrinsic("copysign", build.ir.select(behind, less_than(build, PI, angle), angle), y)
    return build.ir.select(build.ir.fcmp_unordered("uno", x, y), build.add(x, y), angle)


def sine_angle(build: KernelBuilder, x: Any) -> tuple[Any, Any]:
    """(|x| > 1/2, the angle whose sine is |x|; beyond 1/2 half of that whose cosine is |x|)."""
    size = build.intrinsic("fabs", x)
    beyond = build.ir.fcmp_ordered(">", size, build.constant(0.5, x))
    part = build.fma(size, build.constant(-0.5, x), build.constant(0.5, x))
    s = build.ir.select(beyond, build.intrinsic("sqrt", part), size)
    return beyond, near(build, s, ASIN)


def arcsin(build: KernelBuilder, x: Any) -> Any:
    """The angle of a sine; NaN beyond 1."""
    beyond, angle = sine_angle(build, x)
    return build.intrinsic("copysign", build.ir.select(beyond, less_than(build, HALF_PI, angle, 2.0), angle), x)


def arccos(build: KernelBuilder, x: Any) -> Any:
    """The angle of a cosine; NaN beyond 1."""
    beyond, angle = sine_angle(build, x)
    twice = build.add(angle, angle)
    below = build.ir.fcmp_ordered("<", x, build.constant(0.0, x))
    far = build.ir.select(below, less_than(build, PI, twice), twice)
    return build.ir.select(beyond, far, less_than(build, HALF_PI, build.intrinsic("copysign", angle, x)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "arctan": arctan, "arctan2": arctan2, "arcsin": arcsin, "arccos": arccos,
}  # fmt: skip
