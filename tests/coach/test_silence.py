"""The models and programs of this repository are correct: of none of them has the coach an error or a warning to tell.

The lessons are in tests/notebooks/test_lessons.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import coach
from tests.benchmarks.nets import NETS
from tests.benchmarks.training import TASKS, train
from tests.benchmarks.workloads import WORKLOADS
from tests.coach.judge import ROOT, run
from tests.e2e.programs import SETUP, training

STEPS = 6


def alarms(program: Callable[[], object]) -> list[str]:
    """What the coach says of a program that is worse than a hint."""
    with coach.watch() as report:
        program()
    assert report.watched > 1, "it did not train"
    return [str(finding) for finding in report if finding.severity != "hint"]


def repeated(build: Callable[[], Callable[[], Any]], steps: int) -> Callable[[], None]:
    """A program that builds a step and makes it several times."""

    def program() -> None:
        step = build()
        for _ in range(steps):
            step()

    return program


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_workloads_of_the_benchmarks(name: str) -> None:
    steps = 2 if name == "W7" else STEPS  # a thousand operations a step
    assert alarms(repeated(lambda: WORKLOADS[name].build(gradbook), steps)) == []


@pytest.mark.parametrize("name", [name for name in NETS if name not in ("resnet18", "vgg")])
def test_the_networks_of_the_benchmarks(name: str) -> None:
    assert alarms(repeated(lambda: NETS[name](gradbook, 4), 3)) == []


@pytest.mark.parametrize("name", ["digits", "names"])
def test_the_training_tasks(name: str) -> None:
    assert alarms(lambda: train(TASKS[name], "eager", None, 1.0)) == []


@pytest.mark.parametrize("name", ["README's first", "the browser tests'"])
def test_programs_that_are_shown(name: str) -> None:
    if name.startswith("README"):
        text = re.findall(r"```python\n%load_ext gradbook\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    else:
        text = SETUP.replace("%load_ext gradbook\n", "") + training(60, pause=0.0)
    report = run(text, f"{name}.py")
    assert report.watched > 1
    assert [str(finding) for finding in report if finding.severity != "hint"] == []
