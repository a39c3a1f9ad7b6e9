import itertools
import random
import time
from collections.abc import Sequence

import pytest

import gradbook
from gradbook import nn
from gradbook.observe import Graph, GraphDiff, GraphEdge, GraphNode
from gradbook.observe.graphdiff import _in_order, title

OPS = ("relu", "add", "mul", "tanh")


def chain(ops: Sequence[str]) -> Graph:
    """x -> op -> op -> …, without names or modules."""
    nodes = [GraphNode(0, "input", "input", name="x")]
    nodes += [GraphNode(i, "op", op, shape=(3,)) for i, op in enumerate(ops, 1)]
    return Graph(tuple(nodes), tuple(GraphEdge(i, i + 1, 0) for i in range(len(ops))))


def words(diff: GraphDiff) -> list[str]:
    return [" ".join(row) for row in diff.rows()]


def longest(a: str, b: str) -> int:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


def test_two_sequences_share_as_much_as_can_be() -> None:
    rng = random.Random(0)
    for _ in range(500):
        a, b = ("".join(rng.choice("abc") for _ in range(rng.randrange(12))) for _ in range(2))
        pairs = _in_order(list(a), list(b))
        assert len(pairs) == longest(a, b), (a, b)
        assert all(a[i] == b[j] for i, j in pairs)
        assert all(i < k and j < m for (i, j), (k, m) in itertools.pairwise(pairs))


@pytest.mark.parametrize("case", ["one more", "many", "shuffled", "nothing in common", "turned round"])
def test_ten_thousand_nodes_do_not_take_squared_time(case: str) -> None:
    rng = random.Random(1)
    ops = [rng.choice(OPS) for _ in range(10_000)]
    other = list(ops)
    if case == "one more":
        other.insert(5_000, "log")
    elif case == "many":
        for _ in range(300):
            other.insert(rng.randrange(len(other)), "log")
    elif case == "shuffled":
        rng.shuffle(other)
    elif case == "nothing in common":
        other = ["log"] * 10_000
    else:
        ops, other = ["relu", "add"] * 5_000, ["add", "relu"] * 5_000
    old, new = chain(ops), chain(other)
    began = time.process_time()
    diff = old.diff(new)
    assert time.process_time() - began < 10  # 0.5 s when nothing else runs; each node with each would be minutes
    assert len(diff.added) + len(diff.pairs) == len(new.nodes)
    assert len(diff.removed) + len(diff.pairs) == len(old.nodes)
    expected = {"one more": 1, "many": 300, "shuffled": 0, "nothing in common": 10_000, "turned round": 1}
    assert len(diff.added) == expected[case]


class Net(nn.Module):
    def __init__(self, act: type[nn.Module] = nn.ReLU, hidden: int = 8, extra: bool = False) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, hidden)
        self.act = act()
        self.norm = nn.LayerNorm(hidden) if extra else None
        self.fc2 = nn.Linear(hidden, 2)

    def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
        h = self.act(self.fc1(x))
        if self.norm is not None:
            h = self.norm(h)
        return self.fc2(h)


def of(model: nn.Module) -> Graph:
    x = gradbook.randn(3, 4)
    with gradbook.observe.trace() as trace:
        loss = model(x).sum()
    del loss
    return trace.graph


def test_the_same_program_twice_differs_in_nothing() -> None:
    diff = of(Net()).diff(of(Net()))
    assert not diff
    assert "0 added, 0 removed, 0 changed" in repr(diff)


def test_a_layer_more_is_added_by_its_name_and_nothing_else_moves() -> None:
    diff = of(Net()).diff(of(Net(extra=True)))
    assert {title(diff.new.nodes[i]) for i in diff.added} >= {"norm.weight", "norm.bias"}
    assert {diff.new.nodes[i].module_path for i in diff.added} == {"norm"}
    assert not diff.removed
    assert not diff.changed
    back = of(Net(extra=True)).diff(of(Net()))
    assert len(back.removed) == len(diff.added)
    assert not back.added


def test_another_activation_in_the_same_place_is_a_change_of_that_node() -> None:
    diff = of(Net()).diff(of(Net(nn.Tanh)))
    assert not diff.added
    assert not diff.removed
    assert [change.what[0] for change in diff.changed] == ["op: relu -> tanh"]


def test_a_wider_layer_changes_shapes_by_name() -> None:
    found = words(of(Net(hidden=8)).diff(of(Net(hidden=9))))
    assert "~ fc1.weight shape: (8, 4) -> (9, 4)" in found
    assert "~ fc2.weight shape: (2, 8) -> (2, 9)" in found
    assert not [line for line in found if line[0] in "+-"]


def test_a_renamed_parameter_is_the_same_one_under_another_name() -> None:
    def one(name: str) -> Graph:
        nodes = (
            GraphNode(0, "input", "input", name="x"),
            GraphNode(1, "parameter", "parameter", name=name),
            GraphNode(2, "op", "matmul"),
        )
        return Graph(nodes, (GraphEdge(0, 2, 0), GraphEdge(1, 2, 1)))

    diff = one("w").diff(one("weight"))
    assert words(diff) == ["~ weight name: w -> weight"]


def test_an_operand_that_comes_from_elsewhere_is_a_change_but_an_inserted_node_is_not() -> None:
    def one(second: int, more: bool = False) -> Graph:
        nodes = [
            GraphNode(0, "input", "input", name="x"),
            GraphNode(1, "op", "relu", name="a"),
            GraphNode(2, "op", "tanh", name="b"),
            GraphNode(3, "op", "add", name="c"),
        ]
        edges = [GraphEdge(0, 1, 0), GraphEdge(1, 2, 0), GraphEdge(2, 3, 0), GraphEdge(second, 3, 1)]
        if more:
            nodes.append(GraphNode(4, "op", "log", name="d"))
            edges[1:2] = [GraphEdge(1, 4, 0), GraphEdge(4, 2, 0)]
        return Graph(tuple(nodes), tuple(edges))

    assert words(one(0).diff(one(1))) == ["~ c (add) operand 1: x -> a (relu)"]
    assert [change.what for change in one(0).diff(one(0, more=True)).changed] == []


def test_its_text_lists_what_differs_by_name() -> None:
    text = str(of(Net()).diff(of(Net(nn.Tanh, extra=True))))
    first, *rest = text.splitlines()
    assert first.startswith("3 added, 0 removed, 1 changed")
    assert any(line.startswith("+ norm.weight") for line in rest)
    assert any(line.startswith("~ ") and "relu -> tanh" in line for line in rest)
    assert len(str(chain([]).diff(chain(["relu"] * 500))).splitlines()) == 62
