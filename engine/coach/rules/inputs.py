"""Data as it enters a network: its scale, feature by feature."""

from __future__ import annotations

import ast
import weakref
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.loading import whole_of
from gradbook.coach.record import Op, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.samples import numbers_of
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where
from gradbook.tensor import Tensor

__all__ = ["RULES", "InputNotNormalised"]

FROM = MOVING - {"to", "cat"}  # a part of the same data
JOINED = ("stack", "column_stack", "hstack", "concat")  # features put together by the user, and not by a loader
TAKING = frozenset(("linear", "conv1d", "conv2d", "conv3d", "matmul", "mm", "addmm"))
LOOKS = 3  # turns in which inputs are looked at
ROWS, PIXELS = 512, 64  # of a batch that are looked at; columns from which on values may be those of an image
BYTE = 255.0
SPARSE = 10.0  # half of the pixels of an image are brighter, if they are no whole numbers
BRIGHT = 50.0  # an image in bytes has a brighter pixel than that
APART = 100.0  # times one feature's scale is another's
WIDE = 100.0  # a feature's scale that is far from 1
FAR = 10.0  # one that is, where all others are too
USUAL = 0.9  # of a column's values are within its scale: outliers do not make one
SAME = 32  # rows in which a feature is the same
FEW = 64  # features at most of a table


