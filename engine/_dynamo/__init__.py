"""The names of torch._dynamo that programs touch: settings that are kept, and words that change nothing."""

from __future__ import annotations

from typing import Any

from gradbook._dynamo import config
from gradbook.compiler import allow_in_graph, compile, disable, is_compiling, list_backends, reset

__all__ = [
    "allow_in_graph", "config", "disable", "is_compiling", "list_backends", "mark_dynamic", "mark_static",
    "optimize", "reset",
]  # fmt: skip


def optimize(*args: Any, **options: Any) -> Any:
    """A decorator: gradbook.compile."""
    return compile()


def mark_dynamic(t: Any, index: Any, **bounds: Any) -> None:
    """Shapes are free in any case."""


def mark_static(t: Any, index: Any = None) -> None:
    """Shapes are free in any case."""


def is_dynamo_supported() -> bool:
    """False: functions are compiled in another way."""
    return False
