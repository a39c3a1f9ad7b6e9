"""What the watchers of a training are told of a compiled call: gradients cleared, a loss, an optimizer's step.

They are told after the call, in the order in which it happened, as if each had been called from its line: a loss is
known by the line of its `backward()`, so its curve goes on whether a step was compiled or not. Whoever wants to see
more of a step (its ops, its gradients) listens to those events; then the call is not taken from a plan.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

from gradbook import events
from gradbook.tensor import Tensor

__all__ = ["Taps", "from_line"]

Place = tuple[str, ast.expr]  # a file, and an expression in it


class Taps:
    """The events of a plan's calls, noted while it was recorded."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any, Place | None]] = []  # kind; owner, or window or register of a loss; its line

    def note(self, kind: str, what: Any, place: Place | None = None) -> None:
        """An event of the recorded call: "zero_grad", "backward" or "step"."""
        self.told.append((kind, what, place))

    def tell(self, arrays: list[Any]) -> None:
        """Tell whoever listens now. arrays: the plan's, with the losses in them."""
        for kind, what, place in self.told:
            if kind == "zero_grad" and events.zero_grad:
                events.emit(events.zero_grad, what)
            elif kind == "step" and events.step:
                if events.step_start:
                    events.emit(events.step_start, "start", what)
                events.emit(events.step, "end", what)
            elif kind == "backward" and events.backward:
                root: Tensor = Tensor._of(arrays[what].copy())
                from_line(place, functools.partial(events.emit, events.backward, "start", root, None))
                if events.backward_end:
                    events.emit(events.backward_end, "end", root, None)


def from_line(place: Place | None, call: Callable[[], Any]) -> Any:
    """call(), from a frame that stands where an expression of the user's stands."""
    if place is None:
        return call()
    file, node = place
    code = getattr(node, "_code", None)
    if code is None:
        code = node._code = code_at(file, node)  # type: ignore[attr-defined]  # kept with the tree
    found: list[Any] = []
    exec(code, {"call": lambda: found.append(call())})
    return found[0]


def code_at(file: str, node: ast.expr) -> Any:
    """Code that calls `call`, which Python and its tracebacks take for the expression."""
    module = ast.Module([ast.Expr(ast.Call(ast.Name("call", ast.Load()), [], []))], [])
    for part in ast.walk(module):
        if isinstance(part, ast.expr | ast.stmt):
            ast.copy_location(part, node)
    return compile(module, file, "exec")
