"""A graph at a coarser grain: whole modules as single nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradbook.observe.nodes import GraphEdge, GraphNode, ModuleInfo

__all__ = ["fold"]

Parts = tuple[tuple[GraphNode, ...], tuple[GraphEdge, ...], tuple[ModuleInfo, ...]]


def fold(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], modules: Sequence[ModuleInfo], depth: int) -> Parts:
    """Each module path longer than `depth` parts becomes one node named by its first `depth` + 1 parts.

    Parameters go into their module. Raises ValueError if depth is negative.
    """
    if depth < 0:
        raise ValueError(f"fold: depth is {depth}; it counts levels of modules and cannot be negative")
    classes = {info.path: info.cls for info in modules}
    group_of: list[int] = []
    folded: list[GraphNode] = []
    index: dict[str, int] = {}
    for node in nodes:
        parts = node.module_path.split(".") if node.module_path else []
        path = ".".join(parts[: depth + 1]) if len(parts) > depth else ""
        at = index.get(path, len(folded)) if path else len(folded)
        group_of.append(at)
        if at == len(folded):
            folded.append(_module(at, path, node, classes) if path else replace(node, id=at, saved=()))
            index.setdefault(path, at)
        elif node.kind == "op":  # the folded node has the shape of what leaves it: its last operation's
            folded[at] = _module(at, path, node, classes)
    kept = tuple(info for info in modules if info.path.count(".") <= depth)
    return tuple(folded), _edges(edges, group_of, folded), kept


def _edges(edges: Sequence[GraphEdge], group_of: list[int], folded: list[GraphNode]) -> tuple[GraphEdge, ...]:
    """Edges between the groups, one a pair; those into a folded module are numbered anew."""
    found: dict[tuple[int, int, int], GraphEdge] = {}
    slots: dict[int, int] = {}
    for src, dst, slot in edges:
        a, b = group_of[src], group_of[dst]
        into = folded[b].kind == "module"
        key = (a, b, -1 if into else slot)
        if a == b or key in found:
            continue
        if into:
            slot = slots[b] = slots.get(b, -1) + 1
        found[key] = GraphEdge(a, b, slot)
    return tuple(found.values())


def _module(at: int, path: str, node: GraphNode, classes: dict[str, str]) -> GraphNode:
    cls = classes.get(path, "")
    node = replace(node, id=at, kind="module", op=cls or "module", name=path, params={}, stats=None, saved=())
    return replace(node, module_path=path, module_cls=cls)
