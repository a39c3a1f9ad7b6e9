"""Results that are too good: samples of the training in the validation."""

from __future__ import annotations

import functools
import math
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.coach.claims import Claim, claim
from gradbook.coach.loading import dataset_of, whole_of
from gradbook.coach.record import Built, Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.rules.inputs import learned
from gradbook.coach.rules.leak_places import blame, carried
from gradbook.coach.rules.wiring import CONVOLUTIONS, is_learned
from gradbook.coach.samples import numbers_of, sample
from gradbook.coach.targets import LOSSES
from gradbook.observe.source import Where

__all__ = ["FIRST", "ROWS", "RULES", "SLICES", "LeakSuspected"]

FIRST = CONVOLUTIONS | {"linear", "mm", "matmul", "embedding"}  # of which a network's first layer is one
SHARE = 0.05  # of the samples: pictures that a data set has twice are fewer
LUCK = 2  # times as many as would be the same by chance, where samples of one batch are
FEW = 12  # samples: a handful of them is looked at for show
OWN = 0.8  # of the numbers of a batch that are there once
OWN_ROWS = 0.97  # of the samples of a batch
BITS = 48  # that a row must hold, so that another sample does not have the same by chance
SOME = 256  # samples that tell what rows are like
NUMBERS = 4096  # of a batch that tell how many different ones there are
MOST = 20_000  # samples that are remembered
MARK = 64  # numbers of a layer that tell whether it is as it was
DISTINCT = 16  # different numbers in a row of whole numbers, so that it is not the same by chance
ROWS = MOVING - {"cat", "stack", "slice", "select"}
SLICES = frozenset(("slice", "index", "index_select", "narrow", "split"))


@dataclass(eq=False)
class Data:
    """What a first layer was given: the samples, and where the tensor comes from."""

    rows: set[int] = field(default_factory=set)
    pairs: float = 0.0  # of samples in one batch
    alike: float = 0.0  # those among them that are the same
    tensor: weakref.ref[Any] | None = None  # the whole of which batches are taken
    where: Where | None = None  # where that was made, or taken from another
    maker: str = ""
    loader: weakref.ref[Any] | None = None
    built: Where | None = None  # where that was constructed
    dataset: Any = None  # a weak reference to what it takes its samples from
    weight: weakref.ref[Any] | None = None  # of the layer
    former: set[int] = field(default_factory=set)  # samples of a training before this one, of the same weights
    again: Built | None = None  # the optimizer with which it was trained on
    mark: bytes = b""  # some numbers of the layer, as they were when it was evaluated last
    model: Built | None = None  # where that was constructed


