"""One recorded step: what is kept of its values and gradients while it happens, and how it is looked at afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradbook.observe.batch import Batch
from gradbook.observe.details import SHOWN, Detail, Excerpt, describe, detail_of, excerpt_of, merged
from gradbook.observe.nodes import NodeStats

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["Copies", "Kept", "Moment", "Part"]

EXACT = 64 << 10  # bytes of an array that is kept whole: copying it costs about as much as its statistics
PIXELS, SAMPLE = SHOWN // 2, 4096  # elements of the others
STEPS = 64  # that the window should hold at least
NO_BATCH = Batch()
ARRAY_BYTES, REFERENCE_BYTES = 112, 8  # what Python itself takes


class Part(NamedTuple):
    """What is kept of a large array: an excerpt to be drawn and an even sample of its elements, float32."""

    shape: tuple[int, ...]
    dtype: str
    excerpt: Excerpt
    sample: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of both."""
        return self.excerpt.values.nbytes + self.sample.nbytes + ARRAY_BYTES


Kept = np.ndarray | Part


class Copies:
    """Copies of the values and gradients of one step while it happens, by node; all of them within a budget."""

    def __init__(self, window: int, nodes: int) -> None:
        self.values: dict[Any, Kept] = {}
        self.grads: dict[Any, Kept] = {}
        self.nbytes = 0
        self._budget = window // 8
        self._each = min(EXACT, window // STEPS // (2 * max(nodes, 8)))

    def value(self, key: Any, array: Any, sample: np.ndarray) -> None:
        """Keep a node's value, of which `sample` is an even sample."""
        kept = self._keep(array, sample)
        if kept is not None:
            self.values[key] = kept

    def grad(self, key: Any, array: Any, sample: np.ndarray) -> None:
        """Keep the gradient that reached a node; of several the last."""
        kept = self._keep(array, sample)
        if kept is not None:
            self.grads[key] = kept

    def clear(self) -> None:
        """Forget all."""
        self.values, self.grads, self.nbytes = {}, {}, 0

    def _keep(self, array: Any, sample: np.ndarray) -> Kept | None:
        if self.nbytes >= self._budget:
            return None
        kept: Kept
        if array.nbytes <= self._each:
            kept = array.get() if hasattr(array, "get") else array.copy()
        else:
            kept = self._part(array, sample)
        self.nbytes += kept.nbytes + ARRAY_BYTES
        return kept

    def _part(self, array: Any, sample: np.ndarray) -> Part:
        """A picture and a sample, smaller where many nodes share the window."""
        share = min(1.0, self._each / (4 * (PIXELS + SAMPLE)))
        some = sample[:: max(1, -(-sample.size // max(64, int(SAMPLE * share))))]
        picture = excerpt_of(array, max(32, int(PIXELS * share)))
        return Part(tuple(array.shape), str(array.dtype), picture, np.array(some))  # a view would keep the whole alive


class Moment:
    """One recorded step: `step`, `graph`, the `batch` it was given, and by node id or name its values and gradients.

    A name is that of a variable or parameter, of several the last, or a module's path, which means its output.
    """

    __slots__ = ("_grads", "_index", "_values", "batch", "graph", "nbytes", "stats", "step", "version")

    def __init__(self, step: int, graph: Graph, version: int, stats: np.ndarray, values: Sequence[Kept | None] = (),
                 grads: Sequence[Kept | None] = (), batch: Batch = NO_BATCH) -> None:  # fmt: skip
        self.batch = batch
        self.step, self.graph, self.version, self.stats = step, graph, version, stats
        self._values, self._grads = tuple(values), tuple(grads)
        self._index: dict[str, int] | None = None
        kept = [*self._values, *self._grads]
        arrays = sum(array.nbytes + ARRAY_BYTES for array in kept if array is not None)
        arrays += sum(given.labels.nbytes + ARRAY_BYTES for given in batch.inputs if given.labels is not None)
        self.nbytes = arrays + REFERENCE_BYTES * len(kept) + stats.nbytes + 4 * ARRAY_BYTES

    def node(self, what: int | str) -> int:
        """The id of a node, given as its id or name. Raises KeyError that names similar ones."""
        if isinstance(what, int | np.integer):
            if 0 <= what < len(self.graph.nodes):
                return int(what)
            raise KeyError(f"step {self.step} has nodes 0 to {len(self.graph.nodes) - 1}, not {what}")
        names = self._names()
        if what not in names:
            near = get_close_matches(str(what), names, 3) or list(names)[:3]
            raise KeyError(f"step {self.step} has no node named {what!r}; it has {', '.join(map(repr, near))}")
        return names[what]

    def value(self, node: int | str) -> np.ndarray | None:
        """The value a node had; None where it was too large to be kept whole (see `detail`) or is not known."""
        return _whole(self._values, self.node(node))

    def grad(self, node: int | str) -> np.ndarray | None:
        """The gradient of the loss with respect to a node; None as for `value`."""
        return _whole(self._grads, self.node(node))

    def stats_of(self, node: int | str) -> NodeStats:
        """Statistics of a node, as in observe.STATS."""
        return NodeStats(*map(float, self.stats[self.node(node)]))

    def detail(self, node: int | str) -> Detail | None:
        """Picture and histograms of a node's value and gradient; None if nothing of it was kept."""
        at = self.node(node)
        value = self._values[at] if at < len(self._values) else None
        grad = self._grads[at] if at < len(self._grads) else None
        return _detail(self.step, value, grad)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `value`, `grad` and `detail` know."""
        return tuple(self._names())

    def node_names(self) -> dict[int, str]:
        """The name of each node that has one of its own."""
        return {node: name for name, node in self._names().items()}

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Values by name, those that were kept whole."""
        return self._whole_by_name(self._values)

    @property
    def grads(self) -> dict[str, np.ndarray]:
        """Gradients by name, those that were kept whole."""
        return self._whole_by_name(self._grads)

    @property
    def has_values(self) -> bool:
        """Whether more than statistics was kept."""
        return any(kept is not None for kept in (*self._values, *self._grads))

    def without_values(self) -> Moment:
        """The same step with its statistics only."""
        return Moment(self.step, self.graph, self.version, self.stats, batch=self.batch)

    def _whole_by_name(self, kept: tuple[Kept | None, ...]) -> dict[str, np.ndarray]:
        found = {name: _whole(kept, at) for name, at in self._names().items()}
        return {name: array for name, array in found.items() if array is not None}

    def _names(self) -> dict[str, int]:
        if self._index is None:
            nodes = self.graph.nodes
            index = {node.module_path: node.id for node in nodes if node.module_path and node.kind == "op"}
            index |= {node.name: node.id for node in nodes if node.name}
            self._index = index
        return self._index

    def __repr__(self) -> str:
        kept = sum(value is not None for value in self._values)
        words = f"{kept} values" if kept else "statistics only"
        return f"<Moment step {self.step}: {len(self.graph.nodes)} nodes, {words}, {self.nbytes / 1024:,.0f} KB>"


def _whole(kept: tuple[Kept | None, ...], at: int) -> np.ndarray | None:
    found = kept[at] if at < len(kept) else None
    if not isinstance(found, np.ndarray):
        return None
    copy: np.ndarray = found.view()
    copy.flags.writeable = False
    return copy


def _detail(step: int, value: Kept | None, grad: Kept | None) -> Detail | None:
    """The pictures of what was kept of a node's value and gradient."""
    if value is None and grad is None:
        return None
    own = _describe(value, step) if value is not None else _nothing(step)
    return own if grad is None else merged(own, _describe(grad, step))


def _describe(kept: Kept, step: int) -> Detail:
    if isinstance(kept, np.ndarray):
        return describe(kept, step)
    return detail_of(kept.excerpt, kept.sample, kept.shape, step)


def _nothing(step: int) -> Detail:
    return describe(np.empty((0, 0), np.float32), step)
