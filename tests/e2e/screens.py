"""Every view in every state that a page from disk can show: how the page is made, and what is done in it first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page

import gradbook
from gradbook import nn, observe
from gradbook.coach import Finding, Fix, Report
from gradbook.errors import BreakpointHit
from gradbook.kernel_ext.inspection import look_at
from gradbook.observe.failure import explain
from gradbook.observe.failure.text import Edit
from gradbook.observe.naming import Names
from gradbook.observe.run import Run
from gradbook.observe.stop_picture import Scene
from gradbook.observe.walkthrough.quiz import questions_of, wishes
from gradbook.widgets import CoachReport, describe, export_html
from gradbook.widgets.card import error_card
from gradbook.widgets.describe_timeline import still_timeline
from gradbook.widgets.diff_view import diff_view
from gradbook.widgets.export import page_with
from gradbook.widgets.graph_view import describe_still
from gradbook.widgets.walk_still import walk_still
from tests.e2e.lab import expect
from tests.widgets.sample import sample_run

__all__ = ["SCREENS", "shown"]

Make = Callable[[Path], Any]
Use = Callable[[Page], Any]


def live(state: str = "finished", steps: int = 400) -> Make:
    """The live view of a run that has come to a state."""
    return lambda path: export_html(sample_run(steps, state=state), path)


def coached(severity: str = "error") -> Make:
    """The live view of a run of which the coach says several things, with a fix that changes two places of a file."""

    def make(path: Path) -> None:
        run = sample_run(400)
        run.coach = spoken(path.with_suffix(".py"), severity)
        export_html(run, path)

    return make


def spoken(file: Path, severity: str) -> Report:
    """A report of two findings and a muted rule."""
    file.write_text("opt = SGD(model.parameters(), lr=1.0)\nfor x in data:\n    loss(x).backward()\n", encoding="utf-8")
    edits = [Edit(str(file), 1, 33, 1, 36, "0.1"), Edit(str(file), 3, 0, 3, 0, "    opt.zero_grad()\n")]
    fixes = (Fix("opt.zero_grad()", edits, "before backward(), in each step"), Fix("model.zero_grad()"))
    report = Report({"dead-relu"}, 55)
    evidence = {"steps that used old gradients": "2 of 3", "norm": 12.5}
    message = "Gradients are never cleared: opt.step() uses the sum of the gradients of all steps so far."
    report.add(Finding("missing-zero-grad", severity, message, str(file), 3, evidence, ("head.fc1",), fixes, 3))
    report.add(Finding("input-not-normalised", "hint", "The images run from 0 to 255.", step=120))
    return report


def found(path: Path) -> None:
    """What the coach found, by itself."""
    CoachReport(spoken(path.with_suffix(".py"), "warning"), title="coach · 1 warning, 1 hint").save(path)


def waiting(path: Path) -> None:
    """The live view before the first step."""
    run = Run("waiting", cell="[7]")
    run.begin()
    export_html(run, path)


def train(name: str, activation: nn.Module | None = None, level: str = "full", steps: int = 60) -> Run:
    """A small classifier, trained and recorded."""
    gradbook.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), activation or nn.ReLU(), nn.Linear(16, 3))
    opt = gradbook.optim.SGD(model.parameters(), lr=0.1)
    x, y = gradbook.randn(32, 8), gradbook.randint(0, 3, (32,))
    with observe.start_run(name, level=level) as run:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
    return run


def recorded(path: Path) -> None:
    """The live view of a small run that was recorded at level full."""
    export_html(train("recorded"), path)


def born(path: Path) -> None:
    """The live view of a run whose loss became NaN."""
    w = gradbook.tensor([2.0, -3.0], requires_grad=True)
    with np.errstate(all="ignore"), observe.start_run("born") as run:
        for _ in range(3):
            (gradbook.log(w) * 2).sum().backward()
    export_html(run, path)


def broken(condition: str) -> observe.Stop:
    """A stop at a breakpoint, in the forward of a small network."""
    gradbook.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
    with np.errstate(all="ignore"), observe.breakpoint(condition), pytest.raises(BreakpointHit) as caught:
        (gradbook.log(model(gradbook.randn(6, 4))) * 2).sum().backward()
    stop: observe.Stop = caught.value.stop
    return stop


def stopped(held: bool) -> Make:
    """The live view of a run at a breakpoint: while it is held there, or after its cell has ended."""

    def make(path: Path) -> None:
        run = sample_run(60, state="running")
        scene = Scene(run)
        scene.show(broken("nan"), {})
        if not held:
            run.finish("stopped")
        path.write_text(page_with([(describe.snapshot(run)[0].packed(), "")], "stopped"), encoding="utf-8")

    return make


def graph(path: Path) -> None:
    """A graph alone."""
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    message = describe_still(observe.Graph.of(model(gradbook.ones(4, 8)).sum()))
    path.write_text(page_with([(message.packed(), "")], "graph"), encoding="utf-8")


def no_graph(path: Path) -> None:
    """The graph of a tensor that no operation made."""
    message = describe_still(observe.Graph.of(gradbook.ones(2, 2)))
    path.write_text(page_with([(message.packed(), "")], "graph"), encoding="utf-8")


def walkthrough(path: Path) -> None:
    """A walkthrough of a matrix product and a mean, forward and backward."""
    walked(path, "")


def quiz(path: Path) -> None:
    """The same, with a value and a shape to be predicted."""
    walked(path, "h, loss.shape")


def walked(path: Path, predict: str) -> None:
    x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
    w = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)
    with observe.walk() as walk:
        h = (x @ w).relu()
        loss = h.mean()
        loss.backward()
    questions = questions_of(walk, wishes(predict), quiz=False)[0] if predict else []
    walk_still(walk, quiz=questions).save(path)


def walked_to_error(path: Path) -> None:
    """A walkthrough of a cell that raises."""
    walk = observe.walk()
    with pytest.raises(RuntimeError):
        walk_into_error(walk)
    walk_still(walk).save(path)


def walk_into_error(walk: observe.Walk) -> None:
    x, w = gradbook.ones(2, 3), gradbook.ones(3, 2)
    with walk:
        h = (x @ w).tanh()
        h @ w


def not_walked(path: Path) -> None:
    """A walkthrough of nothing."""
    with observe.walk() as walk:
        pass
    walk_still(walk).save(path)


def timeline(path: Path) -> None:
    """A timeline."""
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    with observe.timeline({"model": model}) as t:
        for _ in range(3):
            model(gradbook.ones(4, 8)).sum().backward()
    still_timeline(t, "module", memory=True, cell="[3]").save(path)


def no_timeline(path: Path) -> None:
    """A timeline of a cell in which nothing of the engine ran."""
    with observe.timeline({}) as t:
        pass
    still_timeline(t, "op", cell="[3]").save(path)


def card(path: Path) -> None:
    """An error card."""
    weight = gradbook.ones(5, 3)
    try:
        gradbook.ones(4, 3) @ weight
    except RuntimeError as error:
        failure = explain(error)
        assert failure is not None
        error_card(failure).save(path)


def inspection(path: Path) -> None:
    """A tensor of four axes, with its gradient."""
    gradbook.manual_seed(0)
    w = gradbook.randn(8, 3, 5, 5, requires_grad=True)
    (w**2).sum().backward()
    path.write_text(page_with([(look_at(w, "w", Names([{"w": w}])).packed(), "")], "w"), encoding="utf-8")


def inspected_scalar(path: Path) -> None:
    """One number, without a gradient."""
    x = gradbook.tensor(3.5)
    path.write_text(page_with([(look_at(x, "x", Names([{"x": x}])).packed(), "")], "x"), encoding="utf-8")


def runs_compared(path: Path) -> None:
    """Two runs."""
    difference = observe.diff(train("ReLU"), train("Tanh", nn.Tanh()))
    facts = [("activation", "ReLU", "Tanh"), ("learning rate", "0.1", "0.1")]
    diff_view(difference, ("ReLU", "Tanh"), facts).save(path)


def steps_compared(path: Path) -> None:
    """Two steps of a run."""
    run = train("steps")
    diff_view(observe.diff(run.history.nearest(10), run.history.nearest(50)), ("1@10", "1@50")).save(path)


def checkpoints_compared(path: Path) -> None:
    """Two state_dicts, with a parameter that only one has."""
    a, b = nn.Linear(8, 4).state_dict(), nn.Linear(8, 4).state_dict()
    diff_view(observe.diff(a, {**b, "scale": gradbook.ones(3)}), ("a.pt", "b.pt")).save(path)


def same_compared(path: Path) -> None:
    """A checkpoint and itself."""
    a = nn.Linear(8, 4).state_dict()
    diff_view(observe.diff(a, a), ("a.pt", "a.pt")).save(path)


def as_it_is(page: Page) -> None:
    """Nothing is done."""


def open_inspector(page: Page) -> None:
    """The inspector of the first parameter."""
    page.get_by_role("region", name="Gradients").get_by_role("option").first.click()
    expect(page.get_by_role("region", name="Inspector")).to_be_visible()


def open_node(page: Page) -> None:
    """The inspector of an operation in the middle of the graph."""
    page.get_by_role("treeitem").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Inspector")).to_be_visible()


def go_back(page: Page) -> None:
    """The slider at an older step."""
    page.get_by_role("slider", name="Step to show").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")


def open_filters(page: Page) -> None:
    """The search field of the graph, with its filters."""
    page.get_by_role("searchbox", name="Find in graph").fill("relu")


def forward(steps: int) -> Use:
    """The walkthrough at a later step."""

    def use(page: Page) -> None:
        page.get_by_role("button", name="Next", exact=True).focus()
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(30)

    return use


def presented(page: Page) -> None:
    """The walkthrough on the projector, at the formula of its second step."""
    page.get_by_role("button", name="Presenter").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")


def explained(page: Page) -> None:
    """The coach's first finding explained, with its example."""
    page.get_by_role("button", name="Explain", exact=True).first.click()
    page.get_by_text("A small program with this fault").first.click()


