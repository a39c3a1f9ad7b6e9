"""Results that are too good: samples of the training in the validation, or the target among the features."""

from __future__ import annotations

import ast
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.claims import Claim, claim
from gradbook.coach.code import Place
from gradbook.coach.finding import Fix
from gradbook.coach.loading import dataset_of, tensors_of
from gradbook.coach.purity import root_of
from gradbook.coach.record import Op, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.activations_before_losses import MOVING
from gradbook.coach.rules.inputs import learned
from gradbook.coach.rules.wiring import CONVOLUTIONS, is_learned
from gradbook.coach.targets import LOSSES, leaves
from gradbook.observe import naming
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where, user_frame

__all__ = ["RULES", "LeakSuspected", "TargetAmongFeatures"]

FIRST = CONVOLUTIONS | {"linear", "mm", "matmul", "embedding"}  # of which a network's first layer is one
SHARE = 0.05  # of the samples: pictures that a data set has twice are fewer
FEW = 5  # samples
TRIED = 8  # losses that are looked at for a column
LEAST, SOME, WIDE = 16, 256, 2048  # samples of a batch that are compared with its target, and columns
MOST = 20_000  # samples that are remembered
DISTINCT = 16  # different numbers in a row of whole numbers, so that it is not the same by chance
ROWS = MOVING - {"cat", "stack", "slice", "select"}
SLICES = frozenset(("slice", "index", "index_select", "narrow", "split"))


@dataclass(eq=False)
class Data:
    """What a first layer was given: the samples, and where the tensor comes from."""

    rows: set[int] = field(default_factory=set)
    tensor: weakref.ref[Any] | None = None  # the whole of which batches are taken
    where: Where | None = None  # where that was made, or taken from another
    maker: str = ""
    loader: weakref.ref[Any] | None = None
    weight: weakref.ref[Any] | None = None  # of the layer


class LeakSuspected(Rule):
    """Samples that the model was trained on are in what the program calls its validation or its test."""

    id = "leak-suspected"
    idea = "a test tells something only of samples that the training has not seen: keep the two sets apart"
    threshold = (
        f"{SHARE:.0%} of the samples ({FEW} at least), number by number, of rows that are not the same by chance; and "
        "the program's own words call it validation or test: evaluating on the training data is no fault"
    )
    ops = FIRST

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
            data.rows |= rows_of(array)
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
        root = value.back(MOVING - {"slice", "select", "index", "index_select", "cat", "stack"})
        root = held(self.coach, self.loader, root)
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
            if common >= FEW and share >= SHARE:
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


class TargetAmongFeatures(Rule):
    """A column of the inputs is the target."""

    id = "leak-suspected"
    idea = LeakSuspected.idea
    threshold = f"a column of 3 or more that is the target itself, for {LEAST} samples or more in each of two batches"
    ops = LOSSES | FIRST

    def begins(self) -> None:
        self.loader: weakref.ref[Any] | None = None
        self.inputs: dict[int, tuple[Value, Any]] = {}  # of this turn, with some of their numbers
        self.looks: list[tuple[frozenset[int], int]] = []
        self.losses = 0  # that were looked at
        self.table = False
        self.made: tuple[Value, Value, Op | None] | None = None  # the whole of the inputs, of the targets, their slice

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        self.loader = weakref.ref(loader) if phase == "next" else None

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        scores, wanted = op.operand(0), op.operand(1)
        if len(self.looks) >= 2 or self.losses > TRIED:
            return
        if scores is None or wanted is None or not op.output.requires_grad:
            return
        if op.name not in LOSSES:
            if not scores.requires_grad and len(scores.shape) > 1 and scores.dtype.kind == "f":
                self.inputs[id(scores)] = scores, np.array(operands[0]._array[:SOME])  # a batch may be gone by the loss
            return
        self.losses += 1
        target = np.asarray(operands[1]._array)
        target = target.reshape(len(target), -1)[:SOME] if target.ndim else target.reshape(1, -1)
        found = [each for each in leaves(scores) if each.shape[:1] == wanted.shape[:1] and id(each) in self.inputs]
        if len(found) != 1 or target.shape[1] != 1 or len(target) < LEAST or np.ptp(target) == 0:
            return
        features = self.inputs[id(found[0])][1].reshape(len(target), -1)
        if 3 <= features.shape[1] <= WIDE:
            same = np.flatnonzero((features == target.astype(features.dtype)).all(0))
            self.looks.append((frozenset(same.tolist()), features.shape[1]))
            self.table = len(found[0].shape) == 2  # of steps in time the last is often what is asked for
            self.made = self.made or self._origins(found[0], wanted)

    def _origins(self, given: Value, wanted: Value) -> tuple[Value, Value, Op | None]:
        """What batches were taken of: inputs, targets, and the operation that took the targets from a table."""
        given = held(self.coach, self.loader, given.back(ROWS | SLICES))
        wanted = held(self.coach, self.loader, wanted.back(ROWS))
        while wanted.maker is not None and wanted.maker.name in SLICES and over_rows(wanted.maker):
            wanted = wanted.maker.inputs[0].back(ROWS)
        return given.back(ROWS | SLICES), wanted.back(ROWS | SLICES), wanted.maker

    def turned(self, turn: Turn) -> None:
        self.inputs.clear()
        if len(self.looks) == 2:
            self._judge()

    def ended(self) -> None:
        if len(self.looks) == 1:
            self._judge()

    def _judge(self) -> None:
        columns = frozenset.intersection(*(columns for columns, _ in self.looks))
        made, width = self.made, self.looks[0][1]
        self.looks = [(frozenset(), 0)] * 3
        if not columns or made is None:
            return
        root, mine, part = made
        column = max(columns)
        joined = root.maker is not None and root.maker.name in ("cat", "stack")
        derived = part is not None and mine.tensor is root.tensor
        last = column == width - 1
        at = code.place(root.maker.where if joined and root.maker is not None else root.where)
        at = (alias(code.place(part.where), root.tensor) if derived and part is not None else None) or at
        self.find(
            f"Column {column} of the inputs is the target itself: the network only has to copy it.",
            at.at if at is not None else None,
            {"columns": width, "the same as the target": sorted(columns), "samples": "all that were looked at"},
            without_column(at, column, last, joined),
            severity="" if self.table and (joined or last or not derived) else "hint",
        )  # fmt: skip


