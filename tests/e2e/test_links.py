"""Curve, step, graph, inspector and line of code, each linked with the others; in JupyterLab and on a saved page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

from tests.e2e.lab import Cell, Lab, until
from tests.e2e.programs import SETUP

DEFINE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.last = nn.Linear(8, 1)
    def forward(self, x):
        h = torch.relu(self.first(x))
        return self.last(h)
"""
TRAIN = """\
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(40):
    loss = ((net(x) - y) ** 2).mean()
    opt.zero_grad(); loss.backward()
    opt.step()
"""
LIGHT = ".gradbook-line"


def node(cell: Cell, name: str) -> Locator:
    """A box of the graph, by the beginning of its name."""
    return cell.view.panel("Computation graph").get_by_role("treeitem", name=re.compile(f"^{re.escape(name)}"))


def trained(lab: Lab) -> tuple[Cell, Cell]:
    """A notebook whose third cell has trained the model of its second. -> both."""
    setup, define, train = lab.notebook(SETUP, DEFINE, TRAIN)
    for cell in (setup, define, train):
        cell.run().wait_done()
    train.view.wait_state("finished")
    return define, train


def line_lit(page: Page, box: Locator) -> str:
    """The text of the line in a cell that lies under a light; '' if there is none."""
    return box.evaluate(
        """(cell, light) => {
            const bar = cell.querySelector(light);
            if (bar === null) return "";
            const at = bar.getBoundingClientRect();
            const middle = (at.top + at.bottom) / 2;
            const lines = [...cell.querySelectorAll(".cm-line")];
            const under = lines.find((line) => {
                const { top, bottom } = line.getBoundingClientRect();
                return top <= middle && middle < bottom;
            });
            return under?.textContent ?? "no line";
        }""",
        LIGHT,
    )


def test_a_node_lights_the_line_of_the_cell_that_made_it(lab: Lab) -> None:
    define, train = trained(lab)
    node(train, "last").focus()
    until(lambda: line_lit(lab.page, define.box) == "        return self.last(h)", 5, "the line was not lit")
    assert line_lit(lab.page, train.box) == ""
    node(train, "loss").focus()
    until(lambda: line_lit(lab.page, train.box) == "    loss = ((net(x) - y) ** 2).mean()", 5, "the line was not lit")
    assert line_lit(lab.page, define.box) == ""
    lab.page.evaluate("document.activeElement.blur()")
    until(lambda: lab.page.locator(LIGHT).count() == 0, 5, "the light stayed")
