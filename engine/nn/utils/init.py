"""Making a module whose weights mean nothing yet."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from gradbook.nn.module import Module
from gradbook.random import fork_rng

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """An instance whose parameters are to be set by the caller, as torch.nn.utils.skip_init; no random number is used.

    Raises RuntimeError unless module_cls is a Module class whose constructor takes `device`.
    Differs: the constructor runs as ever, so that no time is saved.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)
