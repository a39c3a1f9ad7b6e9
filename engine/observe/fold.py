"""A graph at a coarser grain: whole modules as single nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph


def fold(graph: Graph, depth: int) -> Graph:
    """Each module path longer than `depth` parts becomes one node named by its first `depth` + 1 parts.

    Parameters go into their module. Raises ValueError if depth is negative.
    """
    from gradbook.observe.graph import Graph, GraphEdge, GraphNode

    if depth < 0:
        raise ValueError(f"fold: depth is {depth}; it counts levels of modules and cannot be negative")
    classes = {info.path: info.cls for info in graph.modules}
    group_of: list[int] = []
    nodes: list[GraphNode] = []
    index: dict[str, int] = {}
    for node in graph.nodes:
        parts = node.module_path.split(".") if node.module_path else []
        path = ".".join(parts[: depth + 1]) if len(parts) > depth else ""
        if path and path in index:
            at = index[path]
            group_of.append(at)
            if node.kind == "op":  # the folded node has the shape of what leaves it: its last operation's
                nodes[at] = _module(at, path, node, classes)
            continue
        at = len(nodes)
        group_of.append(at)
        if path:
            index[path] = at
            nodes.append(_module(at, path, node, classes))
        else:
            nodes.append(_renumbered(node, at))
    slots: dict[int, int] = {}
    edges: dict[tuple[int, int], GraphEdge] = {}
    for src, dst, slot in graph.edges:
        a, b = group_of[src], group_of[dst]
        if a == b or (a, b) in edges:
            continue
        if nodes[b].kind == "module":
            slot = slots.get(b, 0)
            slots[b] = slot + 1
        edges[a, b] = GraphEdge(a, b, slot)
    modules = tuple(info for info in graph.modules if info.path.count(".") <= depth)
    return Graph(tuple(nodes), tuple(edges.values()), modules)


def _module(at: int, path: str, node, classes: dict[str, str]):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    cls = classes.get(path) or node.module_cls
    return replace(
        node, id=at, kind="module", op=cls or "module", name=path, module_path=path, module_cls=cls, params={}, stats=None
    )


def _renumbered(node, at: int):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(node, id=at)
