"""Batch norm in eval mode folded into the layer before it."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any, TypeVar

import gradbook
from gradbook.nn.module import Module
from gradbook.nn.parameter import Parameter
from gradbook.tensor import Tensor

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


def fuse_conv_bn_eval(conv: M, bn: Any, transpose: bool = False) -> M:
    """A copy of `conv` that computes bn(conv(x)), as torch.nn.utils.fuse_conv_bn_eval; both must be in eval mode."""
    return _fused(conv, bn, partial(fuse_conv_bn_weights, transpose=transpose))


def fuse_linear_bn_eval(linear: M, bn: Any) -> M:
    """A copy of `linear` that computes bn(linear(x)), as torch.nn.utils.fuse_linear_bn_eval; both in eval mode."""
    features: Any = linear
    if features.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError("To fuse, linear.out_features == bn.num_features or bn.num_features == 1")
    return _fused(linear, bn, fuse_linear_bn_weights)


def _fused(layer: M, bn: Any, weights: Any) -> M:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("Only support fusing a batch norm that keeps running statistics")
    fused: Any = copy.deepcopy(layer)
    fused.weight, fused.bias = weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    made: M = fused
    return made


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """(weight, bias) of a convolution followed by a batch norm, as torch.nn.utils.fuse_conv_bn_weights."""
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _scaled(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """(weight, bias) of a linear layer followed by a batch norm, as torch.nn.utils.fuse_linear_bn_weights."""
    return _scaled(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _scaled(
    w: Tensor, b: Tensor | None, mean: Tensor, var: Tensor, eps: float, scale: Tensor | None, shift: Tensor | None,
    shape: list[int],
) -> tuple[Parameter, Parameter]:  # fmt: skip
    trained = w.requires_grad, (w if b is None else b).requires_grad
    factor = (var + eps).rsqrt() if scale is None else scale * (var + eps).rsqrt()
    start = gradbook.zeros_like(mean) if b is None else b
    bias = (start - mean) * factor
    bias = bias if shift is None else bias + shift
    weight = (w * factor.reshape(shape)).to(w.dtype)
    return Parameter(weight.detach(), trained[0]), Parameter(bias.detach().to(w.dtype), trained[1])
