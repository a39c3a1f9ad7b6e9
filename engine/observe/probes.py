"""Per-parameter measurements at recorded steps: norms, update/weight ratio, dead fraction, gradient histogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradbook.observe.details import BINS, histogram, sample, statistics

__all__ = ["COLUMNS", "ParameterInfo", "ProbeRows", "Probes"]

COLUMNS = ("grad_norm", "weight_norm", "update_ratio", "zero_fraction", "grad_max_abs")
BUDGET = 16 << 20  # bytes of history
NAN = float("nan")


class ParameterInfo(NamedTuple):
    """One row of the probes: a parameter's path, shape, number of elements and the module that owns it."""

    name: str
    shape: tuple[int, ...]
    numel: int
    module_path: str


class ProbeRows(NamedTuple):
    """Measurements of k recorded steps; `total` is how many were ever measured.

    steps uint32[k], table float32[k, rows, 5], histogram float32[k, rows, 32] of gradients from -hist_range to
    hist_range float32[k, rows].
    """

    total: int
    steps: np.ndarray
    table: np.ndarray
    histogram: np.ndarray
    hist_range: np.ndarray


_Entry = tuple[int, int, np.ndarray, np.ndarray, np.ndarray]  # serial, step, table, histogram, range


class Probes:
    """History of per-parameter measurements, bounded: when it is full, every second of the older half goes.

    One thread adds, any thread reads.
    """

    def __init__(self, rows: int = 0) -> None:
        self.rows = rows
        self._entries: tuple[_Entry, ...] = ()
        self._serial = 0

    @property
    def total(self) -> int:
        """Steps measured ever."""
        return self._serial

    @property
    def capacity(self) -> int:
        """Steps kept at most."""
        return int(np.clip(BUDGET // (4 * (len(COLUMNS) + BINS + 1) * max(self.rows, 1)), 32, 2048))

    def add(self, step: int, table: np.ndarray, counts: np.ndarray, hist_range: np.ndarray) -> None:
        """Keep one step's measurements: table[rows, 5], counts[rows, 32], hist_range[rows]."""
        entries = self._entries
        if len(entries) >= self.capacity:
            half = len(entries) // 2
            entries = entries[:half:2] + entries[half:]
        self._entries = (*entries, (self._serial, step, table, counts, hist_range))
        self._serial += 1

    def since(self, seen: int) -> ProbeRows:
        """What was measured after the first `seen` steps and is still kept."""
        entries = self._entries
        total = entries[-1][0] + 1 if entries else 0
        new = [entry for entry in entries if entry[0] >= seen]
        return ProbeRows(
            total,
            np.array([entry[1] for entry in new], np.uint32),
            _stack([entry[2] for entry in new], self.rows, len(COLUMNS)),
            _stack([entry[3] for entry in new], self.rows, BINS),
            _stack([entry[4] for entry in new], self.rows),
        )

    @property
    def steps(self) -> np.ndarray:
        """Steps measured and kept -> uint32[k]."""
        return self.since(0).steps

    @property
    def table(self) -> np.ndarray:
        """-> float32[k, rows, 5], columns as in COLUMNS; NaN where unknown."""
        return self.since(0).table

    @property
    def histogram(self) -> np.ndarray:
        """Counts of gradient values -> float32[k, rows, 32]."""
        return self.since(0).histogram

    @property
    def hist_range(self) -> np.ndarray:
        """Half width of each histogram, symmetric about 0 -> float32[k, rows]."""
        return self.since(0).hist_range


def _stack(arrays: list[np.ndarray], *shape: int) -> np.ndarray:
    return np.stack(arrays) if arrays else np.empty((0, *shape), np.float32)


class Measurement:
    """One recorded step in the making: gradients after backward, weights before and after the optimizer's step."""

    def __init__(self, tensors: Sequence[Any]) -> None:
        self.tensors = tensors
        rows = len(tensors)
        self.table = np.full((rows, len(COLUMNS)), NAN, np.float32)
        self.counts = np.zeros((rows, BINS), np.float32)
        self.hist_range = np.full(rows, NAN, np.float32)
        self._before: list[np.ndarray | None] = [None] * rows

    @np.errstate(all="ignore")
    def gradients(self) -> None:
        """Measure what backward left in `.grad`; a parameter without one keeps its NaN."""
        for row, tensor in enumerate(self.tensors):
            grad = tensor._grad
            if grad is None:
                continue
            array = grad._array
            values = sample(array)
            _, _, low, high, zeros = statistics(values)
            largest = max(abs(low), abs(high)) if low == low else NAN
            if values.size < array.size and low == low:
                largest = float(abs(array).max())
            self.table[row, 0] = _norm(array, values)
            self.table[row, 3:] = zeros, largest
            self.hist_range[row] = largest
            self.counts[row] = histogram(values, -largest, largest)

    @np.errstate(all="ignore")
    def before_update(self) -> None:
        """Measure the weights and keep a sample of them."""
        for row, tensor in enumerate(self.tensors):
            array = tensor._array
            values = sample(array)
            self._before[row] = values.copy() if values.base is not None or values is array else values
            self.table[row, 1] = _norm(array, values)

    @np.errstate(all="ignore")
    def after_update(self) -> None:
        """Update/weight ratio from the samples; no ratio for weights that are all zero."""
        for row, (tensor, before) in enumerate(zip(self.tensors, self._before, strict=True)):
            if before is None:
                continue
            change = sample(tensor._array) - before
            norm = float(np.dot(before, before)) ** 0.5
            if norm > 0:
                self.table[row, 2] = float(np.dot(change, change)) ** 0.5 / norm


def _norm(array: Any, values: np.ndarray) -> float:
    """Euclidean norm of an array of which `values` is the even sample (everything, where it was small)."""
    flat = array.reshape(-1)
    if values.size == array.size:
        squares = float(np.dot(values, values))
    elif flat.dtype.kind in "fc" and not hasattr(array, "get"):
        squares = float(abs(np.vdot(flat, flat)))
    else:
        squares = float((abs(flat.astype(np.float32)) ** 2).sum())
    if squares == float("inf"):
        squares = float((np.abs(values.astype(np.float64)) ** 2).sum()) * (array.size / max(values.size, 1))
    return squares**0.5 if squares == squares else NAN