class LeakSuspected(Rule):
    """Samples that the model was trained on are in what the program calls its validation or its test."""

    id = "leak-suspected"
    idea = "a test tells something only of samples that the training has not seen: keep the two sets apart"
    threshold = (
        f"{SHARE:.0%} of the samples ({FEW} at least), number by number, of rows that are not the same by chance, in "
        "this training or in one before it that went on with the same weights and loss; and the program's own words "
        "call it validation or test: evaluating on the training data is no fault"
    )
    ops = FIRST | LOSSES

    def begins(self) -> None:
        self.trained: dict[int, Data] = {}  # by the id of the layer's weight
        self.judged: dict[tuple[int, Any], Data] = {}  # by the weight and the place of the evaluation
        self.claims: dict[Any, Claim | None] = {}
        self.loader: weakref.ref[Any] | None = None
        self.losses: set[str] = set()  # of this training
        self.before: set[str] = set()  # of the one before it
        self.said = False

    def inherit(self, before: LeakSuspected) -> None:
        self.trained = {key: data for key, data in before.trained.items() if data.weight and data.weight() is not None}
        self.losses, self.before = before.losses, before.before

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loader = weakref.ref(loader) if phase == "next" else None

    def constructed(self, built: Any, owner: Any) -> None:
        if hasattr(owner, "param_groups") and self.coach.total:  # another fold, another training
            params = {id(p) for group in owner.param_groups for p in group["params"]}
            self.trained = {key: data for key, data in self.trained.items() if key in params and goes_on(data)}
            for data in self.trained.values():
                data.former, data.rows, data.again = data.former | data.rows, set(), built
            self.before, self.losses = self.losses, set()
            self.judged.clear()

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if op.name in LOSSES:
            self.said = self.said or chosen_rows(op)
            self._learns(op)
            return
        outer = op.call.outermost if op.call is not None else None
        if op.name == "embedding":  # its rows are named by numbers, which are no operand
            value, weight = (outer.inputs[0] if outer is not None and outer.inputs else None), op.operand(0)
            array = np.asarray(op.params["index"]).reshape(op.output.shape[:-1])
        else:
            value, weight = op.operand(0), op.operand(1)
            array = numbers_of(getattr(operands[0], "_array", 0.0))
        if self.said or value is None or weight is None or value.requires_grad or array.ndim < 2:
            return
        source = weight if is_learned(weight) else weight.back(MOVING)
        if not is_learned(source) or learned(value):
            return
        if op.recorded and (outer is None or outer.training):
            data = self._of(source.tensor)
            if len(data.rows) < MOST:
                data.rows |= rows_of(array)
            self._from(data, value)
        elif not op.recorded and ((trained := self._of(source.tensor)).rows or trained.former):
            trained.mark = mark_of(source.tensor)
            model = outer.module if outer is not None else None
            trained.model = self.coach.built_at(model) if model is not None else None
            self._evaluated(op, value, id(source.tensor), array)

    def _learns(self, op: Op) -> None:
        """What a training is for: the samples of another kind, such as a pretraining, may be those of a test."""
        if op.recorded and op.output.requires_grad:
            self.losses.add(op.name)
            if self.before and op.name not in self.before:
                self.before = set()
                for data in self.trained.values():
                    data.former = set()

    def _of(self, weight: Any) -> Data:
        """What a layer of this weight was trained on; a new weight may have the id of one that is gone."""
        known = self.trained.get(id(weight))
        if known is None or known.weight is None or known.weight() is not weight:
            known = self.trained[id(weight)] = Data(weight=weakref.ref(weight))
            self.judged = {key: data for key, data in self.judged.items() if key[0] != id(weight)}
        return known

    def _evaluated(self, op: Op, value: Value, weight: int, array: Any) -> None:
        outer = op.call.outermost if op.call is not None else None
        place = outer.where if outer is not None else op.where
        key = (place, id(self.loader()) if self.loader is not None else value.shape[0])
        if key not in self.claims:
            self.claims[key] = claim()
        if self.claims[key] is None:
            return
        data = self.judged.setdefault((weight, key), Data())
        if len(data.rows) < MOST:
            rows = rows_of(array)
            data.rows |= rows
            if rows:
                data.pairs += len(array) * (len(array) - 1) / 2
                data.alike += len(array) - len(rows)
        self._from(data, value)

    def turned(self, turn: Turn) -> None:
        self._compare()

    def rests(self) -> None:
        self._compare()

    def ended(self) -> None:
        self._compare()

    def _from(self, data: Data, value: Value) -> None:
        """Where the tensor of a batch comes from."""
        if data.tensor is not None:
            return
        data.loader = self.loader
        loader = self.loader() if self.loader is not None else None
        if loader is not None and (built := self.coach.built_at(loader)) is not None:
            dataset = dataset_of(loader)
            data.built = built.where
            data.dataset = weakref.ref(dataset) if hasattr(dataset, "__weakref__") else None
        root = value.back(MOVING - {"slice", "select", "index", "index_select", "cat", "stack"})
        root = whole_of(self.coach, self.loader, root)
        tensor = root.tensor
        data.tensor = weakref.ref(tensor) if tensor is not None else None
        maker = root.maker
        data.where = maker.where if maker is not None else root.where
        data.maker = maker.name if maker is not None else ""

    # -- what it says ------------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        for (weight, key), data in list(self.judged.items()):
            trained, words = self.trained.get(weight), self.claims.get(key)
            if trained is None or words is None:
                continue
            kinds = data.pairs / data.alike if data.alike else math.inf  # by how often two are the same
            for rows, earlier in ((trained.rows, False), (trained.former, True)):
                if self.said or not data.rows or not rows:
                    continue
                common = len(data.rows & rows)
                share = max(common / len(data.rows), common / len(rows))
                chance = len(data.rows) * -math.expm1(-len(rows) / kinds)
                if common >= FEW and share >= SHARE and common > LUCK * chance:
                    self._speak(trained, data, words, common, share, earlier)

    def _speak(self, trained: Data, data: Data, words: Claim, common: int, share: float, earlier: bool) -> None:
        self.said = True
        part = "All of" if share > 0.99 else f"{share:.0%} of"
        where, fixes = carried(trained) if earlier else blame(self.coach, trained, data, words)
        what = "was in the training: it tells nothing of new samples"
        if earlier:
            what = "was learnt in an earlier round: begin each with a new model"
        seen = len(trained.former if earlier else trained.rows)
        self.find(
            f"{part} what {words.word!r} speaks of {what}.", where,
            {"samples compared": f"{len(data.rows)} with {seen} that were seen in training",
             "the same, number by number": common, "called so in": f"line {words.at.line}"},
            fixes,
        )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def rows_of(array: Any) -> set[int]:
    """The samples of a batch, each as a number; of rows that may be the same by chance none."""
    array = numbers_of(array)
    flat = np.ascontiguousarray(array.reshape(len(array), -1)[:MOST])
    if flat.shape[1] < 2 or not len(flat) or flat.dtype.kind not in "fiu" or alike_by_chance(flat):
        return set()
    words: Any = flat.view(np.uint32 if flat.dtype.itemsize % 4 == 0 else np.uint8)
    found = set(
        (words * factors(words.shape[1])).sum(axis=1).tolist()
    )  # modulo 2 ** 64: the same for the same numbers only
    return found if len(found) > OWN_ROWS * len(flat) else set()  # what repeats itself does so by chance


