"""One graph alone, to be explored in the page: folded, searched, inspected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.widgets import still
from gradbook.widgets.describe import still_status
from gradbook.widgets.describe_detail import describe_detail
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.describe_stop import describe_birth
from gradbook.widgets.wire import Message

if TYPE_CHECKING:
    from gradbook.observe import Birth, Graph

__all__ = ["describe_still", "widget_of"]


def describe_still(graph: Graph, birth: Birth | None = None) -> Message:
    """A graph as the snapshot of a run that has nothing else to show, but perhaps where a NaN was born."""
    message = Message({"kind": "snapshot", "seq": 0})
    message.content |= {
        "run": {"id": f"graph-{graph.signature}", "cell": "", "name": "graph"},
        "status": still_status(),
        "controls": {"live": False, "why": ""},
        "panels": ["graph"],
        "graph": compact_graph(describe_graph(graph)),
    }
    if birth is not None:
        message.content["birth"] = describe_birth(birth, graph)
        message.content["details"] = [describe_detail(i, detail, message) for i, detail in birth.details.items()]
    if any(node.stats is not None for node in graph.nodes):
        rows = [[np.nan] * 8 if node.stats is None else node.stats for node in graph.nodes]
        message.content["graph_stats"] = {"step": 0, "table": message.floats(np.array(rows, np.float32))}
    return message


def widget_of(graph: Graph, theme: str = "auto", birth: Birth | None = None) -> dict[str, Any]:
    """The part of an output that a page with widgets, or an exported one, explores; {} where nobody can look."""
    return still.widget_of(describe_still(graph, birth).packed(), theme)
