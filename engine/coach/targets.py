"""Whether the targets of a loss have anything to do with what the network was given: where they part company."""

from __future__ import annotations

import ast
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.loading import whole_of
from gradbook.coach.record import Op, Value
from gradbook.coach.rule import Shared
from gradbook.coach.samples import numbers_of
from gradbook.observe import naming
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["LOSSES", "Parting", "Targets", "guessing"]

LOSSES = frozenset((
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "smooth_l1_loss", "huber_loss",
))  # fmt: skip
LOOKS = 2
ORDERS = frozenset(("index", "index_select", "gather", "take_along_dim"))
SLICES = frozenset(("slice", "select", "narrow", "view", "reshape", "to"))
RANDOM = ("rand", "randn", "randint", "randn_like", "rand_like", "normal", "random", "uniform", "integers")
KEPT = 8192  # elements of an order that are compared


@dataclass(frozen=True)
class Parting:
    """Where inputs and targets part. `sure`: they belonged together; otherwise both are just random numbers."""

    where: Where | None
    what: str
    fixes: tuple[Fix, ...]
    sure: bool


class Targets(Shared):
    """The targets of the losses of a watch."""

    id = "targets"
    hears = ("batch", "operation")
    ops = LOSSES

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.parting: Parting | None = None
        self._looks = 0
        self._loader: weakref.ref[Any] | None = None

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """A loader hands out a batch."""
        if phase == "next" and index == 0:
            self._loader = weakref.ref(loader)

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """A loss is reckoned."""
        scores, wanted = op.operand(0), op.operand(1)
        if self._looks >= LOOKS or not op.output.requires_grad or scores is None or wanted is None:
            return
        self._looks += 1
        inputs = [
            whole_of(self.coach, self._loader, each) for each in leaves(scores) if each.shape[:1] == wanted.shape[:1]
        ]
        target = whole_of(self.coach, self._loader, wanted)
        if len(inputs) == 1 and not target.requires_grad and self.parting is None:
            self.parting = parted(inputs[0], target)


def leaves(value: Value) -> list[Value]:
    """What was there before an operation, parameters aside; of the rows of a table the table's rows."""
    found: dict[int, Value] = {}
    if value.maker is None:
        return [value]
    for op in value.above():
        for each in op.inputs:
            own = each.maker is None or not each.requires_grad
            if own and each.kind not in ("parameter", "buffer") and each.shape:
                if each.maker is None or op.output.requires_grad:
                    found[id(each)] = each
    ends = {key for each in found.values() if each.maker is not None for key in roots(each)}
    return [each for key, each in found.items() if key not in ends and not each.requires_grad]


def roots(value: Value) -> dict[int, Value]:
    """The values that another one was computed from, by their ids."""
    if value.maker is None:
        return {id(value): value}
    found = (each for op in value.above() for each in op.inputs if each.maker is None and each.shape)
    return {id(each): each for each in found if each.kind not in ("parameter", "buffer")}


def orders(value: Value) -> list[Op]:
    """The operations on the way to a value that took rows by their numbers, all of each row."""
    return [op for op in value.above() if op.name in ORDERS and len(op.inputs) == 2 and op.inputs[1].dtype.kind in "iu"]


def shuffles(op: Op) -> bool:
    """Whether an operation only puts rows into another order, as far as its numbers are still there."""
    rows, tensor = op.inputs[0].shape[:1], op.inputs[1].tensor
    if rows != op.output.shape[:1]:
        return False  # rows were chosen, as by a mask or a table
    if tensor is None:
        return True
    index, order = tensor._array.reshape(-1), np.arange(tensor._array.size)
    return bool((np.sort(index) == order).all() and (index != order).any())


def key_of(op: Op) -> Any:
    """What makes an order the one it is: its numbers, or the tensor that it is a part of."""
    index = op.inputs[1]
    tensor = index.tensor
    if tensor is not None and tensor._array.size <= KEPT:
        return numbers_of(tensor._array).astype(np.int64).tobytes()
    return id(index.back(SLICES))


def parted(given: Value, wanted: Value) -> Parting | None:
    """Where the inputs and the targets of a loss part; None where they belong together, or nobody knows."""
    mine, theirs = roots(given), roots(wanted)
    common = bool(mine.keys() & theirs.keys()) or not (mine and theirs)
    one, other = ({key_of(op): op for op in orders(each)} for each in (given, wanted))
    if bool(one) != bool(other) and (common or _both_whole(given, wanted)):
        lone = next(iter((one or other).values()))
        return _reordered(lone, bool(one), wanted if one else given)
    if len(one) == len(other) == 1 and not one.keys() & other.keys():
        return _two_orders(next(iter(one.values())), next(iter(other.values())))
    if common or given.maker is not None or any(value.where is None for value in theirs.values()):
        return None
    return _unrelated(given, wanted, list(theirs.values()))


