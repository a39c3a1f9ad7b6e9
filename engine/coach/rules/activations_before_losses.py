"""The last activation of a model against what its loss expects: scores, probabilities or their logarithms."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import value_of
from gradbook.coach.origin import changed_at, is_buried, is_library
from gradbook.coach.record import Op, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.cut_graphs import functional
from gradbook.coach.rules.wherefrom import target
from gradbook.coach.rules.wiring import weight_of
from gradbook.coach.samples import numbers_of
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["RULES", "LogSoftmaxMissing", "SigmoidBeforeBceWithLogits", "SoftmaxBeforeCrossEntropy"]

# operations after which a value is still what it was, in another order or shape
MOVING = frozenset({
    "view", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "slice", "select", "contiguous", "copy", "to",
    "expand", "detach", "cat", "stack", "index_select", "gather", "getitem", "index", "t", "movedim", "unflatten",
})  # fmt: skip
ROWS = 256  # of a batch that are looked at
LOOKS = 2  # at which rows are found to be probabilities
APART = 5e-3  # rows that differ by less may sum to 1 by chance, all of them


class SoftmaxBeforeCrossEntropy(Rule):
    """cross_entropy is given probabilities: it takes the softmax of a softmax."""

    id = "softmax-before-cross-entropy"
    idea = "cross_entropy takes scores and does the softmax itself; of probabilities it learns slowly and never well"
    threshold = (
        "the producer itself; or rows that differ, are all >= 0 and sum to 1 within 1e-3 whenever they are looked at, "
        f"{LOOKS} times or to the end"
    )
    ops = frozenset({"cross_entropy"})

    def begins(self) -> None:
        self.looks: dict[Where | None, int] = {}  # of each loss, that found probabilities; -1 as soon as one has not
        self.pending: dict[Where | None, Callable[[], None]] = {}  # what is said of them

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if scores is None or len(scores.shape) < 2 or not op.recorded:
            return
        maker = scores.back(MOVING).maker
        if maker is not None and maker.name in ("softmax", "sigmoid"):
            self._saying(maker, f"it is given what {maker.name} made", op)()
        elif scores.requires_grad and (maker is None or weight_of(maker) is None):
            self._look(maker or op, op, operands[0]._array)

    def _look(self, maker: Op, op: Op, scores: Any) -> None:
        """No softmax is known to have made these scores: their numbers tell, if they do so time after time."""
        looks = self.looks.get(op.where, 0)
        if looks == LOOKS:
            return
        if looks < 0 or not are_probabilities(scores, 1):
            self.looks[op.where] = -1
            self.pending.pop(op.where, None)
        elif np.ptp(rows_of(scores, 1), axis=0).max() > APART:
            self.looks[op.where] = looks + 1
            if op.where not in self.pending:
                self.pending[op.where] = self._saying(maker, "every row of it is >= 0 and sums to 1", op)
            if looks + 1 == LOOKS:
                self.pending.pop(op.where)()

    def ended(self) -> None:
        for say in self.pending.values():
            say()  # of a training of one look

    def _saying(self, maker: Op, why: str, op: Op) -> Callable[[], None]:
        name = maker.name if maker.name in ("softmax", "sigmoid") else "softmax"
        where, fixes = undone(self.coach, maker, op, "give cross_entropy the scores")
        message = (
            f"cross_entropy does the softmax itself: the {name} before it squeezes the scores and slows learning down."
        )
        return partial(self.find, message, where, {"input of cross_entropy": why, "shape": op.inputs[0].shape}, fixes)


class SigmoidBeforeBceWithLogits(Rule):
    """binary_cross_entropy_with_logits is given probabilities: it takes the sigmoid of a sigmoid."""

    id = "sigmoid-before-bce-with-logits"
    idea = "the loss with logits does the sigmoid itself; of a probability it can never say less than one half"
    threshold = "the producer itself"
    ops = frozenset({"binary_cross_entropy_with_logits"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        maker = scores.back(MOVING).maker if scores is not None else None
        if maker is None or maker.name not in ("sigmoid", "softmax") or not op.recorded:
            return
        where, fixes = undone(self.coach, maker, op, "give the loss the scores")
        self.find(
            f"BCEWithLogits does the sigmoid itself: the {maker.name} before it is one too many.", where,
            {"input of the loss": f"what {maker.name} made, between 0 and 1"},
            [*fixes, *instead(self.coach, op, "BCEWithLogitsLoss", "BCELoss")][:3],
        )  # fmt: skip


class LogSoftmaxMissing(Rule):
    """nll_loss is given scores or probabilities in place of their logarithms."""

    id = "log-softmax-missing-for-nll"
    severity = "error"
    idea = "nll_loss only picks the score of the right class: it must be a log-probability, or the loss has no bottom"
    threshold = "more than half of the rows whose exponentials sum to more than 1.1 or less than 0.9"
    ops = frozenset({"nll_loss"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores = op.operand(0)
        if scores is None or not op.recorded or not scores.requires_grad or len(scores.shape) < 2:
            return
        rows = rows_of(operands[0]._array, 1)
        with np.errstate(all="ignore"):
            sums = np.exp(np.minimum(rows, 80)).sum(1)
        if not len(rows) or (abs(sums - 1) > 0.1).mean() <= 0.5:
            return
        maker = scores.back(MOVING).maker
        below = scores.back(MOVING | {"log", "add", "clamp"}).maker
        probable = are_probabilities(operands[0]._array, 1)
        if below is not None and below.name.endswith("softmax") and below.params.get("dim") != 1 and not probable:
            return  # over another axis: another rule's
        evidence = {"sum of exp(row)": f"{float(np.median(sums)):.3g}, and 1 is wanted"}
        if maker is not None and maker.name == "softmax" and probable:
            changed = changed_at(self.coach, maker)
            fixes = renamed(changed, {"softmax": "log_softmax", "Softmax": "LogSoftmax"}, "the logarithms")
            self.find(
                "nll_loss wants log-probabilities: take log_softmax in place of softmax.", changed, evidence, fixes
            )
            return
        where: Where | tuple[str, int] | None = loss_place(self.coach, op)
        fixes = renamed(
            loss_place(self.coach, op),
            {"NLLLoss": "CrossEntropyLoss", "nll_loss": "cross_entropy"},
            "it does log_softmax too",
        )
        ending = ended_with_logarithms(self.coach, scores)
        if ending is not None:
            where, fixes = ending[0], [ending[1], *fixes]
        self.find("nll_loss wants log-probabilities, and is given scores: the loss can fall below any number.", where,
                  evidence, fixes)  # fmt: skip


# -- where the model ends ---------------------------------------------------------------------------------------------


def undone(coach: Coach, maker: Op, op: Op, why: str) -> tuple[Where | tuple[str, int] | None, list[Fix]]:
    """The line of an activation that a loss does not want; of one that others want too the line of the loss."""
    where, fixes = taken_out(coach, maker, why)
    if where != maker.where or is_buried(coach, maker):  # where its layer was built
        return where, fixes
    at, loss = code.place(where), code.place(op.where)
    name, call = target(at), at.expression if at is not None else None
    if at is None or loss is None or at.statement is None or not name.isidentifier() or not isinstance(call, ast.Call):
        return where, fixes
    inside, given = function_of(at.source, at.statement), given_to(call)
    if (at.file, inside) != (loss.file, function_of(loss.source, loss.statement)) or given is None:
        return where, fixes
    scores = at.source.segment(given)
    used = [n for n in at.source.nodes() if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    used = [n for n in used if function_of(at.source, at.source.statement(n.lineno)) is inside and n.lineno > at.line]
    mine = [n for n in used if loss.statement is not None and n in list(ast.walk(loss.statement))]
    if len(mine) != 1 or len(used) < 2 or not isinstance(given, ast.Name | ast.Attribute) or scores == name:
        return where, fixes
    return op.where, [code.replacement(loss, mine[0], scores, why), *fixes]


def given_to(call: ast.Call) -> ast.expr | None:
    """What an activation is applied to: `z` of `torch.sigmoid(z)` and of `z.sigmoid()`."""
    if isinstance(call.func, ast.Attribute) and (not call.args or _is_method(call)):
        return call.func.value
    return call.args[0] if call.args else None


def ended_with_logarithms(coach: Coach, scores: Value) -> tuple[Where | tuple[str, int] | None, Fix] | None:
    """The last line of the model that made some scores, with log_softmax; None where it is no model of the user's."""
    value = scores.back(MOVING)
    maker = value.maker
    call = maker.call.outermost if maker is not None and maker.call is not None else None
    module = call.module if call is not None else None
    if maker is None or module is None:
        return None
    if not is_library(module):
        return returned(module, 1 if call is not None and scores in call.outputs else -1)
    built = coach.built_at(maker.call.module) if maker.call is not None else None
    at = code.place(built.where if built is not None else None)
    layer = at.expression if at is not None else None
    parent = at.source.parents.get(layer) if at is not None and layer is not None else None
    if at is None or not isinstance(layer, ast.Call) or not isinstance(parent, ast.Call | ast.List):
        return None
    prefix = at.source.segment(layer.func).rpartition(".")[0]
    text = f"{at.source.segment(layer)}, {prefix}{'.' if prefix else ''}LogSoftmax(dim=1)"
    return at.at, code.replacement(at, layer, text, "the logarithms of probabilities")