class InputNotNormalised(Rule):
    """Inputs far from the scale that weights are initialised for: bytes of images, features a hundred times others."""

    id = "input-not-normalised"
    idea = "weights start out for inputs of about -1 to 1: divide bytes by 255, standardise the columns of a table"
    threshold = (
        f"whole numbers from 0 to 255 of an image; a column of scale {WIDE:g} beside one {APART:g} times smaller, or "
        f"all others of {FAR:g} or more; an image divided by 255 twice. A column that never changes is a hint"
    )
    ops = TAKING

    def begins(self) -> None:
        self.turns: set[int] = set()
        self.said = False
        self.constant: set[int] | None = None  # columns that were the same in every batch so far
        self.rows = 0
        self.place: tuple[Op, Value] | None = None
        self.loader: weakref.ref[Any] | None = None

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        if index == 0:
            self.loader = weakref.ref(loader)

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = op.operand(0)
        if self.said or value is None or value.requires_grad or not op.recorded or not op.output.requires_grad:
            return
        turn = self.coach.turn.number
        if (len(self.turns) >= LOOKS and turn not in self.turns) or learned(value):
            return
        array = numbers_of(operands[0]._array) if value.dtype.kind == "f" else None
        if array is None or array.ndim < 2 or array.size == 0:
            return
        self.turns.add(turn)
        rows = array[:: max(1, len(array) // ROWS)][:ROWS].astype(np.float64)
        if not np.isfinite(rows).all():
            return
        steps = op.name == "linear" and rows.ndim == 3 and rows.shape[2] <= FEW and bool((rows != np.round(rows)).any())
        if steps:  # of a sequence, each a row of features
            self._table(op, value, rows.reshape(-1, rows.shape[2]))
        elif image_like(rows):
            self._image(op, value, rows)
        elif rows.ndim == 2 and rows.shape[1] <= FEW and len(rows) > 7:
            self._table(op, value, rows)

    def _image(self, op: Op, value: Value, rows: Any) -> None:
        low, high = float(rows.min()), float(rows.max())
        whole = bool((rows == np.round(rows)).all())
        if low >= 0 and BRIGHT < high <= BYTE and whole:
            self._speak(
                op, value, "The images hold bytes, 0 to 255: divide them by 255 before they enter the network.",
                {"values": f"whole numbers from {low:g} to {high:g}", "shape": value.shape}, "/ 255",
            )  # fmt: skip
        elif low >= 0 and BRIGHT < high <= BYTE and rows.ndim == 4 and float(np.median(rows)) > SPARSE:
            self._speak(
                op, value, "The images run from 0 to 255: divide them by 255 before they enter the network.",
                {"values": f"from {low:.3g} to {high:.4g}", "shape": value.shape}, "/ 255",
            )  # fmt: skip
        elif low >= 0 and 0 < high <= 1.5 / BYTE and rows.ndim > 2:
            self._twice(op, value, high)

    def _table(self, op: Op, value: Value, rows: Any) -> None:
        scale = np.quantile(np.abs(rows), USUAL, axis=0)
        some = scale[scale > 0]
        largest, smallest = float(scale.max()), float(some.min()) if some.size else 0.0
        all_far = smallest > WIDE or float(scale.min()) > FAR  # a flag that is rarely set has no scale
        if largest > WIDE and (largest > APART * smallest or all_far):
            column = int(scale.argmax())
            uneven = largest > APART * smallest
            what = f"feature {column} is {largest / smallest:,.0f} times another" if uneven else "they are all large"
            self._speak(
                op, value, f"The inputs are not on one scale: {what}. Standardise each column.",
                {"scale of the largest feature": f"{largest:.4g} (column {column})",
                 "of the smallest": f"{smallest:.4g}", "shape": value.shape}, "std",
            )  # fmt: skip
            return
        same = {int(i) for i in np.flatnonzero(rows.std(0) == 0)}
        self.constant = same if self.constant is None else self.constant & same
        self.rows += len(rows)
        self.place = (op, value)

    def ended(self) -> None:
        if self.said or not self.constant or self.place is None or self.rows < SAME:
            return
        op, value = self.place
        columns = ", ".join(map(str, sorted(self.constant)[:4]))
        where, name = self._origin(op, value)
        if len(self.constant) < value.shape[-1]:
            self.find(
                f"Column {columns} of the inputs never changes: it tells the network nothing.", where,
                {"rows that were looked at": self.rows, "columns": value.shape[-1]},
                [Fix(f"{name} = {name}[:, {name}.std(dim=0) > 0]", (), "only the columns that change")],
                severity="hint",
            )  # fmt: skip

    # -- what it says ------------------------------------------------------------------------------------------------

    def _twice(self, op: Op, value: Value, high: float) -> None:
        where, name = self._origin(op, value)
        self.find(
            "The images are divided by 255 twice: nothing of them is larger than 0.004.", where,
            {"largest value": f"{high:.3g}", "shape": value.shape},
            [*undone(code.place(where)), Fix(f"{name} = {name} * 255", (), "if it cannot be left out")],
        )  # fmt: skip
        self.said = True

    def _speak(self, op: Op, value: Value, message: str, evidence: dict[str, Any], how: str) -> None:
        self.said = True
        where, name = self._origin(op, value)
        at = code.place(where)
        inside = value.maker is not None and value.maker.call is not None and value.maker.name not in FROM
        self.find(message, where, evidence, scaled(at, name, how), severity="hint" if inside else "")

    def _origin(self, op: Op, value: Value) -> tuple[Where | None, str]:
        """Where the data is made, if that was watched, else where it is given to the network; and its name."""
        source = back(whole_of(self.coach, self.loader, back(value)))
        name = code.name_of(source.tensor, "") if source.tensor is not None else ""
        where = source.where
        if source.maker is not None and source.maker.call is None:
            where = source.maker.where
        at = code.place(where)
        if at is not None and isinstance(at.statement, ast.Assign | ast.AugAssign | ast.Return):
            return where, name or target(at) or "x"
        call = op.call.outermost if op.call is not None else None
        return (call.where if call is not None else op.where), name or "x"


def back(value: Value) -> Value:
    """The data that a batch was taken from."""
    while value.maker is not None and value.maker.name in FROM and value.maker.inputs:
        at = code.place(value.maker.where) if value.maker.name == "stack" else None
        if at is not None and isinstance(at.expression, ast.Call) and called_name(at.expression) in JOINED:
            break
        value = value.maker.inputs[0]
    return value


def learned(value: Value) -> bool:
    """Whether parameters had a part in it, as in the features of a frozen network."""
    return any(each.kind in ("parameter", "buffer") for op in value.above() for each in op.inputs)


def image_like(rows: Any) -> bool:
    """(n, channels, height, width), (n, height, width), or an image flattened."""
    return bool(rows.ndim >= 3 or rows.shape[1] >= PIXELS)


# -- fixes -------------------------------------------------------------------------------------------------------------


def target(at: code.Place) -> str:
    """The variable that the statement gives a value."""
    statement = at.statement
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name | ast.Attribute):
        return at.source.segment(statement.targets[0])
    return ""


def scaled(at: code.Place | None, name: str, how: str) -> list[Fix]:
    """The line with the data divided by 255, or one that standardises its columns after it."""
    statement = at.statement if at is not None else None
    own = (target(at) if at is not None else "") or name
    if how == "std":
        line = f"{own} = ({own} - {own}.mean(dim=0)) / ({own}.std(dim=0) + 1e-8)"
        fix = Fix(line, (), "each column with mean 0 and deviation 1")
        if at is not None and isinstance(statement, ast.Assign) and target(at):
            fix = code.insertion(at, line, "each column with mean 0 and deviation 1", after=True)
        return [fix, Fix("nn.BatchNorm1d(num_features)", (), "or as the first layer of the network")]
    value = statement.value if isinstance(statement, ast.Assign | ast.Return) else None
    if at is None or not isinstance(value, ast.expr):
        return [Fix(f"{own} = {own} / 255", (), "before it enters the network")]
    call = at.expression
    if isinstance(call, ast.Call) and call.args and not is_data(call):
        value = call.args[0]  # model(x): its argument
    text = at.source.segment(value)
    if not isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        text = f"({text})"
    return [code.replacement(at, value, f"{text} / 255", "from 0 to 1")]


MAKING = frozenset(("float", "to", "tensor", "from_numpy", "as_tensor", "randint", "type", "stack", "cat"))


def is_data(call: ast.Call) -> bool:
    """`torch.from_numpy(a)`, `x.clamp(0, 255)`: a call that makes data, and no call of a model."""
    return isinstance(call.func, ast.Attribute) and (call.func.attr in MAKING or hasattr(Tensor, call.func.attr))


def undone(at: code.Place | None) -> list[Fix]:
    """The line without its division."""
    if at is None or at.statement is None:
        return []
    for node in ast.walk(at.statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return [code.replacement(at, node, at.source.segment(node.left), "divided once is enough")]
    if isinstance(at.statement, ast.AugAssign) and isinstance(at.statement.op, ast.Div):
        fix = Fix(f"# {at.source.segment(at.statement)}", code.removal(at), "divided once is enough")
        return [fix]
    return []


RULES = (InputNotNormalised,)