@functools.lru_cache(maxsize=8)
def factors(count: int) -> Any:
    """Random factors, the same ones each time."""
    return np.random.default_rng(0).integers(1, 2**63, count, dtype=np.uint64)


def mark_of(weight: Any) -> bytes:
    """Some numbers of a layer, as they are now."""
    return bytes(np.ascontiguousarray(sample(weight._array, MARK)))


def goes_on(data: Data) -> bool:
    """Whether a layer is still as it was when it was evaluated last: it was not made anew, or set back, since."""
    tensor = data.weight() if data.weight is not None else None
    return tensor is not None and data.mark == mark_of(tensor)


def alike_by_chance(flat: Any) -> bool:
    """Whether rows have so few different numbers that another sample may well have the same."""
    some = sample(flat, NUMBERS)
    kinds = len(np.unique(some))
    if flat.dtype.kind == "f" and kinds > OWN * some.size:
        return False
    return bool(
        flat.shape[1] * math.log2(max(kinds, 2)) < BITS or (flat.dtype.kind != "f" and flat.shape[1] < DISTINCT)
    )


def chosen_rows(op: Op) -> bool:
    """Whether a training's loss takes some rows of what the model gave: those of the nodes of a graph with a label."""
    scores = op.operand(0)
    maker = scores.back(ROWS - SLICES).maker if scores is not None and op.recorded and op.output.requires_grad else None
    if maker is None or maker.name not in SLICES | {"masked_select"} or not maker.inputs:
        return False
    return maker.call is None and maker.inputs[0].requires_grad and maker.output.shape[:1] != maker.inputs[0].shape[:1]


RULES = (LeakSuspected,)
