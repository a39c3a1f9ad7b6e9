"""Layers in an order that makes one of them useless: linear on linear, an activation on an activation."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import nn
from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.origin import changed_at, is_library
from gradbook.coach.record import Call, Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import taken_out
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.one_batch import LONG
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.wiring import (
    AFFINE,
    CONVOLUTIONS,
    LINEAR,
    PASSING,
    POOLING,
    Consumers,
    home,
    input_of,
    producer,
    recurrent,
    weight_of,
)  # fmt: skip
from gradbook.observe.source import Where

__all__ = ["RULES", "MissingNonlinearity", "RedundantActivation"]

TURNS = 3  # in which the order is looked at: it stays as it is
SAMPLE = 4096  # targets that are looked at
TURNED = frozenset(("transpose", "permute", "t", "movedim"))  # the next layer mixes another axis
OUTSIDE = 0.1  # of the targets that no prediction can reach

# an activation -> those before it that leave it nothing to do
IDLE = {
    "relu": frozenset(("relu", "sigmoid", "softmax", "softplus", "hardsigmoid")),
    "leaky_relu": frozenset(("relu", "sigmoid", "softmax", "softplus")),
}  # fmt: skip
# an activation -> those before it that leave it a part of its range only
SQUEEZED = {
    "sigmoid": frozenset(("sigmoid", "softmax")),
    "tanh": frozenset(("tanh", "sigmoid", "softmax")),
    "softmax": frozenset(("softmax", "sigmoid")),
}  # fmt: skip
SCORES = frozenset(("cross_entropy", "binary_cross_entropy_with_logits", "sigmoid", "softmax", "log_softmax"))
RANGES = {"relu": (0.0, np.inf), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
ANY_NUMBER = frozenset(("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"))


class MissingNonlinearity(Rule):
    """Two linear layers follow each other with no activation between: together they can do no more than one."""

    id = "missing-nonlinearity"
    idea = "a linear layer of a linear layer is one linear layer: without an activation between, depth adds nothing"
    threshold = (
        "nothing but biases, dropout, norms over the batch or average pooling between them; a narrow middle, as in "
        "LoRA or a bottleneck, is meant, and so is one that others use too"
    )

    def begins(self) -> None:
        self.turns = 0
        self.reach = self.coach.shared(Reach)

    def turned(self, turn: Turn) -> None:
        if self.turns >= TURNS or not turn.passes:
            return
        self.turns += 1
        consumers = Consumers(turn.ops)
        again = recurrent(turn.ops)
        for op in turn.ops:
            weight = weight_of(op) if op.name in LINEAR and op.recorded else None
            if weight is not None and id(weight) not in again:
                self._look(op, consumers)

    def _look(self, op: Op, consumers: Consumers) -> None:
        between = list(producer(input_of(op), (AFFINE | POOLING) - TURNED))
        below = between[-1].maker if between else None
        if below is None or below.name not in LINEAR or not consumers.alone(between):
            return
        first, second = weight_of(below), weight_of(op)
        if first is None or second is None or first is second or _special(below) or _special(op):
            return
        rows, middle, columns = _features(below, first)[0], _features(below, first)[1], _features(op, second)[1]
        if middle < min(rows, columns) or not _wired_together(below, op) or consumers.adapter(below, op):
            return
        if self._is_table(first):
            return
        before, where, names = changed_at(self.coach, below), changed_at(self.coach, op), _names(between, below)
        sure = home(below) is home(op) and "max_pool" not in names  # which is no activation, and not linear either
        self.find(
            "Two linear layers follow each other without an activation: together they are one linear layer.", before,
            {"layers": f"{rows} -> {middle} -> {columns}", "between them": names},
            [*activated(before), *activated_input(where)], nodes=[below.path, op.path],
            severity="" if sure else "hint",
        )  # fmt: skip

    def _is_table(self, weight: Value) -> bool:
        """Whether it is the table of an embedding: its rows are what a network is given, such as a graph's nodes."""
        models = [model for root, _ in self.reach.roots.values() if (model := root()) is not None]
        tables = [part.weight for model in models for part in model.modules() if isinstance(part, nn.Embedding)]
        return any(table is weight.tensor for table in tables)


