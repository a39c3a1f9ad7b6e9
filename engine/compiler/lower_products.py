"""Products with native kernels: matrices, batches of them, their gradients."""

from __future__ import annotations

import numpy as np

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.lower import Array, native, rows
from gradbook.kernels.gemm import matmul
from gradbook.kernels.program import Program, Unsupported

__all__: list[str] = []


@native("op", "mm")
@native("op", "bmm")
def _(program: Program, each: Instruction, array: Array) -> None:
    a, b = (array(operand) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), a, b)


@native("rule", "mm.a")
@native("rule", "bmm.a")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, b = (array(operand) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), grad, np.swapaxes(b, -1, -2))


@native("rule", "mm.b")
@native("rule", "bmm.b")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, a = (array(operand) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), np.swapaxes(a, -1, -2), grad)


@native("rule", "matmul.a")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, b, a_shape = (array(operand) for operand in each.inputs)
    if b.ndim == 1 or len(a_shape) == 1:
        raise Unsupported("the gradient of a product with a vector")
    matmul(program, array(each.outputs[0]), grad, np.swapaxes(b, -1, -2))


@native("rule", "matmul.b")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, a, b_shape = (array(operand) for operand in each.inputs)
    if a.ndim == 1 or len(b_shape) == 1:
        raise Unsupported("the gradient of a product with a vector")
    if len(b_shape) == 2 and a.ndim > 2:  # the sum over all leading axes is part of one product
        a, grad = rows(a), rows(grad)
    matmul(program, array(each.outputs[0]), np.swapaxes(a, -1, -2), grad)
