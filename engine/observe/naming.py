"""The user's own names for things: from the text of a line, from the variables in sight, from the module tree."""

from __future__ import annotations

import ast
import gc
import linecache
import sys
from collections.abc import Iterable, Iterator, Mapping
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any

from gradbook.observe.source import Span, Where, is_own, span_of

__all__ = [
    "Names", "argument_names", "assigned_name", "backward_name", "expression_at", "target_name", "target_names",
    "target_path",
]  # fmt: skip

LONGEST = 24  # characters of an expression that may still serve as a name
_files: dict[str, _File] = {}
_by_site: dict[tuple[int, int], tuple[CodeType, str]] = {}
_arguments: dict[tuple[int, int], tuple[CodeType, tuple[str, ...]]] = {}


def backward_name(where: Where | None) -> str:
    """The name of what `.backward()` is called on at this place, as the user wrote it; 'loss' when there is none.

    `loss.backward()` -> 'loss'; `self.loss_g.backward()` -> 'loss_g'; `scaler.scale(loss).backward()` -> 'loss'.
    """
    if where is None:
        return "loss"
    key = (id(where[0]), where[1])
    known = _by_site.get(key)
    if known is None:
        known = _by_site[key] = (where[0], _backward_name(expression_at(where)))
    return known[1]


def _backward_name(call: ast.expr | None) -> str:
    if not isinstance(call, ast.Call):
        return "loss"
    if isinstance(call.func, ast.Attribute) and call.func.attr == "backward" and not _is_function_of_module(call):
        return _short_name(call.func.value) or "loss"
    return (_short_name(call.args[0]) if call.args else "") or "loss"


