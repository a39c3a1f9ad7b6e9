"""Graph.to_svg: the drawing of a graph alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradbook.widgets.describe_graph import describe_graph
from gradbook.widgets.graph_svg import graph_svg
from gradbook.widgets.layout import Tree

if TYPE_CHECKING:
    from gradbook.observe.graph import Graph

__all__ = ["render_graph"]


def render_graph(graph: Graph, *, depth: int | None = None, direction: str = "TB", theme: str = "auto") -> str:
    """Draw a graph from top to bottom, on a white ground. -> SVG text.

    depth: levels of modules that are open, 0 for none; None chooses by size. The drawing is the same in every theme.
    Raises ValueError for a negative depth and for a direction other than TB, which only `to_dot` knows.
    """
    if direction != "TB":
        raise ValueError(f"to_svg: direction {direction!r} is not drawn here, only 'TB'; use to_dot(direction='LR')")
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"to_svg: theme is {theme!r}; use 'auto', 'light' or 'dark'")
    if depth is not None and depth < 0:
        raise ValueError(f"to_svg: depth is {depth}; it cannot be negative")
    description = describe_graph(graph)
    stats = [node.stats for node in graph.nodes]
    known = any(stat is not None for stat in stats)
    table = np.array([stat or [np.nan] * 8 for stat in stats], np.float32) if known else None
    return graph_svg(description, table, None if depth is None else _open_to(description, depth))


def _open_to(description: dict[str, object], depth: int) -> set[str]:
    """Keys of the blocks at most `depth` levels deep."""
    opened: set[str] = set()
    level = list(Tree(description).root.children)
    for _ in range(depth):
        opened |= {block.key for block in level if block.foldable}
        level = [child for block in level for child in block.children]
    return opened
