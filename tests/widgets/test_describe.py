import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import observe
from gradbook.observe import Picture, Run
from gradbook.widgets import describe
from gradbook.widgets.describe_graph import compact_graph, describe_graph
from gradbook.widgets.graph_view import describe_still
from gradbook.widgets.wire import Message
from tests.widgets.graphs import tangle
from tests.widgets.sample import measurement, sample_detail, sample_graph, sample_run

FRAME_KEYS = {"kind", "seq", "run", "status", "controls", "lr", "level", "panels", "stop", "birth"}


def curve(message: Message, name: str) -> tuple[np.ndarray, np.ndarray]:
    found = next(one for one in message.content["series"] if one["name"] == name)
    return np.frombuffer(message.buffers[found["steps"]], "<u4"), np.frombuffer(message.buffers[found["values"]], "<f4")


def test_a_snapshot_says_everything_the_contract_names() -> None:
    message, cursor = describe.snapshot(sample_run(), seq=5)
    content = message.content
    assert content["kind"] == "snapshot"
    assert content["seq"] == cursor.seq == 5
    data = {"series", "epochs", "params", "probes", "graph", "graph_version", "graph_stats"}
    assert FRAME_KEYS | data | {"coach", "error"} == set(content)
    assert content["status"]["state"] == "finished"
    assert content["epochs"] == [[1, 0], [2, 938], [3, 1876]]
    assert content["params"]["rows"][0] == {
        "name": "stem.conv1.weight",
        "shape": [6, 1, 5, 5],
        "numel": 150,
        "module": "stem.conv1",
    }
    rows, k = len(content["params"]["rows"]), len(message.buffers[content["probes"]["steps"]]) // 4
    sizes = {key: len(message.buffers[content["probes"][key]]) for key in ("table", "hist", "range")}
    assert sizes == {"table": 4 * k * rows * 5, "hist": 4 * k * rows * 32, "range": 4 * k * rows}
    assert len(message.buffers[content["graph_stats"]["table"]]) == 4 * 8 * len(content["graph"]["columns"]["kind"][1])
    json.dumps(content, allow_nan=False)


def test_frames_carry_only_what_came_since() -> None:
    run = sample_run(steps=100, state="running")
    _, cursor = describe.snapshot(run)
    assert describe.frame(run, cursor) == (None, cursor)
    for step in (101, 102, 103):
        run.series["loss"].append(step, step / 10)
    run.step = 103
    message, cursor = describe.frame(run, cursor)
    assert message is not None
    assert set(message.content) == FRAME_KEYS | {"series"}
    assert (message.content["kind"], message.content["seq"]) == ("frame", 1)
    steps, values = curve(message, "loss")
    assert steps.tolist() == [101, 102, 103]
    np.testing.assert_allclose(values, [10.1, 10.2, 10.3], rtol=1e-6)
    assert not message.content["series"][0]["reset"]
    assert describe.frame(run, cursor)[0] is None


def test_frames_add_up_to_the_whole_run() -> None:
    run, rng = Run("r"), np.random.default_rng(1)
    run.begin()
    _, cursor = describe.snapshot(run)
    told: list[float] = []
    truth: list[float] = []
    for step in range(1, 400):
        truth.append(float(np.float32(rng.random())))
        run.curve("loss", "train").append(step, truth[-1])
        run.step = step
        if rng.random() < 0.1 or step == 399:
            message, cursor = describe.frame(run, cursor)
            assert message is not None
            told += curve(message, "loss")[1].tolist()
    assert told == truth


def test_a_state_change_alone_is_worth_a_frame() -> None:
    run = sample_run(steps=50, state="running")
    _, cursor = describe.snapshot(run)
    run.finish("stopped")
    message, _ = describe.frame(run, cursor)
    assert message is not None
    assert message.content["status"]["state"] == "stopped"
    assert message.content["status"]["rate"] is None
    assert message.content["status"]["eta"] is None


