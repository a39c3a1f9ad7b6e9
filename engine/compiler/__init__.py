"""torch.compiler: what a program says to a compiler. Functions run as Python here, so the words change nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "reset", "set_stance", "substitute_in_graph",
    "wrap_numpy",
]  # fmt: skip


def compile(model: Any = None, **options: Any) -> Any:
    """`model`, a function or a module, made faster: see gradbook.compiler. As torch.compile, also as a decorator.

    Differs: what is compiled best is a whole training step (forward, backward, optimizer), as one function. Modules
    run as they are.
    """
    if model is None:
        return lambda fn: compile(fn, **options)
    from gradbook.compiler.compiled import Compiled
    from gradbook.nn.module import Module

    if isinstance(model, Module) or options.get("disable"):
        return model
    return Compiled(model)


def explain(fn: Any) -> Any:
    """Why calls of a compiled function are left to Python, by source line; empty where they are not."""
    return fn.report


compile.explain = explain  # type: ignore[attr-defined]


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """`fn` itself; as a decorator too."""
    return fn if fn is not None else lambda decorated: decorated


def allow_in_graph(fn: Any) -> Any:
    """`fn` itself."""
    return fn


assume_constant_result = wrap_numpy = allow_in_graph


def substitute_in_graph(original_fn: Any, **options: Any) -> Callable[[Any], Any]:
    """A decorator that leaves a function as it is."""
    return lambda fn: fn


class set_stance(contextlib.ContextDecorator):
    """Kept for the block, and changes nothing. Context manager, decorator and function."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        self.stance = stance

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


def reset() -> None:
    """Nothing is kept that could be forgotten."""


def cudagraph_mark_step_begin() -> None:
    """Nothing is recorded."""


def is_compiling() -> bool:
    """False: Python runs."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """["eager"]: functions run as they are."""
    return ["eager"]


@contextlib.contextmanager
def nested_compile_region(fn: Any = None) -> Iterator[None]:
    """A block that runs as it is."""
    yield
