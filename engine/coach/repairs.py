"""Small changes of a function's source, tried one after the other: one that makes it right is where it was wrong."""

from __future__ import annotations
import __future__

import ast
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradbook.observe.failure.text import Source, apply, binds

__all__ = ["Change", "changes", "tried"]

SECONDS = 0.6  # that all tries may take
OPERATORS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}
COMPARISONS = {ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<="}
CALLS = {"sin": "cos", "cos": "sin", "exp": "log", "log": "exp", "tanh": "sigmoid", "sigmoid": "tanh", "sum": "mean",
         "mean": "sum", "ones_like": "zeros_like", "zeros_like": "ones_like", "sinh": "cosh", "cosh": "sinh",
         "abs": "sign", "sqrt": "rsqrt"}  # fmt: skip
FACTORS = ("({} > 0)", "(1 - {})", "2 * {}", "-{}", "{} ** 2", "(1 - {} ** 2)", "{}.sign()", "{}.exp()", "{}.cos()")


@dataclass(frozen=True, eq=False)
class Change:
    """Put `text` in the place of an expression. rank: the plainer, the lower."""

    node: ast.expr
    text: str
    why: str
    rank: int


def tried(function: Any, source: Source, node: ast.FunctionDef, found: list[Change],
          right: Callable[[Callable[..., Any]], bool]) -> list[Change]:  # fmt: skip
    """Those changes that make `right` true of the changed function, the plainest first; at most three, in time."""
    good: list[Change] = []
    until = time.perf_counter() + SECONDS
    once = {(id(change.node), change.text): change for change in found}
    for change in sorted(once.values(), key=lambda each: each.rank):
        if len(good) >= 3 or time.perf_counter() > until:
            break
        made = changed(function, source, node, change)
        if made is None:
            continue
        try:
            if right(made):
                good.append(change)
        except Exception:  # most changes make no sense
            continue
    return good


def changed(function: Any, source: Source, node: ast.FunctionDef, change: Change) -> Callable[..., Any] | None:
    """The function with a change in its source, compiled apart; None where it does not parse."""
    text = apply(source.text, (source.replace(change.node, change.text),))
    fewer = (change.node.end_lineno or 0) - change.node.lineno - change.text.count("\n")
    lines = text.splitlines()[node.lineno - 1 : (node.end_lineno or node.lineno) - fewer]
    space = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        space[name] = cell.cell_contents
    try:  # annotations stay text: nothing but the function is to be made
        text = textwrap.dedent("\n".join(lines))
        exec(compile(text, "<trial>", "exec", __future__.annotations.compiler_flag, dont_inherit=True), space)
    except (SyntaxError, ValueError):
        return None
    made = space.get(node.name)
    return made if callable(made) else None


def changes(source: Source, node: ast.FunctionDef, index: int, others: list[str], result: str = "") -> list[Change]:
    """Every small change of a backward.

    index: of the operand whose gradient is wrong. others: names that it may want. result: what forward returns, as an
    expression of its arguments: backward may mean that where it has an argument.
    """
    ctx = node.args.args[0].arg if node.args.args else ""
    grads = [a.arg for a in node.args.args[1:]]
    names = [*others, *(name for name in _assigned(node) if name not in grads)]
    found: list[Change] = []
    for root, plain in _roots(node, index):
        found += _whole(source, root, grads, names, plain)
        for name in names if result and not plain else ():
            new = re.sub(rf"\b{re.escape(name)}\b", lambda _: result, source.segment(root))
            if re.search(rf"\b{re.escape(name)}\b", result):
                found.append(Change(root, new, f"of what forward gives in place of {name}", 3))
    whole = {root for root, _ in _roots(node, index)}
    for part in _parts(node, ctx):
        found += _local(source, part, [*grads, *names])
        if part not in whole:  # those have their factors already
            found += _in_product(source, part, [*grads, *names])
    return found


def _assigned(node: ast.FunctionDef) -> list[str]:
    """The variables that a function writes, from the first to the last."""
    stored = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys(n.id for n in sorted(stored, key=lambda n: (n.lineno, n.col_offset))))


