"""Which precision operations run in under torch.autocast: per thread, changed only in scopes.

An operation on one of autocast's lists asks `if casting.scopes:` and has its operands cast only then; without autocast
that question is all it costs.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from gradbook import dtypes
from gradbook.tensor import Tensor

__all__ = ["apart", "current", "full", "lower", "resumed", "scopes", "state"]

DEFAULTS = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16}


class _State(threading.local):
    def __init__(self) -> None:
        self.enabled = dict.fromkeys(DEFAULTS, False)
        self.dtype = dict(DEFAULTS)
        self.cache = True


state = _State()
scopes = 0  # how many scopes are open, on any thread
_lock = threading.Lock()


def count(change: int) -> None:
    """A scope opens (1) or closes (-1)."""
    global scopes
    with _lock:
        scopes += change


def current() -> tuple[Any, ...]:
    """What autocast is set to on this thread, for `resumed`."""
    return state.enabled, state.dtype, state.cache


@contextlib.contextmanager
def resumed(settings: tuple[Any, ...]) -> Iterator[None]:
    """Autocast as it was when `current` gave these settings: what is computed again runs in the same precision."""
    before = current()
    count(1)
    state.enabled, state.dtype, state.cache = settings
    try:
        yield
    finally:
        state.enabled, state.dtype, state.cache = before
        count(-1)


def lower(*operands: Any) -> tuple[Any, ...]:
    """The operands in autocast's dtype, where it is on for their device; float64, integers and the rest as they are."""
    return tuple(_to(x, state.dtype[x.device.type]) if _eligible(x) else x for x in operands)


def full(*operands: Any) -> tuple[Any, ...]:
    """The operands of half precision in float32, where autocast is on for their device."""
    return tuple(_to(x, dtypes.float32) if _eligible(x) else x for x in operands)


def _eligible(x: Any) -> bool:
    return (
        isinstance(x, Tensor)
        and x.dtype.is_floating_point
        and x.dtype is not dtypes.float64
        and state.enabled.get(x.device.type, False)
    )


def _to(x: Tensor, dtype: Any) -> Tensor:
    made: Tensor = x if x.dtype is dtype else x.to(dtype)
    return made


def apart(function: Callable[..., Any], *operands: Any, **named: Any) -> Any:
    """Call a function as if autocast were off on this thread."""
    before, state.enabled = state.enabled, dict.fromkeys(DEFAULTS, False)
    try:
        return function(*operands, **named)
    finally:
        state.enabled = before
