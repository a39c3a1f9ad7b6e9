"""Where a number is written: what a hyperparameter was given, followed through names, calls, defaults and settings.

Only the source is read. What makes it sure is the number itself: a place counts if the number that stands there is the
one that was used.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import Source, called_name
from gradbook.observe.source import Where

__all__ = [
    "Number",
    "argument",
    "flag_of",
    "number_near",
    "number_of",
    "option",
    "option_at",
    "placed",
    "value_of",
    "written",
]

DEEP = 6  # names that are followed one after the other
CLOSE = 1e-6  # of a number, to be the same


class Number:
    """A number in the user's source: its place, and the expression that is it."""

    def __init__(self, at: code.Place, node: ast.expr) -> None:
        self.at, self.node = at, node

    @property
    def line(self) -> tuple[str, int]:
        """(file, line), as Rule.find takes it."""
        return self.at.file, self.node.lineno

    def replaced(self, value: float, why: str = "") -> Fix:
        """The line with another number."""
        return code.replacement(self.at, self.node, written(value), why)


def written(value: float) -> str:
    """0.01, 1e-5, 1.0: a number as people write it."""
    if value == int(value) and abs(value) < 1e6:
        return f"{value:.1f}"
    if value and abs(value) < 1e-3:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{float(mantissa):g}e{int(power)}"
    return f"{value:g}"


def option(where: Where | None, name: str, value: float, position: int | None = None) -> Number | None:
    """Where the number of an option was written, such as lr of an optimizer that is constructed at a place."""
    return option_at(code.place(where), name, value, position)


def option_at(at: code.Place | None, name: str, value: float, position: int | None = None) -> Number | None:
    """The same of a call at a place."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return None
    found = [v for arg in [*call.args, *(k.value for k in call.keywords)] for v in entries(arg, name)]
    found += argument(call, name, position)  # which those of groups of parameters come before
    for node in found:
        number = number_of(at, node, value)
        if number is not None:
            return number
    if isinstance(call.func, ast.Name):  # `make = partial(SGD, lr=0.1)`
        made = [(source, given) for source, given in _sources(at, call.func) if isinstance(given, ast.Call)]
        for source, node in ((source, given) for source, each in made for given in argument(each, name)):
            if (number := number_of(standing(at, source, node), node, value)) is not None:
                return number
    starred = [k.value for k in call.keywords if k.arg is None]
    names = [arg for arg in call.args if isinstance(arg, ast.Name | ast.Attribute)]
    return next((n for each in (*starred, *names) if (n := _setting(at, each, name, value)) is not None), None)


def argument(call: ast.Call, name: str, position: int | None = None) -> Iterator[ast.expr]:
    """The expression that a call gives for a parameter."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg == name)
    plain = not any(isinstance(arg, ast.Starred) for arg in call.args)
    if position is not None and plain and len(call.args) > position:
        yield call.args[position]


