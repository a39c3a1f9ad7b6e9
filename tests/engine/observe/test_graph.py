from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import gradbook
from gradbook import nn, observe
from gradbook.observe import Graph
from gradbook.observe import graph as module


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        h = self.fc(x)
        return gradbook.tanh(h) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(), Block())
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.blocks(x))


def only(graph: Graph, **what):
    found = [node for node in graph.nodes if all(getattr(node, key) == value for key, value in what.items())]
    assert len(found) == 1, f"{what}: {found}"
    return found[0]


def test_a_small_graph_in_the_users_names() -> None:
    x = gradbook.ones(2, 3)
    w = gradbook.ones(3, requires_grad=True)
    with observe.trace() as t:
        y = x * w
        loss = (y * y).sum()
    for graph in (Graph.of(loss), t.graph):
        assert [node.op for node in graph.nodes if node.kind == "op"] == ["mul", "mul", "sum"]
        assert only(graph, name="w").requires_grad
        assert only(graph, name="x").shape == (2, 3)
        assert only(graph, name="y").op == "mul"
        assert only(graph, name="loss").op == "sum"
        square = next(node for node in graph.nodes if node.op == "mul" and node.name != "y")
        into = [(graph.nodes[src].name, slot) for src, dst, slot in graph.edges if dst == square.id]
        assert into == [("y", 0), ("y", 1)], "x * x has two edges"
        place = only(graph, name="y")
        assert place.cell == "test_graph.py"
        assert place.source == "y = x * w"
        assert all(node.id == i for i, node in enumerate(graph.nodes))
        assert all(src < dst for src, dst, _ in graph.edges), "nodes stand in the order of computation"
    assert loss.item() == 6


def test_modules_give_paths_classes_and_parameter_names() -> None:
    model, x = Net(), gradbook.ones(2, 4)
    with observe.trace() as t:
        model(x).sum()
    graph = t.graph
    weight = only(graph, name="blocks.0.fc.weight")
    assert (weight.kind, weight.module_path, weight.shape) == ("parameter", "blocks.0.fc", (4, 4))
    tanh = [node for node in graph.nodes if node.op == "tanh"]
    assert [node.module_path for node in tanh] == ["blocks.0", "blocks.1"]
    assert {node.module_cls for node in tanh} == {"Block"}
    paths = {info.path: info for info in graph.modules}
    assert set(paths) == {"blocks", "head", "blocks.0", "blocks.1", "blocks.0.fc", "blocks.1.fc"}
    assert paths["blocks.0"].cls == "Block"
    assert paths["blocks.0"].parameters == 20
    assert paths["blocks"].parameters == 40


def test_without_a_module_what_has_a_gradient_is_the_parameter() -> None:
    x, w = gradbook.ones(3), gradbook.ones(1, requires_grad=True)
    kinds = {node.name: node.kind for node in Graph.of((w * x).sum(), {"x": x, "w": w}).nodes if node.kind != "op"}
    assert kinds == {"x": "input", "w": "parameter"}
    x, layer = gradbook.ones(1, 3, requires_grad=True), nn.Linear(3, 1)
    graph = Graph.of(layer(x), {"x": x, "layer": layer})
    assert only(graph, name="x").kind == "input", "beside a module's parameters it is an input that is looked at"


def test_several_models_put_their_variable_in_front() -> None:
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    out = critic(generator(gradbook.ones(1, 2)))
    names = {node.name for node in Graph.of(out).nodes if node.kind == "parameter"}
    assert names == {"generator.weight", "generator.bias", "critic.weight", "critic.bias"}


def test_trace_sees_what_leaves_no_node() -> None:
    x = gradbook.ones(3)
    with observe.trace() as t, gradbook.no_grad():
        y = gradbook.exp(x)
        z = y + 1
    assert [node.op for node in t.graph.nodes if node.kind == "op"] == ["exp", "add"]
    assert not only(t.graph, name="y").requires_grad
    assert only(t.graph, op="add").params, "the number 1 is shown as a parameter"
    assert z.shape == (3,)


