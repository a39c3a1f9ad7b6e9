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
repeated without Python (printing, writing to other objects, reading a tensor's values to decide something) is left to
Python between the plan's kernels (leaving.py, breaks.py, between.py), and where that cannot be (hooks), the whole call
is: `gradbook.compile.explain(step)` says what, and on which line.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from gradbook.compiler import stance
from gradbook.compiler.stance import set_stance

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
    """What is left to Python of a compiled function's calls, and why: [(reason, "file:line")], empty if nothing is.

    Printed it also tells of the plans, and of what the engine's own functions compute between kernels; as attributes:
    `plans`, `kinds`, `pending`, `whole`, `breaks`, `left`. Raises TypeError for what gradbook.compile has not given.
    """
    from gradbook.compiler.compiled import Compiled
    from gradbook.compiler.report import explained
    from gradbook.nn.module import Module

    if isinstance(fn, Module):
        fn = fn.__dict__.get("_compiled_call_impl") or fn.__dict__.get("_torchdynamo_orig_callable", fn)
    if not isinstance(fn, Compiled):
        raise TypeError(f"explain: expected a function that gradbook.compile gave, got {type(fn).__name__}")
    return explained(fn)


compile.explain = explain  # type: ignore[attr-defined]


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """A function that Python runs, wherever it is called from; as a decorator too.

    recursive: compiled functions that it calls run as they are, too. reason: what `explain` says. Raises TypeError for
    what cannot be called. Differs: a module or class is given back as it is.
    """
    from gradbook.compiler.stance import disabled
    from gradbook.nn.module import Module

    if fn is None:
        return lambda decorated: disable(decorated, recursive, reason=reason)
    if not callable(fn):
        raise TypeError(f"disable: expected a function, got {type(fn).__name__}")
    return fn if isinstance(fn, Module | type) else disabled(fn, recursive, reason)


def allow_in_graph(fn: Any) -> Any:
    """`fn` itself."""
    return fn


assume_constant_result = wrap_numpy = allow_in_graph


def substitute_in_graph(original_fn: Any, **options: Any) -> Callable[[Any], Any]:
    """A decorator that leaves a function as it is."""
    return lambda fn: fn


def reset() -> None:
    """Every compiled function forgets its plans, and what it learnt of its calls."""
    for compiled in list(stance.compiled_functions):
        compiled.forget()


def cudagraph_mark_step_begin() -> None:
    """Nothing is recorded."""


def is_compiling() -> bool:
    """True inside a compiled function, whether its plan is being run or Python. Differs: torch says False in breaks."""
    return stance.here.depth > 0 and not stance.here.eager


is_dynamo_compiling = is_compiling


def is_exporting() -> bool:
    """False: nothing is exported."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """["eager"]: functions run as they are."""
    return ["eager"]


def nested_compile_region(fn: Any = None, **options: Any) -> Any:
    """`fn` itself; as a decorator too."""
    return fn if fn is not None else allow_in_graph
