"""What a walkthrough calls things: one name for one value."""

from __future__ import annotations

import re
from typing import Any

import pytest

import gradbook
from gradbook import nn, observe
from gradbook.observe.walkthrough.naming import Namer
from gradbook.observe.walkthrough.symbols import gradient_symbols, plain
from gradbook.observe.walkthrough.telling import root_of


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


def test_letters_of_a_declaration_do_not_pass_for_variables() -> None:
    x = gradbook.tensor(2.0, requires_grad=True)
    with observe.walk() as walk:
        (grad,) = gradbook.autograd.grad(x**3, x, create_graph=True)
        (grad * grad).backward()
    last = [step for step in walk.backward if step.passed == 2]
    root = root_of(next(step.root for step in walk.steps if step.passed == 2 and step.root is not None))
    texts = [plain(gradient_symbols(step.call, part, root)) for step in last for part in step.parts if step.call]
    assert texts
    for text in texts:
        assert not re.search(r"(?<!\w)[ab](?!\w)", text), text
