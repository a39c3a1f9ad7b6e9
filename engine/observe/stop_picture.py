"""A stop in the live view: the computation so far with what is known of its values, in place of the last whole step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradbook.observe import finite
from gradbook.observe.details import describe, merged
from gradbook.observe.nodes import STATS
from gradbook.observe.raw import Key, key_of
from gradbook.observe.run import Picture, Run
from gradbook.observe.stop import Stop
from gradbook.observe.trail import read_values

__all__ = ["Scene", "look_at"]


class Scene:
    """Shows a stop in its run, and puts back what was there before."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._picture, self._details = run.picture, run.details

    def show(self, stop: Stop, stats: Mapping[Key, np.ndarray]) -> None:
        """The graph up to the stop; `stats` holds rows that a recorded step has measured."""
        run, graph = self.run, stop.graph
        table = np.full((len(graph.nodes), len(STATS)), np.nan, np.float32)
        for i, raw in enumerate(stop.raw):
            if raw.key in stats:
                table[i] = stats[raw.key]
        details = {}
        for i, array in _values(stop).items():
            details[i] = describe(array, run.step)
            table[i, :5] = details[i].statistics
        at = stop.index
        if stop.grad is not None and at >= 0:
            table[at, 5] = finite.norm(stop.grad._array)
            value = details.get(at) or describe(np.empty(0, np.float32), run.step)
            details[at] = merged(value, describe(stop.grad._array, run.step))
        run.picture = Picture(graph, -1 - stop.number, table, run.step)  # a version that no whole step has
        run.details = details
        run.stop = stop

    def leave(self) -> None:
        """The run goes on: the last whole step again, if there was one."""
        run = self.run
        run.stop = None
        if self._picture.graph is not None:
            run.picture = self._picture
            run.details = self._details


def look_at(run: Run, node: int) -> None:
    """Put one more node's value into the picture of a stop, if the graph still keeps it."""
    stop: Stop | None = run.stop
    if stop is None or node in run.details or not 0 <= node < len(stop.raw):
        return
    values: dict[Any, Any] = {}
    if stop.node is not None:
        read_values(stop.node, values)
    found = next((array for one, array in values.items() if key_of(one) == stop.raw[node].key), None)
    if found is not None:
        run.details = {**run.details, node: describe(found, run.step)}


def _values(stop: Stop) -> dict[int, Any]:
    """The arrays in hand by their place in the graph: the result, and the operands."""
    at = stop.index
    if at < 0:
        return {}
    place = {raw.key: i for i, raw in enumerate(stop.raw)}
    found = {}
    for slot, key in stop.raw[at].inputs:
        array = getattr(stop.inputs[slot] if slot < len(stop.inputs) else None, "_array", None)
        if array is not None and key in place:
            found[place[key]] = array
    output = stop.output[0] if isinstance(stop.output, tuple) else stop.output
    if stop.op == "leaf" and stop.inputs:
        output = stop.inputs[0]
    array = getattr(output, "_array", None)
    if array is not None:
        found[at] = array
    return found
