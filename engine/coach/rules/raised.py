"""Exceptions as findings: what the error card knows, under the rule's name and on the line that must change."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any, ClassVar

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules import batch_of_one, changed_in_place, nothing_asks, walked_twice
from gradbook.coach.rules.no_gpu import named_device
from gradbook.coach.rules.number_types import DtypeCreep, means_it, narrowed, wide
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.walked_twice import Told
from gradbook.coach.rules.wherefrom import users_places
from gradbook.observe.failure.explain import Failure
from gradbook.observe.source import is_users
from gradbook.tensor import Tensor

__all__ = ["RULES", "Raised"]

TARGETS = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss", "huber_loss", "multi_margin_loss", "kl_div", "ctc_loss",
)  # fmt: skip
Line = tuple[str, int]  # of a file
EARLIER = 6  # turns, in which the graph that is walked again may have been walked


class Raised(Rule):
    """Base of the rules of which each speaks for one kind of exception. says: parts of PyTorch's own message."""

    severity = "error"
    threshold = "none: the program has raised"
    kinds: ClassVar[tuple[str, ...]] = ()  # the error card's names for it
    says: ClassVar[tuple[str, ...]] = ()
    only: ClassVar[tuple[str, ...]] = ()  # operations that it speaks of; (): of all

    @classmethod
    def speaks_of(cls, failure: Failure, text: str) -> bool:
        """Whether an exception is of its kind."""
        if cls.only and failure.op not in cls.only:
            return False
        return failure.rule in cls.kinds if not cls.says else any(part in text for part in cls.says)

    def failed(self, error: BaseException) -> None:
        failure = self.coach.explained(error)
        if failure is None or kind_of(failure, str(error)) is not type(self):
            return
        fixes = [Fix(fix.code, fix.edits, fix.why) for fix in failure.fixes] or self.mended(error)
        number = next((line.number for line in failure.lines if line.fails), 0)
        where = (failure.file, number)
        if fixes and fixes[0].edits:
            where = (fixes[0].edits[0].file, fixes[0].edits[0].line)
        where, fixes = self.blamed(error, where, fixes)
        evidence = {each.name: f"{tuple(each.shape)} {each.dtype}" for each in failure.operands}
        for each in failure.operands:
            evidence.update({f"{each.name}: {what}": place for what, place in each.origin if place})
        if where != (failure.file, number):
            evidence["raised on"] = failure.place
        self.find(failure.headline.replace("`", ""), where, {**evidence, failure.kind: failure.message}, fixes)

    def mended(self, error: BaseException) -> list[Fix]:
        """Fixes where the error card knows none."""
        return []

    def blamed(self, error: BaseException, where: Line, fixes: list[Fix]) -> tuple[Line, list[Fix]]:
        """The line that must change, and its fixes, where the rule knows better than the card."""
        return where, fixes


class TargetMismatch(Raised):
    """Targets that a loss cannot take: their dtype, their shape, or a class that has no score."""

    id = "target-mismatch"
    idea = "a loss compares predictions with targets of one fixed shape and dtype"
    kinds = ("shape-mismatch", "dtype-mismatch", "index-out-of-range", "value")
    only = TARGETS


class ShapeMismatch(Raised):
    """Operands whose shapes do not fit together."""

    id = "shape-mismatch"
    idea = "an operation needs shapes that fit: the columns of one, the rows of the other"
    kinds = ("shape-mismatch",)


