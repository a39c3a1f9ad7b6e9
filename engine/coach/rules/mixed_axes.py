"""The batch axis taken for another one: samples that should know nothing of each other are mixed."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.origin import changed_at
from gradbook.coach.record import Call, Op, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.axes import LOSSES, SEQUENCES, Axes, Seen
from gradbook.coach.rules.axis_fixes import first, first_swapped, kept_rows, last_step, other_dim, swapped, unsqueezed
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.reshapes import Axis, Layout, order_of
from gradbook.nn.module import Module
from gradbook.observe.failure.text import called_name

__all__ = ["RULES", "BatchAxisMixed"]

SHIFTS = frozenset(("cat", "pad"))  # padded by one and reshaped: the shift of relative positions, on purpose
SUMMING = {"linear": -1, "conv1d": 1, "conv2d": 1, "conv3d": 1}  # which axis a layer sums over
COLLAPSING = frozenset(("mean", "sum", "amax"))


class BatchAxisMixed(Rule):
    """A view in the place of a transpose, a recurrent layer that runs along the batch, a softmax over the samples."""

    id = "batch-axis-mixed"
    idea = "view() cuts the same row of numbers anew and never swaps axes; each sample must stay by itself"
    threshold = (
        "a reshape whose lengths are those of its axes in another order; a sequence layer whose steps are samples that "
        "a loader or random indices picked, or of whose batch one sample is taken; a softmax over the rows of the loss"
    )

    def begins(self) -> None:
        self.coach.shared(Reach)  # which knows what each pass goes through
        self.axes = self.coach.shared(Axes)
        self.over: dict[tuple[Any, str], tuple[Op, Axis, int, tuple[int, ...]]] = {}  # by place and name

    def turned(self, turn: Turn) -> None:
        self._look(turn)

    def ended(self) -> None:
        self._look(self.coach.turn)
        for op, axis, dim, shape in self.over.values():
            self._say_over(op, axis, dim, shape)

    def failed(self, error: BaseException) -> None:
        failure = self.coach.explained(error)
        if failure is not None and failure.rule in ("shape-mismatch", "value"):
            self._merged([each for each in self.axes.follow(self.coach.turn) if each.splits is not None])
            for call in self.coach.turn.calls:
                if type(call.module).__name__ in SEQUENCES and call.inputs:
                    self._along(call, "hint")

    def _look(self, turn: Turn) -> None:
        seen = self.axes.follow(turn)
        if not seen:
            return
        reached = set[int]().union(*(pass_.through for pass_ in turn.passes))
        for each in seen:
            if each.splits:
                self._reshaped(each)
            elif each.op.name == "softmax" or each.op.name == "log_softmax" or _normalises(each.op):
                self._over_samples(each, seen)
        self._order(seen)
        for call in turn.calls:
            if type(call.module).__name__ in SEQUENCES and call.inputs:
                self._along(call)
                self._lanes(call)
        self._one_sample([each for each in seen if each.op.number in reached])
        for each in seen:
            if each.op.name in SUMMING and each.op.number in reached:
                self._contracted(each)

    # -- reshapes ----------------------------------------------------------------------------------------------------

    def _reshaped(self, seen: Seen) -> None:
        op, source = seen.op, seen.op.inputs[0]
        if source.kind == "parameter" or (op.call is not None and _ours(op.call.module)):
            return
        layout, shape = refined(seen.given[0], op.output.shape), op.output.shape
        order = order_of(layout, shape, True)
        mixed = [axis for each in seen.splits or () for axis in (each.axis, *each.others)]
        samples = any(axis.samples for axis in mixed)
        if order is None:
            if any(each.axis.rows for each in seen.splits or ()):
                self._say_reshape(seen, layout, None, "hint")
            return
        parts = all(axis.whole is not None for axes in order if len(axes) > 1 for axis in axes)
        if samples:
            self._say_reshape(seen, layout, order, "")
        elif source.op not in SHIFTS and parts:
            sure = len(order) > 2 and (source.requires_grad or op.call is not None)
            self._say_reshape(seen, layout, order, "" if sure else "hint")
        elif source.op not in SHIFTS:
            self._say_reshape(seen, layout, order, "hint")

    def _say_reshape(self, seen: Seen, layout: Layout, order: list[list[Axis]] | None, severity: str) -> None:
        op, at = seen.op, code.place(seen.op.where)
        name = called_name(at.expression) if at is not None and isinstance(at.expression, ast.Call) else op.name
        samples = any(axis.samples for each in seen.splits or () for axis in (each.axis, *each.others))
        what = "numbers of different samples end up in one" if samples else "numbers of different axes are mixed"
        message = f"{name}() does not swap axes: it cuts the same row of numbers anew, and {what}."
        evidence = {"from": op.inputs[0].shape, "to": op.output.shape}
        fixes = swapped(at, layout, order) if order is not None else kept_rows(at)
        self.find(message, op.where, evidence, fixes, severity=severity)

    def _merged(self, reshapes: list[Seen]) -> None:
        """Something does not fit, and before it a reshape has joined the samples with other axes."""
        for seen in reversed(reshapes):
            first = seen.made[0] if seen.made else ()
            if len(first) > 1 and (first[0].rows or first[0].front):
                rows = seen.op.output.shape[0]
                self.find(
                    f"The batch of {first[0].size} becomes {rows} rows: the samples are not kept apart.", seen.op.where,
                    {"from": seen.op.inputs[0].shape, "to": seen.op.output.shape}, kept_rows(code.place(seen.op.where)),
                    severity="hint",
                )  # fmt: skip
                return

    def _order(self, seen: list[Seen]) -> None:
        """The rows of predictions and of targets are samples and steps, in two orders."""
        for each in seen:
            if each.op.name not in LOSSES or len(each.given) < 2:
                continue
            ours, theirs = each.given[0][:1], each.given[1][:1]
            if not ours or not theirs or len(ours[0]) != 2 or len(theirs[0]) != 2:
                continue
            (a, b), (c, d) = ours[0], theirs[0]
            if (
                _known(a) != _known(b)
                and _known(c) != _known(d)
                and _known(a) != _known(c)
                and a.size == d.size != b.size
            ):
                wrong = each.op.inputs[1 if _known(a) else 0]
                maker = wrong.maker
                self.find(
                    "The rows of the predictions and those of the targets are not in the same order.",
                    maker.where if maker is not None else each.op.where,
                    {"rows of the predictions": f"{a.size} x {b.size}", "of the targets": f"{c.size} x {d.size}"},
                    first_swapped(code.place(maker.where)) if maker is not None else [],
                )  # fmt: skip

    # -- sequence layers ---------------------------------------------------------------------------------------------

    def _along(self, call: Call, severity: str = "") -> None:
        """A layer whose steps are the samples that a loader has picked."""
        module, layout = call.module, self.axes.layout(call.inputs[0])
        if module is None or len(layout) not in (2, 3) or (len(layout) == 3 and module.batch_first):
            return
        steps = layout[0]
        if len(steps) != 1 or not steps[0].rows or any(axis.rows for axes in layout[1:] for axis in axes):
            return
        self._say_along(call, severity, "a loader stacks its samples along the first axis")

    def _lanes(self, call: Call) -> None:
        """Which axis attention takes for the batch; recurrent layers have said so."""
        module, layout = call.module, self.axes.layout(call.inputs[0])
        if len(layout) == 3 and hasattr(module, "num_heads"):
            lane = layout[0 if module.batch_first else 1]
            if len(lane) == 1:
                lane[0].lane, lane[0].first = lane[0].lane or call, module.batch_first

    def _say_along(self, call: Call, severity: str, why: str) -> None:
        module = call.module
        kind, shape = type(module).__name__, call.inputs[0].shape
        single = len(shape) == 2 or shape[1] == 1
        if single and (
            self.axes.ordered or hasattr(module, "num_heads")
        ):  # maybe a sequence, or attention among samples
            severity = "hint"
        reads = "as one sequence of that length" if len(shape) == 2 else "as (steps, batch, features)"
        where, fixes = first(self.coach, call)
        if len(shape) == 2:
            where, fixes = call.where, unsqueezed(code.place(call.where))
        self.find(
            f"{kind} takes {shape} {reads}: it runs along the samples of the batch.", where,
            {"input": shape, "batch_first": bool(getattr(module, "batch_first", False)), "why": why}, fixes,
            severity=severity,
        )  # fmt: skip

    def _one_sample(self, seen: list[Seen]) -> None:
        """One sample is taken out of what a sequence layer holds for its batch, or all of them are averaged."""
        found: dict[tuple[str, int], list[tuple[Seen, Axis]]] = {}
        uses: dict[int, set[tuple[str, int]]] = {}  # of a value: the lines that take something of it
        for each in seen:
            line = code.line_of(each.op.where)
            for value in each.op.inputs if line[1] else ():
                uses.setdefault(id(value), set()).add(line)
        for each in seen:
            op = each.op
            line = code.line_of(op.where)
            if not line[1] or op.name not in ("select", "slice", *COLLAPSING) or not each.given:
                continue
            kept = {axis for axes in each.made for axis in axes}
            gone = [axis for axes in each.given[0] for axis in axes if axis.lane is not None and axis not in kept]
            if (
                len(gone) == 1
                and gone[0].size > 1
                and not (op.name == "slice" and len(each.made) == len(each.given[0]))
            ):
                found.setdefault(line, []).append((each, gone[0]))
        for takes in found.values():
            alone = all(
                len(uses[id(each.op.inputs[0])]) == 1 for each, _ in takes
            )  # of the others nobody takes anything
            if alone and len({repr(each.op.params) for each, _ in takes}) == 1:  # of all, one by one, they differ
                self._say_sample(*takes[0])

    def _say_sample(self, seen: Seen, axis: Axis) -> None:
        op = seen.op
        collapsed = op.name in COLLAPSING
        whole = collapsed and len(seen.made) < len(seen.given[0]) - 1  # a mean over everything: of a loss
        if axis.lane is None or whole or (collapsed and axis.first):
            return
        if not axis.first and not axis.rows:
            self._say_along(axis.lane, "", f"afterwards {_said(op)} leaves nothing of its batch axis")
            return
        self.find(
            f"This takes one sample of the batch of {axis.size}, and not the last step.", op.where,
            {"from": op.inputs[0].shape, "to": op.output.shape, "batch_first": axis.first},
            last_step(code.place(op.where), axis in seen.given[0][0]),
        )  # fmt: skip

    # -- softmax, contraction ----------------------------------------------------------------------------------------

    def _over_samples(self, seen: Seen, after: list[Seen]) -> None:
        """Numbers are made to sum to one over the samples, and each sample is judged by them."""
        op, layout = seen.op, seen.made
        dim = op.params.get("dim")
        dim = dim[0] if isinstance(dim, tuple) else dim
        if not isinstance(dim, int) or not layout or not seen.given or len(seen.given[0]) < 2:
            return
        given = seen.given[0]
        axes, rest = given[dim % len(given)], [a for i, a in enumerate(given) if i != dim % len(given)]
        if len(axes) != 1 or not any(rest) or any(axes[0] in each for each in rest) or not op.output.shape:
            return
        if len(given) == 2 and op.inputs[0].shape[0] == op.inputs[0].shape[1] and op.inputs[0].op in ("matmul", "mm"):
            return  # each with each, as in contrastive losses
        if any(each.op.name in LOSSES and self._reaches(each, op, axes[0], after) for each in after):
            self.over.setdefault((op.where, op.name), (op, axes[0], dim, op.inputs[0].shape))

    def _reaches(self, loss: Seen, op: Op, axis: Axis, seen: list[Seen]) -> bool:
        """Whether the predictions of a loss come from an operation, with an axis as their rows on all the way."""
        rows = loss.given[0][0] if loss.given and loss.given[0] else ()
        if axis not in rows or not (len(rows) == 1 or axis.samples):
            return False
        below = {op.number}
        if op.name == "norm":  # what is divided by it
            below |= {each.op.number for each in seen if each.op.name == "div" and each.op.where == op.where}
        for each in seen:
            if each.op.number > op.number and below.intersection(_makers(each.op)):
                again = each.op.name in ("softmax", "log_softmax") and len(op.output.shape) == 2
                if not again and any(axis in axes for axes in each.made):
                    below.add(each.op.number)
        return loss.op.inputs[0].maker is not None and loss.op.inputs[0].maker.number in below

    def _say_over(self, op: Op, axis: Axis, dim: int, shape: tuple[int, ...]) -> None:
        where, rank = changed_at(self.coach, op), len(shape)
        at = code.place(where)
        told = any(finding.rule == "batch-leak" for finding in self.coach.report)  # what comes of it was seen
        name = called_name(at.expression) if at is not None and isinstance(at.expression, ast.Call) else op.name
        samples = f"the {axis.size} samples of the batch"
        self.find(
            f"{name} over axis {dim % rank} goes over {samples}, not over each one's own numbers.", where,
            {"shape": shape, "axis": dim % rank}, other_dim(at, shape), severity="hint" if told else "",
        )  # fmt: skip

    def _contracted(self, seen: Seen) -> None:
        """A layer sums over the samples that a loader has picked, and no axis of them is left."""
        op = seen.op
        summed = SUMMING[op.name]
        last = seen.given[0][summed] if len(seen.given[0]) > 1 or summed < 0 else ()
        if op.inputs[1].kind != "parameter" or not any(axis.rows and axis.size > 1 for axis in last):
            return
        if any(axis.rows for axes in seen.given[0] for axis in axes if axes is not last):
            return
        maker = op.inputs[0].maker
        reshape = maker if maker is not None and maker.name in ("view", "reshape") else None
        where = reshape.where if reshape is not None else op.where
        self.find(
            "The batch is part of what this layer takes for features: it sums over the samples.", where,
            {"input": op.inputs[0].shape, "weight": op.inputs[1].shape},
            kept_rows(code.place(where)) if reshape is not None else [], severity="hint" if self.axes.ordered else "",
        )  # fmt: skip


def refined(layout: Layout, shape: tuple[int, ...]) -> Layout:
    """The axes with the last one in two, where the result's last one divides it: heads, pixels of a row."""
    axes = [axis for each in layout for axis in each]
    lengths = [size for size in shape if size != 1]
    if not axes or not lengths or len(lengths) != len(axes) + 1:
        return layout
    last, size = axes[-1], lengths[-1]
    if last.size % size or last.size == size:
        return layout
    return (*((axis,) for axis in axes[:-1]), (Axis(last.size // size, last),), (Axis(size, last),))


def _makers(op: Op) -> set[int]:
    return {value.maker.number for value in op.inputs if value.maker is not None}


def _known(axis: Axis) -> bool:
    return axis.rows or axis.paired


def _ours(module: Any) -> bool:
    return isinstance(module, Module) and type(module).__module__.startswith("gradbook.")


def _normalises(op: Op) -> bool:
    """F.normalize: a norm that keeps its axis, in a call of that name."""
    if op.name != "norm" or not op.params.get("keepdim") or not op.output.requires_grad:
        return False
    at = code.place(op.where)
    return at is not None and isinstance(at.expression, ast.Call) and called_name(at.expression) == "normalize"


def _said(op: Op) -> str:
    at = code.place(op.where)
    return at.source.segment(at.expression) if at is not None and at.expression is not None else op.name


RULES = (BatchAxisMixed,)
