"""Which instructions have native kernels: one function an op, and one a gradient rule, by name.

Each is given the program, the instruction and `array`, which gives a window's array; it adds kernels, or raises
Unsupported, and the instruction is run by the engine's own functions. Pointwise instructions are not here: fusion.py
makes their kernels from the declarations of the ops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.compiler.instruction import Instruction
from gradbook.determinism import are_deterministic_algorithms_enabled as must_be_precise
from gradbook.kernels.attention import attention, attention_grad
from gradbook.kernels.batch_norm import batch_norm, batch_norm_grad
from gradbook.kernels.columns import column_sum
from gradbook.kernels.conv import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.embedding import embedding, embedding_grad
from gradbook.kernels.gemm import matmul
from gradbook.kernels.moving import copy
from gradbook.kernels.pooling import max_pool2d, max_pool2d_grad
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.recurrent import gru, gru_grad, lstm, lstm_grad, rnn, rnn_grad

__all__ = ["NATIVE", "has_kernels", "lower"]

Array = Callable[[Any], Any]
Lower = Callable[[Program, Instruction, Array], None]
NATIVE: dict[tuple[str, str], Lower] = {}


def lower(program: Program, each: Instruction, array: Array) -> None:
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
    flat = array.reshape(math.prod(array.shape[:-1]), array.shape[-1])
    if array.size and not np.shares_memory(flat, array):
        raise Unsupported("rows that do not lie one behind the other")
    return flat


def rows_read(program: Program, array: Any, which: int = 1) -> Any:
    """(*, n) -> (m, n), to be read: a copy (piece `which` of the scratch memory) where rows lie in another order."""
    try:
        return rows(array)
    except Unsupported:
        packed = program.scratch(array.size, which)[: array.size].reshape(array.shape)
        copy(program, packed, array)
        return rows(packed)


# -- products --------------------------------------------------------------------------------------------------------


@native("op", "linear")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    relu = "relu" if each.params.get("activation") == "relu" else ""
    matmul(program, rows(array(each.outputs[0])), rows_read(program, x), weight.T, bias=bias, activation=relu)


@native("rule", "linear.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, weight = (array(operand) for operand in each.inputs)
    matmul(program, rows(array(each.outputs[0])), rows_read(program, grad), weight)


@native("rule", "linear.weight")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x = (rows_read(program, array(operand), which) for which, operand in enumerate(each.inputs, 1))
    matmul(program, array(each.outputs[0]), grad.T, x)


@native("op", "matmul")
def _(program: Program, each: Instruction, array: Array) -> None:
    a, b = (array(operand) for operand in each.inputs)
    matmul(program, array(each.outputs[0]), a, b)


@native("rule", "linear.bias")
def _(program: Program, each: Instruction, array: Array) -> None:
    column_sum(program, array(each.outputs[0]), rows_read(program, array(each.inputs[0])))


# -- tables ------------------------------------------------------------------------------------------------------------


@native("op", "embedding")
def _(program: Program, each: Instruction, array: Array) -> None:
    if each.params["index"].block.kind == "temporary":
        raise Unsupported("indices that nobody could look at before")
    embedding(program, array(each.outputs[0]), array(each.inputs[0]), array(each.params["index"]))


@native("rule", "embedding.weight")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, index, padding_idx, scale = (array(operand) for operand in each.inputs)
    embedding_grad(program, array(each.outputs[0]), grad, index, padding_idx=padding_idx, scale=scale)


# -- images ----------------------------------------------------------------------------------------------------------


@native("op", "conv2d")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    conv2d(
        program,
        array(each.outputs[0]),
        x,
        weight,
        bias,
        **each.params,
        precise=must_be_precise(),
    )


@native("rule", "conv2d.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, weight, _, *window = (array(operand) for operand in each.inputs)
    conv2d_input_grad(
        program,
        array(each.outputs[0]),
        grad,
        weight,
        *window,
        precise=must_be_precise(),
    )


@native("rule", "conv2d.weight")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x, _, _, *window = (array(operand) for operand in each.inputs)
    conv2d_weight_grad(program, array(each.outputs[0]), x, grad, *window, precise=must_be_precise())


@native("rule", "conv2d.bias")
def _(program: Program, each: Instruction, array: Array) -> None:
    conv2d_bias_grad(program, array(each.outputs[0]), array(each.inputs[0]))


@native("op", "max_pool2d")
def _(program: Program, each: Instruction, array: Array) -> None:
    out, *which = (array(o) for o in each.outputs)
    window = [each.params[name] for name in ("kernel", "stride", "padding", "dilation")]
    places = which[0] if which else np.empty(out.shape, np.uint8)
    max_pool2d(program, out, places, array(each.inputs[0]), *window)


@native("rule", "max_pool2d.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, which, _, *window = (array(operand) for operand in each.inputs)
    max_pool2d_grad(program, array(each.outputs[0]), grad, which, *window[:4])


@native("op", "batch_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias, mean, var = (array(operand) for operand in each.inputs)
    y, *kept = (array(out) for out in each.outputs)
    own = dict(zip(("mean", "invstd"), kept, strict=False))
    batch_norm(program, y, x, weight=weight, bias=bias, running_mean=mean, running_var=var, **own, **each.params)


@native("rule", "batch_norm")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x, weight, mean, invstd, _, training, _ = (array(operand) for operand in each.inputs)
    dx, dw, db = (array(out) for out in each.outputs[:3])
    batch_norm_grad(program, grad, x, mean, invstd, weight=weight, training=training, dx=dx, dw=dw, db=db)


# -- sequences -------------------------------------------------------------------------------------------------------


@native("op", "scaled_dot_product_attention")
def _(program: Program, each: Instruction, array: Array) -> None:
    out, *weights = (array(o) for o in each.outputs)
    query, key, value, mask = (array(operand) for operand in each.inputs)
    attention(program, out, weights[0] if weights else None, query, key, value, mask, **each.params)


@native("rule", "scaled_dot_product_attention")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, query, key, value, _, weights, needs, scale, causal = (array(operand) for operand in each.inputs)
    if needs[3]:
        raise Unsupported("the gradient of a mask")
    dquery, dkey, dvalue = (array(out) for out in each.outputs[:3])
    attention_grad(program, dquery, dkey, dvalue, grad, query, key, value, weights, scale=scale, causal=causal)


@native("op", "lstm_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    states, last, *own = (array(out) for out in each.outputs)  # own: the states again, what is kept, the cells
    gates, h0, c0, weight = (array(x) for x in each.inputs)
    kept, cells = own[1:] or (None, None)
    lstm(program, states, last, gates, h0, c0, weight, kept=kept, cells=cells, reverse=each.params["reverse"])


@native("rule", "lstm_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    _, _, h0, c0, weight, states, kept, cells, _, reverse = (array(operand) for operand in each.inputs)
    dgates, dh0, dc0, dweight = (array(out) for out in each.outputs)
    dstates, dlast = (array(part) for part in each.inputs[0])
    given = (h0, c0, weight, states, kept, cells)
    lstm_grad(program, dgates, dh0, dc0, dweight, dstates, dlast, *given, reverse=reverse)


@native("op", "gru_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    states, *kept = (array(out) for out in each.outputs)
    gates, h0, weight, bias = (array(x) for x in each.inputs)
    gru(program, states, gates, h0, weight, bias, kept=kept[0] if kept else None, reverse=each.params["reverse"])


@native("rule", "gru_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, h0, weight, _, states, kept, _, reverse = (array(operand) for operand in each.inputs)
    dgates, dh0, dweight, dbias = (array(out) for out in each.outputs)
    gru_grad(program, dgates, dh0, dweight, dbias, grad, h0, weight, states, kept, reverse=reverse)


@native("op", "rnn_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    gates, h0, weight = (array(x) for x in each.inputs)
    rnn(program, array(each.outputs[0]), gates, h0, weight, **each.params)


@native("rule", "rnn_layer")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, h0, weight, states, _, reverse, relu = (array(operand) for operand in each.inputs)
    dgates, dh0, dweight = (array(out) for out in each.outputs)
    rnn_grad(program, dgates, dh0, dweight, grad, h0, weight, states, relu=relu, reverse=reverse)