def chosen_in_timeline(page: Page) -> None:
    """The timeline by line, a block chosen, words sought."""
    page.get_by_role("group", name="By").get_by_role("button", name="line").click()
    page.get_by_role("treeitem").nth(2).click()
    page.get_by_role("searchbox").fill("sum")
    page.get_by_role("row").nth(1).click()


def chosen_in_differences(page: Page) -> None:
    """The first of the rows that differ."""
    page.get_by_role("table").get_by_role("button").first.click()


SCREENS: dict[str, tuple[Make, Use]] = {
    "live finished": (live(), as_it_is),
    "live failed": (live("error"), as_it_is),
    "live stopped": (live("stopped"), as_it_is),
    "live waiting": (waiting, as_it_is),
    "live inspector": (live(), open_inspector),
    "live node": (recorded, open_node),
    "live step": (recorded, go_back),
    "live found": (live(), open_filters),
    "live nan": (born, as_it_is),
    "live coach": (coached(), as_it_is),
    "live coach explained": (coached(), explained),
    "live coach warning": (coached("warning"), as_it_is),
    "coach report": (found, as_it_is),
    "coach report explained": (found, explained),
    "breakpoint held": (stopped(held=True), as_it_is),
    "breakpoint ended": (stopped(held=False), as_it_is),
    "graph": (graph, as_it_is),
    "graph node": (graph, open_node),
    "graph empty": (no_graph, as_it_is),
    "walk": (walkthrough, as_it_is),
    "walk forward": (walkthrough, forward(2)),
    "walk backward": (walkthrough, forward(6)),
    "walk presenter": (walkthrough, presented),
    "walk predict": (quiz, forward(2)),
    "walk error": (walked_to_error, forward(4)),
    "walk empty": (not_walked, as_it_is),
    "timeline": (timeline, as_it_is),
    "timeline chosen": (timeline, chosen_in_timeline),
    "timeline empty": (no_timeline, as_it_is),
    "card": (card, as_it_is),
    "inspect": (inspection, as_it_is),
    "inspect scalar": (inspected_scalar, as_it_is),
    "diff runs": (runs_compared, chosen_in_differences),
    "diff steps": (steps_compared, as_it_is),
    "diff checkpoints": (checkpoints_compared, as_it_is),
    "diff same": (same_compared, as_it_is),
}


def shown(chromium: BrowserContext, path: Path, scheme: str, width: int = 1400) -> Page:
    """The page, opened, in a light or a dark notebook."""
    page = chromium.new_page()
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(path.as_uri())
    expect(page.get_by_role("region").first).to_be_visible()
    page.wait_for_timeout(300)  # drawn, and unfolded
    return page