def returned(module: Any, dim: int) -> tuple[tuple[str, int], Fix] | None:
    """The return statement of a module's forward, with log_softmax round its value."""
    forward = getattr(type(module), "forward", None)
    written = getattr(forward, "__code__", None)
    at = code.place((written, 0)) if written is not None else None
    if at is None or written is None:
        return None
    lines = [n for n in at.source.nodes() if isinstance(n, ast.Return) and n.value is not None]
    first = written.co_firstlineno
    inside = [n for n in lines if (f := function_of(at.source, n)) is not None and _begins(f) == first]
    last = max(inside, key=lambda n: n.lineno, default=None)
    if last is None or last.value is None or isinstance(last.value, ast.Tuple):
        return None
    at.statement, at.line = last, last.lineno
    text = f"{functional(at)}.log_softmax({at.source.segment(last.value)}, dim={dim})"
    return at.at, code.replacement(at, last.value, text, "the logarithms of probabilities")


def _begins(function: ast.AST) -> int:
    """The line at which a function's code begins, its decorators included."""
    if not isinstance(function, ast.FunctionDef):
        return 0
    return min(function.lineno, *(decorator.lineno for decorator in function.decorator_list), function.lineno)


# -- values ------------------------------------------------------------------------------------------------------------


def rows_of(array: Any, axis: int) -> Any:
    """At most ROWS rows of scores (rows, classes) in float64, the classes' axis last."""
    moved = np.moveaxis(numbers_of(array), axis, -1)
    return moved.reshape(-1, moved.shape[-1])[:ROWS].astype(np.float64)


