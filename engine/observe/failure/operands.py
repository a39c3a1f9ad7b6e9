"""What an operation that raised was given: tensors from the engine's frames, each with what the user wrote for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from gradbook.nn.module import Module
from gradbook.observe.failure.frames import Frames, Step
from gradbook.observe.failure.text import Source, source_of
from gradbook.observe.naming import Names, variables
from gradbook.tensor import Tensor

__all__ = ["Call", "Operand", "call_of", "parts_of", "written"]

LONGEST = 24  # characters of an expression that may name an operand
WRAPPERS = ("call", "__call__", "_call_impl", "apply", "wrapper", "call_hooked", "attended", "run_attended", "watched",
            "carefully", "run", "run_one")  # fmt: skip
MOST = 6  # operands looked at


@dataclass
class Operand:
    """One tensor that went in. `node` is the expression it came from, `bad` its axes that do not fit."""

    role: str
    tensor: Tensor
    name: str = ""
    node: ast.expr | None = None
    bad: tuple[int, ...] = ()
    wrong: str = ""  # 'dtype' or 'device', where that is what does not fit

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> str:
        """Its dtype, as `float32`."""
        return self.tensor.dtype._name

    @property
    def device(self) -> str:
        """Its device, as `cuda:0`."""
        return str(self.tensor.device)


@dataclass
class Call:
    """The operation that raised. `node` is the user's expression, `module` the innermost module it ran in."""

    op: str
    operands: list[Operand]
    arguments: dict[str, Any]  # of the engine's function that raised, by name
    step: Step
    source: Source
    node: ast.expr | None
    modules: list[Any]  # those being called, outermost first
    names: Names
    message: str  # of the exception
    lacking: Any  # of an AttributeError: what has no such attribute

    @property
    def module(self) -> Any:
        """The innermost module of the engine's own that was being called, such as a Linear."""
        inner = self.modules[-1] if self.modules else None
        return inner if inner is not None and type(inner).__module__.startswith("gradbook.") else None

    def operand(self, *roles: str) -> Operand | None:
        """The operand of a role."""
        return next((operand for operand in self.operands if operand.role in roles), None)


def call_of(error: BaseException, frames: Frames) -> Call:
    """The operation inside the user's innermost line that raised, and what it was given."""
    last = frames.last
    assert last is not None
    source = source_of(last.code.co_filename)
    node = source.at(last.span)
    card = getattr(error, "card", None)
    roles = [str(operand.get("name", "")) for operand in card.operands] if card is not None else []
    step = _function(frames.inside)
    arguments = dict(_arguments(step)) if step is not None else {}
    operands = _operands(frames.inside, roles) or [Operand(role, t) for role, t in _tensors(arguments)]
    inner = [m for m in (variables(s.frame).get("self") for s in frames.steps if s.code.co_name == "__call__")
             if isinstance(m, Module)]  # fmt: skip
    op = (card.op if card is not None else "") or _op_name(step, arguments)
    call = Call(op, operands[:MOST], arguments, last, source, node, inner, Names.in_sight(last.frame),
                str(error), getattr(error, "obj", None))  # fmt: skip
    name_operands(call, frames)
    return call


def _function(inside: tuple[Step, ...]) -> Step | None:
    """The frame of the engine's function that the user meant: the outermost that is no module and no wrapper."""
    best: Step | None = None
    for step in inside:
        if step.kind != "engine":
            continue
        if step.code.co_filename.endswith("overrides.py"):  # it stands before every function, once any is overridden
            continue
        name = str(step.frame.f_globals.get("__name__", ""))
        if name.startswith("gradbook.nn."):
            best = step if step.code.co_name not in WRAPPERS else best
            continue
        if step.code.co_name not in WRAPPERS or step.code.co_filename.endswith("op.py"):
            return step
    return best


def _arguments(step: Step) -> Iterator[tuple[str, Any]]:
    """The arguments of a function, as far as they were not rebound."""
    code, held = step.code, variables(step.frame)
    count = code.co_argcount + code.co_kwonlyargcount
    extra = bool(code.co_flags & 4) + bool(code.co_flags & 8)
    for name in code.co_varnames[: count + extra]:
        if name in held:
            yield name, held[name]
    if "op" in held and hasattr(held["op"], "operands"):  # an operation's own call
        yield "op", held["op"]


def _tensors(arguments: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, value in arguments.items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, list | tuple):
            for i, item in enumerate(value[:MOST]):
                if isinstance(item, Tensor):
                    yield f"{name}[{i}]", item


def _operands(inside: tuple[Step, ...], roles: list[str]) -> list[Operand]:
    """The tensors that the error itself names, found in the frame that raised or one around it."""
    if not roles:
        return []
    for step in reversed(inside):
        if step.kind != "engine":
            continue
        held = dict(_tensors(variables(step.frame)))
        if "a" in roles and "operands" in held and "a" not in held:
            continue
        if all(role in held for role in roles):
            return [Operand(role, held[role]) for role in roles]
    for step in reversed(inside):
        found = [Operand(role, t) for role, t in _tensors(variables(step.frame)) if role in roles]
        if found and step.kind == "engine":
            return found
    return []


