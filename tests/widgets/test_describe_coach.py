"""What the coach says, as it travels: findings, the nodes they mean, the lines that a fix changes."""

from __future__ import annotations

import json
import linecache
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradbook.coach import Finding, Fix, Report
from gradbook.observe.failure.text import Edit
from gradbook.observe.source import forget_cells, name_cell
from gradbook.widgets import describe
from gradbook.widgets.describe_coach import FINDINGS, NODES, describe_coach, hunks_of, nodes_of, said
from tests.widgets.sample import sample_run

CELL = "<cell seven>"
CODE = """\
%load
model = Net()
opt = SGD(model.parameters(), lr=0.1)
for x in data:
    loss = model(x)
    loss.backward()"""


@pytest.fixture
def cell() -> Iterator[Callable[[str], str]]:
    """Gives a cell [7] a text, as the code that ran has it. -> the name of its file."""

    def write(text: str) -> str:
        linecache.cache[CELL] = (len(text), None, text.splitlines(keepends=True), CELL)
        name_cell(CELL, "[7]")
        return CELL

    yield write
    linecache.cache.pop(CELL, None)
    forget_cells()


def report(*findings: Finding, muted: set[str] | None = None) -> Report:
    made = Report(muted, 56)
    for finding in findings:
        made.add(finding)
    return made


def rows(fix: Fix) -> list[tuple[int, list[list[str]]]]:
    return [(hunk["line"], hunk["rows"]) for hunk in hunks_of(fix)]


def mended(lines: list[str], hunks: list[dict[str, Any]]) -> list[str]:
    """The text after the hunks, written as the page writes them."""
    for hunk in reversed(hunks):
        old = [text for sign, text in hunk["rows"] if sign != "+"]
        at = hunk["line"] - 1
        assert lines[at : at + len(old)] == old
        lines = lines[:at] + [text for sign, text in hunk["rows"] if sign != "-"] + lines[at + len(old) :]
    return lines


def test_nobody_watches_or_nothing_is_said() -> None:
    assert describe.snapshot(sample_run(steps=5))[0].content["coach"] is None
    assert describe_coach(report()) == {"rules": 56, "muted": [], "lessons": {}, "findings": []}


def test_a_finding_says_everything_that_the_region_shows(cell: Callable[[str], str]) -> None:
    file = cell(CODE)
    fix = Fix("opt.zero_grad()", [Edit(file, 6, 0, 6, 0, "    opt.zero_grad()\n")], "before backward()")
    made = Finding("missing-zero-grad", "error", "Never cleared.", file, 6, {"steps": (2, 3)}, (), (fix,), 3)
    everything = describe_coach(report(made, Finding("own-rule", "hint", "m")))
    told = everything["findings"][0]
    assert list(everything["lessons"]) == ["missing-zero-grad"]  # a rule of the user's own teaches nothing
    lesson = everything["lessons"]["missing-zero-grad"]
    assert lesson["idea"].startswith("backward() adds to .grad")
    assert 1 <= lesson["line"] <= len(lesson["example"])
    assert told["cell"] == "[7]"
    assert (told["line"], told["step"], told["source"]) == (6, 3, "loss.backward()")
    assert told["evidence"] == [["steps", "2×3"]]
    assert told["fixes"][0]["code"] == "opt.zero_grad()"
    assert told["fixes"][0]["hunks"] == [
        {
            "cell": "[7]",
            "line": 5,
            "rows": [[" ", "    loss = model(x)"], ["+", "    opt.zero_grad()"], [" ", "    loss.backward()"]],
        }
    ]
    json.dumps(told, allow_nan=False)


def test_errors_come_first_muted_rules_do_not_come_and_there_is_an_end() -> None:
    made = report(
        *(Finding("hint-rule", "hint", "h", "f.py", n) for n in range(1, 30)),
        Finding("silent", "error", "s", "f.py", 1),
        Finding("loud", "error", "l", "f.py", 2),
        muted={"silent"},
    )
    told = describe_coach(made)
    assert told["muted"] == ["silent"]
    assert [one["rule"] for one in told["findings"]] == ["loud"] + ["hint-rule"] * (FINDINGS - 1)
    made.muted.clear()
    assert describe_coach(made)["findings"][0]["rule"] == "silent"


def test_the_exception_that_ended_the_cell_is_known_as_such() -> None:
    made = report(Finding("a", "error", "a"), Finding("b", "error", "b"))
    made.raised = made.findings[1]
    assert [one["raised"] for one in describe_coach(made)["findings"]] == [False, True]


def test_changes_of_several_places_are_whole_lines_that_can_be_written(cell: Callable[[str], str]) -> None:
    file = cell(CODE)
    edits = [
        Edit(file, 3, 33, 3, 36, "0.01"),
        Edit(file, 6, 0, 6, 0, "    opt.zero_grad()\n"),
        Edit(file, 6, 19, 6, 19, "\n    opt.step()"),
    ]
    hunks = hunks_of(Fix("x", edits))
    assert mended(CODE.split("\n"), hunks) == [
        "%load",
        "model = Net()",
        "opt = SGD(model.parameters(), lr=0.01)",
        "for x in data:",
        "    loss = model(x)",
        "    opt.zero_grad()",
        "    loss.backward()",
        "    opt.step()",
    ]


