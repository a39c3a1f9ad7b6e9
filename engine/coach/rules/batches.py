"""Which batches a training sees: all of them, in another order each epoch; or the same one, or class after class."""

from __future__ import annotations

import ast
import weakref
from typing import Any

import numpy as np

from gradbook import events
from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.loading import grouped, in_order, targets_of
from gradbook.coach.record import Built, Op, Step, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.orders import permuted, shuffled
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "NotShuffled", "RepeatedBatch"]

OFTEN = 3  # steps in a row on the first batch of a new pass
UNUSED = 3  # watched turns in which no batch of the loader was used
LOADERS = 1000  # that are remembered
LONG = 10  # steps on one batch, taken before the loop
SLICES = frozenset(
    ("split", "chunk", "unbind", "tensor_split", "slice", "getitem", "index", "index_select", "select", "narrow")
)
LABELLED = frozenset((
    "cross_entropy", "nll_loss", "multi_margin_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
))  # fmt: skip
PURE = 4  # samples of a batch at least
BATCHES = 3  # watched batches of one class each


class Source:
    """A loader as the training uses it."""

    __slots__ = (
        "batches",
        "built",
        "epochs",
        "fresh",
        "index",
        "loader",
        "ordered",
        "repeated",
        "seen",
        "steps",
        "total",
        "where",
    )

    def __init__(self, loader: Any, where: Where | None, total: int | None) -> None:
        self.loader, self.where, self.total = weakref.ref(loader), where, total
        self.built: Where | None = None  # where the loader was constructed
        self.index = -1  # of the last batch
        self.batches = self.epochs = self.steps = 0
        self.fresh = False  # the last batch was the first of a pass, and nothing has stepped since
        self.repeated = 0  # steps in a row on the first batch
        self.ordered = in_order(loader)
        self.seen = False  # its order has been looked at


class Sources:
    """The loaders of a coach; rules look at the one of which the last batch came."""

    def __init__(self) -> None:
        self.known: dict[int, Source] = {}
        self.last: Source | None = None
        self.since = 0  # batches since the last step

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> Source | None:
        """A batch was handed out. -> its source."""
        if phase != "next":
            return None
        source = self.known.get(id(loader))
        if source is None or source.loader() is not loader:
            source = self.known[id(loader)] = Source(loader, events.user_frame(3), total)
        source.epochs += index == 0
        source.index, source.fresh = index, index == 0
        source.batches += 1
        self.last = source
        self.since += 1
        return source


class RepeatedBatch(Rule):
    """Every step trains on the same batch although there are more."""

    id = "repeated-batch"
    idea = "next(iter(loader)) begins a new pass each time: it gives the first batch again and again"
    threshold = f"{OFTEN} steps in a row, each on the first batch of a new pass of several"

    def begins(self) -> None:
        self.sources = Sources()
        self.unused = 0
        self.inputs: frozenset[int] = frozenset()
        self.slices: dict[tuple[Any, ...], int] = {}
        self.said = False

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.sources.batch(phase, loader, index, total)

    def stepped(self, step: Step, optimizer: Any) -> None:
        source, sources = self.sources.last, self.sources
        if source is None:
            return
        source.steps += 1
        if source.fresh and sources.since == 1 and source.index == 0 and (source.total is None or source.total > 1):
            source.repeated += 1
            if source.repeated == OFTEN and not self.said:
                self._again(source)
        elif sources.since:
            source.repeated = 0
        source.fresh = False

    def turned(self, turn: Turn) -> None:
        if not self.said and turn.whole and turn.passes:
            self._unused(turn)
            self._slices(turn)
        self.sources.since = 0

    def ended(self) -> None:
        used = [source for source in self.sources.known.values() if source.steps]
        if self.said or len(used) != 1:
            return
        source = used[0]
        if source.batches == 1 and (source.total or 0) > 1 and source.steps >= LONG:
            self.find(
                f"All {source.steps} steps train on one batch: it is taken from the loader before the loop.",
                source.where, {"batches of the loader": source.total, "used": 1}, looped(source.where), severity="hint",
            )  # fmt: skip

    # -- what it says ------------------------------------------------------------------------------------------------

    def _again(self, source: Source) -> None:
        self.said = True
        at = code.place(source.where)
        same = "the same batch" if source.ordered else "one batch of a new pass"
        loop = at.statement if at is not None and isinstance(at.statement, ast.For) else None
        fixes = looped(source.where)
        message = f"next(iter(...)) begins a new pass in every step: the training sees {same} each time."
        if loop is not None:
            message = f"The loop over the loader ends after one batch: the training sees {same} each time."
            fixes = [Fix("# remove the break", (), "let the loop run over all batches")]
        self.find(
            message, source.where,
            {"batches of the loader": source.total or "many", "used in each of the last steps": "the first"},
            fixes, severity="" if source.ordered else "hint",
        )  # fmt: skip

    def _unused(self, turn: Turn) -> None:
        """The loop runs over a loader, and the model gets what it got before."""
        entering = frozenset(
            id(value) for op in turn.ops for value in op.inputs if value.kind == "input" and value.maker is None
        )
        calls = [call for call in turn.calls if call.parent is None and call.inputs and _learns(call.module)]
        same = entering == self.inputs and self.sources.since > 0 and bool(calls)
        self.inputs = entering
        plain = all(value.maker is None and not value.requires_grad for call in calls for value in call.inputs)
        self.unused = self.unused + 1 if same and plain and any(len(v.shape) > 1 for v in calls[0].inputs) else 0
        source = self.sources.last
        if self.unused < UNUSED - 1 or source is None or (source.total or 2) < 2:
            return
        self.said = True
        call = calls[0]
        at = code.place(call.where)
        self.find(
            "The batches of the loader are not used: the model gets the same tensor in every step.", call.where,
            {"steps": self.coach.steps, "what enters": f"the same tensors, the input of shape {call.inputs[0].shape}"},
            batch_instead(at, code.place(source.where)),
        )  # fmt: skip

    def _slices(self, turn: Turn) -> None:
        """`X[:32]` in a loop that counts through the data, with a counter that nobody uses."""
        for call in turn.calls:
            maker = call.inputs[0].maker if call.parent is None and call.inputs else None
            if maker is None or maker.name not in SLICES or maker.where is None or not maker.inputs:
                continue
            rows = maker.inputs[1].maker if len(maker.inputs) > 1 else None
            if rows is not None and rows.name in SLICES and rows.where is not None and rows.inputs:
                maker = rows  # `x[order[:32]]`: what picks is `order[:32]`
            key = (maker.where, str(maker.params), maker.inputs[0].shape)
            self.slices[key] = self.slices.get(key, 0) + 1
            at = code.place(maker.where)
            if self.slices[key] < UNUSED or at is None or (loop := counting(at)) is None:
                continue
            name, width = loop
            self.said = True
            self.find(
                f"Each step takes the same rows: {name} counts through the data and is not used.", maker.where,
                {"rows": call.inputs[0].shape[0], "of": maker.inputs[0].shape[0], "steps": self.coach.steps},
                sliced(at, name, width),
            )  # fmt: skip
            return


