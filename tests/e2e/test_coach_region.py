"""The Coach region in JupyterLab: findings, explained and linked; Apply and the editor's own undo; Mute and Undo."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator

from tests.e2e.lab import Cell, Lab, LiveView, expect, until
from tests.e2e.programs import SETUP
from tests.e2e.screens import SCREENS, shown

FAULTY = """\
# the loop
for step in range(60):
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    opt.step()
    time.sleep(0.01)"""
CLEARED = FAULTY.replace("    loss.backward()", "    opt.zero_grad()\n    loss.backward()")
TEXT = "cell => [...cell.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')"


def coach(cell: Cell) -> Locator:
    """The region of a cell's view."""
    return cell.view.panel("Coach")


def faulty(lab: Lab) -> Cell:
    """A cell whose training forgets zero_grad, run to its end."""
    setup, train = lab.notebook(SETUP, FAULTY)
    setup.run().wait_done()
    train.run().wait_done()
    train.view.wait_state("finished")
    expect(coach(train)).to_contain_text("Gradients are never cleared")
    return train


def button(cell: Cell, name: str) -> Locator:
    """One button of the region, by its whole name."""
    return coach(cell).get_by_role("button", name=name, exact=True)


def says(cell: Cell, text: str) -> None:
    """Look at the region, which is drawn only where it can be seen: this is what it says."""
    coach(cell).scroll_into_view_if_needed()
    expect(coach(cell)).to_contain_text(text)


def test_a_fix_is_shown_applied_and_taken_back_by_the_editor(lab: Lab) -> None:
    train = faulty(lab)
    button(train, "Apply").click()
    change = coach(train).get_by_role("group", name="change of cell [2]")
    expect(change).to_contain_text("opt.zero_grad()")
    assert train.box.evaluate(TEXT) == FAULTY
    expect(button(train, "Apply fix 1")).to_be_focused()
    lab.page.keyboard.press("Enter")
    until(lambda: train.box.evaluate(TEXT) == CLEARED, 5, "the line was not written")
    expect(coach(train).get_by_text("Written into cell [2]")).to_be_visible()
    train.box.locator(".cm-content").first.click()
    lab.page.keyboard.press("Control+z")
    until(lambda: train.box.evaluate(TEXT) == FAULTY, 5, "the editor's undo did not take it back")
    lab.page.keyboard.press("Control+Shift+z")
    until(lambda: train.box.evaluate(TEXT) == CLEARED, 5, "nor did its redo bring it again")
    train.run().wait_done()
    train.view.wait_state("finished")
    expect(coach(train)).not_to_contain_text("never cleared")
    assert lab.save().read_text().count("opt.zero_grad()") == 1


def test_a_line_that_was_edited_meanwhile_is_left_alone(lab: Lab) -> None:
    train = faulty(lab)
    train.box.get_by_text("loss.backward()").first.click()
    lab.page.keyboard.press("End")
    lab.page.keyboard.insert_text("  # mine")
    edited = train.box.evaluate(TEXT)
    button(train, "Apply").click()
    button(train, "Apply fix 1").click()
    expect(coach(train).get_by_text("Nothing was changed")).to_be_visible()
    assert train.box.evaluate(TEXT) == edited


def test_a_fix_can_be_applied_while_the_cell_runs(lab: Lab) -> None:
    setup, train = lab.notebook(SETUP, FAULTY.replace("60", "2000"))
    setup.run().wait_done()
    train.run()
    expect(coach(train)).to_contain_text("Gradients are never cleared")
    assert train.running
    button(train, "Apply").click()
    button(train, "Apply fix 1").click()
    until(lambda: "zero_grad" in str(train.box.evaluate(TEXT)), 5, "the line was not written")
    train.view.button("Stop").click()
    train.wait_done()


