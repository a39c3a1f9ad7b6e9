"""Candidates where values, dtypes, indices or targets do not fit."""

from __future__ import annotations

import ast
import math

from gradbook.nn import RNNBase
from gradbook.observe.failure.candidates import Candidate, Candidates, Mender, bracketed, method_call, two
from gradbook.observe.failure.operands import Operand, parts_of
from gradbook.observe.failure.text import source_of
from gradbook.observe.failure.trial import Plan

__all__ = ["device", "dimension", "dtype", "index", "rows", "same_shape", "targets", "view"]

MASKED = ("masked_fill", "masked_select", "masked_scatter")
CASTS = {"float32": "float", "float64": "double", "float16": "half", "int64": "long", "int32": "int", "bool": "bool",
         "bfloat16": "bfloat16"}  # fmt: skip


def targets(m: Mender) -> Candidates:
    """Targets of the right shape, and scores for each class."""
    x, target = two(m)
    if "not implemented for" in m.call.message:
        yield _swapped(m)
    if x is None or target is None:
        return
    facts = m.finding.facts
    if "classes" in facts:
        yield from _classes(m, x, target, facts["classes"])
        return
    if x.shape and target.shape and x.shape[0] != target.shape[0]:
        yield _batch_second(m, target.shape[0])
    if len(target.shape) == len(x.shape) and target.shape[-1] == 1:
        yield m.after(target, ".squeeze(-1)", "The axis of length 1 goes.")
    if len(x.shape) == 3 and target.shape == x.shape[:2]:
        yield m.after(x, ".transpose(1, 2)", "Classes come second: (batch, classes, time).")
        yield m.both(
            m.after(x, ".flatten(0, 1)", "Each step of each sequence is one row."), m.after(target, ".flatten()", "")
        )
    if len(x.shape) == 2 and target.shape == x.shape:
        yield m.after(target, ".argmax(1)", "The class of each row.")
        yield m.after(target, ".float()", "As the probability of each class.")
    if x.shape and target.shape and len(x.shape) == 2 and math.prod(target.shape) == x.shape[0]:
        yield m.after(target, ".flatten()", "One class index a row.")
    if len(x.shape) == 3 and target.shape == (x.shape[0] * x.shape[1],):
        yield m.after(x, ".flatten(0, 1)", "Each step of each sequence is one row.")
    if len(x.shape) == 3 and x.shape[1] == 1 and len(target.shape) == 1:
        yield m.after(x, ".squeeze(1)", "The axis of length 1 goes.")


def _batch_second(m: Mender, batch: int) -> Candidate | None:
    """The batch as the second axis of what a recurrent layer takes, if it was built so and got it first."""
    for ran in m.control.ran:
        module, call = m.original(ran.module), method_call(ran)
        if isinstance(module, RNNBase) and not module.batch_first and call is not None and call.args and ran.where:
            source = source_of(ran.where[0].co_filename)
            edit = source.after(call.args[0], ".transpose(0, 1)")
            why = f"Time comes first without batch_first=True: the {batch} sequences are the second axis then."
            return Candidate(Plan((edit,)), why)
    return None


def _classes(m: Mender, x: Operand, target: Operand, classes: int) -> Candidates:
    """Targets counted from 0, or a score for each."""
    most = int(target.tensor.max()) if target.tensor.numel() else 0
    least = int(target.tensor.min()) if target.tensor.numel() else 0
    if least >= 1 and most == classes:
        segment = m.call.source.segment(target.node) if target.node is not None else ""
        if target.node is not None:
            yield m.put(target.node, f"{bracketed(target.node, segment)} - 1", "Classes are counted from 0.")
    if least >= 0:
        most = max(most, m.drawn_below(target) - 1)
        yield m.width_of(x, f"A score for each class in these targets, 0 to {most}.", most + 1)


def _swapped(m: Mender) -> Candidate | None:
    """The first two arguments of a call the other way round."""
    node = m.call.node
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return None
    first, second = node.args[:2]
    why = "Scores come first, then targets."
    return m.both(m.put(first, m.call.source.segment(second), why), m.put(second, m.call.source.segment(first), why))


