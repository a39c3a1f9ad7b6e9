"""What the view is after a reload, a restart, a reopening, and as a page without Jupyter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import BrowserContext, Locator

from tests.e2e.lab import Cell, Lab, LiveView, expect, until
from tests.e2e.programs import SETUP, training

PICTURE = 'img[src^="data:image/"]'


@pytest.fixture
def finished(lab: Lab) -> Cell:
    """A cell that has trained for 60 steps."""
    setup, cell = lab.notebook(SETUP, training(60))
    setup.run().wait_done()
    cell.run().wait_done()
    cell.view.wait_state("finished")
    return cell


def is_drawn(picture: Locator) -> bool:
    """Whether a picture is on the screen, decoded, and larger than a dot."""
    return picture.is_visible() and picture.evaluate("image => image.complete && image.naturalWidth > 100")


def test_reload_while_idle_brings_everything_back(lab: Lab, finished: Cell) -> None:
    shown = finished.view.loss
    lab.save()
    lab.reload()
    finished.view.wait(30).wait_state("finished")
    assert finished.view.loss == shown
    assert finished.view.step == 60


def test_reload_while_busy_shows_the_whole_run_at_the_end(lab: Lab) -> None:
    setup, cell = lab.notebook(SETUP, training(400, after="print('done')"))
    setup.run().wait_done()
    cell.run().view.wait()
    cell.view.wait_step(20)
    lab.save()
    lab.reload(idle=False)
    cell.view.wait(60)
    until(lambda: cell.view.step == 400 and cell.view.state == "finished", 30, "the end of the run did not arrive")


def test_kernel_restart_leaves_the_picture_and_says_so(lab: Lab, finished: Cell) -> None:
    shown = finished.view.loss
    lab.restart_kernel()
    finished.view.wait_state("disconnected")
    assert finished.view.loss == shown
    lab.cell(0).run().wait_done()
    finished.run().wait_done()
    finished.view.wait_state("finished")


def untrusted_copy(path: Path) -> Path:
    """The saved notebook as somebody else would get it: other text, so Jupyter's signature does not cover it."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    notebook.cells.append(nbformat.v4.new_markdown_cell("A stranger's words."))
    copy = path.with_name(f"{path.stem}_copy.ipynb")
    nbformat.write(notebook, copy)
    return copy


def test_an_untrusted_saved_notebook_shows_the_picture(lab: Lab, finished: Cell) -> None:
    copy = untrusted_copy(lab.save())
    lab.page.goto("about:blank")
    lab.server.shut_down_kernels()
    lab.open(copy, kernel=False)
    picture = lab.cell(1).output.locator(PICTURE).first
    until(lambda: is_drawn(picture), 20, "the picture is not shown")


def test_a_saved_output_is_small(lab: Lab, finished: Cell) -> None:
    notebook = nbformat.read(lab.save(), as_version=4)
    outputs = "".join(nbformat.writes(nbformat.v4.new_notebook(cells=[notebook.cells[1]])))
    assert len(outputs) < 60 * 1024
    assert "state" not in notebook.metadata.get("widgets", {})


def test_nbconvert_html_shows_the_picture_offline(
    lab: Lab, finished: Cell, chromium: BrowserContext, foreign: list[str]
) -> None:
    page_file = lab.save().with_suffix(".html")
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--output", page_file.name, str(lab.path)]
    subprocess.run(convert, check=True, capture_output=True, env={**os.environ, "IPYTHONDIR": str(lab.server.data)})
    page = chromium.new_page()
    page.goto(page_file.as_uri(), wait_until="domcontentloaded")
    picture = page.locator(PICTURE).first
    until(lambda: is_drawn(picture), 20, "the picture is not shown")
    page.close()
    # nbconvert's own template asks for MathJax and RequireJS; nothing of ours asks for anything
    asked = [url for url in foreign if "cdnjs.cloudflare.com" not in url]
    foreign.clear()
    assert asked == []


def test_the_demo_page_is_whole_and_asks_for_nothing(
    chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    page_file = tmp_path / "first.html"
    done = subprocess.run(
        [sys.executable, "-m", "gradbook.kernel_ext.cli", "demo", "--headless", str(page_file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri())
    view = LiveView(page)
    expect(view.region.first).to_be_visible()
    pictures = page.get_by_role("img", name="at step")
    until(lambda: pictures.count() > 0, 20, "no loss curve on the page")
    assert errors == []
    page.close()


def test_the_guard_sees_a_request_that_leaves(lab: Lab, foreign: list[str]) -> None:
    lab.notebook("1")
    lab.page.evaluate("fetch('http://example.org/').catch(() => null)")
    until(lambda: lab.page.title() and foreign, 5, "the guard saw nothing")
    assert foreign == ["http://example.org/"]
    foreign.clear()