def _op_name(step: Step | None, arguments: dict[str, Any]) -> str:
    if "op" in arguments:
        return str(arguments["op"].name)
    return step.code.co_name.strip("_") if step is not None else ""


def name_operands(call: Call, frames: Frames) -> None:
    """Give each operand the user's expression for it, and a name: a variable, a parameter's path, the words written."""
    nodes = _expressions(call, frames)
    for operand in call.operands:
        written = nodes.get(id(operand.tensor), [])
        node = operand.node = written.pop(0) if len(written) > 1 else written[0] if written else None
        known = _parameter(call, operand.tensor) or call.names.of(operand.tensor)
        known = known or _of_module(call.modules, operand.tensor)
        text = call.source.segment(node) if node is not None else ""
        if isinstance(node, ast.Name | ast.Attribute) and len(text) <= LONGEST:
            operand.name = text.removeprefix("self.")
        elif known:
            operand.name = known
        else:
            operand.name = text if text and len(text) <= LONGEST and "\n" not in text else _role(operand.role)


def _of_module(modules: list[Any], tensor: Tensor) -> str:
    """The path of a parameter or buffer under the outermost module being called."""
    for module in modules[:1]:
        for path, held in (*module.named_parameters(), *module.named_buffers()):
            if held is tensor:
                return path if "." in path else f"{type(module).__name__}.{path}"
    return ""


def _parameter(call: Call, tensor: Tensor) -> str:
    """A parameter of a model in sight: `encoder.weight`, with the model's variable where the path says little."""
    for name, root in call.names.roots:
        for path, held in root.named_parameters():
            if held is tensor:
                return written(name, path) if "." in path else f"{name}.{path}"
    return ""


def written(root: str, path: str) -> str:
    """A path as code: numbers as indices, and the model's variable in front of a path that begins with one."""
    text = ""
    for part in path.split(".") if path else []:
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return root + text if text.startswith("[") or not text else text.lstrip(".")


def _role(role: str) -> str:
    return {"self": "tensor"}.get(role, role)


def _expressions(call: Call, frames: Frames) -> dict[int, list[ast.expr]]:
    """Which expressions of the user's line gave which tensor: by looking up names, then by their order."""
    found: dict[int, list[ast.expr]] = {}
    parts = parts_of(call.node)
    held = {**call.step.frame.f_globals, **variables(call.step.frame)} if parts else {}
    for part in parts:
        value = value_of(part, held)
        if isinstance(value, Tensor):
            found.setdefault(id(value), []).append(part)
    given = _given(frames)
    open_parts = [part for part in parts if value_of(part, held) is None]
    open_given = [value for value in given if isinstance(value, Tensor) and id(value) not in found]
    if len(open_parts) == len(open_given):
        found.update({id(value): [part] for value, part in zip(open_given, open_parts, strict=True)})
    return found


def _given(frames: Frames) -> list[Any]:
    """What the user's call handed over, in order."""
    first = next((step for step in frames.inside if step.kind == "engine"), None)
    if first is None:
        return []
    held = variables(first.frame)
    if first.code.co_name == "__call__" and "args" in held:
        return [*held["args"], *held.get("kwargs", {}).values()]
    flat: list[Any] = []
    for name, value in _arguments(first):
        if name == "op":
            continue
        flat.extend(value) if isinstance(value, list | tuple) else flat.append(value)
    return flat


def parts_of(node: ast.AST | None) -> list[ast.expr]:
    """The expressions that an operation takes, as written: both sides, a method's tensor, arguments, also in lists."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Subscript):
        return [node.value, *(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])]
    if not isinstance(node, ast.Call):
        return []
    receiver = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    found: list[ast.expr] = list(receiver)
    for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
        found.extend(argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument])
    return found


def value_of(node: ast.expr, held: dict[str, Any]) -> Any:
    """What a name, or an attribute of one, holds, without running any code of the user's; None where unknown."""
    if isinstance(node, ast.Constant | ast.UnaryOp | ast.Tuple):
        try:
            return ast.literal_eval(node)
        except ValueError:
            return None
    if isinstance(node, ast.Name):
        return held.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = value_of(node.value, held)
        if isinstance(owner, ModuleType) and owner.__name__.startswith("gradbook"):
            return vars(owner).get(node.attr)
        own = getattr(owner, "__dict__", {}) if not isinstance(owner, type) else {}
        for space in (own, *(own.get(k) or {} for k in ("_parameters", "_buffers", "_modules"))):
            if node.attr in space:
                return space[node.attr]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        owner = value_of(node.value, held)
        if type(owner) in (list, tuple, dict):
            try:
                return owner[node.slice.value]
            except (IndexError, KeyError, TypeError):
                return None
    return None
