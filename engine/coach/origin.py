"""Which line of the user's an operation comes from: the call in their own forward, or the layer where it is built."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradbook.coach import code
from gradbook.coach.record import Op
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["changed_at", "chosen_at", "is_buried", "is_library"]


def is_library(module: Any) -> bool:
    """True for a module of a class of ours, such as nn.Softmax or nn.Sequential."""
    return type(module).__module__.startswith("gradbook.")


def changed_at(coach: Coach, op: Op) -> Where | None:
    """The line to change so that an operation does not happen.

    Of a layer in the user's own forward (`self.act(x)`, `F.softmax(x)`) that call; of a layer in a Sequential the place
    where the layer was constructed.
    """
    call = op.call
    while call is not None and call.parent is not None and is_library(call.module) and not _holds(call.module):
        weighs = any(value.kind == "parameter" for value in op.inputs)
        if not is_library(call.parent.module) and (weighs or not _by_loop(call.where)):
            return call.where
        built = coach.built_at(call.module)
        return built.where if built is not None and built.where is not None else op.where
    return op.where


def chosen_at(coach: Coach, op: Op) -> Where | None:
    """The line that chooses an operation: of a layer of ours where it was constructed, else the line to change."""
    layer = op.call.module if op.call is not None and is_library(op.call.module) else None
    built = coach.built_at(layer) if layer is not None and not _holds(layer) else None
    return built.where if built is not None and built.where is not None else changed_at(coach, op)


def is_buried(coach: Coach, op: Op) -> bool:
    """Whether an operation is that of a layer in a model of library modules that was built before the coach watched.

    The line that changed_at gives is then only that of the model's call, in which nothing of the layer stands.
    """
    call = op.call
    inside = call is not None and call.parent is not None and is_library(call.module) and not _holds(call.module)
    return inside and changed_at(coach, op) is op.where


def _by_loop(where: Where | None) -> bool:
    """Whether a call is that of each layer in turn: `for layer in self.layers: x = layer(x)`."""
    at = code.place(where)
    called = at.expression.func if at is not None and isinstance(at.expression, ast.Call) else None
    loops = at.around(ast.For) if at is not None and isinstance(called, ast.Name) else ()
    heads = [loop.target for loop in loops if isinstance(loop, ast.For)]
    return any(isinstance(n, ast.Name) and n.id == getattr(called, "id", "") for head in heads for n in ast.walk(head))


def _holds(module: Any) -> bool:
    """Whether a module has others inside: its operations are its children's."""
    return bool(getattr(module, "_modules", None))
