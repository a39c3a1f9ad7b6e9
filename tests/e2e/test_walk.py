"""The walkthrough as a page from disk, with the network off: by keys alone, at every width, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

import gradbook
import gradbook.nn.functional as F
from gradbook import nn, observe, optim
from gradbook.observe.walkthrough.quiz import questions_of, wishes
from gradbook.widgets.walk_still import walk_still
from tests.e2e.axe import AXE, faults
from tests.e2e.lab import expect


def matrices(path: Path) -> None:
    """Two layers by hand, with questions."""
    x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
    w = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)
    with observe.walk() as walk:
        z = x @ w
        h = F.relu(z)
        loss = (h**2).mean()
        loss.backward()
    found, _ = questions_of(walk, wishes("h, loss.shape, z.grad.zeros"), quiz=False)
    walk_still(walk, quiz=found).save(path)


def windows(path: Path) -> None:
    """A convolution and a pooling, window by window."""
    image = gradbook.arange(36.0).reshape(1, 1, 6, 6) / 18 - 1
    conv = nn.Conv2d(1, 2, 3)
    with observe.walk() as walk:
        F.max_pool2d(F.relu(conv(image)), 2).sum().backward()
    walk_still(walk).save(path)


def heads(path: Path) -> None:
    """Attention with two heads."""
    q, k, v = (gradbook.randn(1, 2, 3, 4, requires_grad=True) for _ in range(3))
    with observe.walk() as walk:
        F.scaled_dot_product_attention(q, k, v).sum().backward()
    walk_still(walk).save(path)


def training(path: Path) -> None:
    """Three turns of a training loop over modules."""
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    opt = optim.SGD(net.parameters(), lr=0.1)
    x, y = gradbook.randn(4, 2), gradbook.randn(4, 1)
    with observe.walk() as walk:
        for _ in range(3):
            loss = F.mse_loss(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
    walk_still(walk).save(path)


def fail_inside(walk: observe.Walk, x: gradbook.Tensor, w: gradbook.Tensor) -> None:
    with walk:
        h = (x @ w).tanh()
        h @ w


def failing(path: Path) -> None:
    """A block that raises after two ops."""
    x, w = gradbook.ones(2, 3), gradbook.ones(3, 2)
    walk = observe.walk()
    with pytest.raises(RuntimeError):
        fail_inside(walk, x, w)
    walk_still(walk).save(path)


def nothing(path: Path) -> None:
    """A block without ops."""
    with observe.walk() as walk:
        pass
    walk_still(walk).save(path)


ANY_STEP = re.compile(r"Step \d+ of \d+|No steps")


def long(path: Path) -> None:
    """Hundreds of operations."""
    x, w = gradbook.randn(4, 6, requires_grad=True), gradbook.randn(6, 6, requires_grad=True)
    with observe.walk() as walk:
        h = x
        for _ in range(66):
            h = (h @ w).tanh()
            h = h * 0.9
        h.sum().backward()
    walk_still(walk).save(path)


LESSONS = [matrices, windows, heads, training, failing, nothing]


@pytest.fixture
def opened(chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a lesson from disk; what a page says on its console, or asks of the network, fails the test."""
    pages: list[Page] = []
    said: list[str] = []

    def open_lesson(make: Callable[[Path], None], scheme: str = "light", width: int = 932) -> Page:
        path = tmp_path / f"{make.__name__}.html"
        make(path)
        page = chromium.new_page()
        pages.append(page)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.set_viewport_size({"width": width, "height": 1100})
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        if scheme == "dark":
            page.evaluate("document.body.style.background = '#111'")
        expect(region(page)).to_be_visible()
        expect(region(page).get_by_role("heading").first).to_have_text(ANY_STEP)
        return page

    yield open_lesson
    for page in pages:
        page.close()
    assert said == []


def region(page: Page) -> Locator:
    return page.get_by_role("region", name="Walkthrough")


def heading(page: Page) -> str:
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return region(page).get_by_role("heading").first.inner_text()


def go(page: Page, step: int) -> None:
    """To a step, as the slider does."""
    page.get_by_role("slider", name="Walkthrough step").fill(str(step))
    heading(page)


