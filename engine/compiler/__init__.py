"""gradbook.compile: a function, such as a training step, recorded once and then run without Python; torch.compiler.

    @gradbook.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

The second call is recorded (recording.py): every op, gradient rule and change in place, as instructions on memory. An
interpreter of the function's own syntax tree (interpreter.py) notes what else it depends on: globals, enclosing
variables, attributes, the modules it calls. A thread makes a plan of it (background.py); until it is there, calls are
left to Python. Then a call checks what was noted (guards.py) and runs the plan (plan.py): native kernels where there
are some (lowering.py, lower.py, fusion.py, update.py), between them the engine's functions (steps.py). What cannot be
repeated without Python (printing, writing to other objects, reading a tensor's values to decide something, hooks)
leaves the call to Python: `gradbook.compile.explain(step)` says what, and on which line.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "reset", "set_stance", "substitute_in_graph",
    "wrap_numpy",
]  # fmt: skip


WAITING = "GRADBOOK_COMPILE"


def compile(model: Any = None, **options: Any) -> Any:
    """A function that computes what `model` does, faster: see gradbook.compiler. As torch.compile, also a decorator.

    It gains most with a whole training step, from zero_grad to the optimizer's step. Raises TypeError for what cannot
    be called.
    The plan is made in the background: the first calls are not faster, and do not wait. options={"wait": True}, or
    GRADBOOK_COMPILE=wait in the environment, lets the second call wait for it; `wait()` of what is given back, whoever
    calls it.
    Of a module it gives another module around it, whose call is compiled (see OptimizedModule); `module.compile()`
    compiles the calls of the module itself.
    Differs: options other than `disable` and these change nothing.
    """
    if model is None:
        return lambda fn: compile(fn, **options)
    from gradbook.compiler.compiled import Compiled
    from gradbook.compiler.optimized import OptimizedModule
    from gradbook.nn.module import Module

    if isinstance(model, Compiled | OptimizedModule) or options.get("disable"):
        return model
    if not callable(model):
        raise TypeError(f"compile: expected a function or a module, got {type(model).__name__}")
    waits = (options.get("options") or {}).get("wait", os.environ.get(WAITING) == "wait")
    return OptimizedModule(model, waits) if isinstance(model, Module) else Compiled(model, waits)


def explain(fn: Any) -> Any:
    """Why calls of a compiled function are left to Python: [(reason, "file:line")], empty where they are not.

    Raises TypeError for what gradbook.compile has not given.
    """
    from gradbook.compiler.compiled import Compiled
    from gradbook.nn.module import Module

    if isinstance(fn, Module):
        fn = fn.__dict__.get("_compiled_call_impl") or fn.__dict__.get("_torchdynamo_orig_callable", fn)
    if not isinstance(fn, Compiled):
        raise TypeError(f"explain: expected a function that gradbook.compile gave, got {type(fn).__name__}")
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
