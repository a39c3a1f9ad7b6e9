import json
from typing import Any

import numpy as np
import pytest

from gradbook.observe import Graph, GraphNode, Moment, Picture, Run
from gradbook.widgets import describe
from gradbook.widgets.describe_history import COLUMNS, describe_moment
from gradbook.widgets.wire import Message
from tests.widgets.sample import sample_graph, sample_run, statistics


def run_with_history(steps: int = 60, state: str = "running", graph: Graph | None = None, side: int = 20) -> Run:
    """A run whose every step is kept; the value of node i at step s is filled with s + i / 100."""
    run, rng, graph = (
        sample_run(steps=steps, state="running", probes=8),
        np.random.default_rng(3),
        graph or sample_graph(),
    )
    for step in range(1, steps + 1):
        values = [np.full((side, side), step + i / 100, np.float32) for i in range(len(graph.nodes))]
        for i, value in enumerate(values):
            value[0, 0] = -step - i
        grads = [np.full((2, 2), i, np.float32) for i in range(len(graph.nodes))]
        run.history.add(Moment(step, graph, 1, statistics(rng, len(graph.nodes)), values, grads))
    run.picture = Picture(graph, 1, run.history[-1].stats, steps)
    if state != "running":
        run.finish(state)
    return run


def floats(message: Message, at: int) -> np.ndarray:
    return np.frombuffer(message.buffers[at], "<f4")


def test_a_step_is_told_with_its_statistics_and_one_nodes_value() -> None:
    run = run_with_history()
    message = describe_moment(run, 33, 5, known=[])
    content = message.content
    assert (content["kind"], content["asked"], content["step"], content["version"]) == ("moment", 33, 33, 1)
    np.testing.assert_array_equal(floats(message, content["stats"]).reshape(-1, 8), run.history.at(33).stats)
    assert len(content["graph"]["columns"]["kind"][1]) == len(sample_graph().nodes)
    assert (content["node"], content["detail"]["node"], content["detail"]["step"]) == (5, 5, 33)
    thumb = floats(message, content["detail"]["value"]["picture"]["buf"])
    assert set(thumb.tolist()) == {np.float32(33.05), -38.0}
    json.dumps(content, allow_nan=False)
    again = describe_moment(run, 33, None, known=[1])
    assert "graph" not in again.content
    assert "detail" not in again.content
    assert "since" not in again.content, "the graph is the same as before"


def test_a_step_that_is_not_kept_is_answered_by_the_nearest_and_no_history_by_nothing() -> None:
    assert describe_moment(run_with_history(steps=40), 999, None, []).content["step"] == 40
    empty = describe_moment(Run("r"), 3, None, [])
    assert set(empty.content) == {"kind", "asked", "run"}


def test_what_changed_in_the_graph_is_told_against_the_step_before_and_the_newest() -> None:
    def graph(*ops: str) -> Graph:
        return Graph(tuple(GraphNode(i, "op", op) for i, op in enumerate(ops)), ())

    run = Run("r")
    for step, version, one in (
        (1, 1, graph("add", "sum")),
        (2, 2, graph("add", "tanh", "sum")),
        (3, 3, graph("tanh", "sum")),
    ):
        run.history.add(Moment(step, one, version, np.zeros((len(one.nodes), 8), np.float32)))
    run.picture = Picture(run.history[-1].graph, 3, run.history[-1].stats, 3)
    content = describe_moment(run, 2, None, []).content
    assert content["since"] == {"step": 1, "added": [1], "changed": [], "removed": 0}
    newest = content["newest"]
    assert (newest["version"], newest["gone"], newest["fresh"], newest["pairs"]) == (3, [0], [], [[1, 0], [2, 1]])
    assert "newest" not in describe_moment(run, 3, None, []).content
    assert describe_moment(run, 3, None, []).content["since"]["removed"] == 1


