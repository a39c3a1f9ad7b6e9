"""The graph beside torchview, Netron and Model Explorer: from the call to the first picture in Chromium, then zooming.

They are no dependencies: pip install torchview netron onnx onnxscript ai-edge-model-explorer, and Graphviz's dot. The
same model runs in all, written once (tests/widgets/hard_graphs.py). First pictures differ in what they show: gradbook
and Model Explorer fold modules, torchview and Netron draw every node. Each picture is in a new page, so the time holds
what a tool's own script takes to load. By hand: python -m tests.benchmarks graph_tools
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.benchmarks.graph_tools import MODELS, TOOLS, Shown, missing
from tests.benchmarks.table import Row
from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.server import find_chromium

PATIENCE = 60  # seconds for one picture
# Netron takes eval away, without which nobody can look into its page
KEEP_EVAL = "{const own = window.eval; Object.defineProperty(window, 'eval', { get: () => own, set() {} });}"
# two seconds of zooming, one wheel event a frame, over the largest drawing of the page
ZOOM = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const area = (el) => { const box = el.getBoundingClientRect(); return box.width * box.height; };
  const target = [...document.querySelectorAll("canvas, svg")].reduce((a, b) => (area(b) > area(a) ? b : a));
  const box = target.getBoundingClientRect();
  const clientX = box.x + Math.min(box.width, innerWidth) / 2;
  const clientY = Math.min(box.y + box.height / 2, innerHeight / 2);
  await frame();
  let frames = 0;
  const begin = performance.now();
  while (performance.now() - begin < 2000) {
    const deltaY = Math.sin(frames / 20) * 60;
    const at = document.elementFromPoint(clientX, clientY) ?? target;
    const how = { clientX, clientY, deltaY, ctrlKey: true, bubbles: true, cancelable: true };
    at.dispatchEvent(new WheelEvent("wheel", how));
    await frame();
    frames++;
  }
  return frames * 1000 / (performance.now() - begin);
}"""


def rows() -> list[Row]:
    """Measure, where everything is there to measure with."""
    program, absent = find_chromium(), missing()
    if program is None or absent:
        return [Row("graphs beside other tools", "not measured", "", f"install {', '.join(absent or ['Chromium'])}")]
    logging.disable(logging.WARNING)
    found = []
    with sync_playwright() as playwright, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        try:
            for tool in TOOLS:  # the first call of each imports what it needs, which is no part of the time
                measured(browser, tool, "MLP")
            found = [row(browser, tool, model) for model in MODELS for tool in TOOLS]
        finally:
            browser.close()
            logging.disable(logging.NOTSET)
    return found


def row(browser: Browser, tool: str, model: str) -> Row:
    """One model in one tool."""
    try:
        value, note = measured(browser, tool, model)
    except Error:
        value, note = f"> {PATIENCE} s", "given up"
    except Exception as error:  # another's failure is a finding too
        value, note = "failed", f"{type(error).__name__}: {error}".split("\n")[0][:60]
    return Row(f"{model} in {tool}", value, "", note)


def measured(browser: Browser, tool: str, model: str) -> tuple[str, str]:
    """From the call to the picture, and frames a second. -> (time and rate, how it is made up)."""
    with tempfile.TemporaryDirectory() as folder, TOOLS[tool](MODELS[model], Path(folder)) as shown:
        context = browser.new_context(viewport={"width": 1200, "height": 1000}, bypass_csp=True)  # to be looked into
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        if tool == "Netron":
            page.add_init_script(KEEP_EVAL)
            context.add_cookies([{"name": "consent", "value": str(int(time.time() * 1000)), "url": shown.url}])
        try:
            drawn, rate = seen(page, shown)
        finally:
            context.close()
    size = f"{shown.nbytes / 1024:,.0f} KB" if shown.nbytes else "no file"
    zooms = "no zoom of its own" if tool == "torchview" else f"{rate:.0f} frames/s"
    note = f"{shown.seconds * 1e3:,.0f} in Python, {drawn * 1e3:,.0f} in the page, {size}"
    return f"{(shown.seconds + drawn) * 1e3:,.0f} ms, {zooms}", note


def seen(page: Page, shown: Shown) -> tuple[float, float]:
    """Open what a tool made. -> seconds until it is drawn, frames a second while zooming."""
    began = time.perf_counter()
    page.goto(shown.url, wait_until="commit")
    page.wait_for_function(shown.ready, polling="raf")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    drawn = time.perf_counter() - began
    return drawn, page.evaluate(ZOOM)
