"""Words of memory that are watched: every change of what they stand for is seen."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook import nn
from gradbook.compiler import watch as module
from gradbook.compiler.watch import Watch, offsets
from gradbook.tensor import Tensor

pytestmark = pytest.mark.skipif(not offsets(), reason="this Python's objects are not looked into")


def seen(holder: Any, name: str, change: Callable[[], object]) -> tuple[bool, bool]:
    """Whether all is as it was, before a change and after it."""
    watch = Watch()
    assert watch.add(holder, name, getattr(holder, name))
    look = watch.function()
    before = look()
    change()
    return before, look()


def test_a_tensor_that_gets_another_array_or_history() -> None:
    for name in ("_array", "_node", "_grad"):
        t = nn.Parameter(gradbook.ones(3))
        t.grad = gradbook.ones(3)
        other = nn.Parameter(gradbook.ones(3))
        other.grad = gradbook.ones(3)
        assert seen(t, name, lambda t=t, o=other, n=name: setattr(t, n, getattr(o, n))) == (True, False)
        assert seen(t, name, lambda t=t, n=name: setattr(t, n, getattr(t, n))) == (True, True)


def test_a_variable_of_an_enclosing_function() -> None:
    value = [1]

    def inner() -> Any:
        return value

    assert inner.__closure__ is not None
    cell = inner.__closure__[0]

    def assign() -> None:
        nonlocal value
        value = [1]

    assert seen(cell, "cell_contents", lambda: None) == (True, True)
    assert seen(cell, "cell_contents", assign) == (True, False)


def test_the_code_of_a_function() -> None:
    def f() -> int:
        return 1

    def g() -> int:
        return 2

    assert seen(f, "__code__", lambda: setattr(f, "__code__", g.__code__)) == (True, False)


def test_what_has_no_known_place_is_not_watched() -> None:
    watch = Watch()
    assert not watch.add(nn.Linear(1, 1), "training", True)
    assert not watch.add(Tensor._of(np.zeros(1)), "_array", np.zeros(1))  # it is not what is there
    assert watch.pairs == []


def test_gradients_that_somebody_else_holds() -> None:
    leaf = nn.Parameter(gradbook.ones(3))
    owner = np.zeros(3, np.float32)
    things = [Tensor._of(owner[:]), owner]
    del owner
    leaf.grad = things[0]
    watch = Watch()
    watch.gradients = 1
    look = watch.function()
    assert not look()  # nobody said yet what to expect
    watch.set_gradient(0, leaf, id(things[0]), id(things[1]))
    assert look()
    held: Any = leaf.grad
    assert not look()
    del held
    assert look()
    held = things[0].numpy()[1:]
    assert not look()
    del held
    gc.collect()
    assert look()
    leaf.grad = Tensor._of(things[1][:])
    assert not look()
    watch.forget_gradient(0)
    del leaf, things
    assert not look()


def test_where_python_hides_its_objects_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "offsets", dict)
    x, model = gradbook.randn(4, 3), nn.Linear(3, 2)
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)

    @gradbook.compile
    def step() -> Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    losses = [step().item() for _ in range(6)]
    assert any(step.variants.values())
    assert sorted(losses, reverse=True) == losses
    model.weight = nn.Parameter(gradbook.zeros(2, 3))
    model.bias = nn.Parameter(gradbook.zeros(2))
    assert step().item() == 0
