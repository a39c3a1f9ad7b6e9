"""A run's recorded steps for the browser: one at a time when it asks, and a choice of them in the last snapshot.

The choice is what a page shows when no kernel answers: it is small, so numbers stay and pictures get coarse.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.widgets.curves import evenly
from gradbook.widgets.describe_batch import describe_batch
from gradbook.widgets.describe_detail import describe_detail
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.wire import Message

if TYPE_CHECKING:
    from gradbook.observe import Detail, Graph, GraphDiff, Moment, Run

__all__ = ["choose_moments", "describe_moment"]

MOMENTS = 24  # steps in the last snapshot
ROOM = (24 << 10, 112 << 10)  # bytes of them, at least and at most
WHOLE = 280 << 10  # what the snapshot may come to with them
SIDE = 16  # rows and columns of a coarse picture; 64 numbers or fewer travel exactly
EXACT = 64
COLUMNS = 12  # rows, columns, largest magnitude (0: exact), then mean, deviation, low, high of value and gradient
DIFFS = 64  # comparisons remembered
_diffs: OrderedDict[tuple[int, int], tuple[Graph, Graph, GraphDiff]] = OrderedDict()


def describe_moment(run: Run, step: int, node: int | None, known: Collection[int]) -> Message:
    """The recorded step nearest to `step`, with one node's value and gradient; `known` graphs are not told again."""
    message = Message({"kind": "moment", "asked": int(step), "run": run.id})
    if not len(run.history):
        return message
    moment = run.history.nearest(step)
    content = message.content
    content |= {"step": int(moment.step), "version": moment.version, "stats": message.floats(moment.stats)}
    content["batch"] = describe_batch(moment.batch, message)
    if moment.version not in known:
        content["graph"] = compact_graph(describe_graph(moment.graph))
    content |= _changes(run, moment)
    if node is not None and 0 <= node < len(moment.graph.nodes):
        content["node"] = node
        detail = moment.detail(node)
        content["detail"] = None if detail is None else describe_detail(node, detail, message)
    return message


def choose_moments(run: Run, message: Message) -> None:
    """Add to a snapshot what it has room for of the run's history: the first, last and pinned steps, others between."""
    moments = tuple(run.history)
    if len(moments) < 2:
        return
    content = message.content
    size = message.nbytes + len(json.dumps(content, ensure_ascii=False))
    room = int(np.clip(WHOLE - size, *ROOM))
    each = moments[-1].stats.nbytes + 300
    most = int(np.clip(room * 0.4 / each, 2, MOMENTS))
    chosen = [moments[i] for i in evenly(len(moments), most)]
    pinned = [moment for moment in moments if moment.step in run.history.pinned][:most]
    by_step = {moment.step: moment for moment in (moments[0], *chosen, *pinned)}
    told, graphs, room = _graphs(run, sorted(by_step.values(), key=lambda moment: moment.step), room)
    if not told:
        return
    share = (room - each * len(told)) // len(told)
    content["history"] = {
        "graphs": graphs,
        "moments": [_coarse(run, moment, share, message) for moment in told],
        "kept": len(moments),
    }


def _graphs(run: Run, moments: list[Moment], room: int) -> tuple[list[Moment], list[list[Any]], int]:
    """The steps whose graphs fit into a third of the room -> (steps, graphs not told yet as [version, graph], room)."""
    graphs: list[list[Any]] = []
    known, told, left = {run.graph_version}, [], room // 3
    for moment in reversed(moments):  # the newest first
        if moment.version not in known:
            graph = compact_graph(describe_graph(moment.graph))
            size = len(json.dumps(graph))
            if size > left:
                continue
            graphs.append([moment.version, graph])
            known.add(moment.version)
            left -= size
            room -= size
        told.append(moment)
    return told[::-1], graphs, room


def _coarse(run: Run, moment: Moment, share: int, message: Message) -> dict[str, Any]:
    """One step in a few kilobytes: statistics of all nodes, pictures of those that matter most."""
    pictures = _Pictures(share)
    for node in _by_weight(run, moment):
        detail = moment.detail(node)
        if detail is not None and not pictures.take(node, detail):
            break
    return {
        "step": int(moment.step),
        "version": moment.version,
        "stats": message.floats(moment.stats),
        "batch": describe_batch(moment.batch, message),
        **pictures.describe(message),
        **_changes(run, moment),
    }