def told(page: Page) -> str:
    """What the slider says of the step."""
    heading(page)
    return page.get_by_role("slider", name="Walkthrough step").get_attribute("aria-valuetext") or ""


def steps_of(page: Page) -> int:
    return int(page.get_by_role("slider", name="Walkthrough step").get_attribute("max") or 0)


def focused(page: Page) -> str:
    """Role or tag of what has the focus, and its name."""
    return str(
        page.evaluate(
            "() => { const e = document.activeElement; return e === document.body ? 'body' : "
            "`${e.tagName.toLowerCase()} ${e.getAttribute('aria-label') ?? e.textContent.trim()}`; }"
        )
    )


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something has the focus; a lesson that keeps the focus in a trap never gets there."""
    for _ in range(40):
        if name in focused(page):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by Tab; the focus is at {focused(page)}")


def test_a_whole_walkthrough_by_keys_alone(opened: Callable[..., Page]) -> None:
    page = opened(matrices)
    tab_to(page, "Next")
    total = steps_of(page)
    seen = [heading(page)]
    page.keyboard.press("Enter")  # the button itself
    seen.append(heading(page))
    tab_to(page, "entry 0,0")  # step 2 is relu: what will h be?
    for text in ["3", "0", "0", "3.5"]:  # z is [[3, -1], [-0.5, 3.5]]
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert "Check" in focused(page)
    page.keyboard.press("Enter")
    predict = page.get_by_role("group", name="Predict")
    expect(predict).to_contain_text("✓ Right.")
    expect(predict).to_contain_text("1 of 1 right so far")
    while len(seen) < total:
        page.keyboard.press("ArrowRight")
        seen.append(heading(page))
    assert seen == [f"Step {step} of {total}" for step in range(1, total + 1)]
    page.keyboard.press("ArrowRight")  # the end stays the end
    assert heading(page) == f"Step {total} of {total}"
    page.keyboard.press("Home")
    page.keyboard.press("b")
    assert "backward" in told(page)
    page.keyboard.press("f")
    assert heading(page) == f"Step 1 of {total}"


def test_every_part_is_reached_by_tab_once(opened: Callable[..., Page]) -> None:
    page = opened(matrices)
    go(page, 2)
    tab_to(page, "Presenter")
    stops = []
    while len(stops) < 2 or (stops[-1] not in (stops[0], "body") and len(stops) < 60):
        stops.append(focused(page))
        page.keyboard.press("Tab")
    names = " | ".join(stops)
    for wanted in ["Next", "Walkthrough step", "Hide new", "Fit graph", "Formula", "Check", "Reveal"]:
        assert wanted in names
    assert sum(stop.startswith("rect ") for stop in stops) == 1  # the graph is one stop
    assert len(stops) < 30


def test_nodes_and_lines_go_to_their_step(opened: Callable[..., Page]) -> None:
    page = opened(matrices)
    go(page, steps_of(page))
    page.get_by_role("treeitem", name="h (relu").click()
    assert heading(page).startswith("Step 2 of")
    page.get_by_role("button", name="z = x @ w").click()
    assert heading(page).startswith("Step 1 of")
    page.get_by_role("button", name="z = x @ w").click()
    assert "backward" in told(page)


def test_a_hidden_value_is_shown_nowhere_until_it_is_revealed(opened: Callable[..., Page]) -> None:
    page = opened(matrices)
    go(page, 2)
    expect(page.get_by_role("treeitem", name="h (relu")).to_have_accessible_name("h (relu, 2×2): hidden")
    formula = page.get_by_role("group", name="Formula")
    expect(formula).to_contain_text("=????h")
    page.get_by_role("button", name="Reveal", exact=True).click()
    expect(page.get_by_role("treeitem", name="h (relu")).to_have_accessible_name("h (relu, 2×2): 3, 0; 0, 3.5")
    expect(formula).to_contain_text("=3003.5h")


def test_windows_go_by_and_fill_the_result(opened: Callable[..., Page]) -> None:
    page = opened(windows)
    group = page.get_by_role("group", name="Windows")
    expect(group).to_contain_text("window 1 of 16")
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(group).to_contain_text("window 2 of 16")
    page.get_by_role("slider", name="Window", exact=True).fill("16")
    expect(group).to_contain_text("window 16 of 16")
    assert heading(page).startswith("Step 1 of")


def test_heads_are_tabs(opened: Callable[..., Page]) -> None:
    page = opened(heads)
    tab = page.get_by_role("tab", name="head 2")
    page.get_by_role("tab", name="head 1").focus()
    page.keyboard.press("ArrowRight")
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(tab).to_be_focused()
    expect(page.get_by_role("img", name="attention weights, 3×3")).to_be_visible()


def test_presenter_mode_fills_the_screen_and_shows_one_idea_a_press(opened: Callable[..., Page]) -> None:
    page = opened(matrices)
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("p")
    expect(region(page)).to_have_class(re.compile("presenting"))
    page.wait_for_function("() => document.fullscreenElement !== null || document.querySelector('.gb.full') !== null")
    expect(page.get_by_role("group", name="Formula")).to_be_hidden()
    expect(page.get_by_role("tree", name="Graph")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="Formula")).to_be_visible()
    expect(page.get_by_role("tree", name="Graph")).to_be_hidden()
    assert heading(page).startswith("Step 1 of")
    page.keyboard.press("ArrowRight")
    assert heading(page).startswith("Step 2 of")
    page.keyboard.press("p")
    expect(region(page)).not_to_have_class(re.compile("presenting"))
    page.wait_for_function("() => document.fullscreenElement === null && document.querySelector('.gb.full') === null")
    expect(page.get_by_role("group", name="Formula")).to_be_visible()


def test_playing_keeps_to_one_step_a_second_where_motion_is_reduced(opened: Callable[..., Page]) -> None:
    page = opened(training)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("combobox", name="Speed").select_option("4")
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(2500)
    assert heading_now(page) == "Step 3 of"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert heading_now(page) == "Step 3 of"


def heading_now(page: Page) -> str:
    """The heading's beginning while the page's clock stands still."""
    page.clock.run_for(50)
    return region(page).get_by_role("heading").first.inner_text().rsplit(" ", 1)[0]


@pytest.mark.parametrize("width", [500, 932, 1632])
@pytest.mark.parametrize("make", [matrices, training, windows])
def test_nothing_jumps_and_nothing_is_wider_than_the_page(
    make: Callable[[Path], None], width: int, opened: Callable[..., Page]
) -> None:
    page = opened(make, width=width)
    places = []
    for step in range(1, steps_of(page) + 1):
        go(page, step)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        places.append(
            page.evaluate(
                "() => ['.nav', '.src', '.wg', '.wm', '.wf'].map((name) => "
                "Math.round(document.querySelector(name).getBoundingClientRect().top + scrollY))"
            )
        )
    assert places == [places[0]] * len(places)


def test_a_long_walk_is_drawn_step_by_step_at_once(opened: Callable[..., Page]) -> None:
    page = opened(long)
    took = page.evaluate(
        """async () => {
          const root = document.querySelector('.walk'), took = [];
          for (let at = 0; at < 60; at++) {
            const start = performance.now();
            root.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
            await new Promise(requestAnimationFrame);
            took.push(performance.now() - start);
          }
          return took.sort((a, b) => a - b)[30];
        }"""
    )
    assert took < 150  # ms, the median; 13 on an idle machine
    assert heading(page).startswith("Step 61 of")
    go(page, steps_of(page))
    assert page.locator(".scr svg *").count() < 400
    box = page.locator(".boxes rect[aria-current]").bounding_box()
    pane = page.locator(".wbox").bounding_box()
    assert box is not None
    assert pane is not None
    assert pane["x"] <= box["x"] <= pane["x"] + pane["width"] - box["width"]  # the step's op is in sight


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci, in widgets/js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("make", LESSONS)
def test_nothing_serious_is_wrong(make: Callable[[Path], None], scheme: str, opened: Callable[..., Page]) -> None:
    page = opened(make, scheme)
    total = steps_of(page)
    for step in sorted({1, 2, total // 2, total} - {0}):
        if total > 1:
            go(page, step)
        assert faults(page) == []
