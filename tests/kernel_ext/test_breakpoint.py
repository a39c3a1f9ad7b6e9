"""%breakpoint: what it says, what it refuses, how a cell stops where nobody can go on, and what is left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from gradbook import events, observe
from gradbook.errors import BreakpointHit
from gradbook.observe.stopping import presenters
from gradbook.observe.watcher import watcher
from tests.kernel_ext import test_headless as headless
from tests.kernel_ext.conftest import run

pytestmark = pytest.mark.filterwarnings("ignore:(divide|invalid|overflow):RuntimeWarning")

SETUP = """\
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
optimizer = optim.SGD(model.parameters(), lr=0.1)
x = gradbook.randn(8, 3)
"""
TRAIN = """\
for step in range(8):
    out = model(x)
    h = gradbook.log(out) if step == 5 else out
    loss = h.sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.fixture
def ready(loaded: InteractiveShell) -> InteractiveShell:
    run(loaded, SETUP)
    return loaded


def said(shell: InteractiveShell, capsys: Any, line: str) -> str:
    """What a line prints, or its UsageError says."""
    capsys.readouterr()
    run(shell, line)
    out = capsys.readouterr()
    return str(out.out + out.err)


def test_it_says_what_it_set_and_lists_and_clears(ready: InteractiveShell, capsys: Any) -> None:
    text = said(ready, capsys, "%breakpoint nan 0.weight grad>1e3 in 2 --how raise")
    assert "nan · raise" in text
    assert "0.weight (tensor (4, 3)) · raise" in text
    assert "grad>1e3 in 2 (module Linear) · raise" in text
    assert "µs" in text
    numbers = [one.number for one in watcher.listed]
    assert said(ready, capsys, "%breakpoint list").count(" · 0 hits") == 3
    assert "1 breakpoint cleared" in said(ready, capsys, f"%breakpoint clear {numbers[1]}")
    assert "2 breakpoints cleared" in said(ready, capsys, "%breakpoint clear")
    assert "no breakpoint is set" in said(ready, capsys, "%breakpoint")
    assert watcher not in events.observers


def test_a_name_that_is_not_there_yet_is_told(ready: InteractiveShell, capsys: Any) -> None:
    assert "hidden (not there yet)" in said(ready, capsys, "%breakpoint hidden")
    run(ready, "%breakpoint clear")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%breakpoint grda>3", "did you mean grad"),
        ("%breakpoint exec('1')", "a module's or variable's path; also list, clear [N], why [EXPR]"),
        ("%breakpoint nan --how loudly", "view, pdb, raise"),
        ("%breakpoint nan --when now", "the options are --how"),
        ("%breakpoint clear 77", "there is no breakpoint '77'; set are none"),
        ("%breakpoint why model", "expected a Tensor or a Run"),
        ("%breakpoint why nothing_here", "nothing_here"),
    ],
)
def test_what_is_not_valid_is_refused(ready: InteractiveShell, capsys: Any, line: str, told: str) -> None:
    text = said(ready, capsys, line)
    assert "UsageError" in text
    assert told in text
    assert watcher.listed == ()


def test_a_cell_that_nobody_can_continue_raises_and_keeps_the_operands(ready: InteractiveShell, capsys: Any) -> None:
    run(ready, "%breakpoint nan")
    result = run(ready, TRAIN)
    assert isinstance(result.error_in_exec, BreakpointHit)
    assert "so it raises instead of waiting" in str(result.error_in_exec)
    shown = capsys.readouterr().out
    assert "frames inside gradbook left out" in shown
    assert "watcher.py" not in shown
    assert "none was tried" not in shown, "a stop is no mistake to be mended"
    held = ready.user_ns["_gb"]
    assert (held.op, held.line.line, ready.user_ns["step"]) == ("log", 3, 5)
    assert held.inputs[0] is ready.user_ns["out"]
    ended = observe.runs()[-1]
    assert ended.state == "error"
    assert ended.error is not None
    assert ended.graph is not None
    assert ended.graph.nodes[ended.error["node"]].op == "log"
    assert ended.graph.ops == 4  # up to there
    text = said(ready, capsys, "_gb")
    assert "stopped at `h = gradbook.log(out) if step == 5 else out`" in text
    run(ready, "%breakpoint clear")
    assert run(ready, TRAIN.replace("step == 5", "False")).success


