"""Which instructions have native kernels: one function an op, and one a gradient rule, by name.

Each is given the program, the instruction and `array`, which gives a window's array; it adds kernels, or raises
Unsupported, and the instruction is run by the engine's own functions. Pointwise instructions are not here: fusion.py
makes their kernels from the declarations of the ops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.compiler.recording import Instruction
from gradbook.kernels.gemm import matmul
from gradbook.kernels.program import Program, Unsupported

__all__ = ["NATIVE", "has_kernels", "lower"]

Lower = Callable[[Program, Instruction, Callable[[Any], Any]], None]
NATIVE: dict[tuple[str, str], Lower] = {}


def lower(program: Program, each: Instruction, array: Callable[[Any], Any]) -> None:
    """Add the kernels of an instruction. Raises Unsupported where there are none for it."""
    found = NATIVE.get((each.kind, name_of(each)))
    if found is None:
        raise Unsupported(f"no kernel for {each.kind} {name_of(each)}")
    found(program, each, array)


def name_of(each: Instruction) -> str:
    """Under which name an instruction's kernels are noted."""
    if each.kind not in ("op", "rule"):
        return type(each.op).__name__ if each.kind == "update" else each.kind
    if each.kind == "rule" and each.op.joint is None and each.rule is not None:
        return f"{each.op.name}.{each.op.operands[each.rule.target]}"
    return str(each.op.name)


def has_kernels(each: Instruction) -> bool:
    """True if there may be kernels for an instruction here."""
    return (each.kind, name_of(each)) in NATIVE


def native(kind: str, name: str) -> Callable[[Lower], Lower]:
    """Decorator: the kernels of an op ("op", its name) or of a rule ("rule", "name.operand", or "name" if joint)."""

    def note(function: Lower) -> Lower:
        NATIVE[kind, name] = function
        return function

    return note


def rows(array: Any) -> Any:
    """(*, n) -> (m, n), the same memory. Raises Unsupported where that cannot be."""
    if array.ndim == 2:
        return array
    flat = array.reshape(-1, array.shape[-1])
    if array.size and not np.shares_memory(flat, array):
        raise Unsupported("rows that do not lie one behind the other")
    return flat


# -- products --------------------------------------------------------------------------------------------------------


@native("op", "linear")
def _(program: Program, each: Instruction, array: Callable[[Any], Any]) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    relu = "relu" if each.params.get("activation") == "relu" else ""
    matmul(program, rows(array(each.outputs[0])), rows(x), weight.T, bias=bias, activation=relu)


@native("rule", "linear.input")
def _(program: Program, each: Instruction, array: Callable[[Any], Any]) -> None:
    grad, weight = (array(operand) for operand in each.inputs)
    matmul(program, rows(array(each.outputs[0])), rows(grad), weight)


@native("rule", "linear.weight")
def _(program: Program, each: Instruction, array: Callable[[Any], Any]) -> None:
    grad, x = (rows(array(operand)) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), grad.T, x)


@native("op", "matmul")
def _(program: Program, each: Instruction, array: Callable[[Any], Any]) -> None:
    a, b = (array(operand) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), a, b)

