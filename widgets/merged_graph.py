"""Two graphs as one picture: the newer one, with what it has lost put where it was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gradbook.observe import Graph, GraphEdge

if TYPE_CHECKING:
    from gradbook.observe import GraphDiff

__all__ = ["Merged", "merge"]


class Merged(NamedTuple):
    """A graph and the ids of its nodes that are new, gone, and changed (with what changed)."""

    graph: Graph
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: dict[int, tuple[str, ...]]


def merge(diff: GraphDiff) -> Merged:
    """Put the removed nodes of the old graph into the new one, each after what it was computed from."""
    old, new = diff.old, diff.new
    place = _places(diff)
    order = sorted(
        [((float(j), -1), new.nodes[j], True) for j in range(len(new.nodes))]
        + [((place[i], i), old.nodes[i], False) for i in diff.removed],
        key=lambda entry: entry[0],
    )
    ids = {(fresh, node.id): at for at, (_, node, fresh) in enumerate(order)}
    now = {i: ids[True, j] for i, j in diff.pairs} | {i: ids[False, i] for i in diff.removed}
    nodes = tuple(replace(node, id=at) for at, (_, node, _) in enumerate(order))
    edges = [GraphEdge(ids[True, src], ids[True, dst], slot) for src, dst, slot in new.edges]
    gone = set(diff.removed)
    edges += [
        GraphEdge(now[src], now[dst], slot)
        for src, dst, slot in old.edges
        if (src in gone or dst in gone) and now[src] < now[dst]
    ]
    modules = {module.path: module for module in (*old.modules, *new.modules)}
    merged = Graph(nodes, tuple(dict.fromkeys(edges)), tuple(modules[path] for path in sorted(modules, key=_depth)))
    return Merged(
        merged,
        tuple(ids[True, j] for j in diff.added),
        tuple(ids[False, i] for i in diff.removed),
        {ids[True, change.after]: change.what for change in diff.changed},
    )


def _depth(path: str) -> int:
    return path.count(".")


def _places(diff: GraphDiff) -> dict[int, float]:
    """Where removed nodes go: half a step behind their operands, a value half a step before what takes it."""
    place: dict[int, float] = {i: float(j) for i, j in diff.pairs}
    operands: dict[int, list[int]] = defaultdict(list)
    users: dict[int, list[int]] = defaultdict(list)
    for src, dst, _ in diff.old.edges:
        operands[dst].append(src)
        users[src].append(dst)
    for i in diff.removed:
        if operands[i]:
            place[i] = max((int(place[src]) + 0.5 for src in operands[i] if src in place), default=-0.5)
    for i in diff.removed:
        if not operands[i]:
            place[i] = min((_before(place[dst]) for dst in users[i] if dst in place), default=-0.5)
    return place


def _before(place: float) -> float:
    """Just before a node of the new graph; beside a removed one, which has a later id than its values."""
    return place - 0.5 if place == int(place) else place
