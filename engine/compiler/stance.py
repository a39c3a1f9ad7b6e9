"""What compiled functions are to do at present: run plans, make plans, or leave all to Python (torch.compiler)."""

from __future__ import annotations

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["STANCES", "Inside", "compiled_functions", "disabled", "here", "now", "set_stance"]

STANCES = ("default", "force_eager", "eager_on_recompile", "fail_on_recompile", "eager_then_compile")
compiled_functions: weakref.WeakSet[Any] = weakref.WeakSet()


class Now:
    """The stance of the process, and whether it lets plans run."""

    name = "default"
    eager = False
    disabled = False  # True once a disabled function was called, in any thread: only then does a call ask its own


class Here(threading.local):
    """This thread: how many calls of compiled functions it is in; eager: whether it is in a disabled function."""

    depth = 0
    eager = False


now = Now()
here = Here()


class set_stance(contextlib.ContextDecorator):
    """Sets what compiled functions do, from now on; as a context manager or decorator, for the block.

    "force_eager": they run as they are · "eager_on_recompile": plans run, none is made · "fail_on_recompile": a call
    that would need a new one raises RuntimeError · "default" and "eager_then_compile": as ever. Raises ValueError for
    another word. Differs: `skip_guard_eval_unsafe` and `force_backend` change nothing.
    """

    def __init__(self, stance: str = "default", **options: Any) -> None:
        if stance not in STANCES:
            raise ValueError(f"set_stance: expected one of {', '.join(STANCES)}, got {stance!r}")
        self.stance, self.before = stance, take(stance)

    def __call__(self, fn: Any) -> Any:
        """A function that runs with the stance, which holds no longer outside it."""
        take(self.before)

        @functools.wraps(fn, updated=())
        def run(*args: Any, **kwargs: Any) -> Any:
            with set_stance(self.stance):
                return fn(*args, **kwargs)

        return run

    def __enter__(self) -> None:
        take(self.stance)

    def __exit__(self, *exc: object) -> None:
        take(self.before)


def take(stance: str) -> str:
    """Let a stance hold. -> the one before"""
    before = now.name
    now.name, now.eager = stance, stance == "force_eager"
    return before


def disabled(fn: Callable[..., Any], recursive: bool, reason: str | None) -> Any:
    """A function that is never compiled: a compiled one that calls it leaves the call to Python."""

    @functools.wraps(fn, updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        if not recursive:
            return fn(*args, **kwargs)
        now.disabled = True
        before, here.eager = here.eager, True
        try:
            return fn(*args, **kwargs)
        finally:
            here.eager = before

    name = getattr(fn, "__qualname__", type(fn).__name__)
    run._gradbook_disabled = f"{name} is disabled" + (f": {reason}" if reason else "")  # type: ignore[attr-defined]
    return run


class Inside:
    """A compiled function is being run in this thread: a context manager."""

    def __enter__(self) -> None:
        here.depth += 1

    def __exit__(self, *exc: object) -> None:
        here.depth -= 1