class RedundantActivation(Rule):
    """An activation of an activation, or one in front of a loss that wants any number."""

    id = "redundant-activation"
    idea = "an activation after another one adds nothing; before a loss on scores or numbers it takes half of them away"
    threshold = (
        f"the producer itself; before a loss on numbers {OUTSIDE:.0%} of the targets outside of its range: a hint "
        f"where one batch is trained {LONG} times or more, which cannot-overfit-batch speaks of"
    )
    ops = frozenset({*IDLE, *SQUEEZED, *SCORES, *ANY_NUMBER, "sub"})

    def begins(self) -> None:
        self.waiting: dict[Where | None, tuple[bytes, Callable[[str], None]]] = {}  # by loss: targets, and saying it

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = op.operand(0)
        if not op.recorded or value is None or not op.output.requires_grad:
            return
        if op.name in ANY_NUMBER or op.name == "sub":
            self._range(op, operands)
            return
        maker = value.back(PASSING | POOLING).maker
        if maker is None:
            return
        direct = value.back(PASSING).maker is maker
        if maker.name in IDLE.get(op.name, ()):
            same = direct and _wired_together(maker, op)
            self._second(op, maker, f"{op.name} of {maker.name} changes nothing", "" if same else "hint")
        elif maker.name in SQUEEZED.get(op.name, ()) and direct:
            self._second(op, maker, f"{op.name} of {maker.name} squeezes the numbers twice", "")
        elif maker.name == "relu" and op.name in SCORES and direct and _final(op):
            self._last(op, maker)

    def _second(self, op: Op, maker: Op, what: str, severity: str) -> None:
        where, fixes = taken_out(self.coach, op, f"{maker.name} is enough")
        self.find(
            f"{what}: one of the two activations is too many.", where,
            {"activation": op.name, "what it is given": f"what {maker.name} made", "inside of": op.path or "the loop"},
            fixes, nodes=[op.path], severity=severity,
        )  # fmt: skip

    def _last(self, op: Op, maker: Op) -> None:
        where, fixes = taken_out(self.coach, maker, "the last layer gives the scores as they are")
        self.find(
            f"{op.name} wants scores of any sign, and the relu before it makes all that are negative 0.", where,
            {"last activation": "relu", "what takes its result": op.name},
            fixes, nodes=[maker.path],
        )  # fmt: skip

    def _range(self, op: Op, operands: tuple[Any, ...]) -> None:
        """Targets that the last activation cannot reach."""
        for slot in (0, 1):
            value, targets = op.operand(slot), op.operand(1 - slot)
            maker = value.back(PASSING).maker if value is not None and value.requires_grad else None
            if maker is None or maker.name not in RANGES or targets is None or targets.requires_grad:
                continue
            assert value is not None
            if not _same(value, targets) or (op.name == "sub" and not _by_itself(op)):
                continue
            low, high = RANGES[maker.name]
            numbers = operands[1 - slot]._array.reshape(-1)[:SAMPLE]
            outside = float(((numbers < low - 1e-3) | (numbers > high + 1e-3)).mean()) if numbers.size else 0.0
            if outside >= OUTSIDE:
                self._unreachable(op, maker, outside, numbers)

    def _unreachable(self, op: Op, maker: Op, outside: float, numbers: Any) -> None:
        """Say it as soon as there is another batch; of what is trained on one, the end knows more."""
        now = np.sort(numbers).tobytes()
        if op.where not in self.waiting:
            self.waiting[op.where] = now, self._saying(maker, outside, numbers)
        before, say = self.waiting[op.where]
        if now != before:
            say("")

    def ended(self) -> None:
        for _, say in self.waiting.values():
            say("hint" if self.coach.steps >= LONG else "")

    def _saying(self, maker: Op, outside: float, numbers: Any) -> Callable[[str], None]:
        where, fixes = taken_out(self.coach, maker, "the last layer gives any number")
        low, high = RANGES[maker.name]
        message = f"The model ends in {maker.name}, which cannot reach {outside:.0%} of the targets."
        targets = f"{float(numbers.min()):.3g} to {float(numbers.max()):.3g}"
        evidence = {"targets": targets, maker.name: f"{low:g} to {high:g}"}
        return lambda severity: self.find(message, where, evidence, fixes, [maker.path], severity)


# -- what is meant -----------------------------------------------------------------------------------------------------


