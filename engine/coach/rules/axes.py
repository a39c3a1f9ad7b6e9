"""Which axis of each value is which: every axis has a name that it keeps through the operations of a turn."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradbook.coach.loading import in_order, tensors_of
from gradbook.coach.record import Call, Op, Turn, Value
from gradbook.coach.rule import Shared
from gradbook.coach.rules.reshapes import Axis, Layout, Split, fresh, part, split

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["LOSSES", "SEQUENCES", "Axes", "Seen"]

TURNS = 3  # with a backward pass that are followed: a program does the same in each
LOSSES = frozenset((
    "cross_entropy", "nll_loss", "mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "smooth_l1_loss", "huber_loss", "kl_div",
))  # fmt: skip
SEQUENCES = frozenset(("RNN", "LSTM", "GRU", "MultiheadAttention"))
RECURRENT = SEQUENCES - {"MultiheadAttention"}
REDUCING = frozenset(
    ("sum", "mean", "amax", "amin", "logsumexp", "var", "std", "prod", "norm", "take_along", "any", "all")
)
MOVED = frozenset(("view", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "t", "to", "slice"))


class Seen:
    """An operation with the layouts of what it took and of what it gave; of a reshape also how the axes went over."""

    __slots__ = ("given", "made", "op", "splits")

    def __init__(self, op: Op, given: tuple[Layout, ...], made: Layout, splits: list[Split] | None = None) -> None:
        self.op, self.given, self.made, self.splits = op, given, made, splits


class Axes(Shared):
    """The layouts of a watch. `follow` goes through the operations of a turn; a turn is followed once."""

    id = "axes"
    hears = ("batch",)

    def __init__(self, coach: Coach) -> None:
        super().__init__(coach)
        self.layouts: dict[Value, Layout] = {}
        self.ordered = False  # the loader hands the samples out as they stand: they may be the steps of one sequence
        self._loader: weakref.ref[Any] | None = None
        self._size: int | None = None  # of its batches, if it stacks samples
        self._shapes: set[tuple[int, ...]] = set()  # of its samples
        self._followed: tuple[int, list[Seen]] = (0, [])
        self._turns = 0
        self._calls: dict[Value, Call] = {}

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """A loader hands out a batch."""
        if phase != "next" or (self._loader is not None and self._loader() is loader):
            return
        self._loader = weakref.ref(loader)
        collate = getattr(loader, "collate_fn", None)  # None: of a loader that is gone its sampler is known
        stacks = getattr(collate, "__name__", "default_collate") == "default_collate"
        self._size = getattr(loader, "batch_size", None) if stacks else None
        self._shapes = {x._array.shape[1:] for x in tensors_of(loader)}
        self.ordered = in_order(loader)

    def follow(self, turn: Turn) -> list[Seen]:
        """The operations of a turn with their axes; [] of one that is not looked at."""
        if self._followed[0] == turn.number:
            return self._followed[1]
        if self._turns >= TURNS:
            return []
        self._turns += bool(turn.passes)
        self.layouts = {value: layout for value, layout in self.layouts.items() if value.tensor is not None}
        self._calls = {
            value: call for call in turn.calls if type(call.module).__name__ in RECURRENT for value in call.outputs
        }
        self._pair(turn)
        seen = [each for op in turn.ops if not _inside(op) for each in self._see(op)]
        self._followed = turn.number, seen
        return seen

    def layout(self, value: Value) -> Layout:
        """The axes of a value: those that it has had, or new ones."""
        known = self.layouts.get(value)
        if known is None:
            call = self._calls.get(value)
            known = self.layouts[value] = self._recurrent(call, value) if call is not None else self._new(value)
        return known

    # -- where axes begin --------------------------------------------------------------------------------------------

    def _new(self, value: Value) -> Layout:
        layout = fresh(value.shape)
        if layout and layout[0] and value.kind == "input":
            layout[0][0].front = len(layout) > 1 and not value.requires_grad
            layout[0][0].rows = self._loaded(value)
        return layout

    def _loaded(self, value: Value) -> bool:
        """Whether a loader has stacked samples to this: nobody in the program has made it, and the sizes agree."""
        if value.maker is not None or value.where is not None or value.kind != "input":
            return False
        return value.shape[0] == self._size and (not self._shapes or value.shape[1:] in self._shapes)

    def _pair(self, turn: Turn) -> None:
        """The inputs of the model that are as many as the targets of the loss: their first axes are the samples."""
        targets = [op.inputs[1].back(MOVED) for op in turn.ops if op.name in LOSSES and len(op.inputs) > 1]
        rows = {t.shape[0]: t for t in targets if not t.requires_grad and t.shape and t.shape[0] > 1}
        given = [v.back(MOVED) for call in turn.calls if call.parent is None for v in call.inputs]
        for value in given:
            if value.maker is None and not value.requires_grad and value.shape and value.shape[0] in rows:
                for each in (value, rows[value.shape[0]]):
                    layout = self.layout(each)
                    if layout[0]:
                        layout[0][0].paired = True

    def _recurrent(self, call: Call, value: Value) -> Layout:
        """What a recurrent layer gives: (length, batch, features) or (layers, batch, features)."""
        module = call.module
        layout = fresh(value.shape)
        given = self.layout(call.inputs[0]) if call.inputs else ()
        if len(given) != 3 or len(layout) != 3 or module is None:
            return layout
        first = bool(getattr(module, "batch_first", False))
        length, lane = (given[1], given[0]) if first else (given[0], given[1])
        if len(lane) == 1:  # several ones are views, or pairs, beside each other
            lane[0].lane, lane[0].first = call, first
        if value is call.outputs[0]:
            return (lane, length, layout[2]) if first else (length, lane, layout[2])
        return (layout[0], lane, layout[2])

    # -- how they go on ----------------------------------------------------------------------------------------------

    def _see(self, op: Op) -> Iterator[Seen]:
        given = tuple(self.layout(value) for value in op.inputs)
        splits: list[Split] | None = None
        shape = op.output.shape
        if not given:
            made = fresh(shape)
        elif op.name == "embedding":
            made = self._looked_up(op)
        elif op.name in ("view", "reshape"):
            made, splits = split(given[0], shape)
        else:
            made = HOW[op.name](op, given) if op.name in HOW else same(given, shape)
        if len(made) != len(shape) or any(
            math.prod(a.size for a in axes) != n for axes, n in zip(made, shape, strict=True)
        ):
            made = same(given, shape)
        if op.name in ("index", "index_select") and op.call is None:
            self._drawn(op, made)
        for value in op.outputs:
            self.layouts[value] = made if value.shape == shape else fresh(value.shape)
        yield Seen(op, given, made, splits)

    def _looked_up(self, op: Op) -> Layout:
        """Of embedding: the axes of the indices, and one of features."""
        index = self.coach.tape.of(op.params.get("index"))
        shape = op.output.shape
        return (*self.layout(index), *fresh(shape[-1:])) if index is not None else fresh(shape)

    def _drawn(self, op: Op, made: Layout) -> None:
        """Data that is picked by a row of indices: the samples of a batch."""
        source = op.inputs[0]
        one = len(op.inputs) < 2 or len(op.inputs[1].shape) == 1
        if not source.requires_grad and one and made and len(made[0]) == 1 and op.params.get("dims", (0,)) == (0,):
            if op.params.get("dim", 0) == 0 and not any(axis.rows for axes in made[1:] for axis in axes):
                made[0][0].rows = True


def _inside(op: Op) -> bool:
    """Whether an operation is a recurrent layer's own."""
    return op.call is not None and type(op.call.module).__name__ in RECURRENT