def same_shape(m: Mender) -> Candidates:
    """Scores and targets of one shape."""
    x, target = two(m)
    if x is None or target is None:
        return
    if len(x.shape) == len(target.shape) + 1 and x.shape[-1] == 1:
        yield m.after(x, ".squeeze(-1)", "One number a row, as in the targets.")
        yield m.after(target, ".unsqueeze(-1)", "One row a number, as in the scores.")
    if len(target.shape) == len(x.shape) + 1 and target.shape[-1] == 1:
        yield m.after(target, ".squeeze(-1)", "One number a row, as in the scores.")
    if x.shape != target.shape and math.prod(x.shape) == math.prod(target.shape):
        if len(x.shape) == 2 and x.shape[:1] == target.shape[:1]:
            yield m.after(target, ".flatten(1)", f"{x.shape[1]} numbers a row, as {x.name} has.")
        elif isinstance(x.node, ast.Name | ast.Attribute):
            yield m.after(target, f".view_as({m.call.source.segment(x.node)})", f"In the shape of {x.name}.")
    if x.shape == target.shape[::-1]:
        yield m.after(target, ".T", "Rows and columns changed.")
    if len(x.shape) == 2 and x.shape[1] > 1 and target.shape == x.shape[:1]:
        yield m.width_of(x, "One score a row.", 1)


def rows(m: Mender) -> Candidates:
    """A table with a row for each index."""
    index = next((o for o in m.call.operands if o.role == "input"), None)
    if index is None or "rows" not in m.finding.facts:
        return
    most = max(int(index.tensor.max()), m.drawn_below(index) - 1)
    if int(index.tensor.min()) >= 0:
        yield m.argument(m.call.module, f"A row for each of these indices, 0 to {most}.", num_embeddings=most + 1)


def view(m: Mender) -> Candidates:
    """A shape that holds as many numbers."""
    x, _ = two(m)
    node = m.call.node
    if x is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if "not compatible with input" in m.call.message:
        head = m.call.source.segment(node.func.value)
        yield m.put(node.func, f"{head}.reshape", "Copies where it has to.")
        return
    numbers: list[ast.expr] = list(node.args)
    if len(numbers) == 1 and isinstance(numbers[0], ast.Tuple | ast.List):
        numbers = numbers[0].elts
    for number in reversed(numbers):
        value = _literal(number)
        if value is not None and value != -1 and not any(_literal(n) == -1 for n in numbers):
            yield m.put(number, "-1", "This length follows from the others.")
    if any(_literal(n) == -1 for n in numbers) and len(numbers) == 2 and len(x.shape) > 1:
        head = m.call.source.segment(node.func.value)
        yield m.put(node, f"{head}.flatten(1)", f"{x.shape[0]} rows, all else in one axis.")


def _literal(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def index(m: Mender) -> Candidates:
    """An entry that is there."""
    node, facts = m.call.node, m.finding.facts
    if "used as indices must be" in m.call.message:
        yield m.after(two(m)[1], ".long()", "Whole numbers, as indices are.")
    if not isinstance(node, ast.Subscript) or "size" not in facts:
        return
    for part in parts_of(node)[1:]:
        if _literal(part) == facts["index"]:
            yield m.put(part, "-1", f"The last entry, {facts['size'] - 1}.")


def dimension(m: Mender) -> Candidates:
    """An axis that is there."""
    facts, node = m.finding.facts, m.call.node
    if "dim" not in facts or not isinstance(node, ast.Call):
        return
    for part in [*(k.value for k in node.keywords if k.arg in ("dim", "axis")), *node.args]:
        if _literal(part) == facts["dim"]:
            others = {_literal(a) % (facts["high"] + 1) for a in node.args if a is not part and _literal(a) is not None}
            if facts["high"] not in others:
                yield m.put(part, "-1", "The last axis.")
            if facts["high"] > 0 and 0 not in others:
                yield m.put(part, "0", "The first axis.")
            return


def dtype(m: Mender) -> Candidates:
    """One dtype for all."""
    a, b = two(m)
    if m.call.op in MASKED:
        wrong = next((o for o in m.call.operands if o.wrong), None)
        yield m.after(wrong, ".bool()", "True where the mask is not 0.")
        return
    if m.call.op in ("cross_entropy", "nll_loss", "embedding"):
        wrong = next((o for o in m.call.operands if o.wrong), None)
        yield m.after(wrong, ".long()", "Whole numbers, as indices are.")
        return
    if a is not None and b is not None and a.wrong and b.wrong:
        pairs = [(a, b), (b, a)]
        pairs.sort(key=lambda p: (p[0].tensor.dtype.is_floating_point, p[1].dtype != "float32"))
        for operand, other in pairs:
            if other.tensor.dtype.is_floating_point and other.dtype in CASTS:
                yield m.after(
                    operand, f".{CASTS[other.dtype]}()", f"{operand.name} becomes {other.dtype}, as {other.name} is."
                )
        return
    if a is not None and not a.tensor.dtype.is_floating_point:
        yield m.after(a, ".float()", "As floating-point numbers.")


def device(m: Mender) -> Candidates:
    """One device for all."""
    a, b = two(m)
    for operand, other in ((a, b), (b, a)):
        if operand is not None and other is not None:
            yield m.after(operand, f".to({other.device!r})", f"To where {other.name} is.")
