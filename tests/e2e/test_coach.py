"""The coach in a notebook's kernel, as a user meets it: under cells, on error cards, in %coach, in later sessions."""

from __future__ import annotations

import re

from playwright.sync_api import Locator

from tests.e2e.lab import Cell, Lab, expect, until
from tests.e2e.programs import SETUP

FAULTY = """\
for step in range(40):
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    opt.step()"""
SAYS = "Gradients are never cleared"
NEWS = re.compile("^coach · ")  # under a cell, where no live view and no card says it


def coach(cell: Cell) -> Locator:
    """The region of a cell's view."""
    return cell.view.panel("Coach")


def told(cell: Cell, title: str) -> Locator:
    """What stands under a cell without a live view, or under %coach report."""
    return cell.box.get_by_role("region", name=title, exact=True).get_by_role("region", name="Coach")


def output(cell: Cell, text: str) -> None:
    """Return when a cell's output has this text."""
    expect(cell.output).to_contain_text(text, timeout=20_000)


def test_a_fault_is_told_while_the_cell_runs_and_by_the_magic_afterwards(lab: Lab) -> None:
    setup, train, report, explain = lab.notebook(
        SETUP,
        FAULTY.replace("40", "3000") + "\n    time.sleep(0.01)",
        "%coach report",
        "%coach explain missing-zero-grad",
    )
    setup.run().wait_done()
    train.run()
    expect(coach(train)).to_contain_text(SAYS, timeout=20_000)
    assert train.running
    train.view.button("Stop").click()
    train.wait_done()
    expect(train.box.get_by_role("region", name=NEWS)).to_have_count(0)
    report.run().wait_done()
    expect(told(report, "coach · 1 error in this session")).to_contain_text(SAYS, timeout=20_000)
    expect(told(report, "coach · 1 error in this session")).to_contain_text("steps that used old gradients")
    explain.run().wait_done()
    output(explain, "What mends line")


def test_a_cell_without_a_live_view_has_it_in_its_output(lab: Lab) -> None:
    setup, train, watched = lab.notebook(f"{SETUP}%gradbook level off", FAULTY, f"%%watch --panels coach\n{FAULTY}")
    setup.run().wait_done()
    train.run().wait_done()
    expect(told(train, "coach · 1 error in cell [2]")).to_contain_text(SAYS, timeout=20_000)
    expect(told(train, "coach · 1 error in cell [2]")).to_contain_text("opt.zero_grad()")
    watched.run().wait_done()
    expect(coach(watched)).to_contain_text(SAYS)
    expect(watched.view.panel("Loss curves")).to_have_count(0)
    expect(watched.box.get_by_role("region", name=NEWS)).to_have_count(0)


def test_a_muted_rule_is_silent_in_a_later_session(lab: Lab) -> None:
    setup, train, state = lab.notebook(SETUP, FAULTY, "%coach")
    setup.run().wait_done()
    train.run().wait_done()
    expect(coach(train)).to_contain_text(SAYS)
    coach(train).get_by_role("button", name="Explain", exact=True).click()
    coach(train).get_by_role("button", name="Mute missing-zero-grad", exact=True).click()
    expect(coach(train)).to_contain_text("Muted missing-zero-grad")
    lab.restart_kernel()
    for cell in (setup, train):
        cell.run()
        until(lambda cell=cell: not cell.running and "[" in cell.prompt, 30)
    train.view.wait_state("finished")
    expect(coach(train)).to_contain_text(re.compile(r"^\d+ rules, nothing to say"))
    state.run().wait_done()
    output(state, "muted: missing-zero-grad")
    coach(train).get_by_role("button", name="1 muted").click()
    coach(train).get_by_role("button", name="Unmute missing-zero-grad", exact=True).click()
    state.run()
    expect(state.output).not_to_contain_text("muted:", timeout=20_000)


def test_an_error_card_explains_its_rule_and_the_coach_says_it_nowhere_else(lab: Lab) -> None:
    setup, failing, report = lab.notebook(SETUP, "model(torch.randn(3, 5))", "%coach report")
    setup.run().wait_done()
    failing.run().wait_done()
    card = failing.box.get_by_role("region", name=re.compile("^Error: model"))
    expect(card).to_contain_text("shape-mismatch", timeout=20_000)
    card.get_by_text("A small program with this fault").click()
    expect(card.locator(".listing .at")).to_be_visible()
    expect(failing.box.get_by_role("region", name=NEWS)).to_have_count(0)
    report.run().wait_done()
    expect(told(report, "coach · 1 error in this session")).to_contain_text("shape-mismatch", timeout=20_000)


def test_off_is_off(lab: Lab) -> None:
    setup, train = lab.notebook(f"{SETUP}%coach off", FAULTY)
    setup.run().wait_done()
    train.run().wait_done()
    train.view.wait_state("finished")
    expect(coach(train)).not_to_contain_text("rules")