class NotShuffled(Rule):
    """The training takes its samples in the order in which they stand, class after class."""

    id = "not-shuffled"
    idea = "batches should be a mixture: in sorted data each one has samples of one class, and training swings"
    threshold = (
        "labels of a class stand together (a tenth of the changes that a mixture has); an order that is merely the "
        "same in each epoch is a hint"
    )
    ops = LABELLED

    def begins(self) -> None:
        self.made: dict[int, Where | None] = {}  # where loaders were constructed, by the ids of their samplers
        self.sources = Sources()
        self.pure: list[tuple[int, int, Where | None]] = []  # the one class of a batch, and the turn
        self.mixed = 0
        self.said = False

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        source = self.sources.batch(phase, loader, index, total)
        if source is not None and index == 0:
            built = self.coach.built_at(loader)
            source.built = built.where if built is not None else self.made.get(id(loader))

    def constructed(self, built: Built, owner: Any) -> None:
        sampler = getattr(owner, "batch_sampler", None)
        if sampler is not None and len(self.made) < LOADERS:
            self.made[id(sampler)] = built.where  # it speaks for a loader that nobody keeps

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        labels = getattr(operands[1], "_array", None) if len(operands) > 1 else None
        if labels is None or not op.recorded or labels.size < PURE or self.said or not classes(op.name, labels):
            return
        value = op.operand(1)
        first = labels.reshape(-1)[0]
        if value is None or not bool(np.all(labels == first)):
            self.mixed += 1
            return
        maker = value.maker
        taken = maker.where if maker is not None and maker.name in SLICES and maker.inputs[:1] else None
        taken = sliced_inputs(op, len(labels)) or taken if taken is not None else None
        if taken is None and (self.sources.last is None or not self.sources.last.ordered):
            return
        turn = self.coach.turn.number
        if any(number == turn and kind != int(first) for kind, number, _ in self.pure):
            self.mixed += 1  # both in one step, as what a discriminator is to say of real samples and of others
            return
        self.pure.append((int(first), turn, taken))
        if (
            len({turn for _, turn, _ in self.pure}) >= BATCHES
            and not self.mixed
            and len({c for c, _, _ in self.pure}) > 1
        ):
            self._by_class(taken)

    def stepped(self, step: Step, optimizer: Any) -> None:
        source = self.sources.last
        if source is None or self.said:
            return
        source.steps += 1
        if source.seen or not source.ordered or (source.total or 0) < 3 or source.steps < 2:
            return
        source.seen = True
        loader = source.loader()
        kinds = grouped(targets_of(loader))
        if kinds:
            self._loader(source, loader, f"its {kinds} classes stand one after the other", "")

    def ended(self) -> None:
        trained = [s for s in self.sources.known.values() if s.ordered and s.steps > 2 and (s.total or 0) > 2]
        if not self.said and self.pure and not self.mixed and len({turn for _, turn, _ in self.pure}) > BATCHES:
            self._by_class(self.pure[-1][2])
        for source in trained:
            if not self.said and source.epochs > 1:
                self._loader(source, source.loader(), "in the same order in each epoch", "hint")

    # -- what it says ------------------------------------------------------------------------------------------------

    def _loader(self, source: Source, loader: Any, what: str, severity: str) -> None:
        self.said = True
        where, fixes = shuffled(source.built or source.where)
        message = "The training data is not shuffled: " + (
            "each batch has samples of one class, or of a few."
            if not severity
            else "every epoch takes it in one order."
        )
        self.find(message, where, {"data": what, "batches": source.total}, fixes, severity=severity)

    def _by_class(self, taken: Where | None) -> None:
        source = self.sources.last
        if taken is None and source is not None:
            self._loader(source, source.loader(), "each batch that was watched has one class", "")
            return
        self.said = True
        at = code.place(taken)
        self.find(
            "The training data is not shuffled: each batch has samples of one class only.", taken,
            {"classes of the batches": [kind for kind, _, _ in self.pure][:8]}, permuted(at),
        )  # fmt: skip


