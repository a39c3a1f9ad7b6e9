"""Marks for NVIDIA's profilers, as torch.cuda.nvtx. Differs: without a GPU they do nothing, instead of raising."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from gradbook.backends import cuda as backend

__all__ = ["mark", "range", "range_pop", "range_push"]

_depth = 0


def _nvtx() -> Any:
    return backend.xp().cuda.nvtx if backend.device_count() else None


def range_push(msg: str) -> int:
    """Open a named range. -> how many were open before."""
    global _depth
    nvtx = _nvtx()
    if nvtx is not None:
        nvtx.RangePush(msg)
    _depth += 1
    return _depth - 1


def range_pop() -> int:
    """Close the range opened last. -> how many are open still."""
    global _depth
    nvtx = _nvtx()
    if nvtx is not None:
        nvtx.RangePop()
    _depth = max(0, _depth - 1)
    return _depth


def mark(msg: str) -> None:
    """Mark a moment."""
    nvtx = _nvtx()
    if nvtx is not None:
        nvtx.Mark(msg)


@contextlib.contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A named range for a block or a function."""
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()
