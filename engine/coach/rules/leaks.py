"""Results that are too good: samples of the training in the validation."""

from __future__ import annotations

import ast
import functools
import math
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.claims import Claim, claim
from gradbook.coach.code import Place
from gradbook.coach.finding import Fix
from gradbook.coach.loading import dataset_of, whole_of
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.rules.inputs import learned
from gradbook.coach.rules.wiring import CONVOLUTIONS, is_learned
from gradbook.coach.samples import sample
from gradbook.coach.targets import LOSSES
from gradbook.observe.failure.text import Edit, Source, called_name
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


class LeakSuspected(Rule):
    """Samples that the model was trained on are in what the program calls its validation or its test."""

    id = "leak-suspected"
    idea = "a test tells something only of samples that the training has not seen: keep the two sets apart"
    threshold = (
        f"{SHARE:.0%} of the samples ({FEW} at least), number by number, of rows that are not the same by chance; and "
        "the program's own words call it validation or test: evaluating on the training data is no fault"
    )
    ops = FIRST | LOSSES

    def begins(self) -> None:
        self.trained: dict[int, Data] = {}  # by the id of the layer's weight
        self.judged: dict[tuple[int, Any], Data] = {}  # by the weight and the place of the evaluation
        self.claims: dict[Any, Claim | None] = {}
        self.loader: weakref.ref[Any] | None = None
        self.said = False

    def inherit(self, before: LeakSuspected) -> None:
        self.trained = {key: data for key, data in before.trained.items() if data.weight and data.weight() is not None}

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loader = weakref.ref(loader) if phase == "next" else None

    def constructed(self, built: Any, owner: Any) -> None:
        if hasattr(owner, "param_groups") and self.coach.total:  # another fold, another training
            self.trained.clear()
            self.judged.clear()

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        if op.name in LOSSES:
            self.said = self.said or chosen_rows(op)
            return
        outer = op.call.outermost if op.call is not None else None
        if op.name == "embedding":  # its rows are named by numbers, which are no operand
            value, weight = (outer.inputs[0] if outer is not None and outer.inputs else None), op.operand(0)
            array = np.asarray(op.params["index"]).reshape(op.output.shape[:-1])
        else:
            value, weight = op.operand(0), op.operand(1)
            array = np.asarray(getattr(operands[0], "_array", 0.0))
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
        elif not op.recorded and self._of(source.tensor).rows:
            self._evaluated(op, value, id(source.tensor), array)

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
            if trained is None or words is None or self.said or not data.rows or not trained.rows:
                continue
            common = len(data.rows & trained.rows)
            share = max(common / len(data.rows), common / len(trained.rows))
            kinds = data.pairs / data.alike if data.alike else math.inf  # that there are, by how often two are the same
            chance = len(data.rows) * -math.expm1(-len(trained.rows) / kinds)
            if common >= FEW and share >= SHARE and common > LUCK * chance:
                self._speak(trained, data, words, common, share)

    def _speak(self, trained: Data, data: Data, words: Claim, common: int, share: float) -> None:
        self.said = True
        where, fixes = blame(self.coach, trained, data, words)
        part = "All of" if share > 0.99 else f"{share:.0%} of"
        self.find(
            f"{part} what {words.word!r} speaks of was in the training: it tells nothing of new samples.", where,
            {"samples compared": f"{len(data.rows)} with {len(trained.rows)} that were seen in training",
             "the same, number by number": common, "called so in": f"line {words.at.line}"},
            fixes,
        )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def rows_of(array: Any) -> set[int]:
    """The samples of a batch, each as a number; of rows that may be the same by chance none."""
    array = np.asarray(array)
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


# -- lines and fixes ---------------------------------------------------------------------------------------------------


def blame(coach: Any, trained: Data, data: Data, words: Claim) -> tuple[Any, list[Fix]]:
    """The line that takes the samples, and a line that takes others."""
    loader = data.loader() if data.loader is not None else None
    other = trained.loader() if trained.loader is not None else None
    split = Fix(
        "train_set, val_set = torch.utils.data.random_split(dataset, [n_train, n_val])", (), "no sample in both"
    )
    if (half := other_half(trained, data)) is not None:
        return half
    if loader is not None:
        built = coach.built_at(loader)
        at = code.place(built.where) if built is not None else words.at
        mine = other is not None and dataset_of(loader) is dataset_of(other)
        if at is not None and (fixed := loaded(at, mine)) is not None:
            return fixed[0], [*fixed[1], split]
        return (at.at if at is not None else words.at.at), [split]
    if data.where is not None and data.maker != "index" and not same_tensor(trained, data):
        at = code.place(data.where)
        return data.where, [*sliced(at, trained), split]
    return renamed_or_here(words, data), [split]


