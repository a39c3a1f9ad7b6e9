"""Samples of a batch that influence one another inside of a model: what it says of one depends on its neighbours."""

from __future__ import annotations

import ast
import math
import weakref
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.apart import apart
from gradbook.coach.finding import Fix
from gradbook.coach.model_trial import may_run_again, restored
from gradbook.coach.origin import changed_at, is_library
from gradbook.coach.record import Call, Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.rules.axis_fixes import own_axis
from gradbook.coach.rules.wiring import PASSING, Consumers
from gradbook.coach.sameness import Sameness
from gradbook.coach.samples import numbers_of
from gradbook.coach.targets import LOSSES
from gradbook.observe.failure.text import Edit, apply, called_name
from gradbook.tensor import Tensor

__all__ = ["RULES", "BatchLeak"]

SOFTMAX = frozenset(("softmax", "log_softmax"))
SCALES = frozenset(("norm", "std", "var", "layer_norm", "logsumexp"))
SUMS = frozenset(("mean", "sum", "amax", "amin", "take_along"))
PICKS = frozenset(("index", "gather"))  # the scores of the right classes
FEW, MANY = 3, 4096  # samples of a batch
LEAK = 1e-4  # of the deviation of the outputs: other samples change this one by that; rounding by a thousandth of it
ONWARD = PASSING | {"expand", "repeat", "mean", "sqrt", "add", "mul", "div"}
DEEP = 6  # operations between what is taken out of the graph and what runs over it
TOLD = 3  # calls of a model that are looked at