def are_probabilities(array: Any, axis: int) -> bool:
    """Whether every row is >= 0 and sums to 1, for at least four rows."""
    rows = rows_of(array, axis)
    return len(rows) >= 4 and rows.shape[1] > 1 and bool((rows >= 0).all() and (abs(rows.sum(1) - 1) < 1e-3).all())


# -- fixes -------------------------------------------------------------------------------------------------------------


def taken_out(coach: Coach, op: Op, why: str) -> tuple[Where | None, list[Fix]]:
    """The line of an activation that is one too many, and the same without it, if it stands there."""
    where = changed_at(coach, op)
    if (one := of_many(coach, op, why)) is not None:
        return one
    return where, [] if is_buried(coach, op) else without(where, why)


def of_many(coach: Coach, op: Op, why: str) -> tuple[Where, list[Fix]] | None:
    """Of a layer that a function has built, one of several: the call of that function, and the other layer alone."""
    call = op.call
    built = coach.built_at(call.module) if call is not None else None
    if call is None or call.parent is None or built is None or built.outward is None:
        return None
    alike = [o for o in coach.built.values() if o.where == built.where and type(o.thing()) is type(call.module)]
    if len(alike) < 2 or changed_at(coach, op) is not built.where:
        return None
    at, made = code.place(built.outward), code.place(built.where)
    parts = list(getattr(call.parent.module, "_modules", {}).values())
    nodes = ast.walk(made.statement) if made is not None and made.statement is not None else ()
    linear = next((n for n in nodes if isinstance(n, ast.Call) and called_name(n) == "Linear"), None)
    if at is None or at.expression is None or made is None or linear is None:
        return built.outward, []
    if len(parts) != 2 or type(parts[0]).__name__ != "Linear":
        return built.outward, []
    bias = "" if parts[0].bias is not None else ", bias=False"
    text = f"{made.source.segment(linear.func)}({parts[0].in_features}, {parts[0].out_features}{bias})"
    return built.outward, [code.replacement(at, at.expression, text, why)]


