"""Whether a model can learn one batch by heart, on request: it says so, and leaves everything as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import coach, events, nn
from gradbook.coach.apart import Draws


def regression(*last: Any) -> tuple[Any, Any]:
    gradbook.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1), *last)
    return model, (gradbook.randn(24, 5), gradbook.randn(24, 1) * 3)


def test_a_model_that_learns_its_batch_has_nothing_to_be_told() -> None:
    model, batch = regression()
    assert not coach.probe(model, nn.MSELoss(), batch).findings


def test_an_activation_at_the_end_that_cannot_reach_the_targets_is_told_of() -> None:
    with coach.watch():  # who watches has seen where the layers were built
        model, batch = regression(nn.Sigmoid())
    report = coach.probe(model, nn.functional.mse_loss, batch, steps=60)
    finding = next(f for f in report if f.rule == "cannot-overfit-batch")
    assert finding.severity == "warning"
    assert "sigmoid" in finding.evidence["most probably"]
    assert finding.file == __file__


def test_targets_that_contradict_each_other_are_not_learnt() -> None:
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    x, y = gradbook.ones(20, 2), gradbook.arange(20) % 2
    (finding,) = [f for f in coach.probe(model, nn.CrossEntropyLoss(), (x, y), steps=40) if f.severity == "warning"]
    assert finding.rule == "cannot-overfit-batch"
    assert finding.line > 0


def test_a_model_without_parameters_to_train_is_not_trained() -> None:
    model, batch = regression()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    (finding,) = coach.probe(model, nn.MSELoss(), batch).findings
    assert finding.evidence["parameters that are frozen"] == 6


def test_everything_is_afterwards_as_it_was() -> None:
    model, batch = regression()
    model.eval()
    model(batch[0]).mean().backward()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    grads = [p.grad.clone() for p in model.parameters()]
    arrays = [p._array for p in model.parameters()]
    loss = model(batch[0]).pow(2).mean()  # a graph from before
    draws = Draws()
    coach.probe(model, nn.MSELoss(), batch, steps=20)
    assert not draws.moved
    assert not events.observers
    assert not model.training
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[name].numpy())
    for parameter, grad, array in zip(model.parameters(), grads, arrays, strict=True):
        np.testing.assert_array_equal(parameter.grad.numpy(), grad.numpy())
        assert parameter._array is array
    loss.backward()


def test_what_the_model_raises_goes_on_and_leaves_it_as_it_was() -> None:
    model, batch = regression()
    weight = model[0].weight._array
    with pytest.raises(RuntimeError):
        coach.probe(model, nn.MSELoss(), (gradbook.randn(4, 9), batch[1]))
    assert model[0].weight._array is weight
    assert not events.observers
