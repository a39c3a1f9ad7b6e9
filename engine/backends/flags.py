"""Switches of the modules of torch.backends: plain attributes, and `flags(...)` that sets some for a block.

Differs: they are kept, and change nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["scoped"]


def scoped(module: dict[str, Any], *names: str) -> Callable[..., Any]:
    """`flags(name=value, ...)` of a module: its switches as given inside the block, and as before after it."""

    @contextlib.contextmanager
    def flags(*values: Any, **named: Any) -> Iterator[None]:
        chosen = {**dict(zip(names, values, strict=False)), **named}
        unknown = set(chosen) - set(names)
        if unknown:
            raise TypeError(f"flags() got an unexpected keyword argument {min(unknown)!r}; it has {', '.join(names)}")
        before = {name: module[name] for name in names}
        module.update(chosen)
        try:
            yield
        finally:
            module.update(before)

    return flags
