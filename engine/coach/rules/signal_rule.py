"""What the rules on the signal do alike: hand on what they hear, look after each turn, name the line to change."""

from __future__ import annotations

import ast
import math

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import argument, standing
from gradbook.coach.options import Option
from gradbook.coach.record import Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import renamed
from gradbook.coach.rules.handed import handed_by_name
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.reach import Held, Reach
from gradbook.coach.rules.signal import Signal, Weight
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where, locate

__all__ = ["SignalRule", "initialised", "other_activation", "prefix", "rate"]

MADE = ("randn", "rand", "zeros", "ones", "full", "empty", "Tensor", "FloatTensor", "tensor", "normal")
SHAPED = ("randn", "rand", "zeros", "ones", "empty")
REPLACED = {"sigmoid": "relu", "tanh": "relu", "Sigmoid": "ReLU", "Tanh": "ReLU"}


class SignalRule(Rule):
    """Base of the rules on the signal: `look` is called after each turn with a backward pass, and at the end."""

    def begins(self) -> None:
        self.signal, self.reach = self.coach.shared(Signal), self.coach.shared(Reach)

    def turned(self, turn: Turn) -> None:
        if turn.passes:
            self.look(False)

    def ended(self) -> None:
        if self.signal.turns:
            self.look(True)

    def look(self, last: bool) -> None:
        """A turn has ended; last: the watch, too."""
        raise NotImplementedError

    def layer(self, weight: Weight) -> Where | None:
        """Where a layer's first numbers were chosen; else where it was constructed."""
        if weight.filled is not None:
            return weight.filled
        return weight.built.where if weight.built is not None else weight.where

    def optimizer(self) -> Held | None:
        """The optimizer; the last one of several that train the same parameters one after the other."""
        held = list(self.reach.optimizers.values())
        return held[-1] if held and all(each.ids == held[-1].ids for each in held) else None

    def said(self, *rules: str) -> bool:
        """Whether one of these rules has already spoken, and not only hinted, or will."""
        if self.signal.cause.intersection(rules):
            return True
        return any(f.rule in rules and f.severity != "hint" for f in self.coach.report)


# -- fixes -------------------------------------------------------------------------------------------------------------


def initialised(weight: Weight) -> list[Fix]:
    """The line that chose a layer's first numbers with better ones."""
    at = code.place(weight.filled)
    node = at.expression if at is not None else None
    std = f"{1 / math.sqrt(weight.fan_in):.2g}"
    if at is None or node is None:
        return []
    if isinstance(node, ast.Call):
        target = filled_by(at, node)
        if target is not None:
            both = weight.bias_filled is not None and locate(weight.bias_filled) == locate(weight.filled)
            only = f"if {target}.dim() > 1: " if both and isinstance(at.source.parents.get(node), ast.Expr) else ""
            new = f"{only}{prefix(at)}init"
            return [
                *_narrower(at, node, std),
                code.replacement(at, node, f"{new}.xavier_uniform_({target})", "as large as its fan asks for"),
                code.replacement(at, node, f'{new}.kaiming_normal_({target}, nonlinearity="relu")', "before a relu"),
            ]
    made = next((n for n in ast.walk(node) if isinstance(n, ast.Call) and called_name(n) in MADE), None)
    if made is not None:
        shape = ", ".join(map(str, weight.shape))
        dims = sizes(made)
        if dims:
            shape = ", ".join(at.source.segment(arg) for arg in dims)  # as the user has it
        whole = at.source.parents.get(made) if isinstance(at.source.parents.get(made), ast.BinOp) else made
        asks = any(keyword.arg == "requires_grad" for keyword in made.keywords)
        scale, why = f"* {std}", f"{std} is 1 / sqrt({weight.fan_in}), of what comes in"
        last = dims[-1] if len(dims) == len(weight.shape) == 2 else None
        if isinstance(last, ast.Name) and weight.units == 0:  # a line for layers of several sizes
            scale, why = f"/ {last.id}**0.5", "by the root of what comes in"
        new = f"{alias(at)}.randn({shape}) {scale}"
        new = f"({new})" if asks or isinstance(at.source.parents.get(made), ast.Attribute) else new
        new += ".requires_grad_()" if asks else ""
        assert isinstance(whole, ast.expr)
        return [code.replacement(at, whole, new, why)]
    return [Fix(f"{prefix(at)}init.xavier_uniform_({weight.name})", (), "after it was constructed")]


