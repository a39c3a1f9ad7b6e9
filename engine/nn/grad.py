"""Gradients of convolutions, asked for by name, as torch.nn.grad."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook.autograd import grad_mode
from gradbook.ops import conv
from gradbook.tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _asked(op: Any, size: Any, other: Tensor, grad_output: Tensor, of_input: bool, options: tuple[Any, ...]) -> Tensor:
    """The gradient of op(input, weight) to what has `size`; the op is linear in it, so any value of it will do."""
    follow = grad_mode.is_grad_enabled() and (other.requires_grad or grad_output.requires_grad)
    with grad_mode.enable_grad():
        asked = gradbook.zeros(tuple(size), dtype=other.dtype, device=other.device, requires_grad=True)
        out = op(asked, other, None, *options) if of_input else op(other, asked, None, *options)
        made: Tensor = gradbook.autograd.grad(out, asked, grad_output, create_graph=follow)[0]
    return made


def conv1d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv1d to its input, as torch.nn.grad.conv1d_input. -> input_size"""
    return _asked(conv.conv1d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv1d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv1d to its weight, as torch.nn.grad.conv1d_weight. -> weight_size"""
    return _asked(conv.conv1d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))


def conv2d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv2d to its input, as torch.nn.grad.conv2d_input. -> input_size"""
    return _asked(conv.conv2d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv2d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv2d to its weight, as torch.nn.grad.conv2d_weight. -> weight_size"""
    return _asked(conv.conv2d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))


def conv3d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv3d to its input, as torch.nn.grad.conv3d_input. -> input_size"""
    return _asked(conv.conv3d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv3d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv3d to its weight, as torch.nn.grad.conv3d_weight. -> weight_size"""
    return _asked(conv.conv3d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))