def other_half(trained: Data, data: Data) -> tuple[Any, list[Fix]] | None:
    """The line of a training's loader that takes all of what was split, and that line with the half that is its own."""
    held, whole = (each.dataset() if each.dataset is not None else None for each in (data, trained))
    part: Any = held
    while part is not whole and hasattr(part, "indices") and hasattr(part, "dataset"):
        part = part.dataset
    mine, theirs = loader_call(data.built), loader_call(trained.built)
    if whole is None or part is not whole or held is whole or mine is None or theirs is None:
        return None
    (at, given), validation = theirs, ast.unparse(mine[1])
    halves = [target for source in code.sources(at) for target in parts_of(source, ast.unparse(given))]
    if validation not in {ast.unparse(target) for _, target in halves}:
        return None
    free = [(source, node) for source, node in halves if ast.unparse(node) != validation]
    if not free:
        return None
    source, node = next((pair for pair in free if "train" in ast.unparse(pair[1])), free[0])
    name, edits = ast.unparse(node), tuple[Edit, ...]()
    if name.strip("_") == "":  # `_, val_set = random_split(...)`
        name = training_of(validation)
        edits = (source.replace(node, name),)
    fix = code.replacement(at, given, name, "the samples that the validation does not have")
    fix.edits = (*fix.edits, *edits)
    return at.at, [fix]


def loader_call(built: Where | None) -> tuple[Place, ast.expr] | None:
    """Where a loader was constructed, and the data set that it is given there."""
    at = code.place(built)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return None
    named = [keyword.value for keyword in call.keywords if keyword.arg == "dataset"]
    return next(((at, node) for node in (*call.args[:1], *named)), None)


def parts_of(source: Source, whole: str) -> Iterator[tuple[Source, ast.expr]]:
    """What is given the parts of a data set of this name: by random_split(), as a Subset()."""
    for node in source.nodes():
        call = node.value if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(call, ast.Call) or not call.args:
            continue
        if called_name(call) in ("random_split", "Subset") and ast.unparse(call.args[0]) == whole:
            target = node.targets[0]
            yield from ((source, each) for each in (target.elts if isinstance(target, ast.Tuple) else [target]))


def same_tensor(trained: Data, data: Data) -> bool:
    """Whether training and validation take their samples from one tensor."""
    one = trained.tensor() if trained.tensor is not None else None
    return one is not None and data.tensor is not None and data.tensor() is one


def loaded(at: Place, same: bool) -> tuple[Any, list[Fix]] | None:
    """The loader's line, or that of the data set which it is given by name."""
    statement = at.statement
    calls = (
        [n for n in ast.walk(statement) if isinstance(n, ast.Call) and "oader" in called_name(n)] if statement else []
    )
    call = at.expression if isinstance(at.expression, ast.Call) else calls[0] if calls else None
    if call is None or not call.args:
        return None
    given = call.args[0]
    if isinstance(given, ast.Call) and called_name(given) == "Subset" and len(given.args) > 1:
        return chosen(at, given.args[1])
    if not isinstance(given, ast.Name | ast.Attribute):
        return at.at, []
    if same or isinstance(given, ast.Attribute):
        name = at.source.segment(given)
        return at.at, [code.replacement(at, given, validation_of(name), "samples that are not trained on")]
    made = code.assignment(at, given.id)
    return (made.at if made is not None else at.at), []


def chosen(at: Place, rows: ast.expr) -> tuple[Any, list[Fix]]:
    """The line that chooses the rows of a Subset; `torch.randperm(n)[400:]` is of an order that no other has."""
    names = [node.id for node in ast.walk(rows) if isinstance(node, ast.Name)]
    made = code.assignment(at, names[0]) if len(names) == 1 else None
    if made is None:
        return at.at, []
    node = made.expression
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Call):
        return made.at, []
    drawn = made.source.segment(node.value)
    return made.at, [code.replacement(made, node.value, "order", f"and order = {drawn} before it, once for both parts")]


def validation_of(name: str) -> str:
    """`val_set` for `train_set`."""
    return name.replace("training", "validation").replace("train", "val") if "train" in name else f"val_{name}"


def training_of(name: str) -> str:
    """`train_set` for `val_set`."""
    for word in ("validation", "valid", "val", "test", "dev", "holdout"):
        if word in name:
            return name.replace(word, "train")
    return f"train_{name}"


def sliced(at: Place | None, trained: Data) -> list[Fix]:
    """`X[800:]` where the training took `X[:800]`."""
    there = code.place(trained.where)
    node, other = part_of(at), part_of(there)
    if at is None or there is None or node is None or other is None or not isinstance(other.slice, ast.Slice):
        return []
    base, upper = at.source.segment(node.value), other.slice.upper
    if there.source.segment(other.value) != base or upper is None:
        return []
    new = f"{base}[{there.source.segment(upper)}:]"
    return [code.replacement(at, node, new, "what comes after that of the training")]


def part_of(at: Place | None) -> ast.Subscript | None:
    """`X[:800]`, also in `torch.from_numpy(X[:800])`."""
    node = at.expression if at is not None else None
    node = node.args[0] if isinstance(node, ast.Call) and node.args else node
    return node if isinstance(node, ast.Subscript) else None


def renamed_or_here(words: Claim, data: Data) -> Any:
    """The line that gave the data its name, such as `x_test = x_train`; else the one that calls it so."""
    statement = words.at.statement
    head = statement.iter if isinstance(statement, ast.For) else statement
    for node in ast.walk(head) if head is not None else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id == words.word:
            made = code.assignment(words.at, node.id)
            if made is not None:
                return made.at
    return words.at.at if data.where is None or statement is not None else data.where


RULES = (LeakSuspected,)