def sizes(made: ast.Call) -> list[ast.expr]:
    """The sizes that a constructor is given: of `torch.zeros(n, 3)`, of `torch.full((n, 3), 0.5)`."""
    first = made.args[0] if made.args else None
    if isinstance(first, ast.Tuple):
        return first.elts
    return made.args if called_name(made) in SHAPED and not isinstance(first, ast.Starred) else []


def _narrower(at: code.Place, call: ast.Call, std: str) -> list[Fix]:
    """The same call with another deviation, if it takes one."""
    normal, why = called_name(call) in ("normal_", "trunc_normal_"), "1 / sqrt(inputs)"
    position = (2 if isinstance(call.func, ast.Name) or _of_init(call) else 1) if normal else None
    given = next(argument(call, "std", position), None)
    if given is not None:
        return [code.replacement(at, given, std, why)]
    return [code.with_option(at, call, "std", std, why)] if normal else []


def _of_init(call: ast.Call) -> bool:
    """nn.init.normal_(w), and not w.normal_()."""
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).split(".")[-1] == "init"


def filled_by(at: code.Place, call: ast.Call) -> str | None:
    """`layer.weight` of `nn.init.ones_(layer.weight)` or `layer.weight.data.fill_(1)`; None of `torch.zeros(3)`."""
    name = called_name(call)
    if not name.endswith("_") or name == "requires_grad_":
        return None
    if call.args and not isinstance(call.args[0], ast.Constant) and name not in ("copy_", "mul_", "add_"):
        return at.source.segment(call.args[0])
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    text = at.source.segment(owner) if owner is not None else ""
    return text.removesuffix(".data") or None


def other_activation(where: Where | None, why: str, called: str) -> tuple[Where | tuple[str, int] | None, list[Fix]]:
    """The line that chooses an activation, and it with relu in the place of sigmoid or tanh. called: which of them.

    Of a class that a builder is given, as in `mlp(sizes, nn.Sigmoid)`, that is the line that gives it.
    """
    fixes = renamed(where, REPLACED, why)
    at = code.place(where)
    call = at.expression if at is not None else None
    if fixes or at is None or not isinstance(call, ast.Call):
        return where, fixes
    words = [(s, n) for s in code.sources(at) for n in s.nodes() if isinstance(n, ast.Constant) and n.value == called]
    if len(words) == 1:  # as in a configuration
        there = standing(at, *words[0])
        text = there.source.segment(words[0][1]).replace(called, "relu")
        return there.at, [code.replacement(there, words[0][1], text, why)]
    there, given = handed_by_name(at, call.func, lambda node: _name(node) in REPLACED)
    name = _name(given)
    if given is call.func or name not in REPLACED:
        return where, []
    new = there.source.segment(given)[: -len(name)] + REPLACED[name]
    return (there.file, given.lineno), [code.replacement(there, given, new, why)]


def _name(node: ast.expr) -> str:
    """`Sigmoid` of `nn.Sigmoid`."""
    return ast.unparse(node).rpartition(".")[2]


def rate(held: Held | None, factor: float, lr: float = 0.0) -> tuple[Where | tuple[str, int] | None, list[Fix]]:
    """Where an optimizer's learning rate is written, and that line with one smaller or larger by a factor.

    lr: of which of its groups; 0 for the largest.
    """
    optimizer = held.ref() if held is not None else None
    if held is None or optimizer is None:
        return None, []
    where = held.built.where if held.built is not None else None
    now = {float(g.get("lr", 0.0)): float(g.get("initial_lr", g.get("lr", 0.0))) for g in optimizer.param_groups}
    old = lr or max(now)
    if old <= 0:
        return where, []
    first = now.get(old, old)  # of which a schedule has made the one of now
    chosen = Option(where, "lr", (old, first, *now.values(), *now))
    return chosen.line, chosen.changed([10.0 ** round(math.log10(first * factor))], f"in place of {first:g}")


def prefix(at: code.Place) -> str:
    """`nn.` or `torch.nn.`, as a file has it."""
    for node in at.source.nodes():
        names = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        if any((each.asname or each.name) == "nn" for each in names):
            return "nn."
    return f"{alias(at)}.nn."
