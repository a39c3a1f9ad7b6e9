"""sin and cos for vectors of float32, exact to the last angle: far from 0, too, pi is subtracted with all its digits.

The largest error is 1.5 units in the last place: see transcendental.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from gradbook.kernels.emit import DOUBLE, FLOAT, INT, LONG, KernelBuilder, suffix
from gradbook.kernels.transcendental import polynomial

__all__ = ["FUNCTIONS"]

# of r on [-pi / 4, pi / 4]: sin r = r + r^3 SIN(r^2), cos r = 1 - r^2 / 2 + r^4 COS(r^2); highest order first
SIN = (-0.0001951809972524643, 0.008332188241183758, -0.16666655242443085)
COS = (2.4432552891084924e-05, -0.0013887310633435845, 0.04166664555668831)
HALF_PI = (1.57079637050628662109375, -4.37113882867379113e-08, -1.7151245100058819e-15)  # as three float32 numbers
NEAR = 2.0**15  # up to here those three are enough
ROUND = 1.5 * 2.0**23  # added and taken off, it leaves a whole number
TWO_OVER_PI = 0xA2F9836E4E441529FC2757D1F534DDC0DB6295993C439041FE5163ABDEBBC561  # the first 256 bits of its fraction
WIDE = ir.IntType(128)


def sin(build: KernelBuilder, x: Any) -> Any:
    """The sine of an angle in radians."""
    bits = build.vector(INT, x.type.count)
    r, turns = quadrant(build, build.intrinsic("fabs", x))
    sign = build.ir.and_(build.ir.bitcast(x, bits), build.constant(-(2**31), bits))
    return wave(build, r, turns, sign)


def cos(build: KernelBuilder, x: Any) -> Any:
    """The cosine of an angle in radians."""
    bits = build.vector(INT, x.type.count)
    r, turns = quadrant(build, build.intrinsic("fabs", x))
    return wave(build, r, build.ir.add(turns, build.constant(1, bits)), build.constant(0, bits))


def wave(build: KernelBuilder, r: Any, turns: Any, sign: Any) -> Any:
    """The sine of r + turns * pi / 2, its sign turned over by the bits of `sign`."""
    square = build.mul(r, r)
    sine = build.fma(build.mul(square, r), polynomial(build, square, SIN), r)
    cosine = build.fma(square, build.constant(-0.5, r), build.constant(1.0, r))
    cosine = build.fma(build.mul(square, square), polynomial(build, square, COS), cosine)
    odd = build.ir.icmp_signed("!=", build.ir.and_(turns, build.constant(1, turns)), build.constant(0, turns))
    half = build.ir.shl(build.ir.and_(turns, build.constant(2, turns)), build.constant(30, turns))
    chosen = build.ir.bitcast(build.ir.select(odd, cosine, sine), turns.type)
    return build.ir.bitcast(build.ir.xor(chosen, build.ir.xor(half, sign)), r.type)


def quadrant(build: KernelBuilder, size: Any) -> tuple[Any, Any]:
    """(r, k): size = r + k pi / 2, |r| <= pi / 4, k modulo 4; size >= 0."""
    shifted = build.fma(size, build.constant(2 / math.pi, size), build.constant(ROUND, size))
    k = build.sub(shifted, build.constant(ROUND, size))
    r = size
    for part in HALF_PI:
        r = build.fma(k, build.constant(-part, k), r)
    turns = build.ir.bitcast(shifted, build.vector(INT, size.type.count))
    far = build.ir.fcmp_ordered(">=", size, build.constant(NEAR, size))
    some = build.ir.icmp_unsigned(
        "!=", build.ir.bitcast(far, ir.IntType(size.type.count)), ir.Constant(ir.IntType(size.type.count), 0)
    )
    before = build.ir.block
    slow, after = build.function.append_basic_block("far"), build.function.append_basic_block("angle")
    build.ir.cbranch(some, slow, after).set_weights([1, 1000])
    build.ir.position_at_end(slow)
    function = far_angle(build)
    with build.loop_with(build.long(0), build.long(size.type.count), [r, turns], name="lane") as (i, values, last):
        lane = build.ir.trunc(i, INT)
        both = build.ir.call(function, [build.ir.extract_element(size, lane)])
        there = build.ir.extract_element(far, lane)
        for n, value in enumerate(values):
            new = build.ir.select(there, build.ir.extract_value(both, n), build.ir.extract_element(value, lane))
            last[n] = build.ir.insert_element(value, new, lane)
    ended = build.ir.block
    build.ir.branch(after)
    build.ir.position_at_end(after)
    merged = []
    for near, distant in zip((r, turns), last, strict=True):
        phi = build.ir.phi(near.type)
        phi.add_incoming(near, before)
        phi.add_incoming(distant, ended)
        merged.append(phi)
    return merged[0], merged[1]


def far_angle(build: KernelBuilder) -> Any:
    """The function (float >= 1) -> {r, k}, as `quadrant` gives them, by 128 bits of 2 / pi (Payne and Hanek, 1983)."""
    name = "far_angle"
    if name in build.module.globals:
        return build.module.globals[name]
    pair = ir.LiteralStructType([FLOAT, INT])
    function = ir.Function(build.module, ir.FunctionType(pair, [FLOAT]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    table = ir.GlobalVariable(build.module, ir.ArrayType(LONG, 4), "two_over_pi")
    table.linkage, table.global_constant = "internal", True
    words = [TWO_OVER_PI >> 192 - 64 * i & (1 << 64) - 1 for i in range(4)]
    table.initializer = ir.Constant(table.value_type, words)
    at = ir.IRBuilder(function.append_basic_block("entry"))
    (x,) = function.args
    bits = at.bitcast(x, INT)
    power = at.sub(at.zext(at.lshr(bits, INT(23)), LONG), LONG(150))  # x = mantissa * 2**power
    mantissa = at.or_(at.and_(bits, INT(0x7FFFFF)), INT(0x800000))
    skip = at.sub(power, LONG(2))  # bits that give whole turns
    skip = at.select(at.icmp_signed("<", skip, LONG(0)), LONG(0), skip)
    digits = [at.load(at.gep(table, [at.add(at.lshr(skip, LONG(6)), LONG(i))], source_etype=LONG), typ=LONG)
              for i in range(3)]  # fmt: skip
    shift = at.and_(skip, LONG(63))
    funnel = f"llvm.fshl.{suffix(LONG)}"
    declared = build.module.globals.get(funnel) or ir.Function(
        build.module, ir.FunctionType(LONG, [LONG, LONG, LONG]), funnel
    )
    high, low = (at.call(declared, [digits[i], digits[i + 1], shift]) for i in (0, 1))
    window = at.or_(at.shl(at.zext(high, WIDE), WIDE(64)), at.zext(low, WIDE))
    # x is mantissa * window * 2**(power - skip - 128) quarter turns: in units of 2**-126 of them, four turns fall off
    down = at.sub(LONG(2), at.sub(power, skip))  # 0 unless power < 2
    product = at.mul(at.zext(mantissa, WIDE), at.lshr(window, at.zext(down, WIDE)))
    turns = at.lshr(at.add(product, WIDE(1 << 125)), WIDE(126))
    rest = at.ashr(at.shl(product, WIDE(2)), WIDE(64))  # the fraction, -1/2 .. 1/2 of 2**64
    angle = at.fmul(at.sitofp(at.trunc(rest, LONG), DOUBLE), ir.Constant(DOUBLE, math.pi / 2 * 2.0**-64))
    finite = at.icmp_unsigned("<", bits, INT(0x7F800000))
    r = at.select(finite, at.fptrunc(angle, FLOAT), ir.Constant(FLOAT, math.nan))
    made = at.insert_value(ir.Constant(pair, ir.Undefined), r, 0)
    at.ret(at.insert_value(made, at.trunc(turns, INT), 1))
    return function


FUNCTIONS: dict[str, Callable[[KernelBuilder, Any], Any]] = {"sin": sin, "cos": cos}
