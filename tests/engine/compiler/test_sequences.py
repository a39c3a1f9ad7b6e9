"""Recurrent layers and attention in compiled steps: the same losses and parameters as without."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, optim


def plans(compiled: Any) -> list[Any]:
    """The plans that a compiled function has learnt."""
    return [variant.plan for variants in compiled.variants.values() for variant in variants]


def train_both(model: Any, loss: Callable[[], Any], steps: int = 5) -> Any:
    """Train a model by a step and by the compiled step, from the same parameters. -> the compiled step"""
    start = copy.deepcopy(model.state_dict())
    losses, ends = [], []
    compiled: Any = None
    for compiling in (False, True):
        model.load_state_dict(start)
        optimizer = optim.SGD(model.parameters(), lr=0.05)

        def step(optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            value = loss()
            value.backward()
            optimizer.step()
            return value

        compiled = gradbook.compile(step) if compiling else None
        losses.append([float((compiled or step)()) for _ in range(steps)])
        ends.append([p.detach().numpy().copy() for p in model.parameters()])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-5)
    for a, b in zip(*ends, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert not compiled.report
    assert len(plans(compiled)) == 1
    return compiled


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}])
def test_recurrent_layers(kind: Any, options: Any) -> None:
    gradbook.manual_seed(0)
    model, x = kind(5, 18, **options), gradbook.randn(4, 4, 5)

    def loss() -> Any:
        y, last = model(x)
        last = last if isinstance(last, tuple) else (last,)
        return (y * y).mean() + y.tanh().sum() / 50 + sum(part.abs().mean() for part in last)

    compiled = train_both(model, loss)
    kernels = {kernel.name for plan in plans(compiled) for program, _ in plan.programs for kernel in program.kernels}
    name = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "tanh"}[kind]
    assert not kernels or {name, f"{name}_grad"} <= kernels


def test_double_precision_and_no_gradients() -> None:
    gradbook.manual_seed(0)
    model, x = nn.LSTM(5, 7, dtype=gradbook.float64), gradbook.randn(3, 2, 5, dtype=gradbook.float64)
    train_both(model, lambda: model(x)[0].square().mean())
    small, given = nn.GRU(5, 7), gradbook.randn(3, 2, 5)

    @gradbook.compile
    def look(x: Any) -> Any:
        with gradbook.no_grad():
            return small(x)

    results = [look(given) for _ in range(4)]
    for part, first in zip(results[-1], results[0], strict=True):
        np.testing.assert_allclose(part.numpy(), first.numpy(), rtol=1e-5, atol=1e-6)
    assert not look.report


class Attend(nn.Module):
    """Attention with its three inputs from one product, as language models have it."""

    def __init__(self, masked: str) -> None:
        super().__init__()
        self.all, self.back, self.masked = nn.Linear(24, 72), nn.Linear(24, 24), masked
        self.bias = nn.Parameter(gradbook.randn(7, 7))
        self.seen = gradbook.rand(7, 7) < 0.7

    def forward(self, x: Any) -> Any:
        """(n, 7, 24) -> the same."""
        parts = [part.view(x.shape[0], 7, 3, 8).transpose(1, 2) for part in self.all(x).split(24, 2)]
        mask = {"bool": self.seen, "learnt": self.bias}.get(self.masked)
        y = nn.functional.scaled_dot_product_attention(*parts, attn_mask=mask, is_causal=self.masked == "causal")
        return self.back(y.transpose(1, 2).reshape(x.shape))


@pytest.mark.parametrize("masked", ["", "causal", "bool", "learnt"])
def test_attention(masked: str) -> None:
    gradbook.manual_seed(0)
    model, x = Attend(masked), gradbook.randn(4, 7, 24)
    compiled = train_both(model, lambda: model(x).square().mean())
    left = {each.op.name for plan in plans(compiled) for each in plan.left if each.kind in ("op", "rule")}
    assert ("scaled_dot_product_attention" in left) == (masked == "learnt")
