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

# expands everything, then zooms out and in for two seconds, one wheel event a frame
ZOOM = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const started = performance.now();
  [...document.querySelectorAll("button")].find((b) => b.ariaLabel === "Expand all").click();
  await frame(); await frame();
  const opened = performance.now() - started;
  const canvas = document.querySelector('[aria-label="Computation graph"] canvas');
  const box = canvas.getBoundingClientRect();
  let frames = 0, begin = performance.now();
  while (performance.now() - begin < 2000) {
    const deltaY = Math.sin(frames / 20) * 60;
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
    canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY, ctrlKey: true, bubbles: true, cancelable: true }));
    await frame(); frames++;
  }
  return { opened, rate: frames * 1000 / (performance.now() - begin) };
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
    body = export.mount_point(describe.packed(message), export.picture_tag(run))
    path = folder / f"graph{size}.html"
    path.write_text(export.PAGE.format(policy="", style="", title="", body=body, scripts=export.scripts()), "utf-8")
    page.set_viewport_size({"width": 1200, "height": 1000})
    page.goto(path.as_uri())
    page.get_by_role("button", name="Expand all").wait_for()
    measured = page.evaluate(ZOOM)
    page.close()
    value = f"{measured['opened']:.0f} ms, {measured['rate']:.0f} frames/s"
    return Row(f"unfolding and drawing, {size:,} ops", value, "60 frames/s", "Chromium without a GPU")
