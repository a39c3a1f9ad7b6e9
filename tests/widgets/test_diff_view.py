import json
from itertools import pairwise

import numpy as np
import pytest

from gradbook.observe import Graph, GraphEdge, GraphNode, Moment, Run, RunDiff, TensorDiff, diff
from gradbook.widgets import layout
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.diff_view import ROWS, describe_diff, diff_view
from gradbook.widgets.merged_graph import merge
from tests.widgets.sample import sample_graph, sample_run

HOSTILE = "<script>alert(1)</script>"


def chain(*names: str, weights: bool = False) -> Graph:
    """x -> op -> op -> …, each op named, with a weight of its own if asked."""
    nodes = [GraphNode(0, "input", "input", name="x")]
    edges: list[GraphEdge] = []
    last = 0
    for name in names:
        if weights:
            nodes.append(GraphNode(len(nodes), "parameter", "parameter", name=f"{name}.weight"))
        nodes.append(GraphNode(len(nodes), "op", name, shape=(3,)))
        edges.append(GraphEdge(last, len(nodes) - 1, 0))
        if weights:
            edges.append(GraphEdge(len(nodes) - 2, len(nodes) - 1, 1))
        last = len(nodes) - 1
    return Graph(tuple(nodes), tuple(edges))


def test_a_merged_graph_has_what_was_lost_where_it_was() -> None:
    merged = merge(chain("a", "b", "c", weights=True).diff(chain("a", "c", "d", weights=True)))
    ops = [node.op for node in merged.graph.nodes if node.kind == "op"]
    assert ops == ["a", "b", "c", "d"]
    names = [node.name or node.op for node in merged.graph.nodes]
    assert names.index("b.weight") < names.index("b")
    assert {merged.graph.nodes[i].op for i in merged.removed} == {"b", "parameter"}
    assert {merged.graph.nodes[i].op for i in merged.added} == {"d", "parameter"}
    assert [node.id for node in merged.graph.nodes] == list(range(len(names)))
    linked = {(names[src], names[dst]) for src, dst, _ in merged.graph.edges}
    assert {("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("b.weight", "b")} <= linked


def test_a_merged_graph_is_always_one_that_can_be_laid_out() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        old, new = (chain(*rng.choice(list("abcdef"), rng.integers(0, 9)), weights=bool(rng.integers(2))) for _ in "12")
        comparison = old.diff(new)
        merged = merge(comparison)
        assert len(merged.graph.nodes) == len(new.nodes) + len(comparison.removed)
        assert all(src < dst for src, dst, _ in merged.graph.edges)
        layout.layout(describe_graph(merged.graph))


def test_the_message_holds_facts_tables_curves_and_marks() -> None:
    a, b = sample_run(seed=1), sample_run(steps=500, seed=2)
    for run, scale in ((a, 1.0), (b, 2.0)):
        nodes = run.graph.nodes
        values = [np.full(2, scale, np.float32) if node.kind == "parameter" else None for node in nodes]
        run.history.add(Moment(run.step, run.graph, 1, run.node_stats, values, [None] * len(nodes)))
    message, merged = describe_diff(diff(a, b), ("1 one", "2 two"), [("steps", "1,930", "500")])
    content = message.content
    json.dumps(content, allow_nan=False)
    assert (content["view"], content["names"], content["facts"]) == (
        "diff",
        ["1 one", "2 two"],
        [["steps", "1,930", "500"]],
    )
    assert [curve["name"] for curve in content["series"]] == ["loss 2 two", "loss 1 one"]
    assert merged is not None
    assert content["graph"] == compact_graph(describe_graph(merged.graph)), "in columns, as every graph travels"
    assert content["marks"] == {"added": [], "removed": [], "changed": []}
    assert content["counts"]["same"] == len(a.graph.nodes)
    (table,) = content["tables"]
    assert table["counts"]["changed"] == 24
    assert table["rows"][0]["relative"] == pytest.approx(1.0)


def test_rows_are_in_the_order_in_which_they_matter_and_bounded() -> None:
    old = {f"w{i:04}": np.ones(2) for i in range(2000)} | {"gone": np.ones(1), "nan": np.ones(1)}
    new = {name: value * (1 + i / 1e4) for i, (name, value) in enumerate(old.items()) if name != "gone"}
    new["nan"] = np.full(1, np.nan)
    message, _ = describe_diff(diff(old, new), ("a.pt", "b.pt"))
    (table,) = message.content["tables"]
    assert len(table["rows"]) == ROWS
    assert [row["name"] for row in table["rows"][:3]] == ["gone", "nan", "w1999"]
    assert [row["broken"] for row in table["rows"][:3]] == [False, True, False]
    sizes = [row["relative"] for row in table["rows"][2:]]
    assert all(x >= y for x, y in pairwise(sizes))
    json.dumps(message.content, allow_nan=False)


@pytest.mark.parametrize("kind", ["graphs", "steps", "runs", "tensors", "nothing", "large"])
def test_every_difference_has_a_picture_and_a_text(kind: str) -> None:
    graph = sample_graph(source=HOSTILE)
    moments = [Moment(step, graph, 1, np.zeros((len(graph.nodes), 8), np.float32)) for step in (1, 2)]
    difference = {
        "graphs": lambda: chain(HOSTILE, "b").diff(chain("b", "c")),
        "steps": lambda: diff(*moments),
        "runs": lambda: diff(Run("a"), Run("b")),
        "tensors": lambda: diff({HOSTILE: np.ones(3)}, {"b": np.ones(2)}),
        "nothing": lambda: diff({}, {}),
        "large": lambda: chain(*(["a"] * 3000)).diff(chain(*(["b"] * 3000))),
    }[kind]()
    still = diff_view(difference, (HOSTILE, "right"))
    bundle = still._repr_mimebundle_()
    assert bundle["text/plain"]
    assert "<script" not in bundle["text/html"]
    assert still.picture.startswith("<svg")
    assert still.picture.count("<svg") == still.picture.count("</svg>")
    assert "<script" not in still.picture
    assert len(still.picture) < 2 << 20
    if isinstance(difference, RunDiff):
        assert "not seen in both" in still.text
    if isinstance(difference, TensorDiff) and difference:
        assert "1 added, 1 removed" in still.text
