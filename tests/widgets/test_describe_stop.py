"""A stop and the birth of a NaN as the browser is told of them, and that a frame goes out for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import gradbook
from gradbook import observe
from gradbook.errors import BreakpointHit
from gradbook.observe.run import Run, forget_runs
from gradbook.observe.stop_picture import Scene, look_at
from gradbook.widgets import describe
from gradbook.widgets.graph_view import describe_still
from gradbook.widgets.picture import draw

pytestmark = pytest.mark.filterwarnings("ignore:(divide|invalid|overflow):RuntimeWarning")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    forget_runs()


def a_stop(condition: str, act: Any) -> observe.Stop:
    with observe.breakpoint(condition), pytest.raises(BreakpointHit) as caught:
        act()
    stop: observe.Stop = caught.value.stop
    return stop


def ops_of(graph: dict[str, Any]) -> list[str]:
    """The operations of a graph as it travels, in columns."""
    values, places = graph["columns"]["op"]
    return [values[place] for place in places]


def test_a_stop_replaces_the_picture_and_the_last_one_comes_back() -> None:
    w = gradbook.tensor([2.0, -3.0], requires_grad=True)
    with observe.start_run("held") as run:
        (w * w).sum().backward()
        before = run.picture
        _, cursor = describe.snapshot(run)
        scene = Scene(run)
        scene.show(a_stop("nan", lambda: gradbook.log(w * 1)), {})
        message, cursor = describe.frame(run, cursor)
        assert message is not None
        told = message.content["stop"]
        assert (told["op"], told["reason"], told["phase"]) == ("log", "NaN", "forward")
        assert "a negative number has no logarithm" in told["text"]
        graph = message.content["graph"]
        assert ops_of(graph)[told["node"]] == "log"
        assert graph["ops"] == 2
        details = {detail["node"]: detail for detail in message.content["details"]}
        assert details[told["node"]]["shape"] == [2]
        assert len(details) == 2, "the result, and its operand"

        scene.leave()
        message, cursor = describe.frame(run, cursor)
        assert message is not None
        assert message.content["stop"] is None
        assert run.picture.graph is before.graph
        assert run.picture.version == before.version
        assert describe.frame(run, cursor)[0] is None, "nothing more to say"


def test_a_stop_in_backward_carries_the_gradient() -> None:
    z = gradbook.zeros(4, requires_grad=True)
    run = Run("held")
    scene = Scene(run)
    scene.show(a_stop("inf", lambda: (z * 2).sqrt().sum().backward()), {})
    content = describe.snapshot(run)[0].content
    told = content["stop"]
    (detail,) = (one for one in content["details"] if one["node"] == told["node"])
    assert detail["grad"]["mean"] == 1.0
    scene.leave()
    assert run.graph is not None, "there was no picture before: this one stays"


def test_a_birth_is_told_with_its_way_in_the_graph_on_the_screen() -> None:
    w = gradbook.tensor([2.0, -3.0], requires_grad=True)
    with observe.start_run("bad") as run:
        (gradbook.log(w) * 2).sum().backward()
    content = describe.snapshot(run)[0].content
    told = content["birth"]
    assert told["kind"] == "NaN"
    assert "log of -3 at [1]" in told["text"]
    assert told["certain"]
    assert [ops_of(content["graph"])[i] for i in told["path"]] == ["log", "mul", "sum"]
    assert "log of -3 at [1]" in draw(run), "the still picture says it too"


def test_other_values_that_the_graph_keeps_can_be_asked_for() -> None:
    w = gradbook.tensor([2.0, -3.0], requires_grad=True)
    run = Run("held")
    scene = Scene(run)
    scene.show(a_stop("nan", lambda: gradbook.log(gradbook.exp(w) * 0 - 1)), {})
    assert run.graph is not None
    (exp,) = (node.id for node in run.graph.nodes if node.op == "exp")
    assert exp not in run.details
    look_at(run, exp)
    assert run.details[exp].full_shape == (2,)
    look_at(run, 99)
    scene.leave()
    look_at(run, exp)


def test_a_birth_alone_is_shown_with_its_graph_and_values() -> None:
    w = gradbook.tensor([2.0, -3.0], requires_grad=True)
    birth = observe.why_nan(gradbook.log(w).sum())
    assert birth is not None
    content = describe_still(birth.graph, birth).content
    assert content["birth"]["path"] == list(birth.path)
    assert {detail["node"] for detail in content["details"]} == set(birth.details)


def test_a_run_without_either_says_so() -> None:
    content = describe.snapshot(Run("plain"))[0].content
    assert content["stop"] is None
    assert content["birth"] is None


def test_hostile_text_is_plain() -> None:
    w = gradbook.tensor([-1.0], requires_grad=True)
    run = Run("bad")
    stop = a_stop("nan", lambda: gradbook.log(w))
    stop.module = "<script>\ud800"
    Scene(run).show(stop, {})
    assert describe.snapshot(run)[0].packed()


def test_the_gradient_of_a_stop_is_measured_whole() -> None:
    w = gradbook.ones(300, 300, requires_grad=True)
    with observe.start_run("held") as run:
        (w * w).sum().backward()
        stop = a_stop("grad>1", lambda: (w * 2).sum().backward())
        Scene(run).show(stop, {})
    assert stop.grad is not None
    assert stop.grad.shape == (300, 300)
    assert run.node_stats is not None
    assert run.node_stats[stop.index, 5] == pytest.approx(float(stop.grad.norm()))
