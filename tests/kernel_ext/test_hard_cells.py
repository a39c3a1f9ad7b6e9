"""Cells with hard graphs: whatever is shown under them, they run as they would without us."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from gradbook import observe
from tests.kernel_ext.conftest import run
from tests.widgets.hard_graphs import PROGRAMS

SETUP = "from tests.widgets.hard_graphs import PROGRAMS, Rude"


LINES = {"GPT-like, 10,000 nodes": "%%timeline --by line", "no operation": "%%timeline", "RNN, 300 steps": "%%walk"}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("first", ["%%watch hard --level full", None])
def test_a_cell_runs_to_its_end(loaded: InteractiveShell, name: str, first: str | None) -> None:
    run(loaded, SETUP)
    first = LINES.get(name, "") if first is None else first
    result = run(loaded, f"{first}\nloss = PROGRAMS[{name!r}]()\nloss.backward()\n'done'".lstrip())
    assert result.result == "done"
    assert all(run.state == "finished" for run in observe.runs())


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_graph_is_shown(loaded: InteractiveShell, name: str) -> None:
    run(loaded, SETUP)
    data = run(loaded, f"%graph PROGRAMS[{name!r}]()").result._repr_mimebundle_()
    assert data["text/html"].startswith("<img ")
    assert len(data["text/plain"]) < 60_000
    assert max(map(len, data["text/plain"].splitlines())) < 2_000


@pytest.mark.parametrize("first", ["", "%%watch --level full", "%%walk", "%%timeline"])
def test_a_training_with_vmap_is_seen(loaded: InteractiveShell, first: str) -> None:
    run(loaded, "w, rows = gradbook.ones(3, requires_grad=True), gradbook.ones(5, 3)")
    loop = "for _ in range(3):\n    gradbook.func.vmap(lambda x: (w * x).sin().sum())(rows).mean().backward()\n'done'"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(loaded, f"{first}\n{loop}".lstrip()).result == "done"
    if "walk" not in first and "timeline" not in first:
        table = observe.runs()[-1].picture.stats
        assert not np.isnan(table[:, 0]).any(), "each value has a mean"


def test_a_variable_that_raises_when_it_is_looked_at_breaks_no_cell(loaded: InteractiveShell) -> None:
    run(loaded, f"{SETUP}\nrude = {{Rude(): gradbook.ones(2)}}\nw = gradbook.ones(2, requires_grad=True)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(loaded, "w.sum().backward()\n'done'").result == "done"
        assert run(loaded, "%graph w.sum()").success
        assert run(loaded, "%%timeline\nw.sum().backward()").success
