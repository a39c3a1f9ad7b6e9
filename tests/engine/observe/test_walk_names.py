"""What a walkthrough calls things: one name for one value."""

from __future__ import annotations

from typing import Any

import pytest

import gradbook
from gradbook import nn, observe
from gradbook.observe.walkthrough.naming import Namer


def test_a_name_that_is_used_again_is_told_apart() -> None:
    w = gradbook.tensor([[0.5]], requires_grad=True)
    h = gradbook.ones(1, 1)
    with observe.walk() as walk:
        for _ in range(3):
            h = (h @ w).tanh()
        loss = h.sum()
        loss.backward()
    assert [value.label for value in walk.all("h")] == ["h₀", "h₁", "h₂", "h₃"]
    assert walk["loss"].label == "loss"


def test_what_a_module_makes_up_is_not_called_as_its_argument() -> None:
    cell, x = nn.LSTMCell(2, 2), gradbook.ones(1, 2)
    with observe.walk() as walk:
        cell(x)
    assert [tuple(value.array.reshape(-1)) for value in walk.all("x")] == [(1.0, 1.0)]


def test_the_result_of_a_function_of_ones_own_is_one_value() -> None:
    class Cube(gradbook.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            (x,) = ctx.saved_tensors
            return grad * 3 * x**2

    x = gradbook.tensor([1.0, 2.0], requires_grad=True)
    with observe.walk() as walk:
        y = Cube.apply(x)
        y.sum().backward()
    assert [part.to.label for step in walk.backward for part in step.parts] == ["y", "x"]


def test_the_parameters_of_a_deep_tree_are_read_once() -> None:
    net = nn.Sequential(*[nn.Linear(2, 2) for _ in range(60)])
    looked: list[int] = []
    names = Namer._in_sight

    def counted(self: Namer, frames: Any) -> Any:
        looked.append(1)
        return names(self, frames)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Namer, "_in_sight", counted)
        with observe.walk() as walk:
            net(gradbook.ones(1, 2))
    assert walk["59.bias"].shape == (2,)
    assert len(looked) <= 4
