"""A step whose loss has just jumped, recorded from its loss on: gradients as they come, values as far as they are kept.

Nobody wrote its operations down, so they are found again in the graph of the step drawn last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradbook.observe.batch import count_labels
from gradbook.observe.moment import Copies
from gradbook.observe.raw import Key, RawNode, from_nodes, key_of
from gradbook.observe.take import Take

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["LateTake"]


class LateTake(Take):
    """Made between forward and backward: `known` says whether the step does what `graph` shows."""

    late = True
    on_op = None  # type: ignore[assignment]  # what follows the backward pass is no part of the step

    def __init__(self, root: Any, graph: Graph, copies: Copies) -> None:
        super().__init__(copies=copies)
        places = _places(from_nodes([root]), graph)
        self.known = places is not None
        # in the order of the graph, so that whatever is asked by node finds its own; what is not known stands empty
        self.roots = [RawNode(("?", node.id), "constant", node.op, 0, shape=node.shape) for node in graph.nodes]
        for node, raw in (places or {}).items():
            self.roots[node] = raw
        if self.known:
            self._values(root)

    def see_root(self, root: Any) -> None:
        """It has been seen."""

    def _values(self, root: Any) -> None:
        """Values that are kept until backward, in numbers."""
        found: dict[Key, Any] = {key_of(root._node): root._array}
        stack, seen = [root._node], set()
        while stack:
            node = stack.pop()
            if node.seq in seen:
                continue
            seen.add(node.seq)
            tensor = node.tensor() if node.tensor is not None else None
            if tensor is not None:
                found[key_of(node)] = tensor._array
            for slot, array in enumerate(node.saved or ()):
                if hasattr(array, "ndim") and slot <= len(node.edges):
                    edge = node.edges[slot] if slot < len(node.edges) else node
                    found.setdefault(key_of(edge) if edge is not None else ("a", id(array)), array)
            stack.extend(edge for edge in node.edges if edge is not None)
        wanted = {raw.key: raw for raw in self.roots}
        for key, array in found.items():
            if key in wanted:
                self._row(key, array)
                labels = count_labels(array) if wanted[key].kind == "input" else None
                if labels is not None:
                    self.labels[key] = labels


def _places(raw: list[RawNode], graph: Graph) -> dict[int, RawNode] | None:
    """Which node of the graph each raw node is; None if these are other operations."""
    ours = [node for node in raw if node.kind == "op"]
    theirs = [node for node in graph.nodes if node.kind == "op" and node.requires_grad]
    if [node.op for node in ours] != [node.op for node in theirs]:
        return None
    operands: dict[int, dict[int, int]] = {}
    for src, dst, slot in graph.edges:
        operands.setdefault(dst, {})[slot] = src
    by_key = {node.key: node for node in raw}
    found: dict[int, RawNode] = {}
    for mine, node in zip(ours, theirs, strict=True):
        found[node.id] = mine
        for slot, key in mine.inputs:
            source = operands.get(node.id, {}).get(slot)
            if source is not None and by_key[key].kind != "op":  # what ops without a gradient made is given, too
                found.setdefault(source, by_key[key])
    return found
