"""What the tests see of JupyterLab: notebooks, cells and live views, found by role and name as a user finds them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import FrameLocator, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.server import Server

__all__ = ["STDERR", "Cell", "Lab", "LiveView", "expect", "until"]

PAGE_SECONDS = 60
KERNEL_SECONDS = 20
TRIES = 3
STDOUT = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stdout"]'
STDERR = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'


def until(read: Callable[[], object], seconds: float = 15, why: str = "") -> object:
    """Ask again and again until the answer is true. -> that answer. Fails with the last one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = read()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{why or 'it did not happen'} within {seconds} s (last: {answer!r})"
        time.sleep(0.05)


class LiveView:
    """A live view, by the roles and names that design.md fixes."""

    def __init__(self, scope: Locator | Page | FrameLocator) -> None:
        self.region = scope.get_by_role("region", name="Live view")
        self.status = self.region.get_by_role("status").first

    def wait(self, seconds: float = 20) -> LiveView:
        """Return when the view is on the screen."""
        expect(self.region).to_be_visible(timeout=seconds * 1000)
        return self

    def panel(self, name: str) -> Locator:
        """One panel: Loss curves, Gradients, Computation graph, Inspector."""
        return self.region.get_by_role("region", name=name)

    def button(self, name: str) -> Locator:
        """One button, by its whole name."""
        return self.region.get_by_role("button", name=name, exact=True)

    def slider(self, name: str = "Learning rate") -> Locator:
        """One slider."""
        return self.region.get_by_role("slider", name=name)

    @property
    def text(self) -> str:
        """The status line, as a screen reader gets it."""
        return self.status.text_content() or ""

    @property
    def state(self) -> str:
        """First word of the status line: running, paused, finished, …"""
        return re.split(r"[\s:·]", self.text.strip(), maxsplit=1)[0]

    @property
    def step(self) -> int:
        """The newest step that the loss picture tells, or -1. (The status line speaks every 5 s only.)"""
        return self.loss[2] if self.loss else -1

    @property
    def loss(self) -> tuple[str, float, int] | None:
        """What the loss picture's name says: (name, value, step)."""
        name = self.panel("Loss curves").get_by_role("img").first.get_attribute("aria-label") or ""
        match = re.search(r"(\S+) ([-−\d.e]+) at step ([\d,]+)", name)
        return (match[1], float(match[2].replace("−", "-")), int(match[3].replace(",", ""))) if match else None

    def wait_state(self, *states: str, seconds: float = 20) -> None:
        """Return when the status line starts with one of these words."""
        until(lambda: self.state in states, seconds, f"the view did not come to {states}; it says {self.text!r}")

    def wait_step(self, at_least: int, seconds: float = 20) -> None:
        """Return when the view has come this far."""
        until(lambda: self.step >= at_least, seconds, f"step {at_least} did not come")


class Cell:
    """One code cell of the open notebook, by its position among all cells."""

    def __init__(self, lab: Lab, index: int) -> None:
        self.lab = lab
        self.box = lab.page.locator(".jp-Notebook .jp-Cell").nth(index)
        self.output = self.box.locator(".jp-OutputArea").first
        self.view = LiveView(self.box)

    def run(self) -> Cell:
        """Start the cell, as Ctrl-Enter does."""
        self.box.locator(".cm-content").first.click()
        self.lab.page.keyboard.press("Control+Enter")
        return self

    @property
    def prompt(self) -> str:
        """`[*]:` while it runs, `[3]:` afterwards."""
        return self.box.locator(".jp-InputPrompt").first.inner_text()

    @property
    def running(self) -> bool:
        """Whether the kernel still works on it."""
        return "*" in self.prompt

    def wait_done(self, seconds: float = 30) -> Cell:
        """Return when the cell has ended, well or badly."""
        until(lambda: re.search(r"\[\d+\]", self.prompt), seconds, "the cell did not end")
        return self

    @property
    def printed(self) -> str:
        """What the cell wrote on stdout."""
        parts = self.box.locator(STDOUT)
        return "".join(parts.all_inner_texts())

    @property
    def error(self) -> str:
        """The traceback and whatever else is red: stderr, warnings."""
        parts = self.box.locator(STDERR)
        return "".join(parts.all_inner_texts())


class Lab:
    """JupyterLab in one page, with one notebook open."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        self.server = server
        self.name = name
        self.path = server.root / f"{name}.ipynb"

    def write(self, cells: Sequence[str], kernel: str = "python3") -> Path:
        """Write a notebook of these code cells."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
        nbformat.write(notebook, self.path)
        return self.path

    def open(self, path: Path | None = None, kernel: bool = True) -> Lab:
        """Show a notebook of the server's folder, and wait for its kernel."""
        target = (path or self.path).relative_to(self.server.root)
        workspace = f"{self.name}{time.monotonic_ns()}"
        self.page.goto(f"{self.server.url}/lab/workspaces/{workspace}/tree/{target}?reset")
        return self.wait_ready(kernel)

    def wait_ready(self, kernel: bool = True, idle: bool = True) -> Lab:
        """Return when the notebook is on the screen and its kernel answers.

        A kernel whose first message JupyterLab missed stays "Unknown" for ever; loading the page again asks anew.
        """
        wanted = f'#jp-main-statusbar :text("{"| Idle" if idle else "| "}")'
        for left in reversed(range(TRIES)):
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PAGE_SECONDS * 1000)
            if not kernel:
                return self
            try:
                self.page.wait_for_selector(wanted, timeout=KERNEL_SECONDS * 1000)
                break
            except PlaywrightTimeout:
                if not left:
                    raise
                self.page.reload()
        return self

    def notebook(self, *cells: str, kernel: str = "python3") -> list[Cell]:
        """Write these cells and open them. -> the cells."""
        self.write(cells, kernel)
        self.open()
        return [Cell(self, index) for index in range(len(cells))]

    def cell(self, index: int) -> Cell:
        """One cell of the open notebook."""
        return Cell(self, index)

    def menu(self, menu: str, item: str) -> None:
        """Choose from the menu bar."""
        self.page.locator(f'.lm-MenuBar-itemLabel:text-is("{menu}")').click()
        self.page.locator(f'.lm-Menu-itemLabel:text-is("{item}")').click()

    def reload(self, idle: bool = True) -> Lab:
        """Load the page again; `idle=False` does not wait for the kernel to be free."""
        self.page.reload()
        return self.wait_ready(idle=idle)

    def save(self) -> Path:
        """Save the notebook. -> its file."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        until(lambda: self.path.stat().st_mtime_ns != before and whole(self.path), 15, "the notebook was not saved")
        return self.path

    def restart_kernel(self) -> None:
        """Restart the kernel by the menu, and say yes."""
        self.menu("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.wait_for_timeout(500)
        self.wait_ready()


def whole(path: Path) -> bool:
    """Whether a notebook's file is written to its end: JupyterLab empties it first."""
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True