def entries(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """The values of a key in the dictionaries of an expression: `{"lr": 0.1}`, `dict(lr=0.1)`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            pairs = zip(part.keys, part.values, strict=True)
            yield from (v for k, v in pairs if isinstance(k, ast.Constant) and k.value == name)
        elif isinstance(part, ast.Call) and called_name(part) == "dict":
            yield from argument(part, name)


def value_of(node: ast.AST | None) -> float | None:
    """The number that an expression of numbers is: `0.1`, `-1`, `1e-3 * 4`, `10 ** -2`."""
    if isinstance(node, ast.Constant):
        return float(node.value) if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = value_of(node.operand)
        return -inner if inner is not None else None
    if isinstance(node, ast.BinOp):
        left, right = value_of(node.left), value_of(node.right)
        if left is None or right is None:
            return None
        try:
            return _reckoned(node.op, left, right)
        except (OverflowError, ZeroDivisionError):
            return None
    return None


def _reckoned(how: ast.operator, left: float, right: float) -> float | None:
    if isinstance(how, ast.Mult):
        return left * right
    if isinstance(how, ast.Div):
        return left / right
    if isinstance(how, ast.Pow) and abs(right) < 100:
        result = left**right
        return result if isinstance(result, float) else None
    return None


def number_of(at: code.Place, node: ast.expr, value: float, close: float = CLOSE) -> Number | None:
    """Where the number that an expression at a place has is written; None where that is not plain to see.

    close: how far from it, as a part, the number that stands there may be.
    """

    def fits(each: ast.expr) -> bool | None:
        known = value_of(each)
        return None if known is None else abs(known - value) <= close * max(abs(known), abs(value))

    return _written_at(at, node, fits)


def number_near(at: code.Place, node: ast.expr) -> Number | None:
    """The first number that an expression may have, where nobody knows which one it had."""
    return _written_at(at, node, lambda each: True if value_of(each) is not None else None)


def flag_of(at: code.Place, node: ast.expr, value: bool) -> Number | None:
    """Where the True or False that an expression has is written: in a call, a default, a configuration."""
    return _written_at(at, node, lambda each: each.value is value if isinstance(each, ast.Constant) else None)


def _written_at(
    at: code.Place, node: ast.expr, fits: Callable[[ast.expr], bool | None], deep: int = DEEP
) -> Number | None:
    """The first place where what an expression has is written. fits: None of what only leads to where it is."""
    fit = fits(node)
    if fit is not None:
        return Number(standing(at, at.source, node), node) if fit else None
    found = _sources(at, node) if deep > 0 else ()
    each = (_written_at(standing(at, source, given), given, fits, deep - 1) for source, given in found)
    return next((number for number in each if number is not None), None)


def standing(at: code.Place, source: Source, node: ast.AST) -> code.Place:
    """The place of a node, seen from the place of an instruction."""
    there = placed(source, node)
    there.function = at.function
    return there


def placed(source: Source, node: ast.AST) -> code.Place:
    """The place of a node of a source, as of one that an instruction was found at."""
    there = code.Place.__new__(code.Place)
    there.source, there.file, there.function, there.span = source, source.file, "", None
    there.line = int(getattr(node, "lineno", 1))
    there.statement = source.statement(there.line)
    there.expression = node if isinstance(node, ast.expr) else None
    return there


def _sources(at: code.Place, node: ast.expr) -> Iterator[tuple[Source, ast.expr]]:
    """The expressions that another one may have its value from, the likeliest first."""
    if isinstance(node, ast.Name):
        yield from _named(at, node)
    elif isinstance(node, ast.Attribute):
        yield from _attribute(at, node.attr)
    elif isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            yield from _keyed(at, node.slice.value)
    elif isinstance(node, ast.IfExp):
        yield from ((at.source, each) for each in (node.body, node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from ((at.source, each) for each in node.values)
    elif isinstance(node, ast.Call) and called_name(node) == "get" and node.args:
        if isinstance(node.args[0], ast.Constant):
            yield from _keyed(at, str(node.args[0].value))
        yield from ((at.source, each) for each in node.args[1:])
    elif isinstance(node, ast.Call) and called_name(node) in ("float", "int", "tensor") and node.args:
        yield at.source, node.args[0]


def _named(at: code.Place, name: ast.Name) -> Iterator[tuple[Source, ast.expr]]:
    """What a variable was given: in its function, by who calls that, else at the top of the file or of a cell."""
    function = function_of(at.source, name)
    while function is not None:  # outwards, as a function in a function sees it
        yield from _given(at.source, function, name.id, name.lineno)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _parameter(at, function, name.id)
        function = function_of(at.source, at.source.parents.get(function))
    inside = function_of(at.source, name) is not None
    for source in code.sources(at):
        yield from _given(source, None, name.id, name.lineno if source is at.source and not inside else None)


def _given(
    source: Source, function: ast.AST | None, name: str, before: int | None
) -> Iterator[tuple[Source, ast.expr]]:
    """The values that assignments and loops of one scope give a variable, the latest first."""
    found: list[tuple[int, ast.expr]] = []
    for node in source.nodes():
        for target, value in bindings(node):
            if isinstance(target, ast.Name) and target.id == name and function_of(source, node) is function:
                found.append((int(getattr(node, "lineno", 0)), value))
    found.sort(key=lambda pair: pair[0], reverse=True)
    above = [pair for pair in found if before is None or pair[0] <= before]
    yield from ((source, value) for _, value in (above or found))


def bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of a statement with what each gets; of a loop over a list each of its items."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.NamedExpr):
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.List | ast.Tuple):
        for item in node.iter.elts:
            yield from paired(node.target, item)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from paired(target, node.value)


def paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`a, b = 1, 2` as its two pairs."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple | ast.List):
        if len(target.elts) == len(value.elts):
            yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _parameter(at: code.Place, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[
    tuple[Source, ast.expr]
]:  # fmt: skip
    """What a parameter gets: from each call of its function, or of its class, then its default."""
    spec = function.args
    names = [each.arg for each in (*spec.posonlyargs, *spec.args)]
    if name not in names and name not in [each.arg for each in spec.kwonlyargs]:
        return
    owner = at.source.parents.get(function)
    own = isinstance(owner, ast.ClassDef)
    called = owner.name if isinstance(owner, ast.ClassDef) and function.name == "__init__" else function.name
    position = names.index(name) - own if name in names else None
    for source in code.sources(at):
        for node in source.nodes():
            if isinstance(node, ast.Call) and called_name(node) in (called, "partial", "super"):
                yield from ((source, given) for given in argument(node, name, position))
    for source, given in _inherited(at, owner, function.name, name, position):
        yield source, given
    defaults = dict(zip(names[len(names) - len(spec.defaults) :], spec.defaults, strict=True))
    pairs = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    defaults |= {each.arg: value for each, value in pairs if value is not None}
    if name in defaults:
        yield at.source, defaults[name]


def _inherited(at: code.Place, owner: ast.AST | None, method: str, name: str, position: int | None) -> Iterator[
    tuple[Source, ast.expr]
]:  # fmt: skip
    """What calls of the classes made of this one give its constructor."""
    if not isinstance(owner, ast.ClassDef) or method != "__init__":
        return
    heirs = {
        node.name for node in at.source.nodes()
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == owner.name for base in node.bases)
    }  # fmt: skip
    for node in at.source.nodes():
        if not isinstance(node, ast.Call):
            continue
        of_super = called_name(node) == "__init__" and "super" in at.source.segment(node.func)
        if called_name(node) in heirs or of_super:
            yield from ((at.source, given) for given in argument(node, name, position))


def _attribute(at: code.Place, name: str) -> Iterator[tuple[Source, ast.expr]]:
    """What `self.lr` or `args.lr` may be: an assignment, a field of a class, an option, a keyword of a call."""
    for source in code.sources(at):
        for node in source.nodes():
            for target, value in bindings(node):
                if isinstance(target, ast.Attribute) and target.attr == name:
                    yield source, value
        yield from _keywords(source, name)
        for node in source.nodes():
            for target, value in bindings(node):
                field = isinstance(target, ast.Name) and target.id == name
                if field and isinstance(source.parents.get(node), ast.ClassDef):
                    yield source, _default(value)
        yield from _keyed(at, name)


def _default(value: ast.expr) -> ast.expr:
    """`field(default=0.1)` is 0.1."""
    if isinstance(value, ast.Call) and called_name(value) in ("field", "Field"):
        return next(argument(value, "default", 0), value)
    return value


def _keywords(source: Source, name: str) -> Iterator[tuple[Source, ast.expr]]:
    """`Namespace(lr=0.1)`, `add_argument("--lr", default=0.1)`."""
    for node in source.nodes():
        if not isinstance(node, ast.Call):
            continue
        if called_name(node) == "add_argument":
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            dest = next((d.value for d in argument(node, "dest") if isinstance(d, ast.Constant)), None)
            if name == dest or name in [word.lstrip("-").replace("-", "_") for word in words]:
                yield from ((source, value) for value in argument(node, "default"))
        else:
            yield from ((source, value) for value in argument(node, name))


def _keyed(at: code.Place, key: str) -> Iterator[tuple[Source, ast.expr]]:
    """The values of a key in the dictionaries of the program."""
    for source in code.sources(at):
        for node in source.nodes():
            for target, value in bindings(node):
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    if target.slice.value == key:
                        yield source, value
        if source.tree is not None:
            yield from ((source, value) for value in entries(source.tree, key))


def _setting(at: code.Place, holder: ast.expr, name: str, value: float) -> Number | None:
    """The number of a key in what a name holds: a dictionary, a list of groups of parameters."""
    for source, given in _sources(at, holder):
        for node in entries(given, name):
            found = number_of(standing(at, source, node), node, value)
            if found is not None:
                return found
    return None
