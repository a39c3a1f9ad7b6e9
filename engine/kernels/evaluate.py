"""Expressions as LLVM values: a vector of each node. Truth values are vectors of bits, signs of integers are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from gradbook.kernels import angles, powers, transcendental, transcendental_double, trigonometry
from gradbook.kernels.emit import BIT, BYTE, DOUBLE, FLOAT, INT, LONG, KernelBuilder, suffix
from gradbook.kernels.expression import CAST, CONSTANT, INPUT, WHERE, Expression, walk

__all__ = ["evaluate", "stored", "type_of", "weight"]

TYPES = {"f4": FLOAT, "f8": DOUBLE, "i1": BYTE, "u1": BYTE, "i2": ir.IntType(16), "u2": ir.IntType(16)}
TYPES |= {"i4": INT, "u4": INT, "i8": LONG, "u8": LONG, "b1": BYTE}
COMPARISONS = {
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **transcendental.FUNCTIONS, **trigonometry.FUNCTIONS, **angles.FUNCTIONS, "power": powers.power,
}  # fmt: skip
LARGE = 100  # weight of a formula from which on functions are called
HEAVY = 12  # what a transcendental function weighs beside an addition


def type_of(dtype: np.dtype[Any]) -> Any:
    """The LLVM type of one number in memory."""
    return TYPES[dtype.str[1:]]


def weight(roots: tuple[Expression, ...]) -> int:
    """About how many instructions expressions take."""
    return sum(HEAVY if one.name in FUNCTIONS else 1 for one in walk(roots) if one.operands)


def evaluate(build: KernelBuilder, roots: tuple[Expression, ...], load: Callable[[int], Any], lanes: int) -> list[Any]:
    """The vectors of some expressions; `load(i)` gives that of input i.

    In a large formula exp and its kin are called, not written out each time: LLVM would take seconds.
    """
    values: dict[bytes, Any] = {}
    write = called if weight(roots) > LARGE else at_once
    for one in walk(roots):
        if one.name == INPUT:
            made = load(one.value)
        elif one.name == CONSTANT:
            made = number(build, one, lanes)
        else:
            made = value(build, one, [values[operand.key] for operand in one.operands], lanes, write)
        values[one.key] = made
    return [values[root.key] for root in roots]


def stored(build: KernelBuilder, made: Any, dtype: np.dtype[Any]) -> Any:
    """A vector as it lies in memory."""
    return build.ir.zext(made, build.vector(BYTE, made.type.count)) if dtype.kind == "b" else made


def number(build: KernelBuilder, one: Expression, lanes: int) -> Any:
    """A constant in all lanes."""
    if one.dtype.kind == "b":
        return build.constant(int(one.value), build.vector(BIT, lanes))
    plain = float(one.value) if one.dtype.kind == "f" else int(one.value)
    return build.constant(plain, build.vector(type_of(one.dtype), lanes))


def at_once(build: KernelBuilder, name: str, operands: list[Any]) -> Any:
    """A function of vectors, written here."""
    return function_of(name, operands[0].type)(build, *operands)


def function_of(name: str, kind: Any) -> Callable[..., Any]:
    """What writes a function of vectors of this type."""
    return transcendental_double.FUNCTIONS[name] if kind.element == DOUBLE else FUNCTIONS[name]


def called(build: KernelBuilder, name: str, operands: list[Any]) -> Any:
    """A function of vectors, written once in the module and called here."""
    kind = operands[0].type
    full = f"{name}.{suffix(kind)}"
    function = build.module.globals.get(full)
    if function is None:
        types = [operand.type for operand in operands]
        function = ir.Function(build.module, ir.FunctionType(kind, types), full)
        function.linkage = "internal"
        function.attributes.add("noinline")
        outside = build.function, build.ir
        build.function, build.ir = function, ir.IRBuilder(function.append_basic_block("entry"))
        try:
            build.ir.ret(function_of(name, kind)(build, *function.args))
        finally:
            build.function, build.ir = outside
    return build.ir.call(function, operands)


def value(build: KernelBuilder, one: Expression, operands: list[Any], lanes: int, write: Callable[..., Any]) -> Any:
    """One operation on vectors."""
    if one.name == CAST:
        return converted(build, operands[0], one.operands[0].dtype, one.dtype, lanes)
    if one.name == WHERE:
        return build.ir.select(*operands)
    if one.name in FUNCTIONS:
        return write(build, one.name, operands)
    dtype = one.operands[0].dtype
    if one.name in COMPARISONS:
        return compared(build, COMPARISONS[one.name], operands, dtype)
    table: dict[str, Callable[..., Any]] = {"f": OF_FLOATS, "b": OF_BITS}.get(dtype.kind, OF_INTEGERS)
    if dtype.kind == "u" and one.name in OF_UNSIGNED:
        table = OF_UNSIGNED
    return table[one.name](build, *operands)


def compared(build: KernelBuilder, sign: str, operands: list[Any], dtype: np.dtype[Any]) -> Any:
    """A comparison; with NaN only "not equal" is true."""
    if dtype.kind == "f":
        kind = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
    else:
        kind = "icmp_signed" if dtype.kind == "i" else "icmp_unsigned"
    return getattr(build.ir, kind)(sign, *operands)


def converted(build: KernelBuilder, x: Any, old: np.dtype[Any], new: np.dtype[Any], lanes: int) -> Any:
    """A vector in another dtype; floats that no integer holds become what the processor makes of them."""
    kind = build.vector(BIT if new.kind == "b" else type_of(new), lanes)
    if new.kind == "b":
        zero = build.constant(0, x)
        return build.ir.fcmp_unordered("!=", x, zero) if old.kind == "f" else build.ir.icmp_signed("!=", x, zero)
    if old.kind == "f":
        if new.kind == "f":
            return build.ir.fpext(x, kind) if new.itemsize > old.itemsize else build.ir.fptrunc(x, kind)
        return from_float(build, x, new, kind, lanes)
    if new.kind == "f":
        return build.ir.sitofp(x, kind) if old.kind == "i" else build.ir.uitofp(x, kind)
    if old.kind != "b" and new.itemsize <= old.itemsize:
        return build.ir.trunc(x, kind) if new.itemsize < old.itemsize else x
    return build.ir.sext(x, kind) if old.kind == "i" else build.ir.zext(x, kind)


def from_float(build: KernelBuilder, x: Any, new: np.dtype[Any], kind: Any, lanes: int) -> Any:
    """Integers without the fraction; small ones by way of int32, as C compilers do it."""
    if new.kind == "u" and new.itemsize >= 4:
        return build.ir.fptoui(x, kind)
    whole = build.ir.fptosi(x, kind if new.itemsize >= 4 else build.vector(INT, lanes))
    return build.ir.trunc(whole, kind) if new.itemsize < 4 else whole


# -- the operations --------------------------------------------------------------------------------------------------


def _intrinsic(name: str) -> Callable[..., Any]:
    return lambda build, *operands: build.intrinsic(name, *operands)


def _infinite(build: KernelBuilder, x: Any, sign: str) -> Any:
    return build.ir.fcmp_ordered(sign, build.intrinsic("fabs", x), build.constant(math.inf, x))


def _known(build: KernelBuilder, extreme: Any, a: Any, b: Any) -> Any:
    """The larger or smaller; the other one if one is NaN."""
    found = build.ir.select(build.ir.fcmp_unordered("uno", a, a), b, extreme(a, b))
    return build.ir.select(build.ir.fcmp_unordered("uno", b, b), a, found)


def _sign_bit(build: KernelBuilder, x: Any) -> Any:
    bits = build.ir.bitcast(x, build.vector(LONG if x.type.element == DOUBLE else INT, x.type.count))
    return build.ir.icmp_signed("<", bits, build.constant(0, bits))


def _shifted(name: str, fill: str) -> Callable[..., Any]:
    """A shift; by more than there are bits, all of them leave, as NumPy has it."""

    def shift(build: KernelBuilder, a: Any, b: Any) -> Any:
        last = build.constant(a.type.element.width - 1, b)
        over = build.ir.icmp_unsigned(">", b, last)
        if fill == "sign":
            return build.ir.ashr(a, build.ir.select(over, last, b))
        zero = build.constant(0, a)
        return build.ir.select(over, zero, getattr(build.ir, name)(a, build.ir.select(over, zero, b)))

    return shift


def _chosen(ask: str, sign: str) -> Callable[..., Any]:
    return lambda build, a, b: build.ir.select(getattr(build.ir, ask)(sign, a, b), a, b)


OF_FLOATS: dict[str, Callable[..., Any]] = {
    "add": lambda build, a, b: build.add(a, b),
    "subtract": lambda build, a, b: build.sub(a, b),
    "multiply": lambda build, a, b: build.mul(a, b),
    "divide": lambda build, a, b: build.div(a, b),
    "negative": lambda build, x: build.ir.fneg(x),
    "absolute": _intrinsic("fabs"), "sqrt": _intrinsic("sqrt"), "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"), "trunc": _intrinsic("trunc"), "rint": _intrinsic("rint"),
    "copysign": _intrinsic("copysign"),
    "maximum": lambda build, a, b: build.maximum(a, b),
    "minimum": lambda build, a, b: build.minimum(a, b),
    "fmax": lambda build, a, b: _known(build, build.maximum, a, b),
    "fmin": lambda build, a, b: _known(build, build.minimum, a, b),
    "isnan": lambda build, x: build.ir.fcmp_unordered("uno", x, x),
    "isinf": lambda build, x: _infinite(build, x, "=="),
    "isfinite": lambda build, x: _infinite(build, x, "<"),
    "signbit": _sign_bit,
}  # fmt: skip
OF_INTEGERS: dict[str, Callable[..., Any]] = {
    "add": lambda build, a, b: build.ir.add(a, b),
    "subtract": lambda build, a, b: build.ir.sub(a, b),
    "multiply": lambda build, a, b: build.ir.mul(a, b),
    "negative": lambda build, x: build.ir.neg(x),
    "absolute": lambda build, x: build.call(
        f"llvm.abs.v{x.type.count}i{x.type.element.width}", x.type, x, ir.Constant(BIT, 0)
    ),
    "maximum": _chosen("icmp_signed", ">"), "minimum": _chosen("icmp_signed", "<"),
    "bitwise_and": lambda build, a, b: build.ir.and_(a, b),
    "bitwise_or": lambda build, a, b: build.ir.or_(a, b),
    "bitwise_xor": lambda build, a, b: build.ir.xor(a, b),
    "invert": lambda build, x: build.ir.not_(x),
    "left_shift": _shifted("shl", "zero"), "right_shift": _shifted("ashr", "sign"),
}  # fmt: skip
OF_UNSIGNED: dict[str, Callable[..., Any]] = {
    "maximum": _chosen("icmp_unsigned", ">"), "minimum": _chosen("icmp_unsigned", "<"),
    "absolute": lambda build, x: x, "right_shift": _shifted("lshr", "zero"),
}  # fmt: skip
OF_BITS: dict[str, Callable[..., Any]] = {
    name: OF_INTEGERS[like]
    for like, names in {
        "bitwise_and": ("bitwise_and", "multiply", "minimum"), "bitwise_or": ("bitwise_or", "add", "maximum"),
        "bitwise_xor": ("bitwise_xor",), "invert": ("invert",),
    }.items()
    for name in names
}  # fmt: skip