def _special(op: Op) -> bool:
    """A convolution that is one half of a known pair, or cuts an image into patches; or a part of a composed layer."""
    module = op.call.module if op.call is not None else None
    if module is not None and is_library(module) and getattr(module, "_modules", None):
        return True  # such as MultiheadAttention
    if module is not None and type(module).__name__ in ("MultiheadAttention", "LSTM", "GRU", "RNN"):
        return True
    if op.name not in CONVOLUTIONS:
        return False
    weight = op.operand(1)
    stride = op.params.get("stride", ())
    patches = weight is not None and max(weight.shape[2:]) > 1 and tuple(stride) == tuple(weight.shape[2:])
    return op.params.get("groups", 1) > 1 or patches


def _features(op: Op, weight: Value) -> tuple[int, int]:
    """(in, out) of a layer; of a convolution its channels."""
    if op.name in CONVOLUTIONS or op.name == "linear":
        return weight.shape[1], weight.shape[0]
    given = input_of(op)
    return (given.shape[-1] if given is not None and given.shape else weight.shape[0]), op.output.shape[-1]


def _wired_together(below: Op, op: Op) -> bool:
    """Whether one piece of code, or blocks of one kind, put the two layers behind each other."""
    a, b = home(below), home(op)
    if a is b:
        return True
    if a is None or b is None or a.outermost is not b.outermost:
        return False  # a generator and its critic, an encoder and a decoder that are called one by one
    return True


def _names(between: list[Value], below: Op) -> str:
    found = [value.maker.name for value in between if value.maker is not None and value.maker is not below]
    return ", ".join(name for name in reversed(found) if name not in PASSING) or "nothing"


def _final(op: Op) -> bool:
    """A loss; or an activation after the model, or at its end, that makes probabilities of scores."""
    if op.name not in ("sigmoid", "softmax", "log_softmax"):
        return True
    call: Call | None = op.call
    return len(op.output.shape) == 2 and (call is None or call.parent is None or call.parent.parent is None)


def _by_itself(op: Op) -> bool:
    """Whether a difference stands outside of any module, or in a loss."""
    return op.call is None or type(op.call.module).__name__.endswith("Loss")


def _same(value: Value, targets: Value) -> bool:
    """Predictions and targets are as many numbers, of more than one sample."""
    count, other = int(np.prod(value.shape)), int(np.prod(targets.shape))
    return count == other > 3


# -- fixes -------------------------------------------------------------------------------------------------------------


def activated(where: Where | None) -> list[Fix]:
    """The line with an activation: `nn.Linear(8, 16), nn.ReLU()` of a layer, `torch.relu(self.fc(x))` of a call."""
    at = code.place(where)
    node = at.expression if at is not None else None
    if at is None or node is None:
        return []
    text = at.source.segment(node)
    if isinstance(node, ast.Call):
        name = at.source.segment(node.func)
        if name.rpartition(".")[2][:1].isupper():  # the layer is constructed here
            return [code.replacement(at, node, f"{text}, {name.rpartition('.')[0]}.ReLU()".replace(" .ReLU", " ReLU"),
                                     "an activation after it")]  # fmt: skip
    outer = node
    while isinstance(at.source.parents.get(outer), ast.BinOp):  # x @ W + b
        outer = at.source.parents[outer]  # type: ignore[assignment]
    return [code.replacement(at, outer, f"{alias(at)}.relu({at.source.segment(outer)})", "an activation after it")]


def activated_input(where: Where | None) -> list[Fix]:
    """The line with an activation before it: `nn.ReLU(), nn.Linear(16, 4)` of a layer, `self.fc(torch.relu(x))`."""
    at = code.place(where)
    node = at.expression if at is not None else None
    given: ast.expr | None = None
    if at is None:
        return []
    if isinstance(node, ast.Call):
        name = at.source.segment(node.func)
        if name.rpartition(".")[2][:1].isupper():
            text = f"{name.rpartition('.')[0]}.ReLU(), {at.source.segment(node)}".removeprefix(".")
            return [code.replacement(at, node, text, "an activation before it")]
        given = next(iter(node.args), None)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        given = node.left
    if given is None:
        return []
    return [code.replacement(at, given, f"{alias(at)}.relu({at.source.segment(given)})", "an activation before it")]


RULES = (MissingNonlinearity, RedundantActivation)