def test_another_run_in_the_same_view_starts_with_a_snapshot_that_follows() -> None:
    _, cursor = describe.snapshot(sample_run(steps=50), seq=8)
    message, cursor = describe.frame(sample_run(steps=20), cursor)
    assert message is not None
    assert (message.content["kind"], message.content["seq"], cursor.seq) == ("snapshot", 9, 9)


def test_new_parameters_bring_all_their_probes_anew() -> None:
    run = sample_run(steps=50, state="running", probes=10)
    _, cursor = describe.snapshot(run)
    run.probes.add(60, *measurement(np.random.default_rng(0), len(run.parameters), 1.0))
    message, later = describe.frame(run, cursor)
    assert message is not None
    assert np.frombuffer(message.buffers[message.content["probes"]["steps"]], "<u4").tolist() == [60]
    run.parameters_version += 1
    message, _ = describe.frame(run, later)
    assert message is not None
    assert len(message.buffers[message.content["probes"]["steps"]]) // 4 == 11


def test_a_new_graph_brings_its_statistics_and_details_anew() -> None:
    run = sample_run(steps=50, state="running")
    run.details = {3: sample_detail()}
    first, cursor = describe.snapshot(run)
    assert [detail["node"] for detail in first.content["details"]] == [3]
    assert describe.frame(run, cursor)[0] is None
    stats = np.ones((len(run.graph.nodes), 8), np.float32)
    run.picture = run.picture._replace(stats=stats, step=51)
    message, cursor = describe.frame(run, cursor)
    assert message is not None
    assert "graph" not in message.content
    assert message.content["graph_stats"]["step"] == 51
    run.picture = Picture(sample_graph(), 2, stats, 51)
    message, _ = describe.frame(run, cursor)
    assert message is not None
    assert {"graph", "graph_stats", "details"} <= set(message.content)


def test_a_detail_travels_with_thumbnail_histograms_and_what_is_kept() -> None:
    run = sample_run(steps=20)
    run.details = {2: sample_detail(9)}
    message, _ = describe.snapshot(run)
    (detail,) = message.content["details"]
    picture = detail["value"]["picture"]
    assert (picture["shape"], picture["every"]) == ([3, 4], [1, 1])
    assert len(message.buffers[picture["buf"]]) == 48
    assert detail["grad"]["lo"] == -2.0
    assert detail["saved"] == [["x", 48]]
    unknown = replace(sample_detail(9), mean=float("nan"), grad_counts=None)
    run.details = {2: unknown}
    (detail,) = describe.snapshot(run)[0].content["details"]
    assert detail["value"]["mean"] is None
    assert detail["grad"] is None


def test_the_runs_before_stand_behind_as_ghosts() -> None:
    run = sample_run(steps=30)
    run.ghosts = (sample_run(steps=5000, seed=1), sample_run(steps=40, seed=2))
    ghosts = [one for one in describe.snapshot(run)[0].content["series"] if one["role"] == "ghost"]
    assert len(ghosts) == 2
    assert len({one["id"] for one in describe.snapshot(run)[0].content["series"]}) == 4


def test_ten_thousand_steps_stay_below_300_kb_and_keep_their_spike() -> None:
    run = sample_run(steps=10_000)
    run.series["loss"].append(10_001, 99.0)
    run.series["loss"].append(10_002, 0.4)
    message, _ = describe.snapshot(run)
    assert len(message.packed()) < 300_000
    assert curve(message, "loss")[1].max() == 99.0


def test_the_graph_is_described_by_places_with_a_module_tree_and_mathml() -> None:
    graph = sample_graph()
    description = describe_graph(graph)
    assert [node["id"] for node in description["nodes"]] == list(range(len(graph.nodes)))
    assert description["ops"] == graph.ops
    paths = [module["path"] for module in description["modules"]]
    assert paths.index("blocks") < paths.index("blocks.2") < paths.index("blocks.2.conv1")
    assert description["modules"][paths.index("blocks.2.conv1")]["parent"] == paths.index("blocks.2")
    relu = next(node for node in description["nodes"] if node["op"] == "relu")
    assert description["modules"][relu["module"]]["path"] == "stem"
    assert description["nodes"][0]["module"] == -1
    assert describe_graph(graph) is description