def kept(message: Message, one: dict[str, Any]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Pictures and numbers of one step of a snapshot, read as the browser reads them."""
    nodes = np.frombuffer(message.buffers[one["nodes"]], "<u4")
    numbers = floats(message, one["numbers"]).reshape(len(nodes), COLUMNS)
    exact, pixels = floats(message, one["exact"]), np.frombuffer(message.buffers[one["pixels"]], "i1")
    found = {}
    for node, row in zip(nodes.tolist(), numbers, strict=True):
        size = int(row[0] * row[1])
        if size <= 64:
            values, exact = exact[:size], exact[size:]
        else:
            values, pixels = pixels[:size].astype(np.float32) * row[2] / 127, pixels[size:]
        found[node] = (values, row)
    assert not len(exact)
    assert not len(pixels)
    return found


def test_the_last_snapshot_holds_steps_that_need_no_kernel() -> None:
    run = run_with_history(steps=100, state="finished")
    message, _ = describe.snapshot(run)
    moments = message.content["history"]["moments"]
    steps = [one["step"] for one in moments]
    assert steps[0] == 1
    assert steps[-1] == 100
    assert len(steps) >= 8
    assert np.diff(steps).max() <= 2 * np.diff(steps).min()
    for one in (moments[0], moments[4], moments[-1]):
        found = kept(message, one)
        assert len(found) >= 10
        for node, (values, row) in found.items():
            truth = run.history.at(one["step"]).value(node)
            assert row[3] == pytest.approx(truth.mean(), rel=1e-5)
            assert (row[5], row[6]) == (truth.min(), truth.max())
            assert abs(np.sort(values)[1] - truth.max()) <= row[2] / 127
            assert row[11] == 1
    assert "history" not in describe.snapshot(run_with_history(steps=50))[0].content, "the kernel can be asked"


def test_pinned_steps_and_the_loss_are_always_among_them() -> None:
    run = run_with_history(steps=300)
    run.history.pin(137)
    run.finish()
    message, _ = describe.snapshot(run)
    moments = message.content["history"]["moments"]
    assert 137 in [one["step"] for one in moments]
    loss = next(node.id for node in run.graph.nodes if node.name == "loss")
    assert all(loss in kept(message, one) for one in moments)


def test_ten_thousand_steps_stay_below_300_kilobytes_with_their_history() -> None:
    run = run_with_history(steps=10_000, state="finished")
    block = describe.snapshot(run)[0].packed()
    assert len(block) <= 300 << 10
    nodes = tuple(GraphNode(i, "op", "relu") for i in range(2_000))
    large = run_with_history(steps=20, state="finished", graph=Graph(nodes, ()), side=4)
    message, _ = describe.snapshot(large)
    steps = message.content["history"]["moments"]
    size = sum(len(message.buffers[one[k]]) for one in steps for k in ("stats", "nodes", "numbers", "exact", "hists"))
    assert size <= 200 << 10
    assert len(steps) >= 2


def test_many_graphs_do_not_make_a_large_page() -> None:
    run = Run("r")
    for step in range(1, 200):
        nodes = tuple(GraphNode(i, "op", "relu", name=f"node {i}" * 10) for i in range(step))
        run.history.add(Moment(step, Graph(nodes, ()), step, np.zeros((step, 8), np.float32)))
    run.picture = Picture(run.history[-1].graph, 199, run.history[-1].stats, 199)
    run.finish()
    message, _ = describe.snapshot(run)
    history = message.content["history"]
    assert len(json.dumps(history)) < 120 << 10
    versions = {version for version, _ in history["graphs"]} | {199}
    assert {one["version"] for one in history["moments"]} <= versions


def test_numbers_that_are_not_finite_travel_as_such() -> None:
    graph = Graph((GraphNode(0, "op", "log"), GraphNode(1, "op", "log")), ())
    bad = np.full((20, 20), np.nan, np.float32)
    bad[0, 1], bad[3, 3] = np.inf, 2.0
    run = Run("r")
    for step in (1, 2):
        run.history.add(Moment(step, graph, 1, np.full((2, 8), np.nan, np.float32), [bad, bad[:2, :2]], [None, None]))
    run.picture = Picture(graph, 1, run.history[-1].stats, 2)
    run.finish()
    message, _ = describe.snapshot(run)
    json.dumps(message.content, allow_nan=False)
    (one, _) = message.content["history"]["moments"]
    pixels = np.frombuffer(message.buffers[one["pixels"]], "i1")
    assert set(pixels.tolist()) == {-128, 127} or set(pixels.tolist()) == {-128}
    assert np.isnan(floats(message, one["exact"])).sum() == 3
    json.dumps(describe_moment(run, 1, 0, []).content, allow_nan=False)
