"""Automatic differentiation, as torch.autograd: backward, grad, grad modes, Function, gradcheck."""

from __future__ import annotations

import importlib
from typing import Any

from gradbook.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from gradbook.autograd.node import Node

__all__ = [
    "Function",
    "Node",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

_LATE = {  # found on first use: these modules need Tensor, which needs this package
    "Function": "function",
    "backward": "engine",
    "grad": "engine",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
}

_LATER = {"Variable": "variable", "detect_anomaly": "anomaly_mode", "set_detect_anomaly": "anomaly_mode"}


def complete() -> None:
    """Bind the late names. `gradcheck` is a module here too: the function must be bound after that was imported."""
    for name, module in _LATE.items():
        globals()[name] = getattr(importlib.import_module(f"gradbook.autograd.{module}"), name)


_MODULES = {"anomaly_mode", "forward_ad", "function", "functional", "graph", "profiler", "variable"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"gradbook.autograd.{name}")
    if name in _LATE:
        complete()
        return globals()[name]
    if name in _LATER:
        return getattr(importlib.import_module(f"gradbook.autograd.{_LATER[name]}"), name)
    raise AttributeError(f"module 'gradbook.autograd' has no attribute {name!r}")
