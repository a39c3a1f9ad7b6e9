"""How to keep an operand where an operation has a finite value, or a finite derivative: lines that can be pasted."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import apply, called_name

__all__ = ["mended"]

POSITIVE, SMALL = ".clamp(min=1e-8)", " + 1e-8"
INSIDE = ".clamp(-1 + 1e-6, 1 - 1e-6)"
# what is written behind the operand: where the value itself is bad, and where only its derivative is
BEHIND = {
    "log": (POSITIVE, POSITIVE), "log2": (POSITIVE, POSITIVE), "log10": (POSITIVE, POSITIVE),
    "log1p": (".clamp(min=-1 + 1e-6)", ".clamp(min=-1 + 1e-6)"),
    "logit": (".clamp(1e-6, 1 - 1e-6)", ".clamp(1e-6, 1 - 1e-6)"),
    "sqrt": (POSITIVE, SMALL), "rsqrt": (POSITIVE, SMALL), "reciprocal": (SMALL, SMALL),
    "pow": (POSITIVE, POSITIVE), "power": (POSITIVE, POSITIVE),
    "acos": (INSIDE, INSIDE), "asin": (INSIDE, INSIDE), "atanh": (INSIDE, INSIDE),
    "acosh": (".clamp(min=1.0)", ".clamp(min=1.0 + 1e-6)"),
    "exp": (".clamp(max=80)", ".clamp(max=80)"), "expm1": (".clamp(max=80)", ".clamp(max=80)"),
    "binary_cross_entropy": (".clamp(1e-6, 1 - 1e-6)", ".clamp(1e-6, 1 - 1e-6)"),
}  # fmt: skip
WHY = {
    "log": "the logarithm needs a positive number", "sqrt": "the root, and its derivative, need a positive number",
    "div": "the divisor must not be 0", "exp": "exp() of more than 88 is infinite in float32",
    "norm": "the derivative of a norm is 0 / 0 at 0", "std": "the derivative of std divides by std",
}  # fmt: skip
CALLED = {
    "sqrt": ("pow",),
    "power": ("pow",),
    "pow": ("pow",),
    "norm": ("norm", "vector_norm"),
    "binary_cross_entropy": ("bce",),
}
MINUS_INFINITY = ("float('-inf')", "-float('inf')", "-math.inf", "-np.inf", "-torch.inf")


def mended(at: code.Place | None, op: str, phase: str) -> list[Fix]:
    """The line of an operation with its operand kept in bounds, best first. phase: 'forward', or 'backward'."""
    if at is None:
        return []
    node = _operation(at, op)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _divided(at, node)
    if phase == "forward" and op in ("mean", "std", "var"):
        return _of_few(at, node, op)
    if phase == "forward" and "softmax" in op:
        return _unmasked(at, node)
    if op in ("norm", "std"):
        return _inside_root(at, node, op)
    if op not in BEHIND:
        return []
    behind = BEHIND[op][phase == "backward"]
    operand = _operand(node)
    if operand is None:
        return []
    fixes = [_behind(at, operand, behind, WHY.get(op, ""))]
    if op == "exp":
        fixes = [*_shifted(at, operand), *fixes]
    if len(alike := _alike(at, op)) > 1 and op in ("log", "exp"):  # `y * log(p) + (1 - y) * log(1 - p)`: all of them
        one = _shifted if op == "exp" else lambda at, x: [_behind(at, x, behind, "")]
        fixes.insert(0, _together(at, [fix for x in alike for fix in one(at, x)], WHY[op]))
    other = SMALL if behind == POSITIVE else ""
    if op == "log":
        fixes += _of_softmax(at, node, operand)
    if other:
        fixes.append(_behind(at, operand, other, "or a little more than it"))
    return fixes[:3]


def _operation(at: code.Place, op: str) -> ast.expr | None:
    """The expression that computes it: that of the instruction, or the only one of its kind in the statement."""
    if _is(at.expression, op):
        return at.expression
    inside = ast.walk(at.statement) if at.statement is not None else ()
    found = [node for node in inside if isinstance(node, ast.expr) and _is(node, op)]
    return found[0] if len(found) == 1 else None


def _alike(at: code.Place, op: str) -> list[ast.expr]:
    """The operands of all operations of a kind in the statement."""
    inside = ast.walk(at.statement) if at.statement is not None else ()
    found = [_operand(node) for node in inside if isinstance(node, ast.expr) and _is(node, op)]
    return [operand for operand in found if operand is not None]


def _together(at: code.Place, fixes: list[Fix], why: str) -> Fix:
    """Several changes of one statement as one."""
    edits = tuple(dict.fromkeys(edit for fix in fixes for edit in fix.edits))
    line = apply(at.source.text, edits).splitlines()[edits[0].line - 1] if edits else ""
    return Fix(line.strip(), edits, why)


def _is(node: ast.AST | None, op: str) -> bool:
    if isinstance(node, ast.Call):
        name = called_name(node)
        return name in (op, *CALLED.get(op, ()))
    kinds = {"div": ast.Div, "reciprocal": ast.Div, "pow": ast.Pow, "power": ast.Pow, "sqrt": ast.Pow}
    return isinstance(node, ast.BinOp) and op in kinds and isinstance(node.op, kinds[op])


def _operand(node: ast.expr | None) -> ast.expr | None:
    """`x` of `torch.log(x)`, `x.log()` and `x ** 0.5`."""
    if isinstance(node, ast.BinOp):
        return node.left
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and not _is_module(node):
        return node.func.value
    return node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None


def _is_module(call: ast.Call) -> bool:
    """`torch.log(x)`, `F.binary_cross_entropy(p, y)` and `torch.linalg.norm(x)`, but not `x.log()`, `x.pow(0.5)`."""
    assert isinstance(call.func, ast.Attribute)
    numbers = (ast.Constant, ast.UnaryOp)
    owner = call.func.value
    return bool(call.args) and isinstance(owner, ast.Name | ast.Attribute) and not isinstance(call.args[0], numbers)


def _behind(at: code.Place, operand: ast.expr, text: str, why: str) -> Fix:
    if text.startswith("."):
        return code.appended(at, operand, text, why)
    parent = at.source.parents.get(operand)
    inner = at.source.segment(operand) + text
    alone = isinstance(parent, ast.Call) and operand in parent.args
    return code.replacement(at, operand, inner if alone else f"({inner})", why)


def _divided(at: code.Place, node: ast.BinOp) -> list[Fix]:
    divisor = at.source.segment(node.right)
    begun = at.source.replace(node.right, "")
    bracketed = at.source.lines[begun.line - 1][: begun.column].rstrip().endswith("(")
    small = f"{divisor}{SMALL}" if bracketed else f"({divisor}{SMALL})"
    return [
        code.replacement(at, node.right, small, WHY["div"]),
        code.appended(at, node.right, POSITIVE, "of a divisor that is never negative"),
    ]


def _shifted(at: code.Place, operand: ast.expr) -> list[Fix]:
    inner = at.source.segment(operand)
    if not isinstance(operand, ast.Name | ast.Attribute):
        return []
    text = f"{inner} - {inner}.max(dim=-1, keepdim=True).values"
    return [code.replacement(at, operand, text, "the same softmax, and no exponent above 0")]


def _of_softmax(at: code.Place, node: ast.expr | None, operand: ast.expr) -> list[Fix]:
    """`torch.log(torch.softmax(z, 1))` is `torch.log_softmax(z, 1)`."""
    if not isinstance(operand, ast.Call) or node is None:
        return []
    name = called_name(operand)
    if name not in ("softmax", "sigmoid"):
        return []
    other = {"softmax": "log_softmax", "sigmoid": "nn.functional.logsigmoid"}[name]
    called = at.source.segment(operand.func)
    text = at.source.segment(operand)[len(called) :]
    owner = called.removesuffix(name) if name == "softmax" else ""
    return [code.replacement(at, node, f"{owner}{other}{text}", "computed as one, never infinite")]


def _unmasked(at: code.Place, node: ast.expr | None) -> list[Fix]:
    """A mask of -1e9 in place of minus infinity: where all is masked a softmax of it is a number."""
    inside = function_of(at.source, at.statement) if at.statement is not None else None
    infinite = [
        n for n in at.source.nodes()
        if isinstance(n, ast.Call | ast.UnaryOp | ast.Attribute) and ast.unparse(n) in MINUS_INFINITY
        and n.lineno <= at.line and function_of(at.source, at.source.statement(n.lineno)) is inside
    ]  # fmt: skip
    last = max(infinite, key=lambda node: node.lineno, default=None)
    fixes = [code.replacement(at, last, "-1e9", "a row that is masked everywhere is even then")] if last else []
    if isinstance(node, ast.Call):
        text = f"torch.nan_to_num({at.source.segment(node)})"
        fixes.append(code.replacement(at, node, text, "0 where everything is masked"))
    return fixes


def _of_few(at: code.Place, node: ast.expr | None, op: str) -> list[Fix]:
    """A mean of nothing, or a deviation of one value."""
    if not isinstance(node, ast.Call):
        return []
    if op == "mean":
        text = f"torch.nan_to_num({at.source.segment(node)})"
        return [code.replacement(at, node, text, "0 where there is nothing to average")]
    text = code.extended(at.source, node, "unbiased=False")
    return [code.replacement(at, node, text, "of one value it is 0, and not 0 / 0")]


def _inside_root(at: code.Place, node: ast.expr | None, op: str) -> list[Fix]:
    """A norm and a standard deviation as roots of sums to which a little is added."""
    operand = _operand(node)
    if operand is None or not isinstance(node, ast.Call):
        return []
    inner = at.source.segment(operand)
    if not isinstance(operand, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        inner = f"({inner})"
    own = node.args[1:] if operand in node.args else node.args
    axes = [f"{k.arg}={at.source.segment(k.value)}" for k in node.keywords if k.arg in ("dim", "keepdim")]
    axes += [f"dim={at.source.segment(a)}" for a in own[:1] if op == "std" or len(own) > 1]
    given = ", ".join(axes)
    whole = f"({inner}.var({given})" if op == "std" else f"({inner}.square().sum({given})"
    return [code.replacement(at, node, f"{whole}{SMALL}).sqrt()", WHY[op])]
