import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gradbook.coach import Finding, Fix, Report
from gradbook.observe import Graph, ParameterInfo, Picture, Probes, Run
from gradbook.widgets import picture
from gradbook.widgets.picture_gradients import rows_of
from gradbook.widgets.picture_loss import spread
from gradbook.widgets.svg import clean, coordinate, log_ticks, nice_ticks, polyline
from tests.widgets.sample import measurement, sample_graph, sample_run

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> str:
    return " ".join("".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text"))


def test_it_shows_state_curves_gradients_and_graph_and_stays_small() -> None:
    run = sample_run()
    run.ghosts = (sample_run(seed=5),)
    began = time.perf_counter()
    svg = picture.draw(run)
    assert time.perf_counter() - began < 1.0
    assert len(svg.encode()) <= picture.AT_MOST
    shown = texts(svg)
    for word in (
        "finished",
        "1,930",
        "Loss",
        "loss 0.",
        "val_loss 0.",
        "previous 0.",
        "epoch 2",
        "24 parameters",
        "conv1.weight",
        "fc2.bias",
        "spike ×",
        "blocks ×4",
        "Computation graph",
        "25 ops",
        "cross_entropy",
        "cell [7]",
        "3.0e−3",
    ):
        assert word in shown, word  # fmt: skip


@pytest.mark.parametrize("state", ["running", "finished", "stopped", "error"])
def test_every_state_has_its_word_and_its_mark(state: str) -> None:
    svg = picture.draw(sample_run(state=state))
    assert state in texts(svg)
    marks = {"running": 'class="br" cx', "finished": 'class="st"', "stopped": 'class="k" x="15"', "error": 'class="x"'}
    assert marks[state] in svg
    if state == "error":
        assert "linear: (64, 256) @ (120, 250)" in texts(svg)


def test_a_run_that_waits_has_axes_and_says_for_what() -> None:
    shown = texts(picture.draw(Run("w", cell="[3]")))
    assert "for the first backward()" in shown
    assert "the loss appears here" in shown
    assert "Gradients" not in shown
    assert "Computation graph" not in shown


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b\"c'", "\x00\x1b[31m", "]]>", "\ud800", "x" * 2000])
def test_whatever_users_name_things_it_is_text(name: str) -> None:
    run = Run(name, cell=name)
    run.begin()
    for step in range(1, 30):
        run.curve(name, "train").append(step, 1 / step)
        run.curve(name + "2", "train").append(step, 2 / step)
    run.step = 29
    run.parameters = (ParameterInfo(name, (3,), 3, name), ParameterInfo("b", (3,), 3, ""))
    run.probes = Probes(2)
    run.probes.add(1, *measurement(np.random.default_rng(0), 2, 0.5))
    graph = sample_graph(source=name)
    run.picture = Picture(graph, 1, None, 1)
    run.finish("error", {"type": name, "message": name, "line": 1})
    svg = picture.draw(run)
    allowed = {"svg", "title", "style", "rect", "g", "path", "text", "tspan", "circle", "pattern"}
    assert {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()} <= allowed
    assert "<script" not in svg.lower()


@pytest.mark.parametrize(
    "values",
    [
        [np.nan] * 5,
        [1.0],
        [1.0, 1.0, 1.0],
        [0.0] * 4,
        [-3.0, 2.0, -1.0],
        [np.inf, 1.0, 2.0],
        [1e-30, 1e30],
        [5e-324, 1.0],
        [1.0, np.nan, 0.5, -np.inf],
    ],
)
def test_any_loss_can_be_drawn(values: list[float]) -> None:
    run = Run("odd")
    run.begin()
    for step, value in enumerate(values):
        run.curve("loss", "train").append(step, value)
    svg = picture.draw(run)
    ET.fromstring(svg)
    assert not re.search(r"[\"MLVHhlv ](nan|inf)", svg)
    if not np.isfinite(values).all() and np.isfinite(values).any():
        assert "at step" in texts(svg)


def test_probes_that_know_nothing_can_be_drawn() -> None:
    run = sample_run(probes=3)
    rows = len(run.parameters)
    nothing = np.full((rows, 5), np.nan, np.float32)
    run.probes = Probes(rows)
    run.probes.add(1, nothing, np.zeros((rows, 32), np.float32), np.full(rows, np.nan, np.float32))
    run.probes.add(
        2, np.full((rows, 5), np.inf, np.float32), np.zeros((rows, 32), np.float32), np.zeros(rows, np.float32)
    )
    assert "inf" in texts(picture.draw(run))


