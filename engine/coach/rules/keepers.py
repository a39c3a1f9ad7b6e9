"""Who keeps what: the list or dict of the user's that holds tensors or arrays of many steps, and where it is filled."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gradbook.autograd.versions import owner
from gradbook.nn.module import Module
from gradbook.observe import naming
from gradbook.observe.failure.text import Source, called_name
from gradbook.observe.source import is_users, user_frame

__all__ = ["Keeper", "Use", "containers", "filling", "keeper_of", "use_of"]

LAST = 64  # entries of a container that are looked at
PUTTING = frozenset(("append", "appendleft", "add", "insert", "extend", "setdefault", "update"))
TAKING = frozenset(("clear", "pop", "popleft", "popitem", "remove"))


@dataclass(frozen=True)
class Keeper:
    """A container: `path` as the code calls it, such as `self.history`, and its last part, `name`."""

    path: str
    name: str
    bounded: bool  # it lets go of old entries by itself


def keeper_of(kept: set[int], enough: int) -> Keeper | None:
    """The container in sight that holds at least so many of these: ids of tensors or of the memory of arrays."""
    for path, value in containers():
        held = list(value.values()) if isinstance(value, dict) else list(value)
        found = sum(bool(kept & _ids(item)) for item in held[-LAST:])
        if found >= enough:
            return Keeper(path, path.rpartition(".")[2].split("[")[0], getattr(value, "maxlen", None) is not None)
    return None


def _ids(item: Any) -> set[int]:
    inner = item if isinstance(item, tuple | list) else item.values() if isinstance(item, dict) else (item,)
    found = set()
    for each in list(inner)[:8]:
        if hasattr(each, "_array"):
            found |= {id(each), id(owner(each._array))}
        elif hasattr(each, "__array_interface__"):
            found.add(id(owner(each)))
    return found


def containers() -> Iterator[tuple[str, Any]]:
    """Lists, dicts, sets and deques that the running code can see, also in the attributes of what it sees."""
    seen: set[int] = set()
    for name, value in naming.visible(user_frame()).items():
        if name.startswith("__") or id(value) in seen:
            continue
        seen.add(id(value))
        yield from _inside(name, value)
        if isinstance(value, Module):
            for path, part in list(value.named_modules()):
                yield from _attributes(f"{name}.{path}".strip("."), part)
        elif hasattr(value, "__dict__") and not isinstance(value, type) and _users(value):
            yield from _attributes(name, value)


def _users(value: Any) -> bool:
    init = getattr(type(value).__init__, "__code__", None)
    return init is not None and is_users(init.co_filename)


def _attributes(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    shared = vars(type(thing)) if _users(thing) else {}
    for key, value in [*vars(thing).items(), *shared.items()]:
        if not key.startswith(("_modules", "_parameters", "_buffers")):
            yield from _inside(f"{name}.{key}", value)


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | deque | set) or (isinstance(value, dict) and not path.startswith("__")):
        yield path, value
        if isinstance(value, dict):
            for inner in list(value.values())[:LAST]:
                if isinstance(inner, list | deque):
                    yield path, inner


# -- the code ----------------------------------------------------------------------------------------------------------


def filling(sources: list[Source], name: str) -> tuple[Source, ast.AST, ast.expr] | None:
    """Where something is put into a container of this name: the source, the node, what is put."""
    for source in sources:
        for node in source.nodes():
            value = _put(node, name)
            if value is not None:
                return source, node, value
    return None


def _put(node: ast.AST | None, name: str) -> ast.expr | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PUTTING:
        return node.args[-1] if _called(node.func.value) == name and node.args else None
    if isinstance(node, ast.AugAssign) and _called(node.target) == name and isinstance(node.op, ast.Add):
        value = node.value
        return value.elts[0] if isinstance(value, ast.List | ast.Tuple) and value.elts else value
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.right, ast.List):
        own = _called(node.targets[0]) == name == _called(node.value.left)
        return node.value.right.elts[0] if own and node.value.right.elts else None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return node.value if _called(node.targets[0].value) == name else None
    return None


def _called(node: ast.AST) -> str:
    """`history` of `history`, `self.history` and `self.history[key]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@dataclass
class Use:
    """What the code does with a container beside filling it."""

    read: bool = False
    emptied: bool = False


def use_of(sources: list[Source], keeper: Keeper) -> Use:
    """Whether a container is read anywhere, or made empty again as the program goes on."""
    use = Use()
    kinds = (ast.Attribute,) if "." in keeper.path else (ast.Name, ast.Attribute)  # not a variable of that name
    for source in sources:
        for node in source.nodes():
            if not isinstance(node, kinds) or _called(node) != keeper.name:
                continue
            parent = source.parents.get(node)
            if isinstance(node.ctx, ast.Del) or (isinstance(node.ctx, ast.Store) and _again(source, node)):
                use.emptied = True
            elif isinstance(node.ctx, ast.Load):
                _loaded(source, node, parent, use)
    return use


def _again(source: Source, node: ast.expr) -> bool:
    """Whether it is given a new value inside a loop, or in a method that does not set the object up."""
    here: ast.AST | None = node
    while here is not None:
        if isinstance(here, ast.For | ast.While):
            parent = source.parents.get(node)
            return not isinstance(parent, ast.AugAssign) and _put(parent, _called(node)) is None
        if isinstance(here, ast.FunctionDef):
            return isinstance(node, ast.Attribute) and here.name != "__init__"
        here = source.parents.get(here)
    return False


def _loaded(source: Source, node: ast.expr, parent: ast.AST | None, use: Use) -> None:
    if isinstance(parent, ast.Attribute):
        use.emptied = use.emptied or parent.attr in TAKING
        use.read = use.read or parent.attr not in TAKING | PUTTING
        return
    if isinstance(parent, ast.Subscript) and ast.unparse(parent.slice) == "-1" and isinstance(parent.ctx, ast.Load):
        return  # of all that it holds, the last one
    while isinstance(parent, ast.Subscript):
        if not isinstance(parent.ctx, ast.Load):
            use.emptied = use.emptied or isinstance(parent.ctx, ast.Del)
            return
        inner, parent = parent, source.parents.get(parent)
        if isinstance(parent, ast.Attribute):  # history["a"].append(x)
            _loaded(source, inner, parent, use)
            return
    if isinstance(parent, ast.Call) and called_name(parent) == "len":
        above = source.parents.get(parent)  # `if len(queue) > n` bounds it; a print of its length does not
        use.emptied = use.emptied or isinstance(above, ast.Compare)
        return
    use.read = True
