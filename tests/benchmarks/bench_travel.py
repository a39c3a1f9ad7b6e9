"""Time travel: what a step costs to ask for and to draw, what a history takes, how fast graphs are compared."""

from __future__ import annotations

import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from playwright.sync_api import Page, sync_playwright

import gradbook
from gradbook import nn, observe, optim
from gradbook.observe import Graph, GraphEdge, GraphNode, Moment, Run, sampler
from gradbook.widgets import describe, export_html
from gradbook.widgets.describe_history import describe_moment
from tests.benchmarks.bench_observe import cnn, mlp
from tests.benchmarks.table import Row
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.lab import Lab, until
from tests.e2e.programs import SETUP
from tests.e2e.server import find_chromium, running_server

WINDOW = 16 << 20


def rows() -> list[Row]:
    """Measure."""
    return [*kernel(), *memory(), *sizes(), *browser()]


def trained(build: Callable[[], tuple[Any, Any, Any]], steps: int, window: int | None = None) -> Run:
    """A run at level full, of so many steps."""
    gradbook.manual_seed(0)
    model, x, y = build()
    optimizer = optim.Adam(model.parameters(), lr=1e-4)
    with observe.start_run("bench", level="full", window=window) as run:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def chain(nodes: int) -> Graph:
    """A chain of operations."""
    ops = ("relu", "add", "mul", "tanh", "exp")
    made = tuple(GraphNode(i, "op", ops[i % 5], name=f"n{i}" if i % 7 == 0 else "", shape=(8, 8)) for i in range(nodes))
    return Graph(made, tuple(GraphEdge(i, i + 1, 0) for i in range(nodes - 1)))


def run_of(nodes: int, steps: int = 30) -> Run:
    """A run at level full whose graph has so many nodes."""
    run, graph, rng = Run("bench", level="full"), chain(nodes), np.random.default_rng(0)
    run.begin()
    for step in range(1, steps + 1):
        values = [rng.standard_normal((8, 8)).astype(np.float32) for _ in range(nodes)]
        stats = rng.standard_normal((nodes, 8)).astype(np.float32)
        run.history.add(Moment(step, graph, 1, stats, values, values))
        run.curve("loss", "train").append(step, float(np.exp(-step / 10)))
    run.step = steps
    run.picture = observe.Picture(graph, 1, run.history[-1].stats, steps)
    return run