def _roots(node: ast.FunctionDef, index: int) -> Iterator[tuple[ast.expr, bool]]:
    """The expressions that a gradient is made by: what is assigned, then what is returned; and if that is a name."""
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
    wanted = []
    for value in returned:
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        wanted += parts[index : index + 1]
    names = {n.id for value in wanted for n in ast.walk(value) if isinstance(n, ast.Name)}
    for each in ast.walk(node):
        targets = each.targets if isinstance(each, ast.Assign) else []
        if any(isinstance(n, ast.Name) and n.id in names for t in targets for n in ast.walk(t)):
            assert isinstance(each, ast.Assign)
            if "saved_" not in ast.unparse(each.value) and not isinstance(each.value, ast.Constant | ast.Name):
                yield each.value, False
    for value in wanted:
        yield value, isinstance(value, ast.Name)


def _whole(source: Source, root: ast.expr, grads: list[str], names: list[str], plain: bool) -> Iterator[Change]:
    """Factors that a gradient may lack."""
    text = source.segment(root)
    inner = (
        text if isinstance(root, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant) else f"({text})"
    )
    product = text if isinstance(root, ast.BinOp) and isinstance(root.op, ast.Mult | ast.Div) else inner
    late = 3 if plain else 0
    if isinstance(root, ast.Constant):
        yield from _given(root, grads, names)
        return
    used = {n.id for n in ast.walk(root) if isinstance(n, ast.Name)}
    if not used & set(grads):
        for g in grads:
            yield Change(root, f"{g} * {product}", "the chain rule: times the gradient that comes in", late)
    negative = product[1:] if product.startswith("-") else f"-{product}"
    yield Change(root, negative, "the other sign", 1 + late)
    yield Change(root, f"2 * {product}", "twice as much", 1 + late)
    yield Change(root, f"0.5 * {product}", "half as much", 2 + late)
    for name in names:
        yield Change(root, f"{product} * {name}", f"a factor {name} was missing", 2 + late)
        yield Change(root, f"{product} / {name}", f"a division by {name} was missing", 3 + late)
        for form in FACTORS:
            mask = form.format(name)
            yield Change(root, f"{product} * {mask}", f"a factor {mask} was missing", 4 + late)
        for size in (f"{name}.numel()", f"{name}.shape[0]", f"{name}.size(-1)"):
            yield Change(root, f"{product} / {size}", "the mean divides by how many there are", 4 + late)
            yield Change(root, f"{product} * {size}", "the sum does not divide", 4 + late)
    for tail in (".t()", ".mT", ".sum(0)", ".sum(dim=0)", ".sum(-1, keepdim=True)"):
        yield Change(root, f"{inner}{tail}", "in the shape of its operand", 4 + late)


def _in_product(source: Source, part: ast.expr, names: list[str]) -> Iterator[Change]:
    """A product inside of a sum with one factor more: names in their order, which begins with what came in."""
    above = source.parents.get(part)
    if not isinstance(above, ast.BinOp) or not isinstance(above.op, ast.Add | ast.Sub | ast.Mult):
        return
    if isinstance(part, ast.Constant) or (isinstance(above.op, ast.Mult) and not _is_product(part)):
        return
    if isinstance(above.op, ast.Mult) and above.left is part:
        return  # it goes on above
    factors: list[ast.expr | str] = [*_factors(part)]
    own = [source.segment(factor) for factor in _factors(part)]
    places = [names.index(text) if text in names else len(names) for text in own]
    for i, name in enumerate(names):
        if name not in own:
            at = next((k for k, place in enumerate(places) if place > i), len(own))
            yield Change(
                part, _product(source, [*factors[:at], name, *factors[at:]]), f"a factor {name} was missing", 2
            )
        if f"1 - {name}" not in own:
            yield Change(part, _product(source, [*factors, f"(1 - {name})"]), f"a factor 1 - {name} was missing", 3)


def _is_product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _factors(node: ast.expr) -> list[ast.expr]:
    """`a`, `b` and `c + d` of `a * b * (c + d)`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]


def _product(source: Source, factors: list[ast.expr | str]) -> str:
    """Factors with * between them, in brackets where a product needs them."""
    texts = []
    for factor in factors:
        text = factor if isinstance(factor, str) else source.segment(factor)
        plain = isinstance(factor, str | ast.Constant | ast.UnaryOp) or binds(factor)
        power = isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Pow)
        texts.append(text if plain or power else f"({text})")
    return " * ".join(texts)


def _given(root: ast.Constant, grads: list[str], names: list[str]) -> Iterator[Change]:
    """A gradient in the place of None, or of 0."""
    for g in grads:
        for text in (f"{g}.sum(0)", g, f"{g}.sum()", f"-{g}"):
            yield Change(root, text, "its gradient", 1)
        for name in names:
            for text in (f"{g} * {name}", f"({g} * {name}).sum(0)", f"({g} * {name}).sum()", f"{g}.t() @ {name}",
                         f"{g} @ {name}", f"{name}.t() @ {g}", f"-{g} * {name}"):  # fmt: skip
                yield Change(root, text, "its gradient", 2)


def _parts(node: ast.FunctionDef, ctx: str) -> Iterator[ast.expr]:
    """The expressions inside of a function's statements, without what unpacks the context."""
    for statement in node.body:
        for part in ast.walk(statement):
            if isinstance(part, ast.expr) and not isinstance(getattr(part, "ctx", None), ast.Store):
                yield part