@pytest.mark.parametrize("before", ["%%watch mine\n", "%gradbook auto off\n", "%breakpoint clear\n"])
def test_set_inside_the_cell_with_and_without_a_view(ready: InteractiveShell, before: str) -> None:
    result = run(ready, f"{before}%breakpoint nan --how raise\n{TRAIN}")
    assert isinstance(result.error_in_exec, BreakpointHit)
    run(ready, "%breakpoint clear")


def test_a_stop_in_the_first_forward_has_a_run_to_show_it(ready: InteractiveShell) -> None:
    run(ready, "%breakpoint op:relu --how raise")
    result = run(ready, "model(x)")
    assert isinstance(result.error_in_exec, BreakpointHit)
    assert observe.runs()[-1].graph is not None
    run(ready, "%breakpoint clear")


def test_pdb_opens_at_the_line_and_goes_on(ready: InteractiveShell, monkeypatch: Any, capsys: Any) -> None:
    commands = iter(["p _gb.op, step", "p type(out).__name__", "c"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(commands))
    monkeypatch.setattr(type(ready), "debugger_cls", plain_debugger())
    run(ready, "%breakpoint nan --how pdb")
    capsys.readouterr()
    result = run(ready, TRAIN)
    text = capsys.readouterr().out
    assert result.success
    assert "('log', 5)" in text
    assert "'Tensor'" in text
    assert "-> h = gradbook.log(out) if step == 5 else out" in text
    assert sys.gettrace() is None or "pdb" not in repr(sys.gettrace())
    run(ready, "%breakpoint clear")


def test_quitting_pdb_ends_the_cell_quietly(ready: InteractiveShell, monkeypatch: Any) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt="": "q")
    monkeypatch.setattr(type(ready), "debugger_cls", plain_debugger())
    run(ready, "%breakpoint nan --how pdb")
    assert run(ready, TRAIN).success
    assert observe.runs()[-1].state == "stopped"
    assert ready.user_ns["step"] == 5
    run(ready, "%breakpoint clear")


def plain_debugger() -> Any:
    """Python's own, which asks by input()."""
    import pdb

    return type("Asking", (pdb.Pdb,), {"use_rawinput": 1})


def test_why_tells_where_it_was_born(ready: InteractiveShell, capsys: Any) -> None:
    run(ready, "bad = gradbook.log(model(x) - 5).sum()")
    text = said(ready, capsys, "%breakpoint why bad")
    assert "log of -" in text
    assert "bad has no history" not in text
    text = said(ready, capsys, "flat = bad.detach()\n%breakpoint why flat")
    assert "flat holds NaN (1 of 1 values): it has no history" in text
    run(ready, TRAIN)
    text = said(ready, capsys, "%breakpoint why")
    assert "way to the loss: log → sum" in text
    assert "everything is finite" in said(ready, capsys, "%breakpoint why x.sum()")
    assert "way to the loss: log → sum" in said(ready, capsys, "%breakpoint why loss"), "its run knows"
    run(ready, "other = model(x).sum() * float('nan')\nother.backward(retain_graph=False)")
    observe.runs()[-1].birth = None
    assert "freed" in said(ready, capsys, "%breakpoint why other")


def test_it_completes(ready: InteractiveShell) -> None:
    assert ready.Completer is not None
    with provisionalcompleter():
        found = [one.text for one in ready.Completer.completions("%breakpoint na", 14)]
        assert "nan" in found
        found = [one.text for one in ready.Completer.completions("%breakpoint nan --how ", 22)]
        assert {"view", "pdb", "raise"} <= set(found)


def test_unloading_leaves_nothing(ready: InteractiveShell) -> None:
    before = dict(presenters)
    run(ready, "%breakpoint nan --how raise")
    run(ready, TRAIN)
    assert "_gb" in ready.user_ns
    run(ready, "%unload_ext gradbook")
    assert watcher.listed == ()
    assert "_gb" not in ready.user_ns
    assert presenters != before
    assert presenters["view"] is presenters["raise"]


@pytest.mark.parametrize("how", ["", " --how view", " --how pdb", " --how raise"])
def test_without_a_front_end_it_raises_and_never_waits(tmp_path: Path, how: str) -> None:
    train = headless.TRAIN.format(more="gradbook.log(model(x) - 5)")
    with pytest.raises(headless.CellFailed, match=r"stopped at `gradbook.log\(model\(x\) - 5\)` · cell \[3\] line 6"):
        headless.run(tmp_path, headless.SETUP, f"%breakpoint nan{how}", train)
