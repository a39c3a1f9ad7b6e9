"""Which values are the same for all samples of a batch, and where samples that differ become so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn
from gradbook.coach.coach import Coach
from gradbook.coach.rule import Rule
from gradbook.coach.sameness import Sameness, all_alike


@pytest.mark.parametrize(
    ("array", "alike"),
    [
        (np.ones((6, 3)), True),
        (np.ones((6, 3)) + 1e-9 * np.arange(6)[:, None], True),
        (np.eye(6), False),
        (np.array([0.0] * 7 + [1.0]), False),
        (np.full((5, 2), np.nan), False),
        (np.zeros((5, 2, 3), dtype=int), True),
        (np.zeros((5, 0)), False),
    ],
)
def test_rows_that_are_the_same(array: Any, alike: bool) -> None:
    assert all_alike(array) is alike


class Asks(Rule):
    id = "asks"

    def begins(self) -> None:
        self.sameness = self.coach.shared(Sameness)
        self.lost: list[str] = []

    def turned(self, turn: Any) -> None:
        value = turn.calls[-1].outputs[0]
        lost = self.sameness.lost_at(value)
        self.lost.append(lost.name if lost is not None else "")
        assert self.sameness.of(value) is bool(lost)


class Pooled(nn.Module):
    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.pooled, self.a, self.b = pooled, nn.Linear(3, 8), nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        h = gradbook.tanh(self.a(x))
        return self.b(h.mean(0, keepdim=True).expand(8, 8) if self.pooled else h)


@pytest.mark.parametrize(("pooled", "where"), [(True, "mean"), (False, "")])
def test_the_operation_after_which_all_samples_are_the_same(pooled: bool, where: str) -> None:
    watch = Coach([Asks]).start()
    model = Pooled(pooled)
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(gradbook.randn(8, 3)).mean().backward()
        optimizer.step()
    watch.finish()
    (rule,) = watch.rules
    assert isinstance(rule, Asks)
    assert rule.lost == [where, where]
