"""Where a value comes from that a function was given: the argument in the call, and so on outwards."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FrameType

from gradbook.coach import code
from gradbook.coach.literals import argument, standing
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import user_frame

__all__ = ["handed", "handed_by_name"]

DEPTH = 4  # calls that are gone through


def parameter(at: code.Place, value: ast.expr) -> tuple[ast.FunctionDef, str, int | None] | None:
    """The function that a name is a parameter of, the name, and which argument of a call it is."""
    function = function_of(at.source, value)
    if not isinstance(value, ast.Name) or not isinstance(function, ast.FunctionDef):
        return None
    spec = function.args
    names = [each.arg for each in (*spec.posonlyargs, *spec.args)]
    if value.id not in names and value.id not in [each.arg for each in spec.kwonlyargs]:
        return None
    assigned = any(
        isinstance(node, ast.Name) and node.id == value.id and isinstance(node.ctx, ast.Store)
        for node in ast.walk(function)
    )
    if assigned:
        return None
    bound = bool(names) and names[0] in ("self", "cls")
    return function, value.id, names.index(value.id) - bound if value.id in names else None


def handed(at: code.Place, value: ast.expr) -> tuple[code.Place, ast.expr]:
    """The place and the expression that gave a value to the functions that now run; themselves if none was given."""
    frame: FrameType | None = user_frame()
    for _ in range(DEPTH):
        found = parameter(at, value)
        while frame is not None and found is not None and frame.f_code.co_name != found[0].name:
            frame = code.user_frame_above(frame)
        frame = code.user_frame_above(frame) if frame is not None else None
        caller = code.place((frame.f_code, frame.f_lasti)) if frame is not None else None
        call = caller.expression if caller is not None else None
        if found is None or caller is None or not isinstance(call, ast.Call):
            break
        given = next(argument(call, found[1], found[2]), None)
        if given is None:
            break
        at, value = caller, given
    return at, value


def handed_by_name(at: code.Place, value: ast.expr, likely: Callable[[ast.expr], bool]) -> tuple[code.Place, ast.expr]:
    """The same for functions that no longer run: the first call of that name with a likely argument."""
    for _ in range(DEPTH):
        found = parameter(at, value)
        if found is None:
            break
        calls = [
            (source, node, given) for source in code.sources(at) for node in source.nodes()
            if isinstance(node, ast.Call) and called_name(node) == found[0].name
            for given in argument(node, found[1], found[2]) if likely(given)
        ]  # fmt: skip
        if not calls:
            break
        source, node, value = calls[0]
        at = standing(at, source, node)
    return at, value
