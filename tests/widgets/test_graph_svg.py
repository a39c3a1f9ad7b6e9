"""The still picture of a graph: a valid SVG of its own, small, and safe with any text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from gradbook.widgets.graph_svg import flow_width, graph_svg
from tests.widgets import graphs

SVG = "{http://www.w3.org/2000/svg}"


def norms(graph: graphs.Description, value: float) -> np.ndarray:
    table = np.full((len(graph["nodes"]), 8), np.nan, np.float32)
    table[:, 5] = value
    return table


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_names_shapes_and_norms_can_be_read() -> None:
    graph = graphs.lenet()
    shown = texts(graph_svg(graph, norms(graph, 0.041)))
    module = ("conv1", "Conv2d", "64×6×24×24", "stem", "2,572 parameters", "weight 6×1×5×5")
    for text in (*module, "0.041", "×4", "h", "|grad|"):
        assert text in shown
    assert "|grad|" not in texts(graph_svg(graph)), "no heading without numbers"


def test_picture_says_what_it_is() -> None:
    root = ElementTree.fromstring(graph_svg(graphs.mlp()))
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"graph with {len(graphs.mlp()['nodes'])} nodes"
    assert root[0].tag == f"{SVG}title"


def test_text_of_the_user_is_never_markup() -> None:
    b = graphs.Builder()
    b.module('<b a="', "<script>")
    b.inside = 0
    x = b.leaf("input", "<script>&\"'", 2)
    x = b.op("<i>", x, b.leaf("parameter", "<p>", 2), shape=(2,), name="</svg>")
    b.op("&amp;", x, shape=(2,))
    svg = graph_svg(b.description(), expanded={'<b a="'})
    assert "<script" not in svg
    assert "<i>" in texts(svg)
    assert svg.count("</svg>") == 1


def test_sixty_nodes_stay_under_thirty_kilobytes() -> None:
    graph = graphs.transformer()
    svg = graph_svg(graph, norms(graph, 0.1), {module["path"] for module in graph["modules"]})
    assert len(graph["nodes"]) > 60
    assert len(svg.encode()) <= 30_000


def test_too_large_a_graph_is_drawn_folded() -> None:
    graph = graphs.tangle(3000)
    assert len(graph_svg(graph, expanded={module["path"] for module in graph["modules"]})) < 400_000


@pytest.mark.parametrize(
    ("norm", "width"), [(0.0, 1.5), (1e-9, 1.5), (1e-3, 1.5), (1.0, 9.0), (1e6, 9.0), (np.nan, 1.5)]
)
def test_width_of_an_edge_grows_with_the_gradient(norm: float, width: float) -> None:
    assert flow_width(norm) == width


def test_edges_are_bands_only_where_a_gradient_is_known() -> None:
    graph = graphs.mlp()
    assert "stroke-opacity" not in graph_svg(graph)
    assert "stroke-opacity" in graph_svg(graph, norms(graph, 0.1))


def test_node_that_failed_is_marked() -> None:
    graph = graphs.mlp()
    assert "#c62828" not in graph_svg(graph)
    assert "#c62828" in graph_svg(graph, error=graph["nodes"][-1]["id"])
