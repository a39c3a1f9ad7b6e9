"""A GPU is asked for and there is none: where the code names it, and what names the device that there is."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.wherefrom import users_places
from gradbook.observe.failure.text import called_name

__all__ = ["named_device"]


def named_device(error: BaseException) -> list[Fix]:
    """The line that names "cuda", with the device that the machine has; [] where nobody of the user's names it."""
    for where in users_places(error):
        at = code.place(where)
        call = at.expression if at is not None else None
        if at is None or not isinstance(call, ast.Call):
            continue
        there = f'"cuda" if {alias(at)}.cuda.is_available() else "cpu"'
        if called_name(call) == "cuda" and isinstance(call.func, ast.Attribute):
            owner = at.source.segment(call.func.value)
            return [code.replacement(at, call, f"{owner}.to({there})", "the GPU where there is one")]
        for given in [*call.args, *(each.value for each in call.keywords)]:
            found = _literal(at, given)
            if found is not None:
                return [code.replacement(*found, there, "the GPU where there is one")]
    return []


def _literal(at: code.Place, given: ast.expr, depth: int = 3) -> tuple[code.Place, ast.expr] | None:
    """The text "cuda" that an expression gives, also by a variable or an attribute, or inside of torch.device."""
    if isinstance(given, ast.Constant):
        named = isinstance(given.value, str) and given.value.startswith("cuda")
        return (at, given) if named else None
    if isinstance(given, ast.Call):
        return next((found for each in given.args if (found := _literal(at, each, depth)) is not None), None)
    if isinstance(given, ast.Name | ast.Attribute) and depth:
        made = code.assignment(at, ast.unparse(given))
        if made is not None and isinstance(made.expression, ast.expr):
            return _literal(made, made.expression, depth - 1)
    return None