def test_a_number_keeps_its_point_and_a_path_its_last_part() -> None:
    nodes = sample_graph().nodes
    parameter = next(node for node in nodes if node.kind == "parameter" and "." in node.name)
    graph = replace(sample_graph(), nodes=(replace(nodes[0], kind="constant", name="2.0"), *nodes[1:]))
    described = describe_graph(graph)["nodes"]
    assert described[0]["label"] == "2.0"
    assert described[parameter.id]["label"] == parameter.name.rpartition(".")[2]


def test_of_many_epochs_those_are_told_that_an_axis_names() -> None:
    run = sample_run(steps=30)
    run.epochs = [(epoch, 10 * epoch) for epoch in range(2, 1_001)]
    told = [epoch for epoch, _ in describe.snapshot(run)[0].content["epochs"]]
    assert len(told) <= 200
    assert {100, 200, 500, 1_000} <= set(told)


def test_a_graph_alone_is_a_snapshot_of_one_panel() -> None:
    content = describe_still(sample_graph()).content
    assert (content["kind"], content["panels"], content["status"]["step"]) == ("snapshot", ["graph"], 0)
    assert content["graph"]["ops"] == sample_graph().ops
    json.dumps(content)


def test_formulas_of_declared_ops_become_mathml() -> None:
    from gradbook.autograd.op import registry

    graph = sample_graph()
    known = describe_graph(graph)["formulas"]
    assert set(known) <= set(registry)
    assert all(one["value"].startswith("<math") for one in known.values())
    assert all(one.startswith("<math") for formula in known.values() for one in formula["grads"].values())


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a\"b'&<>", "x" * 3000])
def test_user_names_travel_as_plain_text(name: str) -> None:
    description = describe_graph(sample_graph(source=name))
    told: Any = next(node["source"] for node in description["nodes"] if node["op"] == "linear")
    assert told == name if len(name) < 400 else len(told) == 400
    assert name not in json.dumps(description["formulas"])


def test_the_last_snapshot_brings_values_of_all_nodes_that_nobody_asked_for() -> None:
    x, w = gradbook.randn(40, 30), gradbook.randn(30, 5, requires_grad=True)
    with observe.start_run() as run:
        (x @ w).relu().sum().backward()
    assert run.details == {}
    message, _ = describe.snapshot(run)
    told = {run.graph.nodes[one["node"]].label: one for one in message.content["details"]}
    assert set(told) == {"x", "w", "mm", "relu", "sum"}
    picture = told["mm"]["value"]["picture"]
    values = np.frombuffer(message.buffers[picture["buf"]], "<f4").reshape(picture["shape"])
    truth = (x @ w).detach().numpy()
    np.testing.assert_allclose(values, truth[:: picture["every"][0], :: picture["every"][1]][: len(values)], rtol=1e-6)
    grad = told["relu"]["grad"]["picture"]
    assert set(np.frombuffer(message.buffers[grad["buf"]], "<f4")) == {1.0}
    assert message.nbytes < 100_000


def test_a_graph_travels_in_columns_and_loses_nothing() -> None:
    description = describe_graph(sample_graph())
    compact = json.loads(json.dumps(compact_graph(description)))
    rows = [
        {"id": i} | {name: values[at[i]] for name, (values, at) in compact["columns"].items()}
        for i in range(len(description["nodes"]))
    ]
    assert rows == json.loads(json.dumps(description["nodes"]))
    assert compact["edges"] == [number for edge in description["edges"] for number in edge]
    assert compact_graph({"nodes": [], "edges": [], "ops": 0})["columns"] == {}
    large = tangle(3000)
    assert len(json.dumps(compact_graph(large))) < len(json.dumps(large)) / 2
