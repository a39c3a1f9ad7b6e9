"""What is run beside a training leaves no trace in it; a Function is run again and judged by small changes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import coach, events, nn
from gradbook.autograd import Function
from gradbook.coach.apart import Draws, apart
from gradbook.coach.coach import Coach
from gradbook.coach.function_trial import FunctionTrial, Unfit
from gradbook.coach.rule import Rule


def test_random_streams_stand_where_they_stood(capsys: pytest.CaptureFixture[str]) -> None:
    before = Draws()
    with apart() as draws:
        gradbook.rand(3), np.random.rand(), random.random()
        gradbook.set_default_dtype(gradbook.float64)
        print("not to be seen")
        assert draws.moved
        assert not gradbook.is_grad_enabled()
        assert not events.observers
    assert not before.moved
    assert gradbook.get_default_dtype() is gradbook.float32
    assert capsys.readouterr().out == ""


def test_a_stream_that_moved_is_seen_to_have() -> None:
    for draw in (lambda: gradbook.rand(1), np.random.rand, random.random):
        before = Draws()
        assert not before.moved
        draw()
        assert before.moved


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


class NearlyCube(Cube):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 3.2 * x**2


@pytest.mark.parametrize(("function", "right"), [(Cube, True), (NearlyCube, False)])
def test_a_trial_tells_a_gradient_that_is_right_from_one_that_is_not(function: type[Function], right: bool) -> None:
    x = gradbook.randn(6, 3, requires_grad=True)
    with apart() as draws:
        trial = FunctionTrial(function, (x,), draws)
        assert trial.agrees(trial.backward()[0], trial.directions(0)) is right
    assert x.grad is None


def test_a_function_of_a_module_is_not_tried() -> None:
    with apart() as draws, pytest.raises(Unfit):
        FunctionTrial(Cube, (gradbook.ones(2, requires_grad=True), nn.Linear(1, 1)), draws)


class OfTheRightShape(Cube):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        if grad.dtype == gradbook.float64:
            raise ValueError("single precision only")
        return Cube.backward(ctx, grad)


class NeverAgain(Cube):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        if not events.observers:
            raise ValueError("beside the training")
        return Cube.forward(ctx, x)


@pytest.mark.parametrize("function", [OfTheRightShape, NeverAgain])
def test_what_a_function_raises_when_it_is_tried_is_nobodys_concern(function: type[Function]) -> None:
    with coach.watch() as report:
        train(function)
    assert [f.rule for f in report if f.severity != "hint"] == []


def train(function: Any) -> list[float]:
    gradbook.manual_seed(0)
    layer = nn.Linear(4, 2)
    optimizer = gradbook.optim.SGD(layer.parameters(), lr=0.01)
    losses = []
    for _ in range(4):
        loss = function.apply(layer(gradbook.randn(8, 4))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_training_goes_on_as_if_nobody_had_tried_its_function() -> None:
    plain = train(NearlyCube)
    with coach.watch() as report:
        assert train(NearlyCube) == plain
    assert [f.rule for f in report if f.severity == "warning"] == ["wrong-gradient"]


class Names(Rule):
    id = "names"

    def begins(self) -> None:
        self.seen: list[tuple[str, str, bool]] = []

    def turned(self, turn: Any) -> None:
        self.seen += [(op.name, op.inputs[0].op, op.recorded and op.output.requires_grad) for op in turn.ops]


def test_a_function_is_one_operation_of_the_tape() -> None:
    watch = Coach([Names]).start()
    train(Cube)
    watch.finish()
    (rule,) = watch.rules
    assert isinstance(rule, Names)
    assert ("Cube", "linear", True) in rule.seen
    assert "pow" not in [name for name, _, _ in rule.seen]
