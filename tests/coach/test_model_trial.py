"""A model that is called again beside the training is afterwards what it was."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook import coach, nn
from gradbook.coach.model_trial import may_run_again, restored

COUNTS: list[int] = []


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm, self.calls = nn.Linear(3, 3), nn.BatchNorm1d(3), 0
        self.seen: list[float] = []

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.hidden = self.norm(self.linear(x))
        self.seen.append(1.0)
        return self.hidden


class Counts(nn.Module):
    def forward(self, x: Any) -> Any:
        COUNTS.append(1)
        return x


def test_attributes_lists_modes_and_buffers_are_put_back() -> None:
    model = Remembers()
    model(gradbook.randn(4, 3))
    hidden, mean = model.hidden, model.norm.running_mean.clone()
    with restored(model):
        model(gradbook.randn(4, 3) + 5)
        model.eval()
        assert (model.calls, len(model.seen)) == (2, 2)
    assert (model.calls, model.seen, model.training, model.norm.training) == (1, [1.0], True, True)
    assert model.hidden is hidden
    assert bool((model.norm.running_mean == mean).all())


def test_a_model_with_an_effect_outside_or_with_hooks_is_left_alone() -> None:
    model = Remembers()
    assert may_run_again(model)
    assert not may_run_again(nn.Sequential(Counts()))
    everywhere = nn.modules.module.register_module_forward_hook(lambda *args: None)
    assert not may_run_again(model)
    everywhere.remove()
    assert may_run_again(model)
    model.linear.register_forward_hook(lambda *args: None)
    assert not may_run_again(model)


class Mixes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm, self.drop = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3)

    def forward(self, x: Any) -> Any:
        h = self.drop(self.norm(self.linear(x)))
        return h - h.mean(0)


def train(model: Any) -> list[float]:
    gradbook.manual_seed(3)
    for module in (model.linear, model.norm):
        module.reset_parameters()
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        loss = nn.functional.mse_loss(model(gradbook.randn(12, 4)), gradbook.ones(12, 8))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [*losses, *model.norm.running_mean.tolist()]


def test_a_training_goes_on_as_if_nobody_had_called_its_model() -> None:
    plain = train(Mixes())
    with coach.watch() as report:
        assert train(Mixes()) == plain
    assert [f.rule for f in report if f.severity == "warning"] == ["batch-leak"]
