"""From running a cell to its first frame, from a click to the loop, and the size of what is saved: in JupyterLab."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from tests.benchmarks.table import Row
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.lab import Lab, until
from tests.e2e.programs import LONG, SETUP, training
from tests.e2e.server import find_chromium, running_server

REPEATS = 5


def rows() -> list[Row]:
    """Measure. Without Chromium there is nothing to measure with."""
    program = find_chromium()
    if program is None:
        return [Row("cell run to first frame", "not measured", "≤ 200 ms", "no Chromium")]
    folder = Path(tempfile.mkdtemp(prefix="gradbook-bench-"))
    with running_server(folder) as server, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / "chromium", executable_path=program, args=CHROMIUM_FLAGS, viewport={"width": 1400, "height": 1300}
        )
        lab = Lab(context.new_page(), server, "bench")
        try:
            return [*first_frame(lab), *saved_size(lab)]
        finally:
            context.close()


def first_frame(lab: Lab) -> list[Row]:
    """Time from the key press that runs a cell to a loss on the screen, seen by the page itself."""
    setup, cell = lab.notebook(SETUP, training(LONG))
    setup.run().wait_done()
    seconds, clicks = [], []
    for _ in range(REPEATS):
        cell.box.locator(".cm-content").first.click()
        lab.page.evaluate(WATCH)
        lab.page.keyboard.press("Control+Enter")
        seconds.append(until(lambda: lab.page.evaluate("window.firstFrame"), 20, "no first frame") / 1e3)
        cell.view.wait_step(30)
        started = time.perf_counter()
        cell.view.button("Pause").click()
        cell.view.wait_state("paused")
        clicks.append(time.perf_counter() - started)
        cell.view.button("Stop").click()
        cell.wait_done()
    return [
        Row(
            "cell run → first frame, 10 nodes", f"{statistics.median(seconds) * 1e3:.0f} ms", "≤ 200 ms", "median of 5"
        ),
        Row("click on Pause → the view says paused", f"{statistics.median(clicks) * 1e3:.0f} ms", "", "and back again"),
    ]


WATCH = """() => {
  window.firstFrame = 0;
  const seen = () => [...document.querySelectorAll('[role=region][aria-label="Loss curves"] [role=img]')]
    .some((picture) => / at step /.test(picture.getAttribute("aria-label") ?? ""));
  document.addEventListener("keydown", () => {
    const pressed = performance.now();
    let gone = false;
    const look = () => {
      gone ||= !seen();
      if (gone && seen()) window.firstFrame = performance.now() - pressed;
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}"""


def saved_size(lab: Lab) -> list[Row]:
    """Size on disk of the output of a short and a long run."""
    lab.name, lab.path = "sizes", lab.server.root / "sizes.ipynb"
    setup, short, long = lab.notebook(SETUP, training(60, pause=0.001), training(10_000, pause=0))
    for cell in (setup, short, long):
        cell.run().wait_done(120)
    long.view.wait_state("finished")
    lab.page.wait_for_timeout(1000)
    saved = nbformat.read(lab.save(), as_version=4)
    sizes = [len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))) / 1024 for cell in saved.cells]
    return [
        Row("saved output with its picture, 60 steps", f"{sizes[1]:.0f} KB", "≤ 60 KB"),
        Row("saved output, 10,000 steps", f"{sizes[2]:.0f} KB", "≤ 300 KB"),
    ]
