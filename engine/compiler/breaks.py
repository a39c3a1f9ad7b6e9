"""Statements and calls that a plan leaves to Python, between its kernels: as functions of the variables they look at.

Python runs them each time, with the values of that time: printing, appending to a list, random numbers, a condition on
a loss. What they give is another value in each call (`Hosted`); all else of the call goes on from a plan.
"""

from __future__ import annotations

import ast
import copy
import types
from typing import Any

from gradbook.compiler.frames import Frame

__all__ = [
    "UNSET", "Break", "Ended", "Hosted", "Late", "function_of", "is_quiet", "kept_names", "key_of", "leaves", "mode_of",
]  # fmt: skip

UNSET: Any = type("Unset", (), {"__repr__": lambda self: "<no value>"})()
RESULT, NOTHING, ENDED = "_gradbook_result", "_gradbook_unset", "_gradbook_ended"
TRAINING = {"backward", "zero_grad"}
SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.FunctionDef)
QUIET = {"print", "len", "float", "int", "str", "repr", "round", "abs", "min", "max", "sum", "format", "range"}
QUIET_METHODS = {"item", "tolist", "append", "format", "join", "detach", "isnan", "isfinite", "isinf", "any", "all"}
READING = {"print", "len", "float", "int", "str", "repr", "bool", "format", "isinstance", "type", "id"}
READING_METHODS = {
    "item", "tolist", "numpy", "detach", "isnan", "isfinite", "isinf", "any", "all", "argmax", "argmin", "size", "dim",
    "numel", "element_size", "data_ptr",
}  # fmt: skip
LOOKS = {"shape", "dtype", "ndim", "device", "requires_grad", "is_leaf", "data", "grad"}
Key = tuple[Any, ...]


class Hosted:
    """A value that only Python knows: another one in each call. slot: where a plan's run keeps it."""

    __slots__ = ("slot", "value")

    def __init__(self, value: Any, slot: int) -> None:
        self.value, self.slot = value, slot


class Ended(Exception):
    """What was left to Python returned from the compiled function."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


class Late(Exception):
    """In the midst of a run something turns out not to be as the plan takes for granted."""

    def __init__(self, reason: str, place: tuple[str, int]) -> None:
        self.reason, self.place = reason, place


class Break:
    """One thing that Python does in a run. `function(**given)` -> its variables afterwards, or an Ended.

    given: {parameter: a description of what to hand it, see leaving.py}; stores: {variable: slot}; expected: the
    outcome of a decision that the plan goes on from; grads: what leaves' `.grad` hold at that time.
    """

    def __init__(self, function: Any, given: dict[str, Any], windows: list[Any], key: Key) -> None:
        self.function, self.given, self.windows, self.key = function, given, windows, key
        self.place = key[0], key[2]
        self.stores: dict[str, int] = {}
        self.expected: bool | None = None
        self.late: list[tuple[int, Any, Any]] = []  # (slot, window, kind) of tensors that the plan reads afterwards
        self.grads: dict[int, Any] = {}
        self.grad_mode = True
        self.reads: dict[Any, Any] = {}  # what was read after it, see Guards.recent
        self.quiet = False  # it changes nothing that the plan reads
        self.check: Any = None  # a Wording of what has to be so after it
        self.told = 0  # how many events of the plan come before it

    @property
    def may_be_late(self) -> bool:
        """Whether a run can turn out midway to be none for this plan."""
        return self.expected is not None or bool(self.late) or self.check is not None

    def __repr__(self) -> str:
        return f"<left to Python: {self.place}>"


def key_of(frame: Frame, node: Any) -> Key:
    """What a statement or call is known by from call to call."""
    ends = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
    return (frame.function.__code__.co_filename, type(node).__name__, *ends)


def mode_of(node: Any) -> str:
    """How a statement is left to Python: whole ("left"), or only the condition of it ("decided"). "": not at all."""
    if isinstance(node, ast.If | ast.While):
        body = [*node.body, *node.orelse]
        if any(leaves(each) or trains(each, {*TRAINING, "step"}) for each in body):
            return "decided"
        return "left"
    if isinstance(node, ast.Break | ast.Continue | ast.FunctionDef | ast.With) or trains(node):
        return ""
    if any(
        isinstance(part, ast.Yield | ast.YieldFrom | ast.Await | ast.Nonlocal | ast.Global) for part in ast.walk(node)
    ):
        return ""
    return "" if not isinstance(node, ast.Return) and leaves(node) else "left"


def leaves(node: Any) -> bool:
    """True if a statement may go elsewhere than to the next one: return, or break and continue of a loop around it."""
    if isinstance(node, ast.Return):
        return True
    if isinstance(node, ast.Break | ast.Continue):
        return True
    if isinstance(node, SCOPES):
        return False
    if isinstance(node, ast.For | ast.While):
        return any(isinstance(part, ast.Return) for part in ast.walk(node)) or any(map(leaves, node.orelse))
    return any(leaves(part) for part in ast.iter_child_nodes(node))


def trains(node: Any, names: set[str] = TRAINING) -> bool:
    """True if a statement has calls that only make sense as part of a plan."""
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr in names for func in calls)


def is_quiet(node: Any) -> bool:
    """True for what only prints, formats, appends and reads tensors: it changes nothing that a plan depends on."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            return False
        if isinstance(part, ast.Call):
            name = getattr(part.func, "id", None) or getattr(part.func, "attr", "")
            if name not in (QUIET if isinstance(part.func, ast.Name) else QUIET_METHODS):
                return False
    return True


