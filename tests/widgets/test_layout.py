"""The layout of graphs: what a reader may rely on, and the numbers it is held to."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from gradbook.widgets.layout import Options, Tree, default_expanded, layout
from tests.widgets import graphs
from tests.widgets.write_layout_fixture import FIXTURE

SMALL = ["lenet", "mlp", "residual", "transformer", "rnn", "scalars"]


def everything(tree: Tree) -> set[str]:
    return {block.key for block in tree.walk() if block.foldable and block.key}


def opened(graph: dict[str, Any]) -> dict[str, Any]:
    tree = Tree(graph)
    return layout(tree, everything(tree))


def frame(box: dict[str, Any]) -> tuple[int, int, int, int]:
    return box["x"] - box["w"] // 2, box["y"], box["x"] + box["w"] // 2, box["y"] + box["h"]


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def segments(points: list[int]) -> list[tuple[int, int, int, int]]:
    """Frames of the straight parts, or of the whole S-curve, a pixel smaller so that touching is no crossing."""
    pairs = list(zip(points[::2], points[1::2], strict=True))
    return [(min(a[0], b[0]), min(a[1], b[1]) + 1, max(a[0], b[0]), max(a[1], b[1]) - 1) for a, b in pairwise(pairs)]


@pytest.mark.parametrize("case", json.loads(FIXTURE.read_text("utf8")), ids=lambda case: case["name"])
def test_layout_is_what_the_browser_computes_too(case: dict[str, Any]) -> None:
    tree = Tree(case["graph"])
    for wanted in case["pictures"]:
        expanded = None if wanted["expanded"] is None else set(wanted["expanded"])
        picture = layout(tree, expanded, Options(**wanted["options"]))
        assert json.loads(json.dumps(picture)) == wanted["picture"]


@pytest.mark.parametrize("graph", [graphs.ALL[name]() for name in SMALL] + [graphs.tangle(300, s) for s in range(8)])
def test_boxes_groups_and_wires_keep_clear_of_each_other(graph: dict[str, Any]) -> None:
    picture = opened(graph)
    boxes = [frame(item) for item in picture["items"]]
    boxes.sort(key=lambda box: box[1])
    for at, box in enumerate(boxes):
        below = [other for other in boxes[at + 1 :] if other[1] < box[3]]
        assert not [other for other in below if overlap(box, other)]
    for _, _, points in picture["wires"]:
        for part in segments(points):
            crossed = [box for box in boxes if overlap(part, (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1))]
            assert not crossed, f"wire {points} crosses {crossed}"
    groups = {group["key"]: group for group in picture["groups"]}
    for group in picture["groups"]:
        around = groups.get(group["parent"])
        if around is not None:
            assert around["x"] < group["x"]
            assert group["x"] + group["w"] < around["x"] + around["w"]
            assert around["y"] < group["y"] < group["y"] + group["h"] < around["y"] + around["h"]
    for item in picture["items"]:
        left, top, right, bottom = frame(item)
        around = groups.get(item["parent"])
        if around is not None:
            assert around["x"] < left < right < around["x"] + around["w"]
            assert around["y"] < top < bottom < around["y"] + around["h"]


def test_main_chain_is_straight_and_runs_down() -> None:
    picture = layout(graphs.lenet())
    assert [item["title"] for item in picture["items"]] == [
        "x", "conv1", "relu", "max_pool2d", "conv2", "relu", "max_pool2d", "blocks", "flatten", "fc1", "relu", "fc2",
        "cross_entropy",
    ]  # fmt: skip
    assert {item["x"] for item in picture["items"]} == {0}
    assert [item["y"] for item in picture["items"]] == sorted(item["y"] for item in picture["items"])


def test_every_flow_has_a_wire_into_its_box() -> None:
    graph = graphs.transformer()
    picture = opened(graph)
    at = {item["node"]: item for item in picture["items"]}
    arrows = [points[-2:] for _, arrow, points in picture["wires"] if arrow]
    for _, dst, _ in [edge for edge in graph["edges"] if edge[0] in at]:
        left, top, right, bottom = frame(at[dst])
        assert any(left <= x <= right and top <= y <= bottom for x, y in arrows)


def test_operand_used_twice_has_two_wires() -> None:
    graph = graphs.scalars()
    e, f = (next(node["id"] for node in graph["nodes"] if node["name"] == name) for name in "ef")
    target = next(item for item in layout(graph)["items"] if item["node"] == f)
    wires = [w for w in layout(graph)["wires"] if w[0] == e and w[1] and w[2][3] == target["y"]]
    assert len({w[2][2] for w in wires}) == 2


def test_parameters_are_chips_at_each_use() -> None:
    graph = graphs.rnn(5)
    chips = opened(graph)["chips"]
    w = next(node["id"] for node in graph["nodes"] if node["name"] == "W")
    assert sum(chip["node"] == w for chip in chips) == 5
    picture = layout(graphs.lenet())
    row = picture["items"][1]
    mine = [chip for chip in picture["chips"] if picture["items"][chip["item"]] is row]
    assert [chip["name"] for chip in mine] == ["weight", "bias"]
    assert all(chip["x"] + chip["w"] < row["x"] - row["w"] // 2 for chip in mine)
    assert mine[0]["shape"] == "6×1×5×5"


def test_chips_stay_inside_of_the_picture() -> None:
    b = graphs.Builder()
    x = b.leaf("input", "x", 2)
    b.op("cat", x, *[b.leaf("parameter", f"a_rather_long_name_{n}", 100, 100) for n in range(30)], shape=(2,))
    picture = layout(b.description())
    assert min(chip["x"] for chip in picture["chips"]) >= picture["x0"]
    assert picture["chips"][-1]["name"].startswith("+")


def test_equal_modules_fold_into_one_box_with_a_bar_each() -> None:
    box = next(item for item in layout(graphs.lenet())["items"] if item["title"] == "blocks")
    assert (box["count"], len(box["bars"]), box["right"]) == (4, 4, "×4")
    assert not any(item["count"] > 1 for item in layout(graphs.mlp())["items"])


def test_a_loop_is_found_without_modules() -> None:
    tree = Tree(graphs.rnn(50))
    assert [block.count for block in tree.walk() if block.kind == "repeat"] == [49]
    assert len(layout(tree)["items"]) < 12


def test_first_picture_is_small() -> None:
    assert default_expanded(Tree(graphs.lenet())) == {"stem", "head"}
    for name in graphs.ALL:
        assert len(layout(graphs.ALL[name]())["items"]) <= 40


@pytest.mark.parametrize("name", ["lenet", "transformer", "residual"])
def test_folding_moves_only_what_is_below(name: str) -> None:
    tree = Tree(graphs.ALL[name]())
    keys = everything(tree)
    full = layout(tree, keys)
    for key in sorted(keys):
        group = next(group for group in full["groups"] if group["key"] == key)
        places = {item["key"]: item for item in layout(tree, keys - {key})["items"]}
        for item in full["items"]:
            if item["key"] in places and item["y"] + item["h"] <= group["y"]:
                assert (places[item["key"]]["x"], places[item["key"]]["y"]) == (item["x"], item["y"])
            elif item["key"] in places:
                assert places[item["key"]]["x"] == item["x"]


def test_a_growing_graph_leaves_its_nodes_in_place() -> None:
    small, large = graphs.chain(40), graphs.chain(60)
    assert opened(small)["items"][:40] == opened(large)["items"][:40]


def test_module_called_twice_is_two_blocks() -> None:
    b = graphs.Builder()
    x = b.leaf("input", "x", 4)
    module = b.module("cell", "Cell")
    for _ in range(2):
        b.inside = module
        x = b.op("tanh", b.op("mul", x, x, shape=(4,)), shape=(4,))
        b.inside = -1
        x = b.op("neg", x, shape=(4,))
    picture = layout(b.description(), set())
    assert [item["key"] for item in picture["items"] if item["kind"] == "module"] == ["cell", "cell#2"]
    assert [item["y"] for item in picture["items"]] == sorted(item["y"] for item in picture["items"])


def test_edges_too_many_to_draw_become_chips() -> None:
    b = graphs.Builder()
    values = [b.leaf("input", "x", 4)]
    for number in range(80):
        values.append(b.op("tanh", values[-1], shape=(4,), name=f"h{number}"))
    b.op("stack", *values[1:], shape=(80, 4))
    picture = opened(b.description())
    assert picture["x1"] - picture["x0"] < 1200
    assert any(chip["name"] == "h0" for chip in picture["chips"])


def test_cycle_is_refused() -> None:
    graph = graphs.chain(4)
    graph["edges"].append([4, 1, 1])
    with pytest.raises(ValueError, match="cycle through 4 of its 4 ops"):
        layout(graph)


def test_order_of_creation_is_not_needed() -> None:
    graph = graphs.mlp()
    last = len(graph["nodes"]) - 1
    turned = dict(graph, nodes=[dict(node, id=last - node["id"]) for node in reversed(graph["nodes"])])
    turned["edges"] = [[last - a, last - b, slot] for a, b, slot in graph["edges"]]
    assert [item["title"] for item in layout(turned)["items"]] == [item["title"] for item in layout(graph)["items"]]


def test_empty_graph_is_an_empty_picture() -> None:
    assert layout(graphs.Builder().description())["items"] == []


def test_depth_knows_no_limit() -> None:
    b = graphs.Builder()
    path = "m"
    for _ in range(1500):
        b.modules.append({"path": path, "label": "m", "cls": "M", "parent": len(b.modules) - 1, "parameters": 0})
        path += ".m"
    b.inside = len(b.modules) - 1
    x = b.leaf("input", "x", 2)
    b.op("neg", b.op("neg", x, shape=(2,)), shape=(2,))
    assert len(opened(b.description())["groups"]) == 1500
