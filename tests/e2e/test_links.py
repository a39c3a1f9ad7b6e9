"""Curve, step, graph, inspector and line of code, each linked with the others; in JupyterLab and on a saved page."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

from gradbook.kernel_ext.headless import execute
from gradbook.widgets import notebook_to_html
from tests.e2e.lab import Cell, Lab, LiveView, expect, until
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
torch.manual_seed(1)
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


def test_a_line_of_code_lights_the_nodes_that_it_made(lab: Lab) -> None:
    define, train = trained(lab)
    graph = train.view.panel("Computation graph")
    lit = graph.locator('[role="treeitem"][aria-description*="lit"]')
    define.box.get_by_text("torch.relu(self.first(x))").hover()
    until(lambda: lit.count() == 2, 5, "its two nodes were not lit")
    names = [name or "" for name in lit.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")]
    assert any(name.startswith("first") for name in names)
    assert any("relu" in name for name in names)
    train.box.get_by_text("loss = ((net(x) - y) ** 2).mean()").hover()
    until(lambda: lit.count() >= 3, 5, "the other cell's line did not light its nodes")
    define.box.get_by_text("class Net").hover()
    until(lambda: lit.count() == 0, 5, "the light stayed")


def test_the_inspector_shows_the_values_that_there_are(lab: Lab) -> None:
    _, train = trained(lab)
    node(train, "x").press("Enter")
    inspector = train.view.panel("Inspector")
    picture = inspector.get_by_role("img", name=re.compile("^value 64×4 at step"))
    picture.focus()
    for _ in range(4):
        picture.press("ArrowDown")
    read = inspector.locator(".tensor .read")
    shown = float((read.text_content() or "").split("]")[1].replace("−", "-"))
    truth = evaluate(lab, "print(repr(x.numpy()[3, 0].item()))")
    assert abs(shown - float(truth)) <= 1e-5 * abs(float(truth))


def test_a_spike_is_gone_to_by_keyboard_and_shows_its_step(lab: Lab) -> None:
    spiky = TRAIN.replace("range(40)", "range(120)").replace("y) ** 2", "(y * (50 if step == 89 else 1))) ** 2")
    setup, define, train = lab.notebook(SETUP, DEFINE, spiky)
    for cell in (setup, define, train):
        cell.run().wait_done()
    train.view.wait_state("finished")
    loss = train.view.panel("Loss curves")
    loss.get_by_role("button", name="Next spike").press("Enter")
    inspector = train.view.panel("Inspector")
    expect(inspector.get_by_role("heading", name="Step 90")).to_be_visible()
    expect(loss.get_by_role("slider", name="Step to show")).to_have_attribute("aria-valuetext", re.compile("step 90"))
    expect(inspector.locator(".batch")).not_to_contain_text("recorded")  # it is this very step
    expect(inspector.get_by_text("recorded at")).to_have_count(0)
    expect(inspector.locator(".batch .input").first).to_contain_text("x 64×4")
    inspector.locator(".profile .link").first.press("Enter")
    expect(inspector.get_by_role("heading").first).to_have_text(re.compile("weight|bias"))
    selected = train.view.panel("Gradients").locator('[role="option"][aria-selected="true"]')
    expect(selected).to_have_count(1)


def test_inspect_shows_a_tensor_by_itself(lab: Lab) -> None:
    setup, made, looked = lab.notebook(
        SETUP, "h = torch.arange(12.0, requires_grad=True).reshape(3, 4) * 2", "%inspect h"
    )
    for cell in (setup, made, looked):
        cell.run().wait_done()
    view = looked.box.get_by_role("region", name="Tensor h")
    expect(view).to_be_visible()
    picture = view.get_by_role("img", name=re.compile("^value 3×4"))
    picture.press("End")
    expect(view.locator(".read")).to_have_text("[2, 3]  22")
    expect(view.get_by_text("gradient: not kept")).to_be_visible()


def evaluate(lab: Lab, code: str) -> str:
    """What a line prints, run in the setup cell's place."""
    cell = lab.cell(0)
    cell.box.locator(".cm-content").first.click()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.insert_text(code)
    lab.page.keyboard.press("Control+Enter")
    return str(until(lambda: cell.printed.strip() or None, 10, "nothing was printed"))


def test_all_links_work_on_a_page_from_disk_without_network(lab: Lab, tmp_path: Path) -> None:
    page = lab.page
    page.context.set_offline(True)
    try:
        page.goto(exported(tmp_path).as_uri())
        look_around(page)
    finally:
        page.context.set_offline(False)


def look_around(page: Page) -> None:
    """Node to line, line to nodes, node to values, node to node."""
    view = LiveView(page).wait()
    cell = page.locator(".jp-CodeCell", has=view.region)
    define = page.locator(".jp-CodeCell", has_text="class Net")
    graph = view.panel("Computation graph")
    box = lambda name: graph.get_by_role("treeitem", name=re.compile(f"^{name}"))  # noqa: E731
    box("last").focus()
    bar = define.locator(LIGHT)
    expect(bar).to_have_count(1)
    assert text_under(page, bar) == "return self.last(h)"
    expect(cell.locator(LIGHT)).to_have_count(0)
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(LIGHT)).to_have_count(0)
    define.get_by_text("relu").hover()
    expect(graph.locator('[aria-description*="lit"]')).to_have_count(2)
    box("last").press("Enter")
    inspector = view.panel("Inspector")
    expect(inspector.get_by_role("img", name=re.compile("^value 64×1"))).to_be_visible()
    inspector.get_by_role("button", name="weight").first.press("Enter")
    expect(inspector.get_by_role("heading").first).to_have_text("weight")
    picture = inspector.get_by_role("img", name=re.compile("^value 1×8"))
    picture.press("End")
    shown = float((inspector.locator(".tensor .read").text_content() or "").split("]")[1].replace("−", "-"))
    step = re.search(r"at step (\d+)", picture.get_attribute("aria-label") or "")[1]
    truth = float(re.search(rf"^weight at {step}: (\S+)$", page.locator("body").inner_text(), re.MULTILINE)[1])
    assert abs(shown - truth) <= 1e-5 * abs(truth)


def text_under(page: Page, bar: Locator) -> str:
    """The text of the page's own that lies under the middle of a light."""
    return page.evaluate(
        """(bar) => {
            const { top, height } = bar.getBoundingClientRect();
            const pre = bar.parentElement.querySelector("pre");
            const lines = pre.textContent.split("\\n");
            const from = pre.getBoundingClientRect().top + parseFloat(getComputedStyle(pre).paddingTop);
            const high = parseFloat(getComputedStyle(pre).lineHeight);
            return lines[Math.floor((top + height / 2 - from) / high)].trim();
        }""",
        bar.element_handle(),
    )


def exported(folder: Path) -> Path:
    """The notebook of the other tests, executed without a browser and written as one page."""
    tell = "    print(f'weight at {step + 1}:', repr(net.last.weight[0, 7].item()))\n    opt.step()\n"
    train = TRAIN.replace("    opt.step()\n", tell)
    source = folder / "links.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in (SETUP, DEFINE, train)]), source
    )
    executed, _ = execute(source, 60, embed_runs=True)
    return notebook_to_html(executed, folder / "links.html")