def kept_names(node: Any) -> set[str]:
    """The variables of which a statement may keep the value, or what it computes from it: not those it only reads."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name in (READING if isinstance(node.func, ast.Name) else READING_METHODS):
            return set()
    if isinstance(node, ast.Compare | ast.JoinedStr) or (isinstance(node, ast.Attribute) and node.attr in LOOKS):
        return set()
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return {node.target.id} | kept_names(node.value)
    return {name for part in ast.iter_child_nodes(node) for name in kept_names(part)}


def names_in(node: Any) -> tuple[set[str], set[str]]:
    """(all names in a statement, those that it binds)."""
    everything = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    bound: set[str] = set()

    def look(part: Any) -> None:
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            bound.add(part.id)
        elif isinstance(part, ast.ExceptHandler | ast.FunctionDef) and part.name:
            bound.add(part.name)
        elif isinstance(part, ast.Import | ast.ImportFrom):
            bound.update((each.asname or each.name).partition(".")[0] for each in part.names)
        if isinstance(part, SCOPES):
            inside = [n.target.id for n in ast.walk(part) if isinstance(n, ast.NamedExpr)]
            bound.update(inside if not isinstance(part, ast.Lambda | ast.FunctionDef) else [])
            return
        for each in ast.iter_child_nodes(part):
            look(each)

    look(node)
    return everything | bound, bound


def function_of(frame: Frame, node: Any, decide: bool = False) -> tuple[Any, dict[str, Any], list[str]]:
    """A statement or condition of a frame as a function. -> (it, the variables it is given, those that it sets)"""
    names, bound = names_in(node)
    outside = frame.outside
    variables, cells = in_sight(frame)
    bound = set() if decide else bound - outside.keys()
    given: dict[str, Any] = {}
    first = frame.function.__code__.co_varnames[:1]  # super() looks for it
    for name in (*first, *sorted(names - {*first})):
        if name in outside or (name not in names and not uses_super(names)):
            continue
        if name in bound and name not in frame.variables:
            given[name] = UNSET
        elif name in variables:
            given[name] = variables[name]
    body: list[ast.stmt]
    if decide:
        body, bound = [assigned(ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), node)))], {RESULT}
    elif isinstance(node, ast.Return):
        body, bound = [assigned(node.value or ast.Constant(None))], bound | {RESULT}
    else:
        body = [Returning().visit(copy.deepcopy(node))]
    declared = [kind([name]) for name, kind in outside.items() if name in names]
    made = compiled(frame, node, [*given], [*declared, *body], cells)
    return made, given, sorted(bound)


def assigned(value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(RESULT, ast.Store())], value)


def uses_super(names: set[str]) -> bool:
    return "super" in names


def in_sight(frame: Frame) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables of a frame and of those around it that are interpreted; the cells of the others."""
    variables: dict[str, Any] = {}
    cells: dict[str, Any] = {}
    each: Frame | None = frame
    while each is not None:
        variables = {**each.variables, **variables}
        cells = {**each.cells, **cells}
        each = each.outer
    return variables, cells


class Returning(ast.NodeTransformer):
    """A return of the compiled function becomes one of an Ended."""

    def visit_Return(self, node: ast.Return) -> Any:
        value = node.value or ast.Constant(None)
        return ast.copy_location(ast.Return(ast.Call(ast.Name(ENDED, ast.Load()), [value], [])), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return node


def compiled(frame: Frame, node: Any, params: list[str], body: list[ast.stmt], cells: dict[str, Any]) -> Any:
    """A function `left` with a body, as if its text stood where the node stands: with its cells, and its class."""
    text = "".join(f"        if {name} is {NOTHING}: del {name}\n" for name in params)
    free = "".join(f"    {name} = None\n" for name in cells if name not in params and name != "__class__")
    header = ", ".join([*params, NOTHING, ENDED])
    whole = ast.parse(f"def around():\n{free}    def left({header}):\n{text}        return locals()").body[0]
    for part in ast.walk(whole):
        ast.copy_location(part, node) if isinstance(part, ast.expr | ast.stmt | ast.arg) else None
    whole.body[-1].body[-1:-1] = body  # type: ignore[attr-defined]
    *_, owner, _ = ["", "", *frame.function.__qualname__.split(".")]
    if owner.isidentifier():  # names that begin with __ are the class's own
        whole = ast.copy_location(class_of(owner, whole), node)
    for part in ast.walk(whole):
        if isinstance(part, ast.expr | ast.stmt) and not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    code = code_named("left", compile(ast.Module([whole], []), frame.function.__code__.co_filename, "exec"))
    closure = tuple(cells[name] for name in code.co_freevars)
    return types.FunctionType(code, frame.function.__globals__, frame.function.__name__, (UNSET, Ended), closure)


def class_of(name: str, body: ast.stmt) -> ast.stmt:
    made = ast.parse(f"class {name}: pass").body[0]
    made.body = [body]  # type: ignore[attr-defined]
    return made


def code_named(name: str, code: types.CodeType) -> types.CodeType:
    """The code of a function somewhere inside."""
    if code.co_name == name:
        return code
    return code_named(name, next(part for part in code.co_consts if isinstance(part, types.CodeType)))