# -- layouts of results ------------------------------------------------------------------------------------------------


def same(given: tuple[Layout, ...], shape: tuple[int, ...]) -> Layout:
    """Of an elementwise operation: an axis is the first operand's that is as long; of another one what fits."""
    made = list(fresh(shape))
    for layout in reversed([each for each in given if len(each) <= len(shape)]):
        offset = len(shape) - len(layout)
        for i, axes in enumerate(layout, offset):
            if axes and math.prod(axis.size for axis in axes) == shape[i]:
                made[i] = axes
    if given and len(given[0]) > len(shape) and shape and given[0][0] and _length(given[0][0]) == shape[0]:
        made[0] = given[0][0]
    return tuple(made)


def _length(axes: tuple[Axis, ...]) -> int:
    return math.prod(axis.size for axis in axes)


def _dims(op: Op, rank: int) -> tuple[int, ...]:
    dim = op.params.get("dim")
    return tuple(range(rank)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)


def _transposed(op: Op, given: tuple[Layout, ...]) -> Layout:
    layout = list(given[0])
    if op.name == "permute":
        return tuple(layout[i] for i in op.params["dims"])
    a, b = (0, 1) if op.name == "t" else (op.params["dim0"], op.params["dim1"])
    if len(layout) > 1:
        layout[a], layout[b] = layout[b], layout[a]
    return tuple(layout)


def _squeezed(op: Op, given: tuple[Layout, ...]) -> Layout:
    lengths = op.inputs[0].shape
    return tuple(axes for i, axes in enumerate(given[0]) if lengths[i] != 1 or i not in op.params["dim"])


def _unsqueezed(op: Op, given: tuple[Layout, ...]) -> Layout:
    layout = list(given[0])
    layout.insert(op.params["dim"] % (len(layout) + 1), ())
    return tuple(layout)


