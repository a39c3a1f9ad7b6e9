"""Without a front end: nbclient, ipython and a plain script. Text and pictures, no waiting, no warning."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

SETUP = """\
%load_ext gradbook
import gradbook
from gradbook import nn, optim
gradbook.manual_seed(0)
x, y = gradbook.randn(16, 3), gradbook.randn(16, 1)
model = nn.Linear(3, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
"""
TRAIN = """\
for step in range(50):
    optimizer.zero_grad()
    mse = ((model(x) - y) ** 2).mean()
    mse.backward()
    optimizer.step()
    {more}
print("trained")
"""


# in a process of its own: nbclient leaves sockets to the garbage collector, which is an error in ours
EXECUTE = """\
import sys, nbformat
from pathlib import Path
from gradbook.kernel_ext.headless import execute
nbformat.write(execute(Path(sys.argv[1]), timeout=60)[0], sys.argv[1])
"""


class CellFailed(Exception):
    """A cell of an executed notebook raised."""


def run(folder: Path, *cells: str) -> list[Any]:
    """Execute cells in a kernel without a front end. -> the executed code cells."""
    file = folder / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), file)
    done = subprocess.run([sys.executable, "-c", EXECUTE, str(file)], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise CellFailed(done.stderr)
    return nbformat.read(file, as_version=4).cells


def kinds(cell: Any) -> list[str]:
    return [output.get("name") or output.output_type for output in cell.outputs]


def test_a_training_cell_leaves_its_prints_and_a_picture(tmp_path: Path) -> None:
    *_, trained, again = run(tmp_path, SETUP, TRAIN.format(more="pass"), TRAIN.format(more="pass"))
    for cell in (trained, again):
        assert sorted(kinds(cell)) == ["display_data", "stdout"], "the prints stay, one picture, nothing on stderr"
        data = next(output.data for output in cell.outputs if output.output_type == "display_data")
        assert "data:image/svg+xml;base64," in data["text/html"]
        assert "finished" in data["text/plain"]
        assert "mse" in data["text/plain"]
        assert "50 steps" in data["text/plain"]


def test_an_exception_in_a_watched_cell_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(CellFailed, match="ZeroDivisionError"):
        run(tmp_path, SETUP, "%%watch mine\n" + TRAIN.format(more="1 / 0"))


def test_a_stopped_cell_does_not_stop_the_notebook(tmp_path: Path) -> None:
    stop = "from gradbook import observe\n" + TRAIN.format(more="observe.current_run().control.stop()")
    *_, stopped, after = run(tmp_path, SETUP, stop, "print(observe.runs()[-1].state)")
    assert kinds(stopped) == ["display_data"]
    assert after.outputs[0].text == "stopped\n"


def test_what_the_coach_finds_is_in_the_picture_or_printed(tmp_path: Path) -> None:
    faulty = TRAIN.replace("    optimizer.zero_grad()\n", "").format(more="pass")
    *_, seen, _, said, report = run(tmp_path, SETUP, faulty, "%gradbook level off", faulty, "%coach report")
    assert sorted(kinds(seen)) == ["display_data", "stdout"]
    data = next(output.data for output in seen.outputs if output.output_type == "display_data")
    picture = base64.b64decode(data["text/html"].partition("base64,")[2].partition('"')[0]).decode()
    assert "Gradients are never cleared" in picture
    assert sorted(kinds(said)) == ["display_data", "stdout"]
    for output in (said.outputs[1], *report.outputs):
        assert "[missing-zero-grad] · cell [4] line 3" in output.data["text/plain"]
        assert "Gradients are never cleared" in output.data["text/html"]


def test_magics_give_text_and_pictures(tmp_path: Path) -> None:
    *_, graph, inspect, runs, leave = run(
        tmp_path, SETUP, TRAIN.format(more="pass"), "%graph mse", "%inspect model.weight", "%runs",
        "%unload_ext gradbook\ngradbook.events.observers",
    )  # fmt: skip
    for cell in (graph, inspect, runs):
        (output,) = cell.outputs
        assert output.output_type == "execute_result"
        assert output.data["text/plain"]
        assert output.data["text/html"]
    assert leave.outputs[0].data["text/plain"] == "()"


def test_a_plain_script_says_nothing_of_its_own(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    lines = SETUP.splitlines()[1:]
    body = "\n".join("    " + line for line in TRAIN.format(more="pass").splitlines())
    watched = f"from gradbook import observe\nwith observe.start_run('here') as run:\n{body}\n"
    script.write_text("\n".join(lines) + f"\n{watched}print(run.state, run.step, run.cell, len(run.main))\n")
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split() == ["trained", "finished", "50", "train.py", "50"]


def test_ipython_without_a_kernel_works(tmp_path: Path) -> None:
    script = tmp_path / "train.ipy"
    script.write_text(SETUP + TRAIN.format(more="pass"))
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-m", "IPython", "--colors=nocolor", str(script)],
        capture_output=True, text=True, timeout=60, env={"HOME": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert "trained" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_at_ipythons_prompt_the_coach_speaks_too(tmp_path: Path) -> None:
    faulty = TRAIN.replace("    optimizer.zero_grad()\n", "").format(more="pass")
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-m", "IPython", "--colors=nocolor", "--simple-prompt"],
        input=f"{SETUP}\n{faulty.replace('print', chr(10) + 'print')}\n%coach\n", capture_output=True, text=True,
        timeout=60, env={"HOME": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert "gradbook live view [8]: finished · 50 steps" in done.stdout
    assert "coach · 1 error in cell [8]" in done.stdout
    assert "coach on · " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
