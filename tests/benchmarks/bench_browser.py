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
            return [*first_frame(lab), *first_graph(lab), *saved_size(lab)]
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


GPT = """\
class Block(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
    def forward(self, x):
        h = self.ln1(x)
        x = x + self.o(torch.softmax(self.q(h) @ self.k(h).transpose(-1, -2) / 4.0, -1) @ self.v(h))
        return x + self.down(torch.relu(self.up(self.ln2(x))))
def computed(blocks):
    gpt = nn.Sequential(*[Block() for _ in range(blocks)])
    return gpt, gpt(torch.randn(2, 4, 16)).sum()
"""
LAYERS = {500: 16, 10_000: 313}  # nodes of the graph: 32 a layer


def first_graph(lab: Lab) -> list[Row]:
    """Time from the key press that runs `%graph y` to the picture of a GPT that was computed before, in JupyterLab."""
    lab.name, lab.path = "graphs", lab.server.root / "graphs.ipynb"
    setup, small, large = lab.notebook(
        f"{SETUP}\n{GPT}\n" + "".join(f"gpt{n}, y{n} = computed({layers})\n" for n, layers in LAYERS.items()),
        *(f"%graph y{n}" for n in LAYERS),
    )
    setup.run().wait_done(120)
    found = []
    for cell, (nodes, bar) in zip((small, large), ((500, "≤ 200 ms"), (10_000, "≤ 1 s")), strict=True):
        seconds = []
        for _ in range(REPEATS):
            cell.box.locator(".cm-content").first.click()
            lab.page.evaluate(WATCH_GRAPH)
            lab.page.keyboard.press("Control+Enter")
            seconds.append(until(lambda: lab.page.evaluate("window.firstGraph"), 30, "no graph") / 1e3)
            cell.wait_done()
        note = f"median of {REPEATS}; least {min(seconds) * 1e3:.0f} ms; %graph of a GPT computed before"
        found.append(Row(f"cell run → graph, {nodes:,} nodes", f"{statistics.median(seconds) * 1e3:.0f} ms", bar, note))
    return found


WATCH_GRAPH = """() => {
  window.firstGraph = 0;
  const views = () => [...document.querySelectorAll('[aria-label="Computation graph"] .plot')]
    .filter((plot) => !plot.hidden && plot.querySelector("[role=treeitem]"));
  const old = new Set(views());
  document.addEventListener("keydown", () => {
    const pressed = performance.now();
    const look = () => {
      if (views().some((plot) => !old.has(plot))) window.firstGraph = performance.now() - pressed;
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
