"""More instructions with native kernels: one-dimensional and transposed convolutions, means of windows, clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.lower import Array, native
from gradbook.determinism import are_deterministic_algorithms_enabled as must_be_precise
from gradbook.kernels.conv import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.gradients import clip_grad_norm
from gradbook.kernels.pooling import avg_pool2d, avg_pool2d_grad
from gradbook.kernels.program import Program, Unsupported
from gradbook.nn.utils.clip_grad import clip_grad_norm_

__all__: list[str] = []


@native("op", "conv1d")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    conv2d(program, array(each.outputs[0]), x, weight, bias, **each.params, precise=must_be_precise())


@native("rule", "conv1d.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, weight, _, *window = (array(operand) for operand in each.inputs)
    conv2d_input_grad(program, array(each.outputs[0]), grad, weight, *window, precise=must_be_precise())


@native("rule", "conv1d.weight")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x, _, _, *window = (array(operand) for operand in each.inputs)
    conv2d_weight_grad(program, array(each.outputs[0]), x, grad, *window, precise=must_be_precise())


@native("rule", "conv1d.bias")
def _(program: Program, each: Instruction, array: Array) -> None:
    conv2d_bias_grad(program, array(each.outputs[0]), array(each.inputs[0]))


@native("op", "conv_transpose2d")
@native("op", "conv_transpose1d")
def _(program: Program, each: Instruction, array: Array) -> None:
    x, weight, bias = (array(operand) for operand in each.inputs)
    window = [each.params[name] for name in ("stride", "padding", "dilation", "groups")]
    conv2d_input_grad(program, array(each.outputs[0]), x, weight, *window, bias=bias, precise=must_be_precise())


@native("rule", "conv_transpose2d.input")
@native("rule", "conv_transpose1d.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, weight, _, *window = (array(operand) for operand in each.inputs)
    conv2d(program, array(each.outputs[0]), grad, weight, None, *window, precise=must_be_precise())


@native("rule", "conv_transpose2d.weight")
@native("rule", "conv_transpose1d.weight")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, x, _, *window = (array(operand) for operand in each.inputs)
    conv2d_weight_grad(program, array(each.outputs[0]), grad, x, *window, precise=must_be_precise())


@native("rule", "conv_transpose2d.bias")
@native("rule", "conv_transpose1d.bias")
def _(program: Program, each: Instruction, array: Array) -> None:
    conv2d_bias_grad(program, array(each.outputs[0]), array(each.inputs[0]))


@native("op", "avg_pool2d")
def _(program: Program, each: Instruction, array: Array) -> None:
    given = each.params
    window = [given[name] for name in ("kernel", "stride", "padding")]
    options = {"count_pad": given["count_pad"], "divisor": given["divisor"]}
    avg_pool2d(program, array(each.outputs[0]), array(each.inputs[0]), *window, **options)


@native("rule", "avg_pool2d.input")
def _(program: Program, each: Instruction, array: Array) -> None:
    grad, _, kernel, stride, padding, _, count_pad, divisor = (array(operand) for operand in each.inputs)
    out = array(each.outputs[0])
    avg_pool2d_grad(program, out, grad, kernel, stride, padding, count_pad=count_pad, divisor=divisor)


@native("clip", "clip")
def _(program: Program, each: Instruction, array: Array) -> None:
    """clip_grad_norm_(parameters, max_norm), with the norm that everybody uses."""
    args, kwargs = each.params["args"], each.params["kwargs"]
    names = dict(zip(("max_norm", "norm_type", "error_if_nonfinite"), args, strict=False)) | kwargs
    limit: Any = names.pop("max_norm", None)
    plain = each.op is clip_grad_norm_ and names.get("norm_type", 2.0) == 2.0 and not names.get("error_if_nonfinite")
    if not plain or not isinstance(limit, int | float) or not each.inputs:
        raise Unsupported("clipping in another way")
    norm = array(each.outputs[0]).reshape(-1)
    clip_grad_norm(program, norm, [array(window) for window in each.inputs], np.array([limit], np.float64))
