"""Time travel: what a run's history takes of the memory it may take, and how soon another step is on the screen."""

from __future__ import annotations

import statistics
import tempfile
import tracemalloc
from pathlib import Path

from playwright.sync_api import sync_playwright

import gradbook
from gradbook import nn, observe, optim
from gradbook.widgets import export_html
from tests.benchmarks.bench_observe import cnn, mlp
from tests.benchmarks.table import Row
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.lab import LiveView
from tests.e2e.server import find_chromium

WINDOW, STEPS = 16 << 20, 400
# moves the slider to another step, forty times, and waits for the frame after: a frame itself is 17 ms
SCRUB = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const slider = document.querySelector('input[aria-label="Step to show"]');
  const took = [];
  for (let i = 0; i < 40; i++) {
    await frame();
    const began = performance.now();
    slider.value = String(1 + (i * 37) % (Number(slider.max) - 1));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}"""


def trained(build, steps: int, window: int = 256 << 20) -> observe.Run:  # type: ignore[no-untyped-def]
    """A run at level full, of so many steps."""
    gradbook.manual_seed(0)
    model, x, y = build()
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    with observe.start_run(level="full", window=window) as run:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def rows() -> list[Row]:
    """Measure."""
    return [*memory_rows(), *scrub_rows()]


def memory_rows() -> list[Row]:
    """A run that would fill its window many times over, and what Python says that its history holds."""
    trained(cnn, 2)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run = trained(cnn, STEPS, WINDOW)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    history, mb = run.history, 1 << 20
    value = f"{history.nbytes / mb:.1f} MB, {len(history)} of {STEPS} steps"
    note = f"the run holds {held / mb:.1f} MB, as tracemalloc counts"
    return [Row("history of a medium CNN at level full", value, f"≤ {WINDOW / mb:.0f} MB", note)]


def scrub_rows() -> list[Row]:
    """The slider of a saved page."""
    program = find_chromium()
    if program is None:
        return [Row("scrubbing", "not measured", "60 frames/s", "no Chromium")]
    found = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        try:
            for name, build in (("small MLP", mlp), ("medium CNN", cnn)):
                path = export_html(trained(build, 200), Path(folder) / "run.html")
                page = browser.new_page(viewport={"width": 1200, "height": 1000})
                page.goto(path.as_uri())
                LiveView(page).wait()
                took = page.evaluate(SCRUB)
                page.close()
                value = f"{statistics.median(took):.0f} ms, worst {took[-1]:.0f} ms"
                note = f"a page of {path.stat().st_size / 1024:,.0f} KB; a frame is 17 ms"
                found.append(Row(f"another step on the screen, {name}", value, "one frame", note))
        finally:
            browser.close()
    return found
