"""A training that is watched goes on being compiled, and shows the same curves."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.nn import functional as F


def training(compiled: bool, steps: int = 300, level: str = "health") -> tuple[Any, Any]:
    """(the run of a training, its step function)."""
    gradbook.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    opt = optim.SGD(model.parameters(), lr=0.1)
    x, y = gradbook.randn(32, 8), gradbook.randint(0, 3, (32,))

    def step() -> Any:
        opt.zero_grad()
        cost = F.cross_entropy(model(x), y)
        cost.backward()
        opt.step()
        return cost

    run_step = gradbook.compile(step) if compiled else step
    with observe.start_run("training", level=level) as run:
        for i in range(steps):
            run_step()
            if i == 150:
                opt.param_groups[0]["lr"] = 0.05
    return run, run_step


def test_the_curves_are_those_of_a_training_that_is_not_compiled() -> None:
    plain, _ = training(False)
    fast, step = training(True)
    assert not step.report
    assert sum(step.calls.values()) < 40  # recorded steps are run by Python; the others are not
    assert set(plain.series) == set(fast.series)
    assert "cost" in fast.series
    for name in ("cost", "learning rate"):
        a, b = plain.series[name], fast.series[name]
        assert a.last[0] == b.last[0]
        assert a.last[1] == pytest.approx(b.last[1], rel=1e-3)
    assert len(fast.series["cost"]) == len(plain.series["cost"])
    assert fast.step == plain.step == 300
    assert fast.graph is not None  # a recorded step showed it


def test_a_compiled_training_can_be_stopped_between_steps() -> None:
    model = nn.Linear(4, 2)
    opt = optim.SGD(model.parameters(), lr=0.1)
    x = gradbook.randn(5, 4)

    @gradbook.compile
    def step() -> None:
        opt.zero_grad()
        model(x).square().mean().backward()
        opt.step()

    count = 0

    def train() -> None:
        nonlocal count
        with observe.start_run("stopped") as run:
            for count in range(2000):
                step()
                if count == 1000:
                    run.control.stop()

    with pytest.raises(KeyboardInterrupt):  # StopTraining is one
        train()
    assert 1000 <= count <= 1002


def test_an_error_shows_the_line_of_the_function() -> None:
    lin = nn.Linear(3, 2)

    @gradbook.compile
    def step(x: Any) -> Any:
        return lin(x).sum().item() + [1][int(x.shape[0])]  # the index is out of range

    for _ in range(3):
        with pytest.raises(IndexError):
            step(gradbook.ones(2, 3))

    @gradbook.compile
    def wrong(x: Any) -> Any:
        with gradbook.no_grad():
            return lin(x.reshape(7, 7))

    for _ in range(3):
        try:
            wrong(gradbook.ones(2, 3))
        except RuntimeError:
            frame, lines = sys.exc_info()[2], []
            while frame is not None:
                lines.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
                frame = frame.tb_next
        assert any(file == __file__ and line == wrong.function.__code__.co_firstlineno + 3 for file, line in lines)