class BatchLeak(Rule):
    """A model that computes one sample's result from the other samples of its batch, in evaluation too."""

    id = "batch-leak"
    idea = "what a model says of one sample must not depend on which others are in its batch: mind the axis, dim=0"
    threshold = (
        f"half of a batch is replaced, and the results of the other half change by {LEAK:g} of their deviation, in "
        "evaluation mode; or the scores of a loss are a softmax over the axis of the samples"
    )
    ops = SOFTMAX | SCALES | SUMS

    def begins(self) -> None:
        self.sameness = self.coach.shared(Sameness)
        self.suspects: dict[int, list[Op]] = {}  # by the id of the outermost call
        self.layers: dict[int, list[Call]] = {}
        self.leaks: list[tuple[Call, list[Op], list[Call]]] = []  # in this turn
        self.looked: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self.loaded = False  # a loader has handed out a batch in this turn
        self.said = False

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loaded = self.loaded or phase == "next"

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if self.said or op.call is None or not op.inputs or len(op.inputs[0].shape) < 2:
            return
        outer = op.call.outermost
        samples = rows(outer)
        if samples and op.inputs[0].shape[0] == samples and over_samples(op) and not left_graph(op.inputs[0]):
            self.suspects.setdefault(id(outer), []).append(op)

    def called(self, call: Call) -> None:
        if call.parent is not None:
            if getattr(call.module, "batch_first", True) is False and is_library(call.module) and call.inputs:
                self.layers.setdefault(id(call.outermost), []).append(call)
            return
        ops, layers = self.suspects.pop(id(call), []), self.layers.pop(id(call), [])
        layers = [
            layer for layer in layers if len(layer.inputs[0].shape) == 3 and layer.inputs[0].shape[0] == rows(call)
        ]
        module = call.module
        if self.said or not (ops or layers) or module is None or not self._plain(call, module):
            return
        if self.looked.get(module, 0) >= TOLD:
            return
        self.looked[module] = self.looked.get(module, 0) + 1
        if leaks(call, module):
            self.leaks.append((call, ops, layers))

    def _plain(self, call: Call, module: Any) -> bool:
        """Whether rows go in and the same rows come out, and nothing tells of a graph among them."""
        samples, given = rows(call), call.inputs[0].shape if call.inputs else ()
        made = call.outputs[0] if len(call.outputs) == 1 else None
        if made is None or not made.shape or made.shape[0] != samples or made.shape == (samples, samples):
            return False
        sequence = len(given) == 3 or (len(given) == 2 and call.inputs[0].dtype.kind in "iu")
        if sequence and len(made.shape) > 2 and not (self.loaded and call.inputs[0].maker is None):
            return False  # (time, samples, ...) perhaps
        others = [value.shape for value in call.inputs[1:]] + [tuple(b.shape) for b in module.buffers()]
        return not any(s[-2:] == (samples, samples) or (len(s) == 2 and s[0] == 2 and s[1] > 2) for s in others)

    def turned(self, turn: Turn) -> None:
        for call, ops, layers in self.leaks:
            if not self.said and targets(turn, call):
                self._speak(turn, call, ops, layers)
        self.leaks.clear()
        self.loaded = False
        if not self.said:
            self._scores(turn)

    # -- what it says ------------------------------------------------------------------------------------------------

    def _speak(self, turn: Turn, call: Call, ops: list[Op], layers: list[Call]) -> None:
        users = Consumers(turn.ops)
        ops = [op for op in ops if not joined(op, users)]
        if layers and not any(op.name in SOFTMAX for op in ops):
            self._sequence(layers[0], rows(call))
            return
        if not ops:
            return
        op = min(ops, key=lambda each: (each.name not in SOFTMAX, each.name not in SCALES, each.number))
        if op.name not in SOFTMAX:
            op = next(each for each in ops if each.where is not None and each.name not in SOFTMAX)
        same = bool(self.sameness.of(call.outputs[0]))  # for all samples: then that is the fault
        self._blame(op, ops, "half of the batch replaced, the results of the other half change", same)

    def _blame(self, op: Op, ops: list[Op], how: str, symptom: bool = False) -> None:
        self.said = True
        where = changed_at(self.coach, op)
        what = op.name if op.name != "take_along" else "max"
        self.find(
            f"This {what} runs over the samples of the batch: the result of one depends on the others.", where,
            {"shape": op.inputs[0].shape, "axis": 0, "seen": how}, over_features(self.coach, op, ops), nodes=[op.path],
            severity="hint" if symptom or len(self.coach.optimizers) > 1 or self._told() else "",
        )  # fmt: skip

    def _sequence(self, layer: Call, samples: int) -> None:
        self.said = True
        name = type(layer.module).__name__
        built = self.coach.built_at(layer.module)
        where = built.where if built is not None and built.where is not None else layer.where
        at = code.place(where)
        call = at.expression if at is not None else None
        fixes = [Fix("batch_first=True", (), f"an option of {name}: (samples, time, features)")]
        if at is not None and isinstance(call, ast.Call) and called_name(call) == name:
            fixes = [code.with_option(at, call, "batch_first", "True", "(samples, time, features)")]
        self.find(
            f"{name} takes the samples for time steps: it wants (time, samples, features), or batch_first=True.",
            where, {"input": layer.inputs[0].shape, "samples": samples}, fixes, nodes=[layer.path],
            severity="hint" if self._told() else "",
        )  # fmt: skip

    def _told(self) -> bool:
        """Whether the samples are known to be mixed: by which axis, another rule has said."""
        return any(f.rule == "batch-axis-mixed" and f.severity != "hint" for f in self.coach.report)

    def _scores(self, turn: Turn) -> None:
        """A softmax over the samples whose result is what a loss of as many targets is given."""
        for op in turn.ops:
            scores, wanted = op.operand(0), op.operand(1)
            if op.name not in LOSSES | PICKS or scores is None or wanted is None or not wanted.shape or not op.recorded:
                continue
            maker = scores.back(MOVING | {"log", "neg", "clamp", "add"}).maker
            shape = maker.output.shape if maker is not None else ()
            if maker is None or maker.name not in SOFTMAX or len(shape) != 2 or shape[0] == shape[1]:
                continue
            if maker.params["dim"] == 0 and wanted.shape[0] == shape[0] and shape[1] > 1 and scores.shape == shape:
                self._blame(maker, [maker], f"what {op.name} is given for {shape[0]} targets")
                return


# -- what is seen ------------------------------------------------------------------------------------------------------


def rows(call: Call) -> int:
    """How many samples a call is given; 0 where that says nothing."""
    shape = call.inputs[0].shape if call.inputs else ()
    return shape[0] if len(shape) > 1 and FEW < shape[0] <= MANY else 0


def over_samples(op: Op) -> bool:
    """Whether an operation reads along the first axis."""
    dim = op.params.get("dim", -1)
    if op.name == "layer_norm":
        return bool(op.params["rank"] == len(op.inputs[0].shape))
    return dim is None or dim == 0 or (isinstance(dim, tuple) and 0 in dim)


def left_graph(value: Value) -> bool:
    """Whether a value was taken out of the graph on purpose: as the range of what is quantised is, or a statistic."""
    for _ in range(DEEP):
        if value.op == "detach" or any(cut.how in ("detach", "data") for cut in value.cuts):
            return True
        if value.maker is None or not value.maker.inputs:
            return False
        value = value.maker.inputs[0]
    return False


