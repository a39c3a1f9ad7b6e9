"""What differs between two graphs, steps, runs or checkpoints: tables, and both graphs as one with + − ~ marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradbook.observe import GraphDiff, RunDiff, StepDiff, TensorDiff, thin
from gradbook.observe.graphdiff import title
from gradbook.observe.nodes import shape_text
from gradbook.widgets.describe import still_status
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.merged_graph import Merged, merge
from gradbook.widgets.picture_diff import draw_diff
from gradbook.widgets.still import Still
from gradbook.widgets.wire import Message, finite, plain

__all__ = ["describe_diff", "diff_view"]

ROWS = 500  # of a table in the page
POINTS = 4_000  # of a curve
Facts = Sequence[tuple[str, str, str]]  # name, of the first, of the second
Difference = GraphDiff | StepDiff | RunDiff | TensorDiff


def diff_view(difference: Difference, names: tuple[str, str], facts: Facts = (), theme: str = "auto") -> Still:
    """A difference to be looked at. `names` are those of the two sides, `facts` what else to say of both."""
    message, merged = describe_diff(difference, names, facts)
    title = f"{names[0]} compared with {names[1]}"
    text = "\n".join([*_fact_lines(names, facts), _text(difference)])
    return Still(message, picture=draw_diff(title, message.content, merged), text=text, name=title, theme=theme)


def describe_diff(difference: Difference, names: tuple[str, str], facts: Facts = ()) -> tuple[Message, Merged | None]:
    """The message of the view "diff": a snapshot of a run that has a merged graph and two curves, and the tables."""
    message = Message({"kind": "snapshot", "seq": 0, "view": "diff"})
    graph = difference if isinstance(difference, GraphDiff) else getattr(difference, "graph", None)
    merged = merge(graph) if graph is not None else None
    message.content |= {
        "run": {"id": "diff", "cell": "", "name": "difference"},
        "status": still_status(),
        "names": [plain(name) for name in names],
        "facts": [[plain(cell) for cell in row] for row in facts],
        "tables": _tables(difference),
    }
    if isinstance(difference, RunDiff):
        message.content["series"] = _curves(difference, names, message)
    if merged is not None and graph is not None:
        message.content |= {
            "graph": compact_graph(describe_graph(merged.graph)),
            "marks": {"added": list(merged.added), "removed": list(merged.removed), "changed": list(merged.changed)},
            "nodes": _node_rows(merged),
            "counts": {"added": len(graph.added), "removed": len(graph.removed), "changed": len(graph.changed),
                       "same": len(graph.same)},
        }  # fmt: skip
    return message, merged


def _node_rows(merged: Merged) -> list[dict[str, Any]]:
    """The nodes that differ, in the order of the picture."""
    marks = {
        **dict.fromkeys(merged.added, "+"),
        **dict.fromkeys(merged.removed, "-"),
        **dict.fromkeys(merged.changed, "~"),
    }
    rows = []
    for node in islice(sorted(marks), ROWS):
        shape = shape_text(merged.graph.nodes[node].shape)
        what = "; ".join(merged.changed[node]) if node in merged.changed else shape
        rows.append(
            {"mark": marks[node], "node": node, "name": plain(title(merged.graph.nodes[node])), "what": plain(what)}
        )
    return rows


def _tables(difference: Difference) -> list[dict[str, Any]]:
    if isinstance(difference, TensorDiff):
        parts = [replace(difference, title="tensors")]
    elif isinstance(difference, RunDiff):
        parts = [difference.parameters]
    elif isinstance(difference, StepDiff):
        parts = [difference.values, difference.grads]
    else:
        parts = []
    return [_table(part) for part in parts if part.rows]


def _table(diff: TensorDiff) -> dict[str, Any]:
    """Names in the order in which they matter: gone, new, then by relative change."""
    return {
        "title": plain(diff.title),
        "counts": {key: len(getattr(diff, key)) for key in ("added", "removed", "changed", "same")},
        "norm": finite(diff.norm),
        "rows": [
            {"mark": row.mark, "name": plain(row.name), "shape": list(row.shape), "norm": finite(row.norm),
             "relative": finite(row.relative), "largest": finite(row.largest), "what": plain(row.what),
             "broken": row.broken}
            for row in islice(diff.ordered(), ROWS)
        ],
    }  # fmt: skip


def _curves(diff: RunDiff, names: tuple[str, str], message: Message) -> list[dict[str, Any]]:
    """The losses of both runs, the second one's in front."""
    found = []
    sides = [(diff.b, names[1]), (diff.a, names[0])]
    for at, (run, name) in enumerate(sides):
        if run.main is not None and len(run.main):
            steps, values = thin(*run.main.snapshot(), POINTS)
            label = plain(f"{run.main.name} {name}")
            found.append({"id": at, "name": label, "role": "train", "steps": message.steps(steps),
                          "values": message.floats(values), "reset": True})  # fmt: skip
    return found


def _fact_lines(names: tuple[str, str], facts: Facts) -> list[str]:
    if not facts:
        return [f"{names[0]} -> {names[1]}"]
    rows = [("", *names), *facts]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _text(difference: Difference) -> str:
    if isinstance(difference, RunDiff):
        graph = "not seen in both runs" if difference.graph is None else str(difference.graph)
        return f"graph: {graph}\n{difference.parameters}"
    return f"graph: {difference}" if isinstance(difference, GraphDiff) else str(difference)
