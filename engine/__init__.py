"""gradbook: an autograd engine that speaks PyTorch, made to be watched."""

from __future__ import annotations

from typing import Any

from gradbook import tensor as _tensor  # isort: skip  (first: everything else needs Tensor)
from gradbook import autograd, backends, dtypes, errors, events
from gradbook.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from gradbook.device import device, get_default_device, set_default_device
from gradbook.dtypes import can_cast, dtype, finfo, get_default_dtype, iinfo, promote_types, set_default_dtype
from gradbook.tensor import Size, Tensor

__version__ = "0.1.0"

globals().update(dtypes.PUBLIC)  # gradbook.float32 and its kin; bool, int and float too, as in PyTorch


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext gradbook`: hand over to the extension."""
    from gradbook.kernel_ext import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext gradbook`."""
    from gradbook.kernel_ext import unload_ipython_extension as unload

    unload(ipython)