def _both_whole(given: Value, wanted: Value) -> bool:
    return given.shape[:1] == wanted.shape[:1] and len(given.shape[:1]) == 1


def _reordered(lone: Op, of_inputs: bool, other: Value) -> Parting | None:
    """Only the inputs, or only the targets, were put into another order."""
    at = code.place(lone.where)
    if at is None or not shuffles(lone):
        return None
    node = at.expression
    fixes: list[Fix] = []
    if isinstance(node, ast.Subscript):
        name = _name(other.back(SLICES | ORDERS), "y" if of_inputs else "x")
        line = f"{name} = {name}[{at.source.segment(node.slice)}]"
        fixes = [code.replacement(at, node, at.source.segment(node.value), "in the order of the others")]
        if isinstance(at.statement, ast.Assign) and isinstance(node.slice, ast.Name):
            fixes.insert(0, code.insertion(at, line, "the same order for both", after=True))
    which = (
        "inputs are put into another order, the targets"
        if of_inputs
        else "targets are put into another order, the inputs"
    )
    return Parting(lone.where, f"the {which} are not", tuple(fixes), True)


def _two_orders(mine: Op, theirs: Op) -> Parting | None:
    """Inputs and targets were taken from as many rows, each in an order of its own."""
    at, other = code.place(theirs.where), code.place(mine.where)
    if at is None or other is None or mine.inputs[0].shape[:1] != theirs.inputs[0].shape[:1]:
        return None
    node, model = at.expression, other.expression
    fixes: tuple[Fix, ...] = ()
    if isinstance(node, ast.Subscript) and isinstance(model, ast.Subscript):
        text = other.source.segment(model.slice)
        fix = code.replacement(at, node.slice, text, "the order of the inputs")
        if isinstance(model.slice, ast.Call) and other.file == at.file:  # which is drawn anew each time
            first = min((other, at), key=lambda place: place.line)
            edits = (other.source.replace(model.slice, "order"), at.source.replace(node.slice, "order"))
            fix = code.insertion(first, f"order = {text}", "the same order for both")
            fix.edits = (*fix.edits, *edits) if fix.edits else ()
        fixes = (fix,)
    return Parting(theirs.where, "the inputs are in one order, the targets in another", fixes, True)


def _unrelated(given: Value, wanted: Value, theirs: Iterable[Value]) -> Parting | None:
    """The targets were computed from numbers that the network never sees."""
    if wanted.maker is None:
        source = next(iter(theirs))
        return Parting(source.where, "the targets are random numbers", (), False) if _random(source) else None
    learned = any(each.kind in ("parameter", "buffer") for op in wanted.above() for each in op.inputs)
    alike = [each for each in theirs if each.shape == given.shape and _random(each)]
    if learned or not alike:  # such as the next states of a game, which a network looks at
        return None
    at = code.place(alike[0].where)
    fixes: tuple[Fix, ...] = ()
    if at is not None and at.expression is not None:
        fixes = (code.replacement(at, at.expression, _name(given), "the targets of these inputs"),)
    return Parting(alike[0].where, "the targets come from other numbers than the inputs", fixes, True)


def _random(value: Value) -> bool:
    """Whether random numbers are drawn on the line that made a value."""
    at = code.place(value.where)
    return at is not None and isinstance(at.expression, ast.Call) and called_name(at.expression) in RANDOM


def _name(given: Value, otherwise: str = "x") -> str:
    """The variable that holds some data."""
    tensor = given.tensor
    known = code.name_of(tensor, "") if tensor is not None else ""
    where = given.maker.where if given.maker is not None else given.where
    return known or naming.assigned_name(where) or otherwise


def guessing(name: str, targets: Any) -> float:
    """What the best answer that is the same for all samples costs; NaN where that is not known."""
    values = targets.reshape(len(targets), -1) if targets.ndim else targets.reshape(1, 1)
    if name in ("cross_entropy", "nll_loss"):
        if targets.dtype.kind not in "iu":
            return float("nan")
        _, counts = np.unique(targets, return_counts=True)
        shares = counts / counts.sum()
        return float(-(shares * np.log(shares)).sum())
    if name.startswith("binary"):
        share = np.clip(values.mean(0, dtype=np.float64), 1e-9, 1 - 1e-9)
        return float(-(share * np.log(share) + (1 - share) * np.log(1 - share)).mean())
    if name == "mse_loss":
        return float(values.var(0).mean())
    return float(np.abs(values - np.median(values, axis=0)).mean())
