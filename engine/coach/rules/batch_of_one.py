"""Who hands a single sample to batch norm in training: a loader's last batch, or a call that wants eval()."""

from __future__ import annotations

import ast
import traceback
from types import FrameType
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import option_at, placed
from gradbook.observe import naming
from gradbook.observe.failure.text import Source, called_name, source_of
from gradbook.observe.source import Where, is_users

__all__ = ["asker", "dropped", "evaluated", "loader_at"]

INSIDE = ("forward", "__call__")


def asker(error: BaseException) -> tuple[FrameType, Where] | None:
    """The user's frame that called the model: the innermost that is no forward, with its place."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not is_users(frame.f_code.co_filename):
            continue
        own = naming.variables(frame).get(frame.f_code.co_varnames[0]) if frame.f_code.co_varnames else None
        if frame.f_code.co_name not in INSIDE or not hasattr(own, "_modules"):
            found = frame
    if found is None:
        return None
    last = next(tb for tb in _tracebacks(error) if tb.tb_frame is found)
    return found, (found.f_code, last.tb_lasti)


def _tracebacks(error: BaseException) -> list[Any]:
    made, here = [], error.__traceback__
    while here is not None:
        made.append(here)
        here = here.tb_next
    return made[::-1]


def loader_at(coach: Any, loader: Any, frame: FrameType) -> tuple[Source, ast.Call] | None:
    """The call that constructed a loader, in the source of the frame that goes through it."""
    built = coach.built_at(loader)
    at = code.place(built.where) if built is not None else None
    if at is not None and isinstance(at.expression, ast.Call):
        return at.source, at.expression
    source = source_of(frame.f_code.co_filename)
    calls = [node for node in source.nodes() if isinstance(node, ast.Call) and called_name(node).endswith("DataLoader")]
    names = {name for name, value in naming.visible(frame).items() if value is loader}
    own = naming.variables(frame).get("self")
    names |= {name for name, value in vars(own).items() if value is loader} if hasattr(own, "__dict__") else set()
    for call in calls:
        parent = source.parents.get(call)
        targets = parent.targets if isinstance(parent, ast.Assign) else []
        if any(getattr(target, "id", getattr(target, "attr", "")) in names for target in targets):
            return source, call
    return (source, calls[0]) if len(calls) == 1 else None


def larger(source: Source, call: ast.Call) -> tuple[tuple[str, int], list[Fix]]:
    """The line where a loader's batch size is written, and it with a larger one."""
    number = option_at(placed(source, call), "batch_size", 1.0, 1)
    why = "more than one sample a batch"
    if number is None:
        return (source.file, call.lineno), [Fix("batch_size=16", (), why)]
    return number.line, [code.replacement(number.at, number.node, "16", why)]


def dropped(source: Source, call: ast.Call) -> list[Fix]:
    """The construction of a loader with drop_last=True."""
    why = "leaves out the last batch, of one sample"
    return [code.with_option(placed(source, call), call, "drop_last", "True", why)]


def evaluated(at: code.Place | None) -> list[Fix]:
    """model.eval() before the call of the model."""
    call = at.expression if at is not None else None
    name = at.source.segment(call.func) if at is not None and isinstance(call, ast.Call) else "model"
    return [code.insertion(at, f"{name}.eval()", f"for predictions; {name}.train() before training goes on")]