class _Pictures:
    """Pictures of nodes, side by side in a few buffers, until there is no room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.nodes: list[int] = []
        self.numbers: list[tuple[float, ...]] = []
        self.exact: list[np.ndarray] = []
        self.pixels: list[np.ndarray] = []
        self.histograms: list[np.ndarray] = []

    def take(self, node: int, detail: Detail) -> bool:
        """Put one node beside the others. -> whether there was room."""
        thumb = _coarser(detail.thumb)
        whole = thumb.size <= EXACT
        self.room -= 4 * (COLUMNS + 1) + 64 + thumb.size * (4 if whole else 1)
        if self.room < 0:
            return False
        largest = 0.0 if whole else float(np.abs(thumb[np.isfinite(thumb)]).max(initial=0.0)) or 1.0
        value = (detail.mean, detail.std, detail.hist_lo, detail.hist_hi)
        grad = (detail.grad_mean, detail.grad_std, detail.grad_lo, detail.grad_hi)
        self.nodes.append(node)
        self.numbers.append((*thumb.shape, largest, *value, *grad, float(detail.grad_counts is not None)))
        if whole:
            self.exact.append(thumb.ravel())
        else:
            self.pixels.append(_levels(thumb.ravel(), largest))
        self.histograms += [_heights(detail.hist_counts), _heights(detail.grad_counts)]
        return True

    def describe(self, message: Message) -> dict[str, int]:
        """The buffers: node ids, numbers by node, exact values, pixels, histograms of value and gradient."""
        return {
            "nodes": message.steps(self.nodes),
            "numbers": message.floats(self.numbers),
            "exact": message.floats(_joined(self.exact)),
            "pixels": message.octets(_joined(self.pixels)),
            "hists": message.octets(_joined(self.histograms)),
        }


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)


def _by_weight(run: Run, moment: Moment) -> Iterator[int]:
    """Nodes in the order in which somebody will ask for them: looked at, the loss, outputs of modules, parameters."""
    nodes = moment.graph.nodes
    outputs = {node.module_path: node.id for node in nodes if node.kind == "op" and node.module_path}
    named = [node.id for node in nodes if node.kind == "op" and node.name]
    order = [*sorted(run.wanted)] if moment.version == run.graph_version else []
    order += [node.id for node in nodes[-1:]] + named + [*outputs.values()]
    order += [node.id for node in nodes if node.kind == "parameter"]
    return iter(dict.fromkeys([*order, *range(len(nodes))]))


def _coarser(thumb: np.ndarray) -> np.ndarray:
    rows, columns = thumb.shape
    if rows * columns <= EXACT:
        return thumb
    return thumb[:: -(-rows // SIDE), :: -(-columns // SIDE)]


def _levels(values: np.ndarray, largest: float) -> np.ndarray:
    """Values as whole numbers from -127 to 127, of 128 levels more than an eye tells apart; -128 is not finite."""
    scaled = np.where(np.isfinite(values), np.nan_to_num(values) * (127 / largest), -128)
    levels: np.ndarray = np.clip(np.round(scaled), -128, 127).astype(np.int8)
    return levels


def _heights(counts: np.ndarray | None) -> np.ndarray:
    """The bars of a histogram, the tallest 255; all 0 where there is none."""
    if counts is None or not counts.max():
        return np.zeros(32, np.uint8)
    heights: np.ndarray = np.ceil(counts * (255 / counts.max())).astype(np.uint8)
    return heights


def _changes(run: Run, moment: Moment) -> dict[str, Any]:
    """How this step's graph differs from the recorded step before, and from the newest graph."""
    before = run.history.before(moment.step)
    found: dict[str, Any] = {}
    if before is not None and before.version != moment.version:
        diff = _diff(before.graph, moment.graph)
        found["since"] = {
            "step": int(before.step),
            "added": [int(i) for i in diff.added],
            "changed": [change.after for change in diff.changed],
            "removed": len(diff.removed),
        }
    newest = run.graph
    if newest is not None and newest is not moment.graph:
        diff = _diff(moment.graph, newest)
        found["newest"] = {
            "version": run.graph_version,
            "gone": [int(i) for i in diff.removed],
            "changed": [change.before for change in diff.changed],
            "fresh": [int(i) for i in diff.added],
            "pairs": [list(pair) for pair in diff.pairs if pair[0] != pair[1]],
        }
    return found


def _diff(old: Graph, new: Graph) -> GraphDiff:
    """A comparison, remembered: a page asks for the same two graphs at every step it shows."""
    key = (id(old), id(new))
    known = _diffs.get(key)
    if known is None or known[0] is not old or known[1] is not new:
        known = _diffs[key] = (old, new, old.diff(new))
        while len(_diffs) > DIFFS:
            _diffs.popitem(last=False)
    return known[2]
