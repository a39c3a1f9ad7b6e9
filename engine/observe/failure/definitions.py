"""Where things were made: the call that built a module, the line that gave a variable its value."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gradbook.nn.module import Module
from gradbook.observe.failure.operands import Call
from gradbook.observe.failure.text import Source, called_name, source_of
from gradbook.observe.source import cells, is_users

__all__ = ["Built", "assignments", "attribute", "built", "definition", "rebuilt"]

CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")


@dataclass(frozen=True)
class Built:
    """The call that built a module, such as `nn.Linear(256, 120)`, and the class it stands in, if any."""

    source: Source
    call: ast.Call
    owner: type | None
    turns: frozenset[str] = frozenset()  # the variables of the comprehension it stands in

    def varies(self, node: ast.AST) -> bool:
        """True if an expression is another one for each module that the call builds."""
        return any(isinstance(part, ast.Name) and part.id in self.turns for part in ast.walk(node))

    def argument(self, module: Any, name: str) -> ast.expr | None:
        """The expression that was given for a parameter of the module's class."""
        return arguments(self.call, type(module)).get(name)


def arguments(call: ast.Call, kind: type) -> dict[str, ast.expr]:
    """The expressions of a call by the names of the parameters they are for."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return {}
    found = dict(zip(parameters(kind), call.args, strict=False))
    found.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
    return found


def parameters(kind: type) -> list[str]:
    """The names of the parameters of a class's constructor; of one that only hands on, those of its base."""
    for base in kind.__mro__:
        init = vars(base).get("__init__")
        if init is None:
            continue
        found = list(inspect.signature(init).parameters.values())[1:]
        if any(p.kind is p.POSITIONAL_OR_KEYWORD for p in found):
            return [p.name for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "mode"]
    return []


def built(module: Any, call: Call) -> Built | None:
    """The call in the user's source that built a module; None where it is not plain to see.

    Followed are `self.name = Kind(…)` in the owner's class, `name = Kind(…)` in a cell, both also in nn.Sequential(…).
    One from a list comprehension is built by its one call, whose change changes them all; one from a loop or a
    function is not followed.
    """
    roots = [root for _, root in call.names.roots]
    for root in (*call.modules[:1], *roots):
        for path, found in root.named_modules():
            place = _at(root, path, call) if found is module else None
            if place is not None:
                return place
    return None


def _at(root: Any, path: str, call: Call) -> Built | None:
    """Follow a path from its root down, from call to call."""
    here, place = root, _variable(root, call)
    for part in path.split(".") if path else []:
        child = here._modules.get(part)
        own = attribute(type(here), part)
        if own is not None:
            place = own
        elif type(here).__name__ in CONTAINERS and place is not None:
            place = _item(place, part, len(here._modules))
        else:
            place = None
        here = child
    if place is None or not _builds(place.call, type(here)):
        return None
    return None if not place.turns and _repeated(place) else place


def attribute(kind: type, name: str) -> Built | None:
    """The last `self.name = f(…)` in a class or its bases."""
    for base in kind.__mro__:
        init = vars(base).get("__init__")
        code = getattr(init, "__code__", None)
        if code is None or not is_users(code.co_filename):
            continue
        source = source_of(code.co_filename)
        found = None
        for node, target, value in single_assignments(source):
            own = isinstance(target, ast.Attribute) and target.attr == name
            if own and isinstance(value, ast.Call) and _within(source, node, base.__name__, code.co_firstlineno):
                found = Built(source, value, base)
        if found is not None:
            return found
    return None


def _within(source: Source, node: ast.AST, name: str, line: int) -> bool:
    """True for a node in the class of this name whose __init__ begins at this line."""
    here: ast.AST | None = node
    while here is not None and not isinstance(here, ast.ClassDef):
        here = source.parents.get(here)
    return here is not None and here.name == name and here.lineno <= line <= (here.end_lineno or here.lineno)


def _item(place: Built, part: str, count: int) -> Built | None:
    """The call of one item of nn.Sequential(a, b, …), nn.ModuleList([a, b, …]) or nn.ModuleDict({"a": a, …}).

    Of a comprehension, `[a(i) for i in …]` or `*[a(i) for i in …]`, the one call that makes them all.
    """
    items: list[ast.expr] = place.call.args
    if len(items) == 1 and isinstance(items[0], ast.Dict):
        named = zip(items[0].keys, items[0].values, strict=True)
        item = next((v for k, v in named if isinstance(k, ast.Constant) and k.value == part), None)
    else:
        if len(items) == 1 and isinstance(items[0], ast.List | ast.Tuple):
            items = items[0].elts
        item = _at_place(items, int(part), count) if part.isdigit() else None
    inner = item.value if isinstance(item, ast.Starred) else item
    if isinstance(inner, ast.ListComp | ast.GeneratorExp) and isinstance(inner.elt, ast.Call):
        targets = frozenset(n.id for turn in inner.generators for n in ast.walk(turn.target) if isinstance(n, ast.Name))
        return Built(place.source, inner.elt, place.owner, targets | {""})
    return Built(place.source, item, place.owner) if isinstance(item, ast.Call) else None


