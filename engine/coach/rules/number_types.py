"""Numbers of another kind than was meant: float64 that comes in by NumPy, whole numbers for fractions, too few bits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.samples import numbers_of, sample
from gradbook.dtypes import get_default_dtype
from gradbook.observe.failure.text import binds, called_name
from gradbook.observe.source import Where, cells

__all__ = ["RULES", "DtypeCreep"]

TURNS = 2  # with a backward pass that are looked at
SAMPLE = 1024  # elements that tell whether there are fractions
CONVERTING = frozenset(("tensor", "as_tensor", "from_numpy", "asarray", "Tensor"))
SAYS = ("float64", "double", "DoubleTensor")  # words of somebody who means it
HALF = frozenset(("float16", "bfloat16"))


class DtypeCreep(Rule):
    """float64 in a training that is meant for float32, fractions cut off by an integer dtype, sums in float16."""

    id = "dtype-creep"
    idea = "NumPy makes float64 and whole numbers forget fractions: say which dtype data has, once, where it comes in"
    threshold = (
        "float64 from NumPy that meets float32 inside a model; a hint where all is float64, or the loss alone. Nothing "
        "is said where the program names float64 itself. Fractions that all become 0"
    )
    ops = frozenset({"to", "floor_divide", "add", "sum", "mean"})

    def begins(self) -> None:
        self.looked = 0
        self.cut: dict[Value, tuple[Op, bool]] = {}  # whole numbers that were made of fractions; all of them 0?
        self.said: set[str] = set()

    # -- float64 -----------------------------------------------------------------------------------------------------

    def turned(self, turn: Turn) -> None:
        self.cut = {value: made for value, made in self.cut.items() if value.tensor is not None}
        if not turn.passes or self.looked >= TURNS or not str(get_default_dtype()).endswith("float32"):
            return
        self.looked += 1
        if any(op.output.dtype == np.float64 and op.output.requires_grad for op in turn.ops):
            self._wide([op for op in turn.ops if op.output.requires_grad])

    def ended(self) -> None:
        if not self.coach.steps:
            self.turned(self.coach.turn)

    def _wide(self, ops: list[Op]) -> None:
        """Something that is trained is in float64: does anybody mean it?"""
        sources = [v for op in ops for v in op.inputs if v.maker is None and kind_of(v) == np.float64]
        meant = any(means_it(v.where) for v in sources) or any(
            op.name == "to" and op.output.dtype == np.float64 and means_it(op.where) for op in ops
        )
        trained = [v for op in ops for v in op.inputs if v.maker is None and v.requires_grad]
        if meant or not trained or "wide" in self.said:
            return
        mixing = next((op for op in ops if mixes(op)), None)
        if mixing is not None:
            self.said.add("wide")
            self._mixed(mixing, next(iter(wide_sources(mixing)), None))
        elif all(kind_of(v) == np.float64 and v.where is not None for v in trained):  # no model made double
            order = cells()
            known = [
                (v.requires_grad, order.index(at.file) if at.file in order else -1, at.line, v)
                for v in sources if (at := code.place(v.where)) is not None
            ]  # fmt: skip
            if known:
                self.said.add("wide")
                known.sort(key=lambda each: each[:3])
                self._all_wide([each[3] for each in known])

    def _mixed(self, op: Op, source: Value | None) -> None:
        """float32 and float64 meet, and the result is float64."""
        inside = op.call is not None and any(v.requires_grad and kind_of(v) != np.float64 for v in op.inputs)
        where = source.where if source is not None else None
        at = code.place(where)
        wide = next(v for v in op.inputs if kind_of(v) == np.float64 and v.shape)
        fixes = narrowed(at)
        if at is None or not fixes:
            where, at = op.where, code.place(op.where)
            fixes = narrowed_operand(at, op, wide)
        self.find(
            "float64 comes in here: what it meets becomes float64 too, which is slower and was hardly meant.", where,
            {"meets": f"{' and '.join(f'{kind_of(v)} {v.shape}' for v in op.inputs)} in {op.name}",
             "result": str(op.output.dtype)},
            fixes, severity="" if inside else "hint",
        )  # fmt: skip

    def _all_wide(self, origins: list[Value]) -> None:
        """All tensors that were made so have to change together."""
        first, *others = (narrowed(code.place(where)) for where in dict.fromkeys(value.where for value in origins))
        rest = [fix for fixes in others for fix in fixes[:1]]
        more = "and the others, which it meets, too" if rest else ""
        for fix in first:
            fix.edits, fix.why = (*fix.edits, *(e for each in rest for e in each.edits)), more or fix.why
        self.find(
            "All of this training is in float64, because NumPy's numbers are: float32 is faster and enough.",
            origins[0].where, {"dtype": "float64", "default": "float32"}, first, severity="hint",
        )  # fmt: skip

    # -- whole numbers, few bits -------------------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        kind = op.output.dtype.kind
        if not isinstance(output._array, np.ndarray):  # what a GPU holds is not read in passing
            return
        if op.name == "to":
            self._converted(op, operands[0]._array, output._array, kind)
        elif op.name == "floor_divide":
            if kind in "iu" and op.inputs and not op.inputs[0].requires_grad and lost(operands[0], output):
                self.cut[op.output] = (op, True)
        elif str(op.output.dtype) in HALF:
            self._few_bits(op, operands, output)

    def _converted(self, op: Op, before: Any, after: Any, kind: str) -> None:
        if before.dtype.kind == "f" and kind in "iu":
            some = sample(before, SAMPLE).astype(np.float64)
            if some.size and np.isfinite(some).all() and (some != np.round(some)).mean() > 0.5:
                self.cut[op.output] = (op, not np.any(after))
        elif before.dtype.kind in "iu" and kind == "f":
            made = self.cut.get(op.inputs[0].back(MOVING - {"to"}))
            if made is not None:
                self._say_cut(*made)

    def _say_cut(self, op: Op, zero: bool) -> None:
        if "cut" in self.said:
            return
        self.said.add("cut")
        at = code.place(op.where)
        node = at.expression if at is not None else None
        fixes: list[Fix] = []
        if at is not None and isinstance(node, ast.BinOp):
            fixes = [code.replacement(at, node, f"{at.source.segment(node.left)} / {at.source.segment(node.right)}",
                                      "with its fractions")]  # fmt: skip
        elif at is not None and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            fixes = [code.replacement(at, node, f"{at.source.segment(node.func.value)}.float()", "with its fractions")]
        became = "all of them become 0" if zero else "they are cut off"
        self.find(
            f"The numbers are fractions, and this makes whole numbers of them: {became}.", op.where,
            {"from": str(op.inputs[0].dtype) if op.inputs else "", "to": str(op.output.dtype)}, fixes,
            severity="" if zero else "hint",
        )  # fmt: skip

    def _few_bits(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """A sum in half precision that no longer grows, or is infinite."""
        if "half" in self.said:
            return
        if op.name == "add" and output._array.size == 1 and len(operands) > 1:
            a, b = (
                float(getattr(x, "_array", x)) if np.size(getattr(x, "_array", x)) == 1 else 0.0 for x in operands[:2]
            )
            stuck = a and b and float(output._array) in (a, b) and a + b not in (a, b)
        else:
            stuck = op.name in ("sum", "mean") and not np.isfinite(output._array).all() and _finite(operands[0])
        if stuck:
            self.said.add("half")
            got = f"{float(output._array.reshape(-1)[0]):g}"
            self.find(
                f"This sum is in {op.output.dtype}, which has no room for it: what is added is lost.", op.where,
                {"operands": ", ".join(str(v.dtype) for v in op.inputs), "result": got},
                summed_wide(code.place(op.where)),
            )  # fmt: skip


def _finite(tensor: Any) -> bool:
    return bool(np.isfinite(numbers_of(tensor._array).astype(np.float32)).all())


def lost(before: Any, after: Any) -> bool:
    """Whether numbers have become all 0 that were not."""
    return bool(np.any(before._array) and not np.any(after._array) and after._array.size > 1)


def mixes(op: Op) -> bool:
    """Whether float32 and float64 tensors meet in an operation; a single number does not count."""
    kinds = {kind_of(value) for value in op.inputs if value.shape}
    return op.output.dtype == np.float64 and np.dtype(np.float64) in kinds and np.dtype(np.float32) in kinds


def wide_sources(op: Op) -> Iterator[Value]:
    """The float64 tensors that were there before, of which an operation's float64 operands are made."""
    for value in op.inputs:
        if value.shape:
            yield from wide(value)