class DtypeMismatch(Raised):
    """Operands of different dtypes, or of one that does not serve: told where NumPy's float64 comes in."""

    id = DtypeCreep.id
    idea = DtypeCreep.idea
    kinds = ("dtype-mismatch",)

    def blamed(self, error: BaseException, where: Line, fixes: list[Fix]) -> tuple[Line, list[Fix]]:
        for value in self._operands(error):
            for source in wide(value):
                at = code.place(source.where)
                better = narrowed(at)
                if at is not None and better and not means_it(source.where):
                    return at.at, [*better, *fixes][:3]
        return where, fixes

    def _operands(self, error: BaseException) -> Iterator[Value]:
        """The tensors that the operation which has raised was given, as far as the watch knows them."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        frame = trace.tb_frame if trace is not None else None
        while frame is not None and not is_users(frame.f_code.co_filename):
            for held in frame.f_locals.values():
                value = self.coach.tape.of(held._array) if isinstance(held, Tensor) else None
                if value is not None:
                    yield value
            frame = frame.f_back


class DeviceMismatch(Raised):
    """Operands on different devices."""

    id = "device-mismatch"
    idea = "all operands of an operation live on one device: move the data to the model's"
    kinds = ("device-mismatch",)

    def mended(self, error: BaseException) -> list[Fix]:
        return named_device(error)


class IndexOutOfRange(Raised):
    """An index that the axis, or the table, does not have."""

    id = "index-out-of-range"
    idea = "indices run from 0 to the size of the axis less one"
    kinds = ("index-out-of-range",)


class Walks(Raised):
    """Base of the rules that look back at the turns before: at the graphs, and at what changed what they keep."""

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)
        self.before: deque[Turn] = deque(maxlen=EARLIER)

    def turned(self, turn: Turn) -> None:
        self.before.append(turn)

    def failed(self, error: BaseException) -> None:
        if not any(part in str(error) for part in self.marks):
            return
        self.reach.turned(self.coach.turn)
        told = self.explain(error) if self.coach.close else None
        if told is None:
            super().failed(error)
            return
        raised = {"raised": str(error).partition(". ")[0].partition(": [")[0]}
        self.find(told.message, told.where, {**told.evidence, **raised}, told.fixes[:3])

    marks: ClassVar[tuple[str, ...]] = ()  # parts of the messages of its exceptions

    def explain(self, error: BaseException) -> Told | None:
        """What is to be said of an exception, if that is plain."""
        raise NotImplementedError


class InplaceBreaksBackward(Walks):
    """A value that backward needs was changed in place."""

    id = "inplace-breaks-backward"
    idea = "backward needs the values of the forward as they were; what is written into them is lost"
    kinds = ("changed-in-place",)
    marks = ("modified by an inplace", "leaf Variable", "a view of a leaf")

    def explain(self, error: BaseException) -> Told | None:
        return changed_in_place.told(self.coach, list(self.before)) if self.marks[0] in str(error) else None


class BackwardTwice(Walks):
    """A graph is walked a second time."""

    id = "backward-twice"
    idea = "backward() frees the graph that it walks; a second pass needs a new forward, or retain_graph=True"
    says = marks = ("second time",)

    def explain(self, error: BaseException) -> Told | None:
        return walked_twice.told(self.coach, error, list(self.before))


class NonScalarBackward(Raised):
    """backward() of more than one number."""

    id = "non-scalar-backward"
    idea = "a gradient is that of one number: reduce the loss first"
    says = ("implicitly created only for scalar",)


class NothingRequiresGrad(Walks):
    """backward() of what no parameter led to."""

    id = "nothing-requires-grad"
    idea = "backward() needs something that asks for a gradient on the way to the loss"
    says = marks = ("does not require grad", "Only Tensors of floating point")

    def failed(self, error: BaseException) -> None:
        if not any(finding.rule in ("detached-graph", "training-under-no-grad") for finding in self.coach.report):
            super().failed(error)  # nobody knows of a graph that there was

    def explain(self, error: BaseException) -> Told | None:
        return nothing_asks.told(self.coach, self.reach, error)


class ItemOnNonScalar(Raised):
    """item() or float() of several numbers."""

    id = "item-on-non-scalar"
    idea = "item() is for one number; reduce first, or take tolist()"
    says = ("cannot be converted to Scalar", "only one element tensors can be converted", "is ambiguous")

    def mended(self, error: BaseException) -> list[Fix]:
        at = code.place(next(iter(users_places(error)), None))
        return nothing_asks.truths(at) if at is not None and self.says[2] in str(error) else []


class UnknownName(Raised):
    """A name that is not there, or keys of a state_dict that do not meet."""

    id = "unknown-name"
    idea = "a name must be spelt as it is defined"
    kinds = ("unknown-name",)


class BatchNormBatchOfOne(Raised):
    """Batch norm of one number a channel, in training."""

    id = "batchnorm-batch-of-one"
    idea = "in training batch norm compares the samples of a batch with each other: it needs more than one"
    says = ("Expected more than 1 value per channel",)

    def begins(self) -> None:
        self.loader: tuple[weakref.ref[Any], int, int | None] | None = None  # of the last batch, its index, how many

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loader = (weakref.ref(loader), index, total) if phase == "next" else None

    def failed(self, error: BaseException) -> None:
        found = batch_of_one.asker(error) if self.says[0] in str(error) else None
        if found is None:
            return
        frame, where = found
        loader = self.loader[0]() if self.loader is not None else None
        made = batch_of_one.loader_at(self.coach, loader, frame) if loader is not None else None
        evidence = {"raised": str(error).split(". ")[0]}
        if made is None or self.loader is None:
            fixes = batch_of_one.evaluated(code.place(where))
            self.find("Batch norm is given one sample in training mode, and one number has no variance.", where,
                      evidence, fixes)  # fmt: skip
            return
        source, call = made
        evidence["batch"] = f"{self.loader[1] + 1} of {self.loader[2] or 'unknown'}"
        single = getattr(loader, "batch_size", None) == 1
        last = (source.file, call.lineno)
        at, fixes = batch_of_one.larger(source, call) if single else (last, batch_of_one.dropped(source, call))
        size = "Each batch of this loader" if single else "The last batch of this loader"
        self.find(f"{size} is a single sample, and batch norm needs more than one in training.",
                  at, evidence, fixes)  # fmt: skip


class Failed(Raised):
    """Any other exception of the engine."""

    id = "exception"
    idea = "the operation says what it cannot do"

    @classmethod
    def speaks_of(cls, failure: Failure, text: str) -> bool:
        return True

    def failed(self, error: BaseException) -> None:
        told, text = {finding.rule for finding in self.coach.report}, str(error)
        hidden = "unused-parameters" in told and "empty parameter list" in text  # all layers are in a list
        unrecorded = "training-under-no-grad" in told and "Inference tensors" in text
        after = "nan-origin" in told and "nan" in text  # what comes of it
        if not hidden and not unrecorded and not after:
            super().failed(error)


RULES = (
    BatchNormBatchOfOne, BackwardTwice, NonScalarBackward, NothingRequiresGrad, ItemOnNonScalar, InplaceBreaksBackward,
    TargetMismatch, DeviceMismatch, DtypeMismatch, IndexOutOfRange, ShapeMismatch, UnknownName, Failed,
)  # fmt: skip


def kind_of(failure: Failure, text: str) -> type[Raised]:
    """The rule that speaks of an exception: the first one that may."""
    return next(rule for rule in RULES if rule.speaks_of(failure, text))