def _at_place(items: list[ast.expr], index: int, count: int) -> ast.expr | None:
    """The expression of one of `count` items; one of the expressions may stand for many."""
    many = [i for i, item in enumerate(items) if isinstance(item, ast.Starred | ast.ListComp | ast.GeneratorExp)]
    if not many:
        return items[index] if index < len(items) else None
    if len(many) > 1:
        return None
    first, behind = many[0], len(items) - many[0] - 1
    if index < first:
        return items[index]
    return items[first] if index < count - behind else items[index - count]


def _variable(root: Any, call: Call) -> Built | None:
    """The last `name = f(…)` for the variable that holds a module."""
    names = {name for name, module in call.names.roots if module is root}
    for source, _, value in assignments(names, call):
        if isinstance(value, ast.Call) and (_builds(value, type(root)) or type(root).__name__ in CONTAINERS):
            return Built(source, value, None)
    return None


def assignments(names: set[str], call: Call, outside: bool = False) -> Iterator[tuple[Source, ast.Assign, ast.expr]]:
    """Assignments to plain variables with the value each gets, the latest first.

    In the failing cell those above its line, then those of earlier cells: at the top of a cell, and in the function
    of the failing line unless `outside`.
    """
    first, line = call.source, call.step.line
    here = None if outside else function_of(first, first.statement(line))
    for source in [first, *(source_of(file) for file in reversed(cells()) if file != first.file)]:
        found = [
            (source, node, value) for node, target, value in single_assignments(source)
            if isinstance(target, ast.Name) and target.id in names and (source is not first or node.lineno < line)
            and function_of(source, node) in (None, here)
        ]  # fmt: skip
        yield from sorted(found, key=lambda each: each[1].lineno, reverse=True)


def function_of(source: Source, node: ast.AST | None) -> ast.AST | None:
    """The function that a statement stands in; None at the top of a cell."""
    while node is not None and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        node = source.parents.get(node)
    return node


def definition(function: Any) -> tuple[Source, ast.FunctionDef] | None:
    """The source of a function and its definition there."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    source = source_of(code.co_filename)
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return source, node
    return None


def single_assignments(source: Source) -> Iterator[tuple[ast.Assign, ast.expr, ast.expr]]:
    """Every target of a source with its value: of `a, b = f(), g()` both pairs, of `a, b = f()` each with the whole."""
    for node in source.nodes():
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            targets = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) and isinstance(target, ast.Tuple) else []
            if len(values) != len(targets):
                values = [node.value] * len(targets)
            yield from ((node, each, value) for each, value in zip(targets, values, strict=True))


def _builds(call: ast.Call, kind: type) -> bool:
    name = called_name(call)
    return name == kind.__name__ or name == kind.__name__.rpartition(".")[2]


def _repeated(place: Built) -> bool:
    """True for a call in a loop or comprehension: it builds more than one module."""
    here: ast.AST | None = place.call
    while here is not None and not isinstance(here, ast.FunctionDef | ast.ClassDef):
        if isinstance(here, ast.For | ast.While | ast.ListComp | ast.GeneratorExp | ast.DictComp):
            return True
        here = place.source.parents.get(here)
    return False


def rebuilt(module: Any, **changes: Any) -> Any:
    """A module like another, with some arguments of its constructor changed. Raises what the constructor raises."""
    given: dict[str, Any] = {}
    for name in parameters(type(module)):
        if name in ("device", "dtype"):
            continue
        if name in changes:
            given[name] = changes[name]
        elif name == "bias" and not isinstance(vars(module).get("bias"), bool):
            given[name] = getattr(module, "bias", None) is not None
        elif hasattr(module, name) and not isinstance(getattr(module, name), Module):
            given[name] = getattr(module, name)
    made = type(module)(**given)
    made.train(module.training)
    like = next(module.parameters(), None)
    return made if like is None else made.to(device=like.device, dtype=like.dtype)
