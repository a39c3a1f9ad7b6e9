"""Real trainings where nobody looks: a script, and a notebook under nbclient."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from gradbook.widgets import notebook_to_html

TRAIN = """
import gradbook
w = gradbook.tensor(3.0, requires_grad=True)
b = gradbook.tensor(-2.0, requires_grad=True)
for step in range(300):
    loss = (w * b - 1.0) * (w * b - 1.0)
    w.grad = b.grad = None
    loss.backward()
    with gradbook.no_grad():
        w -= 0.01 * w.grad
        b -= 0.01 * b.grad
"""
SCRIPT = f"""
from gradbook import observe
from gradbook.widgets import LiveView, export_html
import sys, threading
run = observe.start_run("script")
view = LiveView(run)
view.show()
{TRAIN}
run.finish()
view.finish()
assert run.step == 300 and run.graph is not None and len(run.probes.steps), run
export_html(run, sys.argv[1])
print(view)
print(sorted(set(sys.modules) & {{"anywidget", "ipywidgets"}}), [t.name for t in threading.enumerate()])
"""


def test_a_script_trains_without_a_warning_a_thread_or_a_widget(tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text, rest = done.stdout.splitlines()
    assert text.startswith("gradbook live view: finished · 300 steps")
    assert rest == "[] ['MainThread']"
    assert page.stat().st_size > 10_000


def test_a_notebook_under_nbclient_keeps_pictures_and_becomes_a_page(tmp_path: Path) -> None:
    cells = ["%load_ext gradbook", TRAIN, TRAIN + "\nraise ValueError('<b>bad</b>')"]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(node, timeout=60, allow_errors=True, kernel_name="python3")
    client.execute(env={**os.environ, "GRADBOOK_EMBED_RUNS": "1"})
    assert "widgets" not in node.metadata  # no model was ever opened
    first, second = (cell.outputs for cell in node.cells[1:])
    assert [output.output_type for output in first] == ["display_data"]
    assert "finished · 300 steps" in first[0].data["text/plain"]
    assert len(first[0].data["text/html"]) < 50_000
    assert [output.output_type for output in second] == ["display_data", "error"]
    assert "error · ValueError" in second[0].data["text/plain"]
    page = notebook_to_html(node, tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<div data-gradbook") == 2
