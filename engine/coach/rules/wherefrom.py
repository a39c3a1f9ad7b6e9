"""Where a value is made and where it is taken, in the user's code: lines, variables, arguments."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from gradbook.coach import code
from gradbook.coach.record import Op, Value, params_of
from gradbook.coach.rules.tracing import trace
from gradbook.observe import naming
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.scene import loads, stores
from gradbook.observe.source import Where, is_users

__all__ = [
    "Frames", "argument", "blocks", "carrier", "given_by", "holding", "ids", "leaves", "making", "storing", "taken_at",
    "target", "users_frames", "users_places",
]  # fmt: skip

Frames = list[tuple[FrameType, int]]


def users_frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """The user's frames of an exception with the lines that they stand on, the innermost first."""
    found = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    yield from ((frame, line) for frame, line in reversed(found) if is_users(frame.f_code.co_filename))


def users_places(error: BaseException) -> list[Where]:
    """The places of the user's code that an exception went through, the innermost first."""
    found: list[Where] = []
    here = error.__traceback__
    while here is not None:
        if is_users(here.tb_frame.f_code.co_filename):
            found.insert(0, (here.tb_frame.f_code, here.tb_lasti))
        here = here.tb_next
    return found


def given_by(op: Op, value: Value) -> Where | None:
    """The line that gave a value: the outermost call of a module that returned it, else the operation's own."""
    where, call = op.where, op.call
    while call is not None:
        if value in call.outputs and call.where is not None:
            where = call.where
        call = call.parent
    return where


def taken_at(op: Op, value: Value) -> tuple[Where | None, int, int]:
    """The line where an operation takes a value: the outermost call of a module that was given it, else its own.

    -> (where, the slot among the tensors of that call or -1, how many it has)
    """
    where, slot, count, call = op.where, -1, 0, op.call
    while call is not None:
        if value in call.inputs and call.where is not None:
            where, slot, count = call.where, call.inputs.index(value), len(call.inputs)
        call = call.parent
    return where, slot, count


def argument(at: code.Place | None, slot: int, count: int) -> ast.expr | None:
    """The argument of a call that holds its tensor of this slot."""
    call = at.expression if at is not None else None
    if slot < 0 or not isinstance(call, ast.Call) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not given:
        return None
    node = given[min(slot, len(given) - 1)]
    if isinstance(node, ast.Tuple) and len(given) - 1 + len(node.elts) != count:
        return None
    return node


def carrier(at: code.Place) -> ast.expr | None:
    """The variable in a statement that the loop, or the function, assigns again: `h` of `h = tanh(x @ W + h @ U)`."""
    if at.statement is None:
        return None
    area: ast.AST | None = at.loop or function_of(at.source, at.statement)
    body: Iterable[ast.AST] = ast.walk(area) if area is not None else at.source.nodes()
    kinds = (ast.Assign, ast.AugAssign)
    stored = {
        at.source.segment(part)
        for n in body if isinstance(n, kinds)
        for target in (n.targets if isinstance(n, ast.Assign) else [n.target])
        for part in (target.elts if isinstance(target, ast.Tuple) else [target])
    }  # fmt: skip
    loaded = [
        n for n in ast.walk(at.statement)
        if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Load) and at.source.segment(n) in stored
    ]  # fmt: skip
    own = target(at)
    return next((n for n in loaded if at.source.segment(n) == own), loaded[0] if loaded else None)


def holding(at: code.Place | None, tensor: Any, frames: Frames) -> ast.expr | None:
    """The name in a statement that stands for a tensor, in one of these frames."""
    if at is None or at.statement is None or tensor is None:
        return None
    names = {name for frame, _ in frames for name, value in naming.variables(frame).items() if value is tensor}
    loads = (n for n in ast.walk(at.statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return next((n for n in loads if n.id in names), None)


def target(at: code.Place | None) -> str:
    """The variable that a statement assigns."""
    statement = at.statement if at is not None else None
    if at is not None and isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return at.source.segment(statement.targets[0])
    return ""


def storing(at: code.Place, name: str) -> list[ast.stmt]:
    """The simple statements of a place's function above it that give a variable its value, in order."""
    inside = function_of(at.source, at.statement)
    kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign)
    found = [n for n in at.source.nodes() if isinstance(n, kinds) and n.lineno < at.line and name in stores(n)]
    return sorted((n for n in found if function_of(at.source, n) is inside), key=lambda n: n.lineno)


def making(at: code.Place, name: str, held: dict[str, Any], loop: ast.stmt) -> list[ast.stmt]:
    """The statements of one block before a loop that make a variable, and what it is made of if that has a graph."""
    if at.statement is None:
        return []
    top: ast.AST = at.statement
    while isinstance(above := at.source.parents.get(top), ast.For | ast.While | ast.With):
        if loop in ast.walk(above):
            break
        top = above
    block = next((b for b in blocks(at.source.parents.get(top)) if top in b), [])
    above_it = block[: block.index(top) + 1] if top in block else []
    wanted, parts = {name}, list[ast.stmt]()
    for statement in reversed(above_it):
        made = stores(statement) & wanted
        if not made:
            continue
        parts.insert(0, statement)
        if isinstance(statement, ast.Assign):
            wanted -= made
        wanted |= {n for n in loads(statement) if getattr(held.get(n), "grad_fn", None) is not None}
    return parts


def blocks(node: ast.AST | None) -> Iterator[list[Any]]:
    """The lists of statements in a compound one."""
    for field in ("body", "orelse", "finalbody"):
        found = getattr(node, field, None)
        if isinstance(found, list):
            yield found


def leaves(root: Value) -> set[int]:
    """Ids of the leaves of a value's graph."""
    return {id(x) for value, cut, op in trace(root)
            if op is None and cut is None and value.requires_grad and (x := value.tensor) is not None}  # fmt: skip


def ids(optimizer: Any) -> set[int]:
    """Ids of an optimizer's parameters."""
    return set(map(id, params_of(optimizer)))