def test_trace_sees_what_is_computed_in_place_without_a_gradient() -> None:
    with observe.trace() as trace:
        h = gradbook.ones(2)
        h += 1
        _ = h * 3
    assert [(node.op, node.id) for node in trace.graph.nodes] == [("input", 0), ("add", 1), ("mul", 2)]
    assert [(edge.src, edge.dst) for edge in trace.graph.edges] == [(0, 1), (1, 2)]


def test_what_autograd_grad_begins_with_is_not_called_like_its_argument() -> None:
    w = gradbook.tensor([2.0], requires_grad=True)
    with observe.trace() as trace:
        y = (w**3).sum()
        (g,) = gradbook.autograd.grad(y, w, create_graph=True)
    names = {node.name for node in trace.graph.nodes if node.kind == "constant"}
    assert names == {""}
    assert g.item() == 12


def test_a_tensor_that_is_gone_lends_its_place_but_not_its_name() -> None:
    w = gradbook.ones(3, requires_grad=True)
    with observe.trace() as trace:
        given = gradbook.ones(3)
        number = id(given)
        _ = w + given
        _ = w * 2  # the trace holds what came in last
        del given
        for _ in range(1000):
            taken = gradbook.zeros(3)
            if id(taken) == number:
                break
    assert id(taken) == number
    assert [node.name for node in trace.graph.nodes if node.kind == "input"] == ["given"]


def test_trace_keeps_what_came_before_an_exception() -> None:
    def fails():
        h = gradbook.ones(2, 3) * 2
        return h @ gradbook.ones(2, 3)

    with pytest.raises(RuntimeError), observe.trace() as t:
        fails()
    assert "mul" in [node.op for node in t.graph.nodes]
    assert isinstance(t.error, RuntimeError)


def test_a_trace_keeps_no_tensor_alive() -> None:
    import gc
    import weakref

    with observe.trace() as t:
        x = gradbook.ones(3) * 2
        gone = weakref.ref(x)
        y = x + 1
        del x
        gc.collect()
        assert gone() is None
        del y
    assert t.graph.ops == 2


