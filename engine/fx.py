"""torch.fx, as far as its marks go: no program is traced into code here, so what wraps a function leaves it alone."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["wrap"]

T = TypeVar("T")


def wrap(fn_or_name: T) -> T:
    """A function, or the name of one, that tracers would not look into: given back as it is (torch.fx.wrap).

    Raises RuntimeError for what is neither.
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError(
            f"wrap: a callable or the name of a global function is wanted, got {type(fn_or_name).__name__}"
        )
    return fn_or_name


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"module 'gradbook.fx' has no attribute {name!r}: nothing is traced into code here. Call the function itself; "
        "gradbook.observe.trace() records a graph"
    )