def without(where: Where | None, why: str) -> list[Fix]:
    """The line without its activation: `return F.softmax(x, 1)` becomes `return x`; a layer's line is taken out."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    parent = at.source.parents.get(call)
    if isinstance(parent, ast.Call | ast.List | ast.Tuple) and _is_layer(call):
        if isinstance(parent, ast.Call) and len(parent.args) == 1 and called_name(parent) in ("append", "add"):
            taken = code.removal(at, why)
            return [Fix(f"# {at.source.segment(parent)}", taken, why)] if taken else []
        return [code.without_argument(at, call, why)]
    if (isinstance(call.func, ast.Attribute) and not call.args) or _is_method(call):
        assert isinstance(call.func, ast.Attribute)
        return [code.replacement(at, call, at.source.segment(call.func.value), why)]
    if call.args:
        return [code.replacement(at, call, at.source.segment(call.args[0]), why)]
    return []


def _is_layer(call: ast.Call) -> bool:
    """nn.Softmax(...), Sigmoid(): the construction of a layer."""
    return called_name(call)[:1].isupper()


def _is_method(call: ast.Call) -> bool:
    """x.softmax(1), and not F.softmax(x, 1) or self.softmax(x)."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("softmax", "sigmoid"):
        return False
    return all(value_of(a) is not None for a in call.args)


def renamed(where: Where | None, names: dict[str, str], why: str) -> list[Fix]:
    """The line with the function or class that is called there replaced by another one."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    name = called_name(call)
    if name not in names:
        return []
    new = at.source.segment(call.func)[: -len(name)] + names[name]
    return [code.replacement(at, call.func, new, why)]


def leaky(where: Where | None, why: str) -> list[Fix]:
    """The line with a leaky relu in the place of a relu: that function is no method, and not beside torch.relu."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or called_name(call) != "relu":
        return renamed(where, {"ReLU": "LeakyReLU"}, why)
    given = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else call
    return [code.replacement(at, call, f"{functional(at)}.leaky_relu({at.source.segment(given)})", why)]


def instead(coach: Any, op: Op, name: str, other: str) -> list[Fix]:
    """The loss of another name where it is constructed."""
    return renamed(loss_place(coach, op), {name: other}, f"{other} takes probabilities")


def loss_place(coach: Any, op: Op) -> Where | None:
    """Where a loss is chosen: the construction of its module, else its call."""
    built = coach.built_at(op.call.module) if op.call is not None and op.call.parent is None else None
    return built.where if built is not None and built.where is not None else op.where


RULES = (SoftmaxBeforeCrossEntropy, SigmoidBeforeBceWithLogits, LogSoftmaxMissing)
