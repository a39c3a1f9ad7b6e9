"""Lines that should have used a layer: the call of its sibling, the loss that leaves it out, the return without it."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass, field

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Turn, Value
from gradbook.coach.rules.reach import Fate, Part, Reach
from gradbook.coach.rules.wiring import Consumers
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["Course", "Instead", "left_out", "not_returned", "sibling"]

Line = tuple[tuple[str, int], list[Fix]]


@dataclass(eq=False)
class Loose:
    """A result that no backward pass went through: the operations that led to it, and where it came out."""

    numbers: set[int]
    where: Where | None
    slot: int = -1  # of an output of a model: which one


@dataclass
class Course:
    """What a turn with a backward pass did with its layers."""

    calls: dict[str, list[Where]] = field(default_factory=dict)  # by path of the module: each line that calls it
    losses: list[Loose] = field(default_factory=list)  # single numbers that nobody added to the loss
    outputs: list[Loose] = field(default_factory=list)  # of models
    backward: Where | None = None

    @classmethod
    def of(cls, turn: Turn) -> Course:
        """-> that of a turn."""
        made = cls(backward=turn.passes[-1].where)
        through = set[int]().union(*(pass_.through for pass_ in turn.passes))
        users = Consumers(turn.ops)
        for op in turn.ops:
            loose = op.output.requires_grad and op.number not in through and op.output.shape == ()
            if loose and not users.of(op.output):
                made.losses.append(Loose(_numbers(op.output), op.where))
        for call in turn.calls:
            if call.where is not None:
                made.calls.setdefault(call.path, []).append(call.where)
            for slot, value in enumerate(call.outputs if call.parent is None else ()):
                if value.maker is not None and value.maker.number not in through and value.requires_grad:
                    made.outputs.append(Loose(_numbers(value), call.where, slot))
        return made


def _numbers(value: Value) -> set[int]:
    return {op.number for op in value.above()}


# -- a sibling in its place --------------------------------------------------------------------------------------------


@dataclass
class Instead:
    """A call of a layer where another one was meant: its line, and that line with the other one."""

    name: str
    line: tuple[str, int]
    fixes: list[Fix]


def sibling(course: Course, reach: Reach, root: str, path: str, fates: list[Fate]) -> Instead | None:
    """The call of a layer like this one that is called twice while this one is never called."""
    above, _, own = path.rpartition(".")
    part = reach.parts.get((root, path))
    found = [
        other for other, wheres in course.calls.items()
        if other != path and other.rpartition(".")[0] == above and len(wheres) > 1
        and _alike(reach, root, part, reach.parts.get((root, other)), path, other, fates)
    ]  # fmt: skip
    if not found:
        return None
    twin = max(found, key=lambda each: difflib.SequenceMatcher(None, each, path).ratio())
    name = twin.rpartition(".")[2]
    lines = {line: each for each in course.calls[twin] if (line := code.line_of(each))[1]}
    places = [at for each in lines.values() if (at := code.place(each)) is not None]
    words = set(re.findall(r"[a-z]+", own.lower())) - set(re.findall(r"[a-z]+", name.lower()))
    meant = [at for at in places if any(word in _text(at).lower() for word in words)]
    place = (meant or places)[-1] if places else None
    call = place.expression if place is not None else None
    if place is None or not isinstance(call, ast.Call):
        return None
    fixes = _called_instead(place, call, name, own)
    return Instead(name, (place.file, call.lineno), fixes) if fixes else None


def _alike(
    reach: Reach, root: str, one: Part | None, other: Part | None, path: str, twin: str, fates: list[Fate]
) -> bool:
    if one is None or other is None or one.kind is not other.kind:
        return False
    shapes = {fate.name.removeprefix(path): _shape(fate) for fate in fates}
    theirs = {
        fate.name.removeprefix(twin): _shape(fate) for fate in reach.fates.values()
        if fate.root == root and fate.name.startswith(f"{twin}.")
    }  # fmt: skip
    return shapes == theirs


def _shape(fate: Fate) -> tuple[int, ...]:
    tensor = fate.ref()
    return tuple(tensor._array.shape) if tensor is not None else ()


def _text(at: code.Place) -> str:
    return at.source.segment(at.statement) if at.statement is not None else ""


def _called_instead(at: code.Place, call: ast.Call, name: str, own: str) -> list[Fix]:
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr == name:
        owner = at.source.segment(func.value)
        return [code.replacement(at, func, f"{owner}.{own}", "each layer once")]
    if isinstance(func, ast.Subscript) and isinstance(func.slice, ast.Constant):
        loop = at.loop
        target = loop.target if isinstance(loop, ast.For) else None
        if isinstance(target, ast.Name) and isinstance(loop, ast.For):
            over = loop.iter
            listed = not (isinstance(over, ast.Call) and called_name(over) == "range")
            new = target.id if listed else f"{at.source.segment(func.value)}[{target.id}]"
            return [code.replacement(at, func, new, "each layer once")]
        return [code.replacement(at, func.slice, own, "each layer once")]
    return []


# -- a loss without it -------------------------------------------------------------------------------------------------


def left_out(course: Course, number: int) -> Line | None:
    """The line where the loss is put together without a loss, or a second output, that was computed for it."""
    at = code.place(course.backward)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    made = code.assignment(at, at.source.segment(call.func.value))
    value = made.expression if made is not None else None
    if made is None or value is None or not isinstance(value, ast.expr):
        return None
    text = made.source.segment(value)
    for loose in course.losses:
        there = code.place(loose.where)
        name = _target(there, 0) if number in loose.numbers else ""
        if name and name != at.source.segment(call.func.value):
            return made.at, [code.replacement(made, value, f"{text} + {name}", "both are trained")]
    for loose in course.outputs:
        there = code.place(loose.where)
        name = _target(there, loose.slot) if number in loose.numbers else ""
        others = [each for slot in range(4) if slot != loose.slot if (each := _target(there, slot))]
        used = next((each for each in others if re.search(rf"\b{re.escape(each)}\b", text)), None)
        if name and used is not None:
            second = re.sub(rf"\b{re.escape(used)}\b", name, text)
            return made.at, [code.replacement(made, value, f"{text} + {second}", "both are trained")]
    return None


def _target(at: code.Place | None, slot: int) -> str:
    """The variable that takes an output of the call at a place."""
    statement = at.statement if at is not None else None
    if not isinstance(statement, ast.Assign) or at is None or statement.value is not at.expression:
        return ""
    target = statement.targets[0]
    if isinstance(target, ast.Tuple):
        return at.source.segment(target.elts[slot]) if 0 <= slot < len(target.elts) else ""
    return at.source.segment(target) if slot == 0 else ""


# -- a return without it -----------------------------------------------------------------------------------------------


def not_returned(at: code.Place | None) -> Line | None:
    """The return of a function whose variable nobody reads any more: the statement at this place gave it its value."""
    statement = at.statement if at is not None else None
    if at is None or not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return None
    name, function = statement.targets[0].id, function_of(at.source, statement)
    if not isinstance(function, ast.FunctionDef):
        return None
    read = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    stored = [
        n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
    ]
    last = function.body[-1]
    if read or len(stored) > 1 or not isinstance(last, ast.Return) or last.value is None:
        return None
    text = at.source.segment(last.value)
    gate = isinstance(statement.value, ast.Call) and called_name(statement.value) in ("sigmoid", "softmax", "Sigmoid")
    signs = ("*", "+") if gate else ("+", "*")
    bare = isinstance(last.value, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    text = text if bare else f"({text})"
    fixes = [code.replacement(at, last.value, f"{text} {sign} {name}", "uses what was computed") for sign in signs]
    fixes.append(code.replacement(at, last.value, f"{text}, {name}", "or hands on both"))
    return (at.file, last.lineno), fixes