# -- what is seen ------------------------------------------------------------------------------------------------------


def rows_of(array: Any) -> set[int]:
    """The samples of a batch, each as a number; of rows that may be the same by chance none."""
    array = np.asarray(array)
    flat = np.ascontiguousarray(array.reshape(len(array), -1)[:MOST])
    if flat.shape[1] < 2 or not len(flat) or flat.dtype.kind not in "fiu" or alike_by_chance(flat):
        return set()
    words: Any = flat.view(np.uint32 if flat.dtype.itemsize % 4 == 0 else np.uint8)
    factors = np.random.default_rng(0).integers(1, 2**63, words.shape[1], dtype=np.uint64)
    return set((words * factors).sum(axis=1).tolist())  # modulo 2 ** 64: the same for the same numbers only


def alike_by_chance(flat: Any) -> bool:
    """Whether rows have so few different numbers that another sample may well have the same."""
    some = flat[:8]
    if flat.dtype.kind == "f" and (some != np.round(some)).any():
        return False
    return bool(flat.shape[1] < DISTINCT or len(np.unique(some)) < DISTINCT // 2)


def over_rows(op: Op) -> bool:
    """Whether an operation takes rows, and all columns of them."""
    index = op.params.get("index")
    return bool(op.inputs) and not (isinstance(index, tuple) and len(index) > 1)


def held(coach: Any, loader: weakref.ref[Any] | None, value: Value) -> Value:
    """The tensor of the loader's data set that a batch without a history was taken from."""
    whole = loader() if loader is not None else None
    if whole is None or value.maker is not None or value.where is not None:
        return value
    for tensor in tensors_of(whole):
        if tensor._array.shape[1:] == value.shape[1:] and tensor._array.dtype == value.dtype:
            return coach.tape.value(tensor)  # type: ignore[no-any-return]
    return value


# -- lines and fixes ---------------------------------------------------------------------------------------------------


def blame(coach: Any, trained: Data, data: Data, words: Claim) -> tuple[Any, list[Fix]]:
    """The line that takes the samples, and a line that takes others."""
    loader = data.loader() if data.loader is not None else None
    other = trained.loader() if trained.loader is not None else None
    split = Fix(
        "train_set, val_set = torch.utils.data.random_split(dataset, [n_train, n_val])", (), "no sample in both"
    )
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
    if not isinstance(given, ast.Name | ast.Attribute):
        return at.at, []
    if same or isinstance(given, ast.Attribute):
        name = at.source.segment(given)
        return at.at, [code.replacement(at, given, validation_of(name), "samples that are not trained on")]
    made = code.assignment(at, given.id)
    return (made.at if made is not None else at.at), []


def validation_of(name: str) -> str:
    """`val_set` for `train_set`."""
    return name.replace("training", "validation").replace("train", "val") if "train" in name else f"val_{name}"


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


def without_column(at: Place | None, column: int, last: bool, joined: bool) -> list[Fix]:
    """The features without the target."""
    node = at.expression if at is not None else None
    if at is not None and joined and isinstance(node, ast.Call) and node.args:
        parts = node.args[0]
        if isinstance(parts, ast.List | ast.Tuple) and len(parts.elts) == 2:
            other = parts.elts[0 if last else 1]
            return [code.replacement(at, node, at.source.segment(other), "the features alone")]
    keep = "[:, :-1]" if last else f"[:, [i for i in range(x.shape[1]) if i != {column}]]"
    part = node.args[0] if isinstance(node, ast.Call) and node.args and not joined else node
    if at is not None and part is not None and not joined and last:
        return [code.appended(at, part, keep, "the features without the target")]
    return [Fix(f"x = x{keep}", (), "the features without the target")]


def alias(at: Place | None, tensor: Any) -> Place | None:
    """The line that gives the features a name of their own, `X = data`, where the target is a part of `data`."""
    frame = user_frame(1)
    base = root_of(at.expression) if at is not None and at.expression is not None else ""
    names = [name for name, value in naming.visible(frame).items() if value is tensor and name != base]
    found = [made for name in names if (made := code.assignment(at, name)) is not None]
    return found[0] if found else at


RULES = (LeakSuspected, TargetAmongFeatures)
