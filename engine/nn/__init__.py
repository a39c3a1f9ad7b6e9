"""Neural networks: modules, their functions, initialisation and helpers, as torch.nn."""

from __future__ import annotations

from gradbook.nn import functional, init, modules, parameter, utils
from gradbook.nn.modules import *
from gradbook.nn.modules import __all__ as _layers
from gradbook.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    *_layers, "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "functional", "init", "modules",
    "parameter", "utils",
]  # fmt: skip
