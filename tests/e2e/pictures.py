"""Take pictures of the live view.

python -m tests.e2e.pictures FOLDER [NAME ...]   to lay beside the mock-ups
python -m tests.e2e.pictures --readme            those that the README shows, into widgets/pictures
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, sync_playwright

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
ROOT = Path(__file__).parents[2]
COLOURS = 256  # of a picture in the README: small, and the thin green line keeps its colour


def open_cell(
    context: BrowserContext, server: Server, name: str, code: tuple[str, str], width: int, dark: bool
) -> Cell:
    """A notebook of its own, its first cell run. -> its second cell."""
    page = context.new_page()
    page.set_viewport_size({"width": width + CHROME_PIXELS, "height": 1500})
    theme = {"raw": json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})}
    server.call("PUT", "settings/@jupyterlab/apputils-extension:themes", theme, base="lab/api")
    setup, cell = Lab(page, server, name).notebook(*code)
    page.keyboard.press("Control+b")
    setup.run().wait_done(60)
    return cell


def take(context: BrowserContext, server: Server, folder: Path, name: str) -> None:
    """One picture to compare."""
    program, width, dark, act = PICTURES[name]
    cell = open_cell(context, server, name, (SETUP, program), width, dark)
    act(cell)
    cell.lab.page.wait_for_timeout(700)
    cell.view.region.scroll_into_view_if_needed()
    cell.view.region.screenshot(path=folder / f"{name}.png")
    print(folder / f"{name}.png", cell.view.region.bounding_box(), flush=True)
    cell.lab.page.close()
    server.shut_down_kernels()


def lesson() -> tuple[str, str]:
    """The first lesson's digits and its convolutional network, in two cells; the second trains for longer."""
    cells = code_of("01_first_look.ipynb")
    find = lambda text: next(cell for cell in cells if text in cell)  # noqa: E731
    data = find("data = digits()").partition("figure,")[0]
    loader = next(line for line in find("loader =").splitlines() if line.startswith("loader ="))
    setup = [find("%load_ext"), data, find("def fit("), find("class DigitNet"), loader, "torch.manual_seed(3)"]
    train = find("fit(net").partition("\n")[2].replace("epochs=12", "epochs=90")
    return "\n".join([*setup, "net = DigitNet()"]), f"%%watch digit-net\n{train}"


def take_for_readme(context: BrowserContext, server: Server, folder: Path, dark: bool) -> None:
    """The lesson's network while it learns, its hidden layer selected; dark: full screen."""
    cell = open_cell(context, server, f"readme{dark}", lesson(), 1415 if dark else 900, dark)
    page, view = cell.lab.page, cell.view
    cell.run().view.wait_step(700, 120)
    graph = view.panel("Computation graph")
    graph.evaluate("element => element.scrollIntoView({ block: 'end' })")
    graph.get_by_role("treeitem", name="hidden (Linear").click()
    if dark:
        page.set_viewport_size({"width": 1600, "height": 900})
        view.region.get_by_role("button", name="Full screen").click()
    page.mouse.move(0, 0)
    view.region.get_by_role("img", name=re.compile("^value .* at step")).wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    if not dark:
        view.region.evaluate("element => element.scrollIntoView({ block: 'end' })")
        page.wait_for_timeout(300)
    keep(
        page.screenshot() if dark else view.region.screenshot(), folder / f"live_view_{'dark' if dark else 'light'}.png"
    )
    page.close()
    server.shut_down_kernels()


def keep(raw: bytes, path: Path) -> None:
    """Write a picture as the README needs it: few colours, small."""
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(path, optimize=True)
    print(path, f"{path.stat().st_size / 1024:.0f} KB", flush=True)


def take_from_lessons(context: BrowserContext, server: Server, folder: Path) -> None:
    """The second lesson's matrices, walked backward, and the error card of the third lesson's first patient."""
    walk = next(source for source in code_of("02_backprop_by_hand.ipynb") if "--predict z,W.grad.shape" in source)
    setup = code_of("02_backprop_by_hand.ipynb")[0]
    cell = open_cell(
        context, server, "walk", (setup, walk.replace(" --predict z,W.grad.shape,b.grad", "")), 1000, False
    )
    cell.run().wait_done(60)
    view = cell.box.get_by_role("region", name="Walkthrough")
    view.get_by_role("button", name="Next").focus()
    for _ in range(11):
        cell.lab.page.keyboard.press("ArrowRight")
    shoot(cell, view, folder / "walkthrough_light.png")
    setup, patient = code_of("03_debug_a_network.ipynb")[0], code_of("03_debug_a_network.ipynb")[2]
    cell = open_cell(context, server, "card", (setup, patient), 1000, False)
    cell.run().wait_done(60)
    shoot(cell, cell.box.get_by_role("region", name=re.compile("^Error: ")), folder / "error_card_light.png")


def shoot(cell: Cell, region: Locator, path: Path) -> None:
    """One region of one cell; then its notebook is over."""
    region.scroll_into_view_if_needed()
    cell.lab.page.mouse.move(0, 0)
    cell.lab.page.wait_for_timeout(700)
    keep(region.screenshot(), path)
    cell.lab.page.close()
    cell.lab.server.shut_down_kernels()


def code_of(lesson: str) -> list[str]:
    """The cells of code of a lesson."""
    return [c.source for c in nbformat.read(ROOT / "notebooks" / lesson, as_version=4).cells if c.cell_type == "code"]


def main(arguments: list[str]) -> int:
    """Take all pictures, or those named after the folder."""
    readme = arguments[:1] == ["--readme"]
    folder = ROOT / "widgets" / "pictures" if readme else Path(arguments[0] if arguments else "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="gradbook-pictures-"))
    with running_server(scratch) as server, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            scratch / "chromium", executable_path=find_chromium(), args=CHROMIUM_FLAGS, device_scale_factor=1.5
        )
        if readme:
            for dark in (False, True):
                take_for_readme(context, server, folder, dark)
            take_from_lessons(context, server, folder)
        else:
            for name in arguments[1:] or PICTURES:
                take(context, server, folder, name)
        context.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
