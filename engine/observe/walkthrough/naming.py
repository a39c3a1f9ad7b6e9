"""The user's names for the values of a walk: variables, paths of parameters, targets of assignments."""

from __future__ import annotations

import ast
import weakref
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any

from gradbook.observe.naming import Names, argument_names, expression_at, target_name, target_names, variables
from gradbook.observe.walkthrough.steps import Call, Step, Value
from gradbook.observe.walkthrough.symbols import number

__all__ = ["Namer", "give_symbols", "name_outputs", "number_first", "tell_apart"]

LOOKS = 400  # times that the variables in sight are read through


class Namer:
    """Names tensors that no operation made, when they are first seen."""

    def __init__(self, base: FrameType | None) -> None:
        self.base = base
        self._roots: dict[int, Any] = {}
        self._looks = 0
        self._parameters: dict[int, tuple[str, Any]] = {}  # of a tree once read: id -> (path, weak reference)

    def add_root(self, module: Any) -> None:
        """An outermost module was seen being called; its parameters have paths."""
        self._roots.setdefault(id(module), module)

    def name(self, tensor: Any, frames: Sequence[FrameType] | None) -> str:
        """The user's name for a tensor, '' if it has none."""
        path, held = self._parameters.get(id(tensor), ("", None))
        if held is not None and held() is tensor:
            return path
        if self._looks >= LOOKS:  # what was seen then need not be what is there now
            return ""
        found = self._in_sight(frames).of(tensor)
        if found:
            return found
        if frames:
            arguments = argument_names((frames[0].f_code, frames[0].f_lasti))
            if len(arguments) == 1 and not _holds_tensor(frames[0], arguments[0]):
                return arguments[0]
        return ""

    def _in_sight(self, frames: Sequence[FrameType] | None) -> Names:
        self._looks += 1
        names = Names.in_sight(frames[0] if frames else self.base)
        for module in self._roots.values():
            names.add_root(type(module).__name__.lower(), module)
        for key, (path, parameter) in names.parameters.items():
            self._parameters[key] = path, weakref.ref(parameter)
        return names

    def forget(self) -> None:
        """Let go of everything that was seen."""
        self._roots.clear()
        self._parameters.clear()
        self.base = None


def _holds_tensor(frame: FrameType, name: str) -> bool:
    """Whether a variable is a tensor: then it is another one, or it would have been found."""
    return hasattr(variables(frame).get(name, frame.f_globals.get(name)), "_node")


def name_outputs(steps: Sequence[Step]) -> None:
    """Outputs are called what they are assigned to: by the innermost frame whose call no other operation takes on."""
    calls = [step.call for step in steps if step.phase == "forward" and step.call is not None]
    taken: dict[int, list[Call]] = {}
    for call in calls:
        for operand in call.operands:
            if isinstance(operand, Value):
                taken.setdefault(operand.id, []).append(call)
    for call in calls:
        users = [user for value in call.outputs for user in taken.get(value.id, ()) if user.repeat == call.repeat]
        names = _targets(call, users)
        for value, name in zip(call.outputs, names, strict=False):
            value.name = value.name or name or (value.was.name if value.was is not None else "")


def _targets(call: Call, users: list[Call]) -> tuple[str, ...]:
    """The variables that take the outputs of a call."""
    several = len(call.outputs) > 1
    for where in call.wheres:
        if any(where in user.wheres for user in users):
            continue
        names = target_names(where) if several else (target_name(where),)
        if any(names):
            return names
    return ("",) * len(call.outputs)


def number_first(frame: FrameType) -> bool:
    """Whether the user wrote the number before the tensor where a frame stands, as in `2 * x` or `rate * grad`."""
    node = expression_at((frame.f_code, frame.f_lasti))
    return isinstance(node, ast.BinOp) and _is_number(node.left, frame)


def _is_number(node: ast.expr, frame: FrameType) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand, frame)
    if isinstance(node, ast.BinOp):
        return _is_number(node.left, frame) and _is_number(node.right, frame)
    names = variables(frame) if isinstance(node, ast.Name) else {}
    found = names.get(node.id, frame.f_globals.get(node.id)) if isinstance(node, ast.Name) else None
    return isinstance(found, int | float)


def give_symbols(values: Iterable[Value]) -> None:
    """Values without a name are t₁, t₂, … in the order they were made."""
    count, values = 0, tuple(values)
    taken = {value.symbol for value in values} | {value.name for value in values}
    for value in values:
        if not value.name and not value.symbol:
            if value.kind == "constant" and value.block.known and value.block.values.size == 1:
                value.symbol = number(value.block.values.reshape(-1)[0])
                continue
            while not value.symbol or value.symbol in taken:
                count += 1
                value.symbol = "t" + str(count).translate(SUBSCRIPTS)
            taken.add(value.symbol)


def tell_apart(steps: Sequence[Step]) -> None:
    """Values of one name that meet in one backward pass are h₁, h₂, …: of `h = f(h)` both sides are not h."""
    passes: dict[int, dict[int, Value]] = {}
    for step in steps:
        if step.phase != "backward" or step.call is None:
            continue
        met = passes.setdefault(step.passed, {})
        for value in (*step.call.operands, *step.call.outputs, *(part.to for part in step.parts)):
            if isinstance(value, Value) and value.name:
                met[value.id] = value
    for met in passes.values():
        by_name: dict[str, list[Value]] = {}
        for value in sorted(met.values(), key=lambda value: value.id):
            by_name.setdefault(value.name, []).append(value)
        for name, values in by_name.items():
            for count, value in enumerate(values, 0 if values[0].kind != "op" else 1):
                if len(values) > 1 and not value.symbol:
                    value.symbol = name + str(count).translate(SUBSCRIPTS)


SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