def test_it_is_explained_and_linked_with_line_step_and_keys(lab: Lab) -> None:
    train = faulty(lab)
    explain = button(train, "Explain")
    explain.focus()
    lab.page.keyboard.press("Enter")
    expect(explain).to_have_attribute("aria-expanded", "true")
    for part in ("What convinced it", "The fix", "What it is about"):
        expect(coach(train).get_by_role("heading", name=re.compile(part))).to_be_visible()
    coach(train).get_by_text("A small program with this fault").click()
    expect(coach(train).locator(".listing .at")).to_be_visible()
    button(train, "cell [2] line 4").click()
    light = train.box.locator(".gradbook-line")
    expect(light).to_have_attribute("data-line", "4")
    step = coach(train).get_by_role("button", name=re.compile(r"^step \d+$"))
    step.click()
    slider = train.view.slider("Step to show")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(step.inner_text()))
    explain.press("Enter")
    expect(explain).to_have_attribute("aria-expanded", "false")


def test_a_muted_rule_leaves_every_view_until_that_is_undone_and_is_remembered(lab: Lab) -> None:
    setup, one, two = lab.notebook(SETUP, FAULTY, FAULTY.replace("60", "70"))
    setup.run().wait_done()
    for cell in (one, two):
        cell.run().wait_done()
        expect(coach(cell)).to_contain_text("Gradients are never cleared")
    button(two, "Explain").click()
    button(two, "Mute missing-zero-grad").click()
    expect(coach(two)).to_contain_text("Muted missing-zero-grad")
    expect(button(two, "Undo")).to_be_focused()
    says(one, "nothing to say")
    button(two, "Undo").press("Enter")
    for cell in (one, two):
        says(cell, "Gradients are never cleared")
    button(two, "Explain").click()
    button(two, "Mute missing-zero-grad").click()
    button(two, "OK").click()
    lab.save()
    lab.reload()
    says(two, "nothing to say")
    button(one, "1 muted").click()
    button(one, "Unmute missing-zero-grad").click()
    for cell in (one, two):
        says(cell, "Gradients are never cleared")


@pytest.mark.parametrize("end", ["restart", "save"])
def test_without_its_kernel_it_still_explains_and_copies_but_mutes_nothing(lab: Lab, end: str) -> None:
    train = faulty(lab)
    if end == "restart":
        lab.restart_kernel()
        button(train, "Explain").click()
        expect(button(train, "Copy fix 1")).to_be_visible()
        expect(button(train, "Mute missing-zero-grad")).to_have_count(0)
        return
    saved = lab.save().read_text()
    assert "Gradients are never cleared" in "".join(pictures(saved))


def pictures(notebook: str) -> list[str]:
    """The SVG pictures in a notebook's outputs."""
    return [
        base64.b64decode(found).decode() for found in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", notebook)
    ]


def test_a_page_from_disk_explains_and_copies_and_has_nothing_to_apply_or_mute(
    chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    make, _ = SCREENS["live coach"]
    make(tmp_path / "page.html")
    page = shown(chromium, tmp_path / "page.html", "light")
    region = LiveView(page).panel("Coach")
    expect(page.get_by_role("img", name=re.compile("graph with"))).to_be_visible()  # all is laid out
    height = page.get_by_role("region", name="Loss curves").bounding_box()["y"]
    region.get_by_role("button", name="Next finding").click()
    expect(region).to_contain_text("The images run from 0 to 255.")
    assert page.get_by_role("region", name="Loss curves").bounding_box()["y"] == height  # nothing moves
    region.get_by_role("button", name="Previous finding").click()
    region.get_by_role("button", name="Explain").press("Enter")
    expect(page.get_by_text("missing-zero-grad: 3 nodes")).to_be_visible()
    expect(region.get_by_role("group", name="change of page.py")).to_contain_text("opt.zero_grad()")
    assert [name for name in region.get_by_role("button").all_inner_texts() if name in ("Apply", "Mute")] == []
    region.get_by_role("button", name="Copy fix 1").click()
    page.keyboard.press("Escape")
    expect(region.get_by_role("button", name="Explain")).to_be_focused()
    page.close()
