"""Pause, step, resume, stop and the learning rate reach a loop that is running, on both kernels."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.lab import Cell, Lab, expect, until
from tests.e2e.programs import LONG, SETUP, STOP_SECONDS, training

HOLD_MS = 800  # many times the loop's step


@pytest.fixture
def running(lab: Lab, any_kernel: str) -> Cell:
    """A cell that prints each step it does, running, with live controls."""
    setup, cell, _ = lab.notebook(
        SETUP + "rates = set()",
        training(LONG, inside="rates.add(opt.param_groups[0]['lr']); print(step)"),
        "import json, ipykernel\nprint(json.dumps([ipykernel.__version__, len(rates), opt.param_groups[0]['lr']]))",
        kernel=any_kernel,
    )
    setup.run().wait_done()
    cell.run().view.wait()
    expect(cell.view.button("Pause")).to_be_enabled()
    cell.view.wait_step(5)
    return cell


def done(cell: Cell) -> int:
    """How many steps the loop itself says it has done."""
    return len(re.findall(r"^\d+$", cell.printed, re.MULTILINE))


def report(lab: Lab, kernel: str) -> tuple[int, float]:
    """Ask the kernel. -> how many different learning rates the loop saw, and the optimizer's now."""
    version, rates, now = json.loads(lab.cell(2).run().wait_done().printed)
    assert version.startswith("7.3.") == (kernel == "ipykernel73")
    return rates, now


def test_pause_holds_step_advances_one_resume_goes_on(lab: Lab, running: Cell) -> None:
    view = running.view
    view.button("Pause").click()
    view.wait_state("paused")
    lab.page.wait_for_timeout(HOLD_MS)
    held, shown = done(running), view.step
    lab.page.wait_for_timeout(HOLD_MS)
    assert (done(running), view.step) == (held, shown)
    assert running.running

    for more in (1, 2):
        view.button("Step").click()
        until(lambda more=more: view.step == shown + more, 5, f"one step did not happen (at {view.step}, was {shown})")
        lab.page.wait_for_timeout(HOLD_MS)
        assert (done(running), view.step, view.state) == (held + more, shown + more, "paused")

    view.button("Resume").click()
    view.wait_state("running")
    view.wait_step(shown + 20)


def test_stop_ends_the_cell_without_an_error(lab: Lab, running: Cell, any_kernel: str) -> None:
    running.view.button("Stop").click()
    running.wait_done(STOP_SECONDS)
    running.view.wait_state("stopped")
    assert running.error == ""
    assert 0 < done(running) < LONG
    report(lab, any_kernel)


def test_stop_works_while_paused(running: Cell) -> None:
    running.view.button("Pause").click()
    running.view.wait_state("paused")
    running.view.button("Stop").click()
    running.wait_done(STOP_SECONDS)
    running.view.wait_state("stopped")


def test_the_slider_reaches_the_optimizer(lab: Lab, running: Cell, any_kernel: str) -> None:
    slider = running.view.slider()
    before = slider.get_attribute("aria-valuetext")
    slider.focus()
    for _ in range(5):
        lab.page.keyboard.press("ArrowRight")
    until(lambda: slider.get_attribute("aria-valuetext") != before, 5, "the slider did not move")
    running.view.wait_step(running.view.step + 20)  # the loop runs on with it
    running.view.button("Stop").click()
    running.wait_done(STOP_SECONDS)
    rates, now = report(lab, any_kernel)
    assert rates >= 2
    assert now > 0.01


def test_interrupt_ends_the_cell_and_the_view_says_so(lab: Lab, running: Cell) -> None:
    lab.menu("Kernel", "Interrupt Kernel")
    running.wait_done(STOP_SECONDS)
    assert "KeyboardInterrupt" in running.error
    running.view.wait_state("stopped", "error")


def test_a_loop_that_steps_by_hand_is_held_and_stopped_too(lab: Lab) -> None:
    by_hand = (
        "w = torch.zeros(1, requires_grad=True)\n"
        f"for step in range({LONG}):\n"
        "    loss = ((w - 3) ** 2).sum(); w.grad = None; loss.backward()\n"
        "    with torch.no_grad(): w -= 0.01 * w.grad\n"
        "    time.sleep(0.02); print(step)"
    )
    setup, cell = lab.notebook(SETUP, by_hand)
    setup.run().wait_done()
    cell.run().view.wait_step(20)
    cell.view.button("Pause").click()
    cell.view.wait_state("paused")
    lab.page.wait_for_timeout(HOLD_MS)
    held = done(cell)
    cell.view.button("Step").click()
    until(lambda: done(cell) == held + 1, 5, "one step did not happen")
    lab.page.wait_for_timeout(HOLD_MS)
    assert done(cell) == held + 1
    cell.view.button("Stop").click()
    cell.wait_done(STOP_SECONDS)
    assert cell.error == ""