def test_a_graph_too_large_is_folded_or_named_and_the_size_holds() -> None:
    run = sample_run()
    one = sample_graph()
    nodes, edges = list(one.nodes), list(one.edges)
    for _ in range(60):
        shift, last = len(nodes), len(nodes) - 1
        for node in one.nodes:
            from dataclasses import replace

            nodes.append(replace(node, id=node.id + shift, name=f"very_long_name_{node.id + shift}", module_path=""))
        edges += [edge._replace(src=edge.src + shift, dst=edge.dst + shift) for edge in one.edges]
        edges.append(edges[0]._replace(src=last, dst=shift + 3, slot=5))
    run.picture = Picture(Graph(tuple(nodes), tuple(edges), one.modules), 2, None, 0)
    svg = picture.draw(run)
    assert len(svg.encode()) <= picture.AT_MOST + 1000
    assert "Computation graph" in texts(svg)


def test_many_parameters_fold_by_repeats_then_modules_then_a_rest() -> None:
    few = ["conv1.weight", "conv1.bias"]
    assert [row.label for row in rows_of(few)] == few
    deep = [f"layers.{i}.attn.{k}" for i in range(12) for k in "qkvo"] + ["head.weight"]
    assert [row.label for row in rows_of(deep)] == ["layers ×12", "head.weight"]
    wide = [f"part{i}.{k}" for i in range(40) for k in ("weight", "bias")]
    rows = rows_of(wide)
    assert len(rows) == 14
    assert rows[-1].label == "27 more"
    assert sorted(i for row in rows for i in row.members) == list(range(80))


def test_the_summary_can_be_copied() -> None:
    run = sample_run(steps=20)
    run.series["loss"].append(21, -0.5)
    assert picture.summary(run).isascii() is False  # the dots between
    assert "loss -0.500" in picture.summary(run)


def test_coordinates_ticks_and_lines() -> None:
    assert [coordinate(v) for v in (0.5, -0.25, 10.0, 3.14159, 0)] == [".5", "-.2", "10", "3.1", "0"]
    assert nice_ticks(0, 1930, 4) == [0, 500, 1000, 1500]
    assert nice_ticks(1, 1, 4) == []
    assert log_ticks(0.3, 3, 6) == pytest.approx([0.5, 1, 2])
    assert len(log_ticks(1e-30, 1e30, 6)) <= 7
    assert polyline([(0, 0), (1, 2), (2, float("nan")), (3, 1)]) == "M0 0l1 2M3 1"
    assert clean('a\x00<b>\ud800"') == "a&lt;b&gt;&quot;"


def test_labels_are_pushed_apart_in_order() -> None:
    places = spread([50.0, 52.0, 51.0, 120.0], 0, 200)
    assert places[0] < places[2] < places[1] < places[3]
    gaps = np.diff(sorted(places))
    assert (gaps >= 14.9).all()
    assert min(spread([0.0, 1.0], 0, 200)) >= 0


def test_the_worst_finding_has_a_row_and_a_word_and_a_mark_of_its_own() -> None:
    run = sample_run()
    before = picture.draw(run)
    run.coach = Report(rules=56)
    assert picture.draw(run) == before
    for severity, mark in (("hint", 'class="hi"'), ("warning", 'class="w" '), ("error", 'class="x"')):
        found = Finding("some-rule", severity, f"<b>{severity}</b> & more", "train.py", 8, fixes=(Fix("y = x"),))
        run.coach.add(found)
        svg = picture.draw(run)
        words = texts(svg)
        assert f"{severity.capitalize()}  <b>{severity}</b> & more" in words
        assert "train.py line 8 · fix: y = x · some-rule" in words
        assert mark in svg or mark.replace('" ', '"/') in svg
        run.coach = Report(rules=56)
    run.coach.add(found)
    run.coach.add(Finding("other", "hint", "less"))
    assert "1 of 2 · train.py line 8" in texts(picture.draw(run))
    run.coach.muted |= {"some-rule", "other"}
    assert picture.draw(run) == before


def test_an_exception_has_the_row_unless_a_finding_is_an_error_too() -> None:
    run = sample_run(state="error")
    run.coach = Report(rules=56)
    run.coach.add(Finding("r", "hint", "a hint"))
    assert "RuntimeError" in texts(picture.draw(run))
    assert "a hint" not in texts(picture.draw(run))
    run.coach.add(Finding("r", "error", "an error", "f.py", 1))
    assert "an error" in texts(picture.draw(run))