def test_a_line_moves(cell: Callable[[str], str]) -> None:
    file = cell("a\nb\nc\nd\ne")
    fix = Fix("d", [Edit(file, 4, 0, 5, 0, ""), Edit(file, 2, 0, 2, 0, "d\n")])
    assert mended(list("abcde"), hunks_of(fix)) == list("adbce")


def test_the_whole_text_or_its_last_line_goes(cell: Callable[[str], str]) -> None:
    file = cell("only")
    assert rows(Fix("x", [Edit(file, 1, 0, 1, 4, "other")])) == [(1, [["-", "only"], ["+", "other"]])]
    file = cell("one\ntwo")
    assert rows(Fix("x", [Edit(file, 2, 0, 2, 3, "")])) == [(1, [[" ", "one"], ["-", "two"]])]


def test_a_magic_beside_the_change_is_no_line_to_compare_with(cell: Callable[[str], str]) -> None:
    file = cell("get_ipython().run_line_magic('time', '')\nx = 1\nget_ipython().system('ls')\ny = 2")
    assert rows(Fix("x = 2", [Edit(file, 2, 4, 2, 5, "2")])) == [(2, [["-", "x = 1"], ["+", "x = 2"]])]


def test_a_fix_without_a_place_has_no_change_nor_has_one_of_a_file_that_is_another_now(tmp_path: Path) -> None:
    assert hunks_of(Fix("opt.zero_grad()")) == []
    gone = tmp_path / "gone.py"
    gone.write_text("one\n")
    assert hunks_of(Fix("x", [Edit(str(gone), 9, 0, 9, 3, "x")])) == []
    gone.write_text("a" * 9_000 + "\n")
    linecache.checkcache(str(gone))
    assert hunks_of(Fix("x", [Edit(str(gone), 1, 0, 1, 3, "x")])) == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("head.fc1.weight",), {"head.fc1.weight"}),
        (("model.head.fc1.weight",), {"head.fc1.weight"}),
        (("head.fc1",), {"head.fc1.weight", "head.fc1.bias", "linear"}),
        (("cross_entropy",), {"cross_entropy"}),
        (("nothing.of.that.name",), set()),
    ],
)
def test_names_mean_nodes_of_the_graph(names: tuple[str, ...], found: set[str]) -> None:
    run = sample_run()
    (lit,) = nodes_of(report(Finding("r", "hint", "m", nodes=names)), run.graph)
    nodes = [run.graph.nodes[i] for i in lit]
    assert {node.name if node.kind == "parameter" else node.op for node in nodes} == found


def test_without_names_the_line_means_what_it_made(cell: Callable[[str], str]) -> None:
    file = cell(CODE)
    run = sample_run()
    (lit,) = nodes_of(report(Finding("r", "hint", "m", file, 4)), run.graph)
    assert 0 < len(lit) <= NODES
    assert {run.graph.nodes[i].line for i in lit} == {4}
    assert nodes_of(report(Finding("r", "hint", "m", file, 5)), run.graph) == ((),)
    assert nodes_of(report(Finding("r", "hint", "m", file, 4)), None) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00123456, "0.001235"), (-2.5, "−2.5"), (True, "yes"), (None, "none"), ((64, 3), "64×3"), (["a", "b"], "a, b"),
     (float("nan"), "nan"), ({"a": 1}, "{'a': 1}"), (12, "12"), ("x" * 500, "x" * 399 + "…")],
)  # fmt: skip
def test_evidence_is_read_not_computed_with(value: Any, text: str) -> None:
    assert said(value) == text


def test_frames_carry_the_coach_only_when_it_says_something_else() -> None:
    run = sample_run(steps=50, state="running")
    _, cursor = describe.snapshot(run)
    run.coach = report()
    message, cursor = describe.frame(run, cursor)
    assert message.content["coach"] == {"rules": 56, "muted": [], "lessons": {}, "findings": []}
    assert describe.frame(run, cursor) == (None, cursor)
    run.coach.add(Finding("r", "warning", "m", "f.py", 1))
    message, cursor = describe.frame(run, cursor)
    assert [one["rule"] for one in message.content["coach"]["findings"]] == ["r"]
    assert describe.frame(run, cursor) == (None, cursor)
    run.coach.muted.add("r")
    message, cursor = describe.frame(run, cursor)
    assert message.content["coach"] == {"rules": 56, "muted": ["r"], "lessons": {}, "findings": []}
    snapshot, _ = describe.snapshot(run)
    assert snapshot.content["coach"]["muted"] == ["r"]


def test_a_graph_that_changes_takes_the_coach_along_only_if_other_nodes_are_lit() -> None:
    run = sample_run(steps=50, state="running")
    run.coach = report(Finding("r", "warning", "m", nodes=("head.fc1",)))
    message, cursor = describe.snapshot(run)
    lit = message.content["coach"]["findings"][0]["nodes"]
    assert [run.graph.nodes[i].module_path for i in lit] == ["head.fc1"] * len(lit)
    assert lit
    same = run.picture._replace(graph=replace(run.graph), version=run.picture.version + 1)
    run.picture = same
    message, cursor = describe.frame(run, cursor)
    assert "graph" in message.content
    assert "coach" not in message.content
    nodes = tuple(replace(node, module_path="", name="") for node in run.graph.nodes)
    run.picture = same._replace(graph=replace(run.graph, nodes=nodes), version=same.version + 1)
    message, cursor = describe.frame(run, cursor)
    assert message.content["coach"]["findings"][0]["nodes"] == []