def test_very_deep_graphs_are_walked_without_recursion() -> None:
    x = gradbook.ones(1, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1
    graph = Graph.of(y)
    assert graph.ops == 20_000
    assert graph.signature


def test_structure_is_the_signature_and_shapes_are_not() -> None:
    def graph(n: int, deeper: bool = False) -> Graph:
        w = gradbook.ones(n, requires_grad=True)
        y = (w * 2).exp()
        return Graph.of(y.log() if deeper else y)

    assert graph(3).signature == graph(5).signature
    assert graph(3).signature != graph(3, deeper=True).signature
    diff = graph(3).diff(graph(5, deeper=True))
    assert [graph(5, deeper=True).nodes[i].op for i in diff.added] == ["log"]
    assert not diff.removed
    assert {change.what[0] for change in diff.changed} == {"shape: (3,) -> (5,)"}
    assert not graph(3).diff(graph(3))


def test_folding_keeps_what_is_outside_and_joins_what_is_inside() -> None:
    model, x = Net(), gradbook.ones(2, 4)
    with observe.trace() as t:
        out = model(x)
        loss = out.sum()
    folded = t.graph.fold(0)
    assert [node.name for node in folded.nodes if node.kind == "module"] == ["blocks", "head"]
    assert only(folded, name="blocks").op == "Sequential"
    assert only(folded, name="blocks").shape == (2, 4)
    assert only(folded, op="sum").id == len(folded.nodes) - 1
    finer = t.graph.fold(1)
    assert {"blocks.0", "blocks.1"} == {node.name for node in finer.nodes if node.kind == "module"}
    assert {node.name for node in finer.nodes if node.kind == "parameter"} == {"head.weight", "head.bias"}
    assert all(src != dst for src, dst, _ in folded.edges)
    assert loss.shape == ()
    with pytest.raises(ValueError, match="cannot be negative"):
        t.graph.fold(-1)


def test_json_and_dot_are_complete_and_valid(tmp_path: Path) -> None:
    w = gradbook.ones(2, requires_grad=True)
    odd = {'"; evil [label="x': w}
    graph = Graph.of(w * 2, names=odd)
    plain = json.loads(json.dumps(graph.to_json(), allow_nan=False))
    assert [node["op"] for node in plain["nodes"]] == ["input", "mul"]
    assert plain["edges"] == [[0, 1, 0]]
    dot = graph.to_dot(direction="LR")
    assert "rankdir=LR" in dot
    assert "n0 -> n1;" in dot
    assert '\\"; evil' in dot, "names are quoted"
    assert graph.save(tmp_path / "g.json").read_text(encoding="utf-8")
    assert graph.save(tmp_path / "g.dot").read_text(encoding="utf-8") == graph.to_dot()
    with pytest.raises(ValueError, match="'TB'"):
        graph.to_dot(direction="up")
    with pytest.raises(ValueError, match=r"svg, pdf, png, html, dot, json"):
        graph.save(tmp_path / "g.docx")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_it(tmp_path: Path) -> None:
    model = Net()
    with observe.trace() as t:
        model(gradbook.ones(1, 4))
    assert t.graph.save(tmp_path / "net.pdf").read_bytes().startswith(b"%PDF")
    assert b"blocks.0" in t.graph.to_graphviz().pipe(format="svg")


def test_svg_needs_the_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph.of(gradbook.ones(1, requires_grad=True) * 2)
    monkeypatch.setattr(module, "svg_renderer", None)
    with pytest.raises(RuntimeError, match=r"import gradbook\.widgets"):
        graph.to_svg()
    monkeypatch.setattr(module, "svg_renderer", lambda g, **options: f"<svg>{g.ops}{options}</svg>")
    assert graph.to_svg(depth=1).startswith("<svg>1")


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a Tensor"):
        Graph.of(3)


def test_a_graph_borrows_the_places_it_lacks() -> None:
    x = gradbook.ones(2, requires_grad=True)

    def compute():
        y = x * 3
        return (y * y).sum()

    with observe.trace():
        seen = Graph.of(compute())
    bare = Graph.of(compute())
    assert bare.nodes[1].line is None
    assert [node.line for node in bare.borrow(seen).nodes] == [node.line for node in seen.nodes]
    assert bare.borrow(Graph.of(x * 3)) is bare


def test_an_operation_says_what_it_keeps_and_whose_memory_that_is() -> None:
    x = gradbook.randn(3, 4)
    w = gradbook.randn(4, 2, requires_grad=True)
    with observe.trace() as traced:
        h = (x @ w).relu()
        loss = (h * h).sum()
    graph = traced.graph
    by_op = {node.op: node for node in graph.nodes if node.kind == "op"}
    named = lambda node: [(kept.name, kept.nbytes, graph.nodes[kept.source].label) for kept in node.saved]  # noqa: E731
    assert named(by_op["mm"]) == [("a", 48, "x")]
    assert [kept.source for kept in by_op["relu"].saved] == [by_op["relu"].id]  # its own output
    assert {label for _, _, label in named(by_op["mul"])} == {"h"}
    assert [kept.nbytes for node in Graph.of(loss).nodes if node.op == "mul" for kept in node.saved] == [24, 24]


def test_the_marked_expression_counts_characters_of_the_line_without_its_indent() -> None:
    größe = gradbook.randn(3, requires_grad=True)
    with observe.trace() as traced:
        größe.exp() + größe.relu()
    marked = {node.op: node.source[slice(*node.marked)] for node in traced.graph.nodes if node.marked}
    assert marked == {"exp": "größe.exp()", "relu": "größe.relu()", "add": "größe.exp() + größe.relu()"}
