"""A notebook's cells under one watch: what carries over from cell to cell, and what is said when."""

from __future__ import annotations

import gc
import itertools
import linecache
import time
import weakref
from typing import Any

import pytest

from gradbook import events
from gradbook.coach.coach import Coach
from gradbook.coach.finding import Finding, Report
from gradbook.coach.lineage import MOST, Lineage
from gradbook.coach.session import Session, defined
from gradbook.observe.source import forget_cells, name_cell

NUMBERS = itertools.count(1)


class Notebook:
    """Runs cells as a kernel does: one namespace, a file name for each text."""

    def __init__(self, **options: Any) -> None:
        self.session = Session(**options)
        self.space: dict[str, Any] = {"__name__": "__main__"}
        self.count = 0
        self.notebook = next(NUMBERS)

    def run(self, text: str, cell_id: str | None = None) -> Report:
        self.count += 1
        file = f"/nb{self.notebook}/{abs(hash(text))}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        label = f"[{self.count}]"
        name_cell(file, label)
        self.session.begin_cell(label, cell_id or f"id{self.count}", text, self.space)
        error: BaseException | None = None
        try:
            exec(compile(text, file, "exec"), self.space)
        except Exception as raised:
            error = raised
        return self.session.end_cell(error)


@pytest.fixture
def notebook() -> Any:
    made = Notebook()
    yield made
    made.session.close()
    forget_cells()


SETUP = """import gradbook as torch
from gradbook import nn
torch.manual_seed(0)
x, y = torch.randn(32, 3), torch.randn(32, 1)"""
MODEL = "model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))"
OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=0.01)"
TRAIN = """for _ in range(6):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()"""
FORGETS = TRAIN.replace("    optimizer.zero_grad()\n", "")


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report]


def test_a_notebook_in_order_is_silent(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER, TRAIN, TRAIN, "print(loss)"):
        assert rules(notebook.run(text)) == []
    assert not any(isinstance(each, Coach) for each in events.observers)


