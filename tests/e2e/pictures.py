"""Take pictures of the live view, to lay beside the mock-ups: python -m tests.e2e.pictures FOLDER [NAME ...]"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.e2e.conftest import CHROMIUM_FLAGS
from tests.e2e.lab import Cell, Lab
from tests.e2e.server import Server, find_chromium, running_server

SETUP = """\
%load_ext gradbook
import gradbook as torch
from gradbook import nn, observe
from gradbook.datasets import digits
from gradbook.nn import functional as F
from gradbook.utils.data import DataLoader
torch.manual_seed(0)
train, test = digits().split()
loader = DataLoader(train, batch_size=32, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()) for _ in range(4)])
        self.fc1 = nn.Linear(256, 64)
        self.fc2 = nn.Linear(64, 10)
    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        h = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(h)
"""
TRAIN = """\
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range({epochs}):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        observe.log("val_loss", F.cross_entropy(model(test.tensors[0]), test.tensors[1]).item())
"""
BROKEN = TRAIN + "    if epoch == 2: model(x) @ torch.zeros(3, 3)\n"


def running(cell: Cell) -> None:
    """In the middle of a long run."""
    cell.run().view.wait_step(150, 60)


def paused(cell: Cell) -> None:
    """Held by the button."""
    running(cell)
    cell.view.button("Pause").click()
    cell.view.wait_state("paused")


def ended(cell: Cell) -> None:
    """Over, well or badly."""
    cell.run().wait_done(240)
    cell.view.wait_state("finished", "error")


def inspected(cell: Cell) -> None:
    """Over, with the first parameter's node open."""
    ended(cell)
    cell.view.panel("Computation graph").get_by_role("treeitem").nth(3).press("Enter")


PICTURES: dict[str, tuple[str, int, bool, Callable[[Cell], None]]] = {
    "running_light": (TRAIN.format(epochs=60), 900, False, running),
    "running_dark": (TRAIN.format(epochs=60), 900, True, running),
    "narrow_light": (TRAIN.format(epochs=60), 500, False, running),
    "wide_dark": (TRAIN.format(epochs=60), 1600, True, running),
    "paused_light": (TRAIN.format(epochs=60), 900, False, paused),
    "finished_light": (TRAIN.format(epochs=4), 900, False, ended),
    "inspector_light": (TRAIN.format(epochs=4), 900, False, inspected),
    "error_dark": (BROKEN.format(epochs=4), 900, True, ended),
}
CHROME_PIXELS = 185  # what JupyterLab itself takes of the page's width, its side bar folded


def take(context: BrowserContext, server: Server, folder: Path, name: str) -> None:
    """One picture, in a notebook of its own."""
    program, width, dark, act = PICTURES[name]
    page = context.new_page()
    page.set_viewport_size({"width": width + CHROME_PIXELS, "height": 1500})
    theme = {"raw": json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})}
    server.call("PUT", "settings/@jupyterlab/apputils-extension:themes", theme, base="lab/api")
    lab = Lab(page, server, name)
    setup, cell = lab.notebook(SETUP, program)
    page.keyboard.press("Control+b")
    setup.run().wait_done()
    act(cell)
    page.wait_for_timeout(700)
    cell.view.region.scroll_into_view_if_needed()
    cell.view.region.screenshot(path=folder / f"{name}.png")
    print(folder / f"{name}.png", cell.view.region.bounding_box(), flush=True)
    page.close()
    server.shut_down_kernels()


def main(arguments: list[str]) -> int:
    """Take all pictures, or those named after the folder."""
    folder = Path(arguments[0] if arguments else "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="gradbook-pictures-"))
    with running_server(scratch) as server, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            scratch / "chromium", executable_path=find_chromium(), args=CHROMIUM_FLAGS, device_scale_factor=1.5
        )
        for name in arguments[1:] or PICTURES:
            take(context, server, folder, name)
        context.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
