"""Laying graphs out in Python, and drawing them in Chromium: first picture, and frames a second while zooming."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gradbook.widgets import describe, export
from gradbook.widgets.blocks import Tree
from gradbook.widgets.layout import layout
from tests.benchmarks.table import Row, milliseconds
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.server import find_chromium
from tests.widgets.graphs import tangle
from tests.widgets.sample import sample_run

SIZES = (50, 500, 2_000, 10_000)
BARS = {2_000: "≤ 50 ms", 500: "", 50: "", 10_000: ""}

# unfolds everything and waits for the picture of it; then for two seconds a wheel event a frame: near, then from afar
ZOOM = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const button = (name) => [...document.querySelectorAll("button")].find((b) => b.ariaLabel === name);
  const shown = () => document.querySelector('[aria-label="Computation graph"] canvas').getAttribute("aria-label");
  const before = shown(), started = performance.now();
  button("Expand all").click();
  do await frame();
  while (shown() === before && performance.now() - started < 20000);
  const opened = performance.now() - started;
  const plot = document.querySelector('[aria-label="Computation graph"] .plot');
  const box = plot.getBoundingClientRect();
  const wheel = (more) => plot.dispatchEvent(new WheelEvent("wheel", {
    clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, cancelable: true, ...more,
  }));
  const costs = [];  // ms from the beginning of a frame to the end of our script in it
  const drive = async (move) => {
    let frames = 0, begin = performance.now(), from;
    while (performance.now() - begin < 2000) {
      requestAnimationFrame(() => { from = performance.now(); });
      move(frames);
      await frame();
      costs.push(performance.now() - from);
      frames++;
    }
    return frames * 1000 / (performance.now() - begin);
  };
  const near = await drive((n) => wheel({ deltaY: Math.sin(n / 20) * 60, ctrlKey: true }));
  button("Fit graph").click();
  await frame();
  const far = await drive((n) => wheel({ deltaY: n % 2 ? 0.5 : -0.5, ctrlKey: true })); // all of it in sight
  return { opened, far, near, cost: costs.slice(-40).sort((a, b) => a - b)[20] };
}"""


def rows() -> list[Row]:
    """Measure."""
    found = [layout_row(size) for size in SIZES]
    program = find_chromium()
    if program is None:
        return [*found, Row("drawing graphs", "not measured", "", "no Chromium")]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        try:
            return [*found, *(drawing_row(browser.new_page(), Path(folder), size) for size in SIZES)]
        finally:
            browser.close()


def layout_row(size: int) -> Row:
    """Place a graph like those autograd records, with everything unfolded."""
    graph = tangle(size)
    opened = {block.key for block in Tree(graph).walk() if block.foldable}
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        layout(Tree(graph), opened)
        seconds.append(time.perf_counter() - started)
    return Row(f"layout in Python, {size:,} ops", milliseconds(statistics.median(seconds)), BARS[size], "all unfolded")


def drawing_row(page: Page, folder: Path, size: int) -> Row:
    """Open a saved run with such a graph, unfold it all, and zoom."""
    run = sample_run(200)
    message, _ = describe.snapshot(run)
    message.content["graph"] = tangle(size)
    for key in ("graph_stats", "details"):
        message.content.pop(key, None)
    body = export.mount_point(message.packed(), export.picture_tag(run))
    path = folder / f"graph{size}.html"
    path.write_text(export.PAGE.format(policy="", style="", title="", body=body, scripts=export.scripts(body)), "utf-8")
    page.set_viewport_size({"width": 1200, "height": 1000})
    page.goto(path.as_uri())
    page.get_by_role("button", name="Expand all").wait_for()
    measured = page.evaluate(ZOOM)
    page.close()
    value = f"{measured['opened']:.0f} ms, {measured['near']:.0f} and {measured['far']:.0f} frames/s"
    note = f"zooming, and all of it in sight ({measured['cost']:.1f} ms of script a frame); no GPU"
    return Row(f"unfolding and drawing, {size:,} ops", value, "60 frames/s", note)