def test_a_training_in_one_cell_of_a_model_from_another_has_its_line_and_its_fix(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    report = notebook.run(FORGETS)
    (finding,) = report.findings
    assert (finding.rule, finding.place) == ("missing-zero-grad", "cell [4] line 3")
    (mended,) = finding.fixes[0].applied().values()
    assert "optimizer.zero_grad()\n    loss.backward()" in mended


def test_what_is_wrong_in_an_earlier_cell_is_mended_there(notebook: Notebook) -> None:
    notebook.run(SETUP.replace("torch.randn(32, 1)", "torch.arange(32) % 3"))
    notebook.run("model = nn.Sequential(\n    nn.Linear(3, 3),\n    nn.Softmax(dim=1),\n)")
    notebook.run(OPTIMIZER)
    report = notebook.run(TRAIN.replace("mse_loss", "cross_entropy"))
    (finding,) = [each for each in report if each.severity != "hint"]
    assert (finding.rule, finding.place) == ("softmax-before-cross-entropy", "cell [2] line 3")
    (mended,) = finding.fixes[0].applied().values()
    assert "Softmax" not in mended


def test_a_finding_is_said_once_and_leaves_when_its_cell_is_mended(notebook: Notebook) -> None:
    said: list[Finding] = []
    notebook.session.coach._on_finding = said.append
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    assert rules(notebook.run(FORGETS, "train")) == ["missing-zero-grad"]
    assert rules(notebook.run("1 + 1")) == []
    assert [finding.rule for finding in notebook.session.findings] == ["missing-zero-grad"]
    assert len(said) == 1
    assert rules(notebook.run(FORGETS, "train")) == ["missing-zero-grad"]  # not mended: it is this run's, too
    assert rules(notebook.run(FORGETS, "copied")) == ["missing-zero-grad"]  # the same text in another cell
    assert [finding.place for finding in notebook.session.findings] == ["cell [7] line 3"]
    assert rules(notebook.run(TRAIN, "train")) == []
    assert rules(notebook.run(TRAIN, "copied")) == []
    assert notebook.session.findings == []


def test_what_an_earlier_cell_is_to_blame_for_is_in_the_report_of_each_that_runs_it(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    notebook.run("def fit():\n" + "\n".join(f"    {line}" for line in FORGETS.splitlines()), "fit")
    first, second = notebook.run("fit()", "one"), notebook.run("fit()", "two")
    assert rules(first) == rules(second) == ["missing-zero-grad"]
    assert [notebook.session.new(finding) for finding in (*first, *second)] == [True, False]
    assert notebook.session.findings == first.findings
    notebook.run("fit = None", "fit")
    assert notebook.session.findings == []


STEPS = ("out = model(x)\nloss = nn.functional.mse_loss(out, y)", "loss.backward()", "optimizer.step()")


def test_a_classroom_goes_step_by_step(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    for _ in range(4):
        for index, text in enumerate((*STEPS, "optimizer.zero_grad()")):
            assert rules(notebook.run(text, f"step{index}")) == []


def test_cells_run_again_as_a_loop_are_a_loop(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    found = [
        rule for _ in range(4) for index, text in enumerate(STEPS) for rule in rules(notebook.run(text, f"step{index}"))
    ]
    assert found == ["missing-zero-grad"]


def test_a_rule_may_be_muted_before_the_first_cell() -> None:
    muted: set[str] = set()
    notebook = Notebook(muted=muted)
    muted.add("missing-zero-grad")
    for text in (SETUP, MODEL, OPTIMIZER, FORGETS):
        assert rules(notebook.run(text)) == []
    muted.clear()
    assert rules(notebook.run(FORGETS)) == ["missing-zero-grad"]
    notebook.session.close()


def test_muting_takes_effect_at_once_and_ends_with_the_next_cell() -> None:
    muted = {"missing-zero-grad"}
    notebook = Notebook(muted=muted)
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    assert rules(notebook.run(FORGETS, "train")) == []
    muted.clear()
    assert rules(notebook.run(FORGETS, "train")) == ["missing-zero-grad"]
    muted.add("missing-zero-grad")
    assert notebook.session.findings == []
    notebook.session.close()
    forget_cells()


def test_a_watch_inside_of_a_cell_is_the_one_that_speaks(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER):
        notebook.run(text)
    inside = "with torch.coach.watch(mute={mute}) as report:\n    " + FORGETS.replace("\n", "\n    ")
    assert rules(notebook.run(inside.format(mute=[]))) == []
    assert rules(notebook.space["report"]) == ["missing-zero-grad"]
    assert rules(notebook.run(inside.format(mute=["missing-zero-grad"]))) == []
    assert rules(notebook.run(FORGETS)) == ["missing-zero-grad"]


def test_a_cell_that_does_nothing_costs_nothing(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER, TRAIN):
        notebook.run(text)
    session, times = notebook.session, []
    for number in range(50):
        begun = time.process_time_ns()
        session.begin_cell(f"[{number}]", "empty", "1 + 1", notebook.space)
        session.end_cell()
        times.append(time.process_time_ns() - begun)
    assert min(times) < 100_000


def test_the_names_that_a_cell_defines() -> None:
    text = "import a.b, c as d\nfor i in x:\n    e = [k for k in x]\nwith f as g, h:\n    (j := 1)\n"
    text += "def m():\n    n = 1\no.p = q[0] = 1"
    assert defined(text) == {"a", "d", "i", "e", "g", "j", "m"}
    assert defined("%magic\nx = 1") == defined("%%time\nx = 1") == {"x"}
    assert defined("%%bash\nfor x in *; do ls; done") == frozenset()
    assert defined("files = !ls") is defined("from math import *") is None


def test_what_a_notebook_lets_go_of_is_gone(notebook: Notebook) -> None:
    for text in (SETUP, MODEL, OPTIMIZER, TRAIN):
        notebook.run(text, text)
    kept = [weakref.ref(notebook.space[name]) for name in ("model", "optimizer")]
    kept.append(weakref.ref(next(notebook.space["model"].parameters())))
    for text in (MODEL, OPTIMIZER, *STEPS, TRAIN, "1 + 1"):
        notebook.run(text, text)
    gc.collect()
    assert [ref() for ref in kept] == [None, None, None]


def test_optimizers_that_are_made_anew_in_each_step_do_not_pile_up() -> None:
    watch = Coach().start()
    space: dict[str, Any] = {}
    exec(SETUP + "\n" + MODEL, space)
    loop = "for _ in range(400):\n    " + OPTIMIZER + "\n" + TRAIN.split("\n", 1)[1]
    exec(loop, space)
    lineage = watch.shared(Lineage)
    watch.finish()
    assert 0 < len(lineage.stints) <= MOST


def test_an_error_is_not_kept_beyond_the_next_cell(notebook: Notebook) -> None:
    notebook.run(SETUP)
    notebook.run("class Thing(nn.Module):\n    def forward(self, x):\n        return x @ torch.ones(5)")
    notebook.run("thing = Thing()\nref = __import__('weakref').ref(thing)")
    report = notebook.run("def call(it):\n    it(x)\nit, thing = thing, None\ncall(it)")
    assert rules(report) == ["shape-mismatch"]
    notebook.run("it = None")
    gc.collect()
    assert notebook.space["ref"]() is None
