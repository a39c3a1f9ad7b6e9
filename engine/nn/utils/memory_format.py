"""Weights of convolutions laid out channels last."""

from __future__ import annotations

from typing import Any, TypeVar

from gradbook.nn.module import Module
from gradbook.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]

M = TypeVar("M", bound=Module)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Lay out the weights of every 2-D convolution, as torch.nn.utils.convert_conv2d_weight_memory_format. -> module"""
    return _convert(module, memory_format, (Conv2d, ConvTranspose2d))


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Lay out the weights of every 3-D convolution, as torch.nn.utils.convert_conv3d_weight_memory_format. -> module"""
    return _convert(module, memory_format, (Conv3d, ConvTranspose3d))


def _convert(module: M, memory_format: Any, kinds: tuple[type, ...]) -> M:
    for found in module.modules():
        if isinstance(found, kinds):
            weight: Any = found.weight
            weight.data = weight.detach().clone().contiguous(memory_format=memory_format)
    return module