def leaks(call: Call, module: Any) -> bool:
    """Whether the results of half of a batch change with the other half, in evaluation mode."""
    given = [value.tensor for value in call.inputs]
    if any(tensor is None for tensor in given) or not may_run_again(module):
        return False
    array = numbers_of(given[0]._array)
    other = array.copy()
    other[::2] = array[1]  # every second one, as what runs over the batch may look back only
    if np.array_equal(other, array):
        return False
    with apart() as draws, restored(module):
        module.eval()
        found = []
        for each in (array, other, array):
            draws.rewind()
            try:
                made = module(Tensor._of(each.copy()), *given[1:])
            except Exception:  # the call had arguments that are no tensors
                return False
            found.append(numbers_of(made._array).astype(np.float64)[1::2] if isinstance(made, Tensor) else None)
    first, changed, again = found
    if first is None or changed is None or again is None or not np.array_equal(first, again, equal_nan=True):
        return False
    scale = float(np.std(first)) or float(np.abs(first).max())
    return bool(np.abs(first - changed).max() > LEAK * scale > 0)


def targets(turn: Turn, call: Call) -> bool:
    """Whether something that has as many rows is compared with what a call gave."""
    samples = rows(call)
    mine = {id(value) for value in call.outputs}
    for op in turn.ops:
        if op.call is not None and op.call.outermost is call:
            continue
        if any(id(value) in mine for value in op.inputs):
            mine.update(id(value) for value in op.outputs)
            others = [v for v in op.inputs if id(v) not in mine and not v.requires_grad and v.shape]
            if any(v.shape[0] == samples and v not in call.inputs for v in others):
                return True
    return False


def joined(op: Op, users: Consumers) -> bool:
    """Whether a statistic of the batch is only one more feature, as in discriminators that look at the deviation."""
    waiting, seen = list(op.outputs), 0
    most = max(op.inputs[0].shape[0], math.prod(op.output.shape))  # it is still a statistic
    while waiting and seen < 64:
        seen += 1
        for user in users.of(waiting.pop()):
            if user.name in ("cat", "stack"):
                return True
            if user.name in ONWARD and math.prod(user.output.shape) <= most:
                waiting += user.outputs
    return False


# -- fixes -------------------------------------------------------------------------------------------------------------


def over_features(coach: Any, op: Op, ops: list[Op]) -> list[Fix]:
    """The line, and those like it, with the axis of the features in the place of that of the samples."""
    where = changed_at(coach, op)
    at = code.place(where)
    if at is None:
        return []
    edits: dict[tuple[int, int], Edit] = {}
    for each in ops:
        there = code.place(changed_at(coach, each))
        node = there.expression if there is not None else None
        if there is not None and there.file == at.file and isinstance(node, ast.Call):
            for part, text in turned_axis(there, node, each):
                edit = there.source.replace(part, text)
                edits[edit.line, edit.column] = edit
    fixes = []
    mine = tuple(edits.values())
    if mine:
        line = apply(at.source.text, mine).splitlines()[at.line - 1].strip()
        fixes.append(Fix(line, mine, "along the features of each sample"))
    if op.name not in SOFTMAX:
        width = op.inputs[0].shape[1]
        fixes.append(Fix(f"self.norm = nn.BatchNorm1d({width})", (), "keeps its own statistics for evaluation"))
        fixes.append(Fix(f"self.norm = nn.LayerNorm({op.inputs[0].shape[-1]})", (), "each sample by itself"))
    return fixes


def turned_axis(at: code.Place, call: ast.Call, op: Op) -> list[tuple[ast.expr, str]]:
    """What to write in the place of the arguments of a call, or of the whole call, that say along which axis."""
    wanted = own_axis(op.inputs[0].shape)
    axis = next((k.value for k in call.keywords if k.arg in ("dim", "axis")), None)
    if axis is None:
        given = [a for a in call.args if isinstance(a, ast.Constant | ast.UnaryOp | ast.Tuple)]
        axis = given[0] if given else None
    if called_name(call) == "layer_norm":
        shape = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords), None)
        return [(shape, f"{at.source.segment(shape)}[1:]")] if shape is not None else []
    keeps = any(k.arg == "keepdim" for k in call.keywords) or op.name in SOFTMAX or called_name(call) == "normalize"
    if axis is not None:
        return [(axis, wanted if keeps else f"{wanted}, keepdim=True")]
    return [(call, code.extended(at.source, call, f"dim={wanted}{'' if keeps else ', keepdim=True'}"))]


RULES = (BatchLeak,)
