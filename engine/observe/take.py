"""One step recorded in detail: its operations, their values in numbers, their gradients, the parameters' change."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from gradbook import backends, events
from gradbook.observe.batch import Batch, BatchInput, count_labels
from gradbook.observe.details import Detail, describe, merged, sample, statistics
from gradbook.observe.moment import Copies
from gradbook.observe.raw import Key, RawNode, Tape, from_nodes, key_of, structure
from gradbook.observe.source import Where

__all__ = ["Take"]

TAPE_LIMIT = 20_000  # operations; a step with more is drawn from its nodes alone
UNKNOWN = np.full(8, np.nan, np.float32)
clock = time.perf_counter


class Take:
    """Listens to every operation of one step. Costs tens of microseconds an operation, so most steps have none.

    `wanted` maps (operation's number, operand slot or -1 for its output) to the node id whose Detail is asked for.
    Until a backward pass comes, it gets tired when it has cost more than `patience` seconds and 3 % of the time: then
    it forgets and stops. Values are turned into numbers only as long as it has cost less than `numbers` seconds.
    `copies` keeps the values and gradients themselves; None keeps their statistics alone.
    """

    late = False  # it saw the step from its beginning

    def __init__(self, wanted: dict[tuple[int, int], int] | None = None, patience: float = 0.2,
                 numbers: float = float("inf"), copies: Copies | None = None) -> None:  # fmt: skip
        self.tape = Tape()
        self.cost = 0.0
        self.tired = False
        self.copies = copies
        self._patience, self._numbers, self._begun = patience, numbers, clock()
        self.stats: dict[Key, np.ndarray] = {}
        self.labels: dict[Key, tuple[int, np.ndarray]] = {}
        self.wanted = wanted or {}
        self.captured: dict[int, tuple[tuple[int, int], Key, Detail]] = {}
        self.ordinals: dict[Key, int] = {}
        self.roots: list[RawNode] = []
        self.signature: Any = None
        self.measurement: Any = None
        self.expected: frozenset[int] = frozenset()
        self.stepped: set[int] = set()
        self._keys: dict[Key, int] = {}
        self._thread = threading.get_ident()
        self._last: tuple[Key, float] | None = None

    # -- events ------------------------------------------------------------------------------------------------------

    def on_op(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
              where: Where | None) -> None:  # fmt: skip
        """Write an operation down, and its output in numbers."""
        if threading.get_ident() != self._thread:
            return
        started = clock()
        seconds = events.seconds
        if len(self.ordinals) >= TAPE_LIMIT:
            self.restart()
        raw = self.tape.record(op, operands, params, output, node, where)
        ordinal = self.ordinals[raw.key] = len(self.ordinals)
        first = output[0] if isinstance(output, tuple) else output
        if self.cost < self._numbers:
            self._row(raw.key, first._array)[6] = seconds * 1e6
            for key, tensor in self.tape.fresh:
                self._row(key, tensor._array)
                found = count_labels(tensor._array)
                if found is not None:
                    self.labels[key] = found
        self.tape.fresh.clear()
        if self.wanted:
            self._capture(ordinal, raw, operands, first)
        ended = clock()
        self.cost += ended - started
        if self.cost > self._patience + 0.03 * (ended - self._begun):
            self.tired = True
            self.restart()
            events.detach(self)

    def on_grad(self, node: Any, grad: Any) -> None:
        """Note the size of a node's gradient, and how long the rule before it took."""
        if threading.get_ident() != self._thread:
            return
        started = clock()
        self.close_backward(started)
        key = key_of(node)
        array = backends.all_samples(getattr(grad, "_array", grad))
        values = sample(array)
        row = self.stats.get(key)
        if row is None:
            row = self.stats[key] = UNKNOWN.copy()
        with np.errstate(all="ignore"):
            row[5] = (float(np.dot(values, values)) * array.size / max(values.size, 1)) ** 0.5
        if self.copies is not None:
            self.copies.grad(key, array, values)
        if key in self._keys:
            place, _, detail = self.captured[self._keys[key]]
            self.captured[self._keys[key]] = (place, key, merged(detail, describe(array, 0)))
        ended = clock()
        self._last = (key, ended)
        self.cost += ended - started

    # -- for the recorder --------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Forget what was recorded; the step seems to begin only now."""
        self.tape, self.stats, self.ordinals, self.labels = Tape(), {}, {}, {}
        self.captured, self._keys = {}, {}
        if self.copies is not None:
            self.copies.clear()

    def refresh(self) -> None:
        """Forget, and be as patient as at first."""
        self.restart()
        self._begun, self.cost, self.tired = clock(), 0.0, False

    def close_backward(self, now: float) -> None:
        """The rule that ran since the last gradient event has ended at `now`."""
        if self._last is not None:
            key, since = self._last
            self.stats[key][7] = (now - since) * 1e6
            self._last = None

    def see_root(self, root: Any) -> None:
        """Draw what led to this root; the step's picture is its largest one."""
        self._patience = float("inf")  # it was worth it
        raw = from_nodes([root], self.tape)
        if len(raw) >= len(self.roots):
            self.roots, self.signature = raw, structure(raw)

    def table(self) -> np.ndarray:
        """Statistics of the picture's nodes -> float32[nodes, 8]."""
        rows = [self.stats.get(node.key, UNKNOWN) for node in self.roots]
        return np.stack(rows) if rows else np.empty((0, 8), np.float32)

    def batch(self, place: tuple[int, int | None] | None) -> Batch:
        """What the step was given; `place` is the batch's number in its loader's pass and their number."""
        inputs = [
            BatchInput(i, node.shape, *self.labels.get(node.key, ()))
            for i, node in enumerate(self.roots)
            if node.kind == "input" and not node.requires_grad
        ]
        return Batch(tuple(inputs), *(place or ()))

    def places(self) -> dict[int, tuple[int, int]]:
        """For each node of the picture, where its value passes by: (number of the operation, operand slot or -1)."""
        found: dict[int, tuple[int, int]] = {}
        index = {node.key: i for i, node in enumerate(self.roots)}
        for i, node in enumerate(self.roots):
            ordinal = self.ordinals.get(node.key)
            if ordinal is None:
                continue
            found[i] = (ordinal, -1)
            for slot, key in node.inputs:
                source = index.get(key)
                if source is not None and self.roots[source].kind != "op":
                    found.setdefault(source, (ordinal, slot))
        return found

    # -- inside ------------------------------------------------------------------------------------------------------

    def _row(self, key: Key, array: Any) -> np.ndarray:
        row = UNKNOWN.copy()
        array = backends.all_samples(array)
        if array.size:
            values = sample(array)
            with np.errstate(all="ignore"):
                row[:5] = statistics(values)
            if self.copies is not None:
                self.copies.value(key, array, values)
        self.stats[key] = row
        return row

    def _capture(self, ordinal: int, raw: RawNode, operands: tuple[Any, ...], output: Any) -> None:
        wanted = self.wanted.get((ordinal, -1))
        if wanted is not None:
            detail = describe(output._array, 0, tuple((name, nbytes) for name, nbytes, _ in raw.saved))
            self.captured[wanted] = ((ordinal, -1), raw.key, detail)
            self._keys[raw.key] = wanted
        for slot, key in raw.inputs:
            wanted = self.wanted.get((ordinal, slot))
            if wanted is not None:
                self.captured[wanted] = ((ordinal, slot), key, describe(operands[slot]._array, 0))
                self._keys[key] = wanted