def _picked(op: Op, given: tuple[Layout, ...]) -> Layout:
    """Of select and slice: numbers take an axis away, None makes one."""
    made: list[tuple[Axis, ...]] = []
    axes, shape = iter(given[0]), op.output.shape
    index = op.params.get("index", ())
    for each in index if isinstance(index, tuple) else (index,):
        if each is None:
            made.append(())
        elif isinstance(each, slice):
            old = next(axes)
            made.append(part(old, shape[len(made)]))
        else:
            next(axes)
    return (*made, *axes)


def _indexed(op: Op, given: tuple[Layout, ...]) -> Layout:
    dims = op.params.get("dims", (op.params.get("dim", 0),))
    made, old = list(fresh(op.output.shape)), given[0]
    if len(made) == len(old) and len(dims) == 1:
        for i, axes in enumerate(old):
            if i not in dims:
                made[i] = axes
    elif dims == tuple(range(len(dims))) and len(made) == len(old) - len(dims) + 1:
        made = [given[1][0] if len(given) > 1 and given[1] else made[0], *old[len(dims) :]]
        made[0] = old[0] if old[0] and _length(old[0]) == op.output.shape[0] else made[0]
    return tuple(made)


def _reduced(op: Op, given: tuple[Layout, ...]) -> Layout:
    rank = len(given[0])
    dims = {dim % rank for dim in _dims(op, rank)} if rank else set()
    if op.params.get("keepdim") or (op.name == "take_along" and not op.params.get("dropped")):
        keeps = op.name != "take_along"
        return tuple(() if i in dims and keeps else axes for i, axes in enumerate(given[0]))
    return tuple(axes for i, axes in enumerate(given[0]) if i not in dims)


def _multiplied(op: Op, given: tuple[Layout, ...]) -> Layout:
    """Of matmul: axes in common once, the rows of one, the columns of the other."""
    shape = op.output.shape
    if op.name == "linear":
        return (*given[0][:-1], *fresh(shape[-1:]))
    a, b = given[0], given[1] if len(given) > 1 else ()
    made = list(fresh(shape))
    if len(a) < 2 or len(b) < 2 or len(shape) < 2:
        return (*a[: len(shape)],) if len(b) < 2 and len(a) == len(shape) + 1 else tuple(made)
    lead = same((a[:-2], b[:-2]), shape[:-2])
    rows, columns = a[-2], b[-1]
    held = {id(axis) for axes in (*lead, rows) for axis in axes}
    new = tuple(Axis(axis.size) if id(axis) in held else axis for axis in columns)
    return (*lead, rows, new)


def _einsum(op: Op, given: tuple[Layout, ...]) -> Layout:
    known: dict[Any, tuple[Axis, ...]] = {}
    for letters, layout in zip(op.params["inputs"], given, strict=False):
        taken = {id(axis) for axes in known.values() for axis in axes}
        for letter, axes in zip(letters, layout, strict=False):
            if letter not in known:
                known[letter] = tuple(Axis(axis.size) if id(axis) in taken else axis for axis in axes)
    return tuple(known.get(letter, ()) for letter in op.params["output"])


def _joined(op: Op, given: tuple[Layout, ...]) -> Layout:
    """Of stack and cat: a new axis, or one of several parts that are alike."""
    dim, shape = op.params.get("dim", 0), op.output.shape
    dim %= len(shape)
    if op.name == "stack":
        return (*given[0][:dim], fresh(shape[dim : dim + 1])[0], *given[0][dim:])
    made = list(given[0])
    alike = len(given) > 1 and all(each[dim : dim + 1] == given[0][dim : dim + 1] for each in given)
    made[dim] = (Axis(len(given)), *given[0][dim]) if alike and given[0][dim] else fresh(shape[dim : dim + 1])[0]
    return tuple(made)


def _leading(op: Op, given: tuple[Layout, ...]) -> Layout:
    """Of convolutions and pools: the first axis stays."""
    made = list(fresh(op.output.shape))
    if made and len(given[0]) == len(made):
        made[0] = given[0][0] if given[0][0] and _length(given[0][0]) == op.output.shape[0] else made[0]
    return tuple(made)


def _first(op: Op, given: tuple[Layout, ...]) -> Layout:
    return given[0] if op.output.shape == op.inputs[0].shape else (*given[0][:-1], *fresh(op.output.shape[-1:]))


HOW = {
    **dict.fromkeys(("transpose", "permute", "t"), _transposed),
    **dict.fromkeys(("select", "slice"), _picked),
    **dict.fromkeys(("index", "index_select"), _indexed),
    **dict.fromkeys(REDUCING, _reduced),
    **dict.fromkeys(("linear", "matmul", "mm", "bmm"), _multiplied),
    **dict.fromkeys(("stack", "cat"), _joined),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d"), _leading),
    "squeeze": _squeezed,
    "unsqueeze": _unsqueezed,
    "einsum": _einsum,
    "scaled_dot_product_attention": _first,
}