def _is_function_of_module(call: ast.Call) -> bool:
    """True for `torch.autograd.backward(loss)`: backward is a function there, not a method."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return bool(call.args) and isinstance(owner, ast.Attribute) and owner.attr == "autograd"


def _short_name(node: ast.expr) -> str:
    """A readable name for an expression, '' if it has none worth showing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.List | ast.Tuple) and node.elts:
        return _short_name(node.elts[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult):  # loss / accumulate, 0.5 * loss
        return _short_name(node.left) or _short_name(node.right)
    if isinstance(node, ast.Call):  # f(loss) is the loss; cross_entropy(model(x), y) is none of its operands
        if len(node.args) == 1:
            return _short_name(node.args[0])
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return _short_name(owner) if owner is not None and not node.args else ""
    text = ast.unparse(node) if isinstance(node, ast.Subscript | ast.BinOp) else ""
    return text if len(text) <= LONGEST else ""


def target_name(where: Where | None) -> str:
    """The variable that takes the result of this instruction: 'h' for `h = relu(x @ w)`, asked at the outer call."""
    expression = expression_at(where) if where is not None else None
    return "" if expression is None or where is None else _file(where[0].co_filename).targets.get(expression, "")


def target_path(where: Where | None) -> str:
    """What takes the result of this instruction, as it is written: 'self.h' for `self.h = relu(x)`, also for `+=`."""
    if where is None:
        return ""
    expression, file = expression_at(where), _file(where[0].co_filename)
    return file.augmented.get(span_of(where), "") if expression is None else file.paths.get(expression, "")


def target_names(where: Where | None) -> tuple[str, ...]:
    """The variables that take the several results of this instruction: ('a', 'b') for `a, b = x.split(2)`."""
    expression = expression_at(where) if where is not None else None
    return () if expression is None or where is None else _file(where[0].co_filename).unpacked.get(expression, ())


def assigned_name(where: Where | None) -> str:
    """The variable that the line of this instruction assigns, whatever part of it the instruction is; '' if none."""
    span = span_of(where) if where is not None else None
    return "" if span is None or where is None else _file(where[0].co_filename).assigning.get(span.line, "")


class _File:
    """The expressions of one source text by where they end, and what they are assigned to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ending: dict[tuple[int, int], list[ast.expr]] = {}
        self.targets: dict[ast.expr, str] = {}
        self.paths: dict[ast.expr, str] = {}  # the same as written, `self.h`
        self.augmented: dict[Span | None, str] = {}  # of `self.h += x`, whose instruction spans the statement
        self.unpacked: dict[ast.expr, tuple[str, ...]] = {}
        self.assigning: dict[int, str] = {}  # lines of a statement that assigns a variable -> that variable
        try:
            tree: ast.AST = ast.parse(text)
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                self.ending.setdefault((node.end_lineno or 0, node.end_col_offset or 0), []).append(node)
            target, value = _written(node), getattr(node, "value", None)
            name = "" if target is None else _plain(target)
            if name and isinstance(node, ast.stmt):
                self.assigning.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), name))
            if target is not None and name and isinstance(value, ast.expr):
                for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                    self.targets[one], self.paths[one] = name, ast.unparse(target)
            elif isinstance(node, ast.AugAssign):
                span = Span(node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0)
                self.augmented[span] = ast.unparse(node.target)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                self._unpack([_plain(target) for target in node.targets[0].elts], node.value)

    def _unpack(self, names: list[str], value: ast.expr) -> None:
        """`a, b = x * 2, y` names each part; `a, b = x.split(2)` the results of one call."""
        if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
            self.targets.update({part: name for part, name in zip(value.elts, names, strict=True) if name})
        else:
            self.unpacked[value] = tuple(names)

    def at(self, span: Span) -> ast.expr | None:
        """The expression that an instruction's span means.

        A method called over several lines has a span that begins only at the dot; its end tells which call it is.
        """
        nodes = self.ending.get((span.end_line, span.end_column), [])
        for node in nodes:
            if (node.lineno, node.col_offset) == (span.line, span.column):
                return node
        return next((node for node in nodes if isinstance(node, ast.Call) and node.lineno < span.line), None)


def _file(name: str) -> _File:
    text = "".join(linecache.getlines(name))
    known = _files.get(name)
    if known is None or known.text != text:
        known = _files[name] = _File(text)
    return known


def expression_at(where: Where) -> ast.expr | None:
    """The expression that an instruction computes, as the user wrote it; None where the text is not known."""
    span = span_of(where)
    return None if span is None else _file(where[0].co_filename).at(span)


def _written(statement: ast.AST) -> ast.expr | None:
    """What a statement with one target assigns."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return statement.targets[0]
    return statement.target if isinstance(statement, ast.AnnAssign | ast.NamedExpr) else None


def argument_names(where: Where | None) -> tuple[str, ...]:
    """Names of an operation's operands as written: ('x', 'w') for `x @ w`; '' for those that are expressions."""
    if where is None:
        return ()
    key = (id(where[0]), where[1])
    known = _arguments.get(key)
    if known is None:
        known = _arguments[key] = (where[0], _argument_names(expression_at(where)))
    return known[1]


def _argument_names(node: ast.expr | None) -> tuple[str, ...]:
    if isinstance(node, ast.BinOp):
        return _plain(node.left), _plain(node.right)
    if isinstance(node, ast.Call):
        if _plain(node.func) == "grad":  # what autograd.grad computes with is not what it is given
            return ()
        return tuple(_plain(argument) for argument in node.args)
    return (_plain(node.operand),) if isinstance(node, ast.UnaryOp) else ()


def _plain(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


class Names:
    """The user's names for tensors and modules: variables in sight, and the paths of the module trees they hold.

    A single model gives plain paths (`encoder.0.weight`); several put their variable in front (`generator.0.weight`).
    """

    def __init__(self, namespaces: Iterable[Mapping[str, Any]]) -> None:
        self.tensors: dict[int, str] = {}
        self.arrays: dict[int, str] = {}  # id of the array a tensor holds -> name
        self.parameters: dict[int, tuple[str, Any]] = {}  # id -> (path, tensor)
        self.buffers: dict[int, str] = {}
        self.roots: list[tuple[str, Any]] = []
        self.optimizers: list[Any] = []
        modules: list[tuple[str, Any]] = []
        for namespace in namespaces:
            for name, value in _things(namespace):
                if hasattr(value, "named_parameters"):
                    modules.append((name, value))
                elif hasattr(value, "param_groups"):
                    self.optimizers.append(value)
                else:
                    self.tensors.setdefault(id(value), name)
                    self.arrays.setdefault(id(value._array), name)
        self._read_modules(modules)

    @classmethod
    def in_sight(cls, frame: FrameType | None) -> Names:
        """Names in a frame and the user's frames around it, inner ones first."""
        return cls(_namespaces(frame))

    def of(self, tensor: Any) -> str:
        """The user's name for a tensor, '' if there is none."""
        return self.by_id(id(tensor), id(tensor._array))

    def by_id(self, tensor_id: int | None, array_id: int | None = None) -> str:
        """The name of a tensor known by its id, or by the id of the array it holds."""
        known = self.parameters.get(tensor_id) if tensor_id is not None else None
        if known:
            return known[0]
        by_tensor = (self.buffers.get(tensor_id) or self.tensors.get(tensor_id, "")) if tensor_id is not None else ""
        return by_tensor or (self.arrays.get(array_id, "") if array_id is not None else "")

    def module_paths(self) -> Iterator[tuple[str, Any]]:
        """(path, module) of every module in sight, in front of it its variable where there are several models."""
        bearing = self._bearing()
        for name, module in self.roots:
            for path, sub in module.named_modules():
                yield (".".join(filter(None, (name, path))) if len(bearing) > 1 else path), sub

    def _bearing(self) -> list[tuple[str, Any]]:
        """The roots that hold parameters."""
        return [entry for entry in self.roots if next(iter(entry[1].parameters()), None) is not None]

    def add_root(self, name: str, module: Any) -> None:
        """Take in one more module tree, such as one seen being called but held by no variable."""
        if not any(module is m or any(module is s for s in m.modules()) for _, m in self.roots):
            self._read_modules([*self.roots, (name, module)])

    def _read_modules(self, modules: list[tuple[str, Any]]) -> None:
        """Keep the outermost trees and name what they hold."""
        modules = [(name, module) for name, module in modules if _can_be_read(module)]
        inner = {id(sub) for _, module in modules for sub in list(module.modules())[1:]}
        roots: dict[int, tuple[str, Any]] = {}
        for name, module in modules:
            if id(module) not in inner:
                roots.setdefault(id(module), (name, module))
        self.roots = list(roots.values())
        self.parameters.clear()
        bearing = self._bearing()
        for name, module in self.roots:
            prefix = f"{name}." if len(bearing) > 1 and name else ""
            for path, parameter in module.named_parameters():
                self.parameters.setdefault(id(parameter), (prefix + path, parameter))
            for path, buffer in module.named_buffers():
                self.buffers.setdefault(id(buffer), prefix + path)


def variables(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame, and nothing of them kept in it.

    Before Python 3.13 a function's frame remembers the dictionary that `f_locals` makes, and so keeps everything in it
    alive until the function returns. One that was not there before we asked is emptied again.
    """
    if sys.version_info >= (3, 13) or not frame.f_code.co_flags & CO_OPTIMIZED:
        return dict(frame.f_locals)
    before = {id(held) for held in gc.get_referents(frame) if type(held) is dict}
    made = frame.f_locals
    found = dict(made)
    if id(made) not in before:
        made.clear()
    return found


def visible(frame: FrameType | None) -> dict[str, Any]:
    """The variables in a frame and the user's frames around it, inner ones first where names meet."""
    found: dict[str, Any] = {}
    for namespace in _namespaces(frame):
        for name, value in list(namespace.items()):
            found.setdefault(name, value)
    return found


def _namespaces(frame: FrameType | None) -> Iterator[Mapping[str, Any]]:
    """Locals of a frame and of the user's frames around it, attributes of `self` behind them, globals last."""
    globals_seen: list[Mapping[str, Any]] = []
    depth = 0
    while frame is not None and depth < 24:
        if not is_own(frame.f_code.co_filename):
            names = variables(frame)
            yield names
            holder = names.get("self")
            if holder is not None and hasattr(holder, "__dict__"):
                yield holder.__dict__
            if not any(frame.f_globals is seen for seen in globals_seen):
                globals_seen.append(frame.f_globals)
            if frame.f_code.co_name == "<module>":
                break
        frame = frame.f_back
        depth += 1
    yield from globals_seen[:4]


def _things(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Tensors and modules a namespace holds, also one level inside short lists and dicts, with their names."""
    for name, value in list(namespace.items()):
        if name.startswith("_") or name in ("In", "Out"):
            continue
        if _is_ours(value):
            yield name, value
        elif isinstance(value, list | tuple) and len(value) <= 64:
            for index, item in enumerate(value):
                if _is_ours(item):
                    yield f"{name}[{index}]", item
        elif type(value) is dict and len(value) <= 64:
            for key, item in list(value.items()):
                if _is_ours(item):
                    yield f"{name}[{text_of(key)}]", item


def text_of(value: Any) -> str:
    """What a value of the user's calls itself; its class where it cannot even say that."""
    try:
        return repr(value)
    except Exception:  # the user's own code: whatever it raises, a name is not worth a broken cell
        return f"<{type(value).__name__}>"


def _can_be_read(module: Any) -> bool:
    """False for a module whose own methods raise when it is asked what it holds: it stays without names."""
    try:
        for name in ("modules", "named_parameters", "named_buffers"):
            list(getattr(module, name)())
    except Exception:  # the user's own code, as above
        return False
    return True


_ours: dict[type, bool] = {}


def _is_ours(value: Any) -> bool:
    """True for a Tensor, a Module or an Optimizer, told by class alone, so that none needs importing here."""
    kind = type(value)
    known = _ours.get(kind)
    if known is None:
        if len(_ours) > 4096:
            _ours.clear()
        known = _ours[kind] = not issubclass(kind, type) and any(
            (base.__module__ == "gradbook" and base.__name__ == "Tensor")
            or (base.__name__ == "Module" and base.__module__.startswith("gradbook.nn"))
            or (base.__name__ == "Optimizer" and base.__module__.startswith("gradbook.optim"))
            for base in kind.__mro__
        )
    return known
