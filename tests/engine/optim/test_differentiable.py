"""Steps that autograd follows (differentiable=True): gradients through an optimizer are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

BOTH: list[Any] = [gradbook, torch]
# PyTorch's Adam corrects its means in float32: betas far from 1 leave that little to say
BETAS = (0.8, 0.9)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}), ("Adam", {"lr": 0.1, "betas": BETAS}),
    ("Adam", {"lr": 0.1, "betas": BETAS, "weight_decay": 0.2, "maximize": True}),
    ("AdamW", {"lr": 0.1, "betas": BETAS}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradients_through_steps(name: str, options: dict[str, Any]) -> None:
    found = []
    for lib in BOTH:
        start = lib.tensor(draw(4, dtype="float64"), requires_grad=True)
        scale = lib.tensor(0.7, dtype=lib.float64, requires_grad=True)
        param = start * 1.0
        param.retain_grad()
        optimizer = getattr(lib.optim, name)([param], differentiable=True, **options)
        for i in range(3):
            param.grad = lib.tensor(draw(4, seed=i + 1, dtype="float64")) * scale**i
            optimizer.step()
        (param**2).sum().backward()
        found.append([array_of(param), array_of(start.grad), array_of(scale.grad)])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=5e-6, atol=1e-9)


def test_leaves_cannot_be_changed_so() -> None:
    for lib in BOTH:
        leaf = lib.ones(2, requires_grad=True)
        optimizer = lib.optim.SGD([leaf], lr=0.1, differentiable=True)
        leaf.grad = lib.ones(2)
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            optimizer.step()


def test_what_cannot_be_followed_says_so() -> None:
    param = gradbook.ones(2, requires_grad=True) * 1.0
    param.retain_grad()
    optimizer = gradbook.optim.Rprop([param], differentiable=True)
    param.grad = gradbook.ones(2)
    with pytest.raises(NotImplementedError, match="autograd cannot follow"):
        optimizer.step()