def classes(name: str, labels: Any) -> bool:
    """Whether targets are classes: whole numbers, or 0 and 1 of a loss of probabilities."""
    if "binary" not in name:
        return bool(labels.dtype.kind in "iu")
    return labels.size == len(labels) and bool(((labels == 0) | (labels == 1)).all())


def sliced_inputs(op: Op, count: int) -> Where | None:
    """Where the rows of the inputs were taken that a loss comes from."""
    for each in op.inputs[0].above():
        if each.name in SLICES and not each.output.requires_grad and each.output.shape[:1] == (count,):
            return each.where
    return None


def _learns(module: Any) -> bool:
    return module is not None and next(iter(module.parameters()), None) is not None


# -- fixes -------------------------------------------------------------------------------------------------------------


def looped(where: Where | None) -> list[Fix]:
    """`for x, y in loader:` in place of `x, y = next(iter(loader))`."""
    at = code.place(where)
    if at is None or at.statement is None:
        return [Fix("for batch in loader:", (), "all batches, one after the other")]
    calls = [node for node in ast.walk(at.statement) if isinstance(node, ast.Call) and called_name(node) == "iter"]
    if not calls or not calls[0].args:
        return [Fix("for batch in loader:", (), "all batches, one after the other")]
    loader, begun = at.source.segment(calls[0].args[0]), calls[0]
    target = at.source.segment(at.statement.targets[0]) if isinstance(at.statement, ast.Assign) else "batch"
    fixes = [Fix(f"for {target} in {loader}:", (), "in place of the next(iter(...)): all batches, one after the other")]
    fix = code.replacement(at, begun, "batches", f"and batches = iter({loader}) once, before the loop")
    if at.loop is not None and at.loop.lineno < at.line:
        indent = code.indent_of(at.source, at.loop.lineno)
        fix.edits = (*fix.edits, code.line_before(at.file, at.loop.lineno, f"{indent}batches = iter({loader})"))
    else:
        fix.edits = ()
    return [*fixes, fix]


def batch_instead(at: code.Place | None, loop: code.Place | None) -> list[Fix]:
    """The model's call with the loop's own batch as its argument."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or not call.args or loop is None or loop.loop_here is None:
        return [Fix("model(xb)", (), "the batch that the loop hands out")]
    names = [
        n.id for n in ast.walk(loop.loop_here.target) if isinstance(n, ast.Name) and n.id not in ("i", "_", "step")
    ]
    return [code.replacement(at, call.args[0], names[0], "the batch that the loop hands out")] if names else []


def counting(at: code.Place) -> tuple[str, str] | None:
    """The counter of `for i in range(0, n, width)`, and its width, where the loop does not use it."""
    loop = at.loop
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name) or not isinstance(loop.iter, ast.Call):
        return None
    if called_name(loop.iter) != "range" or len(loop.iter.args) != 3:
        return None
    used = any(isinstance(n, ast.Name) and n.id == loop.target.id for line in loop.body for n in ast.walk(line))
    return None if used else (loop.target.id, at.source.segment(loop.iter.args[2]))


def sliced(at: code.Place, name: str, width: str) -> list[Fix]:
    """`X[i : i + 32]`."""
    node = at.expression
    if not isinstance(node, ast.Subscript):
        return []
    return [code.replacement(at, node.slice, f"{name} : {name} + {width}", "the rows of this step")]


RULES = (RepeatedBatch, NotShuffled)
