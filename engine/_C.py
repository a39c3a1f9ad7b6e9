"""The names of torch._C that programs touch; there is no C library behind them."""

from __future__ import annotations

from typing import Any

from gradbook.device import device
from gradbook.dtypes import dtype
from gradbook.errors import LinAlgError as _LinAlgError
from gradbook.overrides import DisableTorchFunction, DisableTorchFunctionSubclass, disabled_torch_function_impl
from gradbook.random import Generator
from gradbook.tensor import Size

__all__ = [
    "DisableTorchFunction",
    "DisableTorchFunctionSubclass",
    "Generator",
    "Size",
    "_LinAlgError",
    "device",
    "dtype",
]

_disabled_torch_function_impl = disabled_torch_function_impl


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _log_api_usage_once(event: str) -> None:
    """Nothing is logged."""


def _get_privateuse1_backend_name() -> str:
    """The name of a device that others may bring; nobody does."""
    return "privateuseone"


def __getattr__(name: str) -> Any:
    """Switches of a compiler that is not there, `_jit_set_…` and `_jit_override_…`: calling one does nothing."""
    if name.startswith(("_jit_set_", "_jit_override_", "_jit_can_")):
        return lambda *args: False
    raise AttributeError(f"module 'gradbook._C' has no attribute {name!r}")