def _local(source: Source, part: ast.expr, names: list[str]) -> Iterator[Change]:
    """What may be wrong with one expression itself."""
    text = source.segment(part)
    if isinstance(part, ast.Constant) and type(part.value) in (int, float):
        yield from _numbers(part)
    elif isinstance(part, ast.Compare) and len(part.ops) == 1:
        sides = [source.segment(part.left), source.segment(part.comparators[0])]
        sign = COMPARISONS.get(type(part.ops[0]))
        if sign is not None:
            yield Change(part, f"{sides[0]} {sign} {sides[1]}", "the other side", 1)
        for name in names:
            yield Change(part, text.replace(sides[0], name, 1), f"of {name}", 2)
    elif isinstance(part, ast.BinOp):
        yield from _operator(source, part)
    elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        yield Change(part, source.segment(part.operand), "without its sign", 1)
    elif isinstance(part, ast.Name) or (isinstance(part, ast.Attribute) and text in names):
        yield from _name(part, text, names)
    elif isinstance(part, ast.Call):
        yield from _call(source, part)


def _numbers(part: ast.Constant) -> Iterator[Change]:
    value: Any = part.value
    for new in (value * 2, value / 2, value + 1, value - 1, -value, 1 if value == 0 else 0):
        new = int(new) if isinstance(value, int) and new == int(new) else new
        yield Change(part, f"{new}" if new >= 0 else f"({new})", f"{new} in place of {value}", 1)


def _operator(source: Source, part: ast.BinOp) -> Iterator[Change]:
    left, right = source.segment(part.left), source.segment(part.right)
    sign = OPERATORS.get(type(part.op))
    if sign is not None:
        yield Change(part, f"{left} {sign} {right}", f"{sign} here", 1)
    if isinstance(part.op, ast.Pow):
        yield Change(part, left, "not to that power", 2)
    if isinstance(part.op, ast.BitOr | ast.BitAnd):
        yield Change(part, f"~({left} {'|' if isinstance(part.op, ast.BitOr) else '&'} {right})", "the others", 1)
        yield Change(part, f"{left} {'&' if isinstance(part.op, ast.BitOr) else '|'} {right}", "both, or one", 1)
    if isinstance(part.op, ast.MatMult):
        for a, b in ((f"{left}.t()", right), (left, f"{right}.t()"), (f"{left}.t()", f"{right}.t()"),
                     (right, left), (f"{right}.t()", left), (right, f"{left}.t()")):  # fmt: skip
            yield Change(part, f"{a} @ {b}", "so that its shape is its operand's", 1)
    if isinstance(part.op, ast.Sub):
        yield Change(part, f"({right} - {left})", "the other way round", 1)
    if isinstance(part.op, ast.Mult | ast.Add | ast.Sub):
        yield Change(part, left, f"without {right}", 2)
        yield Change(part, right, f"without {left}", 2)


def _name(part: ast.expr, own: str, names: list[str]) -> Iterator[Change]:
    yield Change(part, f"{own} ** 2", f"the square of {own}", 2)
    yield Change(part, f"(2 * {own})", "twice as much", 2)
    yield Change(part, f"(1 - {own})", f"1 - {own}", 3)
    for name in names:
        if name != own:
            yield Change(part, name, f"{name} in place of {own}", 2)


def _call(source: Source, part: ast.Call) -> Iterator[Change]:
    if not isinstance(part.func, ast.Attribute):
        return
    owner, name = source.segment(part.func.value), part.func.attr
    text = source.segment(part)
    if name in CALLS:
        new = f"{owner}.{CALLS[name]}{text[len(source.segment(part.func)) :]}"
        yield Change(part, new, f"{CALLS[name]} in place of {name}", 1)
        yield Change(part, f"-{new}", f"-{CALLS[name]} in place of {name}", 2)
    if name in ("t", "clone", "sum", "mean", "abs", "clamp", "neg", "sign"):
        yield Change(part, owner, f"without {name}", 2)