def least(act: Callable[[], object], times: int = 20) -> float:
    """Seconds of the processor that a call takes, the least of some."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return min(taken)


def kernel() -> list[Row]:
    """A step's answer, as the sender's thread makes it; two graphs compared."""
    found = []
    for nodes in (500, 10_000):
        run = run_of(nodes, 12)
        took = least(lambda run=run: describe_moment(run, 6, 3, [1]))
        found.append(Row(f"a recorded step for the page, {nodes:,} nodes", f"{took * 1e3:.2f} ms", "", "in the kernel"))
    old = chain(10_000)
    nodes = [node for node in old.nodes if node.id % 100]
    kept = {node.id: i for i, node in enumerate(nodes)}
    edges = [GraphEdge(kept[s], kept[d], k) for s, d, k in old.edges if s in kept and d in kept]
    new = Graph(
        tuple(GraphNode(i, n.kind, n.op, name=n.name, shape=n.shape) for i, n in enumerate(nodes)), tuple(edges)
    )
    took = least(lambda: old.diff(new), 3)
    found.append(Row("two graphs compared, 10,000 nodes, 100 gone", f"{took * 1e3:.0f} ms"))
    return found


def memory() -> list[Row]:
    """What histories take of a window that their runs would fill many times over."""
    return [ordinary(), adversarial()]


def ordinary() -> Row:
    """A training, and what Python says that its history holds."""
    trained(cnn, 2)
    tracemalloc.start()
    try:
        run = trained(cnn, 400, WINDOW)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    words = f"{len(run.history)} of 400 steps kept, {held / 2**20:.1f} MB traced"
    return Row("history of a medium CNN, window 16 MB", f"{run.history.nbytes / 2**20:.1f} MB", "≤ 16 MB", words)


def adversarial() -> Row:
    """A run made to break its window: another graph each step, and values of megabytes."""
    w = gradbook.randn(1000, requires_grad=True)
    optimizer = optim.SGD([w], lr=1e-9)
    most = 0
    tracemalloc.start()
    every_step = mock.patch.dict(sampler.SHARE, full=1e9)
    with every_step, observe.start_run("bench", level="full", window=WINDOW) as run:
        for step in range(1, 200):
            h = w.reshape(-1, 1) * gradbook.ones(1, 300)
            for _ in range(step % 40):
                h = h * 1.0001
            loss = h.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            most = max(most, run.history.nbytes)
        del h, loss
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    words = f"{len(run.history)} of 199 steps kept, {held / 2**20:.1f} MB traced"
    return Row("history of a run with large values, window 16 MB", f"{most / 2**20:.1f} MB", "≤ 16 MB", words)


def sizes() -> list[Row]:
    """What travels in the last snapshot of a long run."""
    run = trained(mlp, 10_000)
    message, _ = describe.snapshot(run)
    size = len(message.packed())
    steps = len(message.content["history"]["moments"])
    words = f"{steps} steps to go back to without a kernel, of {len(run.history)} with one"
    return [Row("snapshot of 10,000 steps at level full", f"{size / 1024:.0f} KB", "≤ 300 KB", words)]


SCRUB = """async () => {
  const slider = document.querySelector('[aria-label="Step to show"]');
  const times = [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let i = 0; i < 40; i++) {
    slider.value = String(1 + ((i * 37) % (Number(slider.max) - 1)));
    const began = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    const channel = new MessageChannel();
    await new Promise((done) => { channel.port1.onmessage = done; channel.port2.postMessage(0); });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return [times[20], times[37], times[39]];
}"""

WAIT = """() => {
  const inspector = document.querySelector('[role=region][aria-label="Inspector"]');
  const told = () => [...inspector.querySelectorAll("[role=img]")].map((one) => one.getAttribute("aria-label") ?? "")
    .find((one) => / at step /.test(one));
  const before = told();
  window.scrubbed = 0;
  document.addEventListener("keydown", () => {
    const pressed = performance.now();
    const look = () => {
      if (told() !== before) window.scrubbed = performance.now() - pressed;
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}"""

RECORD = """\
%%watch --level full --every 1
for step in range(1, 100_000):
    loss = ((model(x) - y) ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
    if step > 300: time.sleep(0.002)
"""


def browser() -> list[Row]:
    """From a move of the slider to the drawing, in a saved page; from a key to another value, with a kernel."""
    program = find_chromium()
    if program is None:
        return [Row("scrubbing", "not measured", "", "no Chromium")]
    folder = Path(tempfile.mkdtemp(prefix="gradbook-travel-"))
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / "chromium", executable_path=program, args=CHROMIUM_FLAGS, viewport={"width": 1400, "height": 1300}
        )
        try:
            runs = {"50 nodes": run_of(50), "500 nodes": run_of(500)}
            runs |= {"small MLP": trained(mlp, 200), "medium CNN": trained(cnn, 200)}
            found = [saved(context.new_page(), folder, run, name) for name, run in runs.items()]
            with running_server(folder) as server:
                found.append(asked(Lab(context.new_page(), server, "bench")))
        finally:
            context.close()
    return found


def saved(page: Page, folder: Path, run: Run, name: str) -> Row:
    """A saved page, where every step is there already."""
    if run.state == "running":
        run.finish()
    path = export_html(run, folder / "page.html")
    page.goto(path.as_uri())
    page.wait_for_selector("[aria-label='Step to show']")
    page.wait_for_timeout(500)
    middle, most, worst = page.evaluate(SCRUB)
    words = f"95 of 100 within {most:.0f} ms, a frame's wait included; a page of {path.stat().st_size / 1024:,.0f} KB"
    return Row(f"slider → drawn, saved page, {name}", f"{middle:.0f} ms, worst {worst:.0f} ms", "", words)


def asked(lab: Lab) -> Row:
    """A running notebook: the kernel is asked for each step while it trains."""
    setup, cell = lab.notebook(SETUP, RECORD)
    setup.run().wait_done()
    cell.run().view.wait().wait_step(300)
    cell.view.panel("Gradients").get_by_role("option", name="0.weight").click()
    slider = cell.view.slider("Step to show")
    slider.fill("200")
    lab.page.wait_for_timeout(1000)
    taken = []
    for _ in range(9):
        lab.page.evaluate(WAIT)
        slider.press("ArrowLeft")
        taken.append(until(lambda: lab.page.evaluate("window.scrubbed"), 20, "no value came"))
    cell.view.button("Stop").click()
    cell.wait_done()
    words = f"while it trains; slowest of 9 {max(taken):.0f} ms"
    return Row("key → the value of another step, asked of the kernel", f"{statistics.median(taken):.0f} ms", "", words)