def wide(value: Value) -> Iterator[Value]:
    """The float64 tensors of which one was made that is float64; itself, if it was made of numbers."""
    if kind_of(value) == np.float64:
        if value.maker is None:
            yield value
        for op in value.above():
            yield from (each for each in op.inputs if each.maker is None and kind_of(each) == np.float64)


def kind_of(value: Value) -> Any:
    """The dtype of a tensor as it is now: a model that is made double keeps its parameters."""
    tensor = value.tensor
    return tensor._array.dtype if tensor is not None else value.dtype


def means_it(where: Where | None) -> bool:
    """Whether the line that made a tensor names float64."""
    at = code.place(where)
    text = at.source.segment(at.statement) if at is not None and at.statement is not None else ""
    return any(word in text for word in SAYS) and "np.float64" not in text


def narrowed(at: code.Place | None) -> list[Fix]:
    """The line that makes a tensor of NumPy's numbers, with float32."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or called_name(call) not in CONVERTING:
        return []
    fixes = [code.appended(at, call, ".float()", "float32, as layers are")]
    if called_name(call) in ("tensor", "as_tensor"):
        if not any(each.arg == "dtype" for each in call.keywords):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            prefix = f"{at.source.segment(owner)}." if owner is not None else ""
            fixes.insert(0, code.with_option(at, call, "dtype", f"{prefix}float32", "as layers are"))
    return fixes


def narrowed_operand(at: code.Place | None, op: Op, wide: Value) -> list[Fix]:
    """The operation with `.float()` on the operand that is float64."""
    node = at.expression if at is not None else None
    slot = op.inputs.index(wide)
    sides: list[ast.expr] = []
    if isinstance(node, ast.BinOp):
        sides = [node.left, node.right]
    elif isinstance(node, ast.Call):
        sides = list(node.args)
    if at is None or slot >= len(sides):
        return [Fix("x = x.float()", (), "where it comes in")]
    text = at.source.segment(sides[slot])
    new = f"{text}.float()" if binds(sides[slot]) else f"({text}).float()"
    return [code.replacement(at, sides[slot], new, "float32, as layers are")]


def summed_wide(at: code.Place | None) -> list[Fix]:
    """A sum with float32 for what is added."""
    node = at.expression if at is not None else None
    statement = at.statement if at is not None else None
    if at is not None and isinstance(statement, ast.AugAssign):
        text = at.source.segment(statement.value)
        new = f"{text}.float()" if binds(statement.value) else f"({text}).float()"
        return [
            code.replacement(at, statement.value, new, "and begin the sum in float32"),
            Fix(f"{at.source.segment(statement.target)} = 0.0", (), "a sum that begins as a number of Python's"),
        ]
    if at is not None and isinstance(node, ast.BinOp):
        text = at.source.segment(node.right)
        new = f"{text}.float()" if binds(node.right) else f"({text}).float()"
        return [code.replacement(at, node.right, new, "and begin the sum in float32")]
    if at is not None and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = at.source.segment(node.func.value)
        return [code.replacement(at, node.func.value, f"{owner}.float()", "summed in float32")]
    return [Fix("x.float()", (), "summed in float32")]


RULES = (DtypeCreep,)
