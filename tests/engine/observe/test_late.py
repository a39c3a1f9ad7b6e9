from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.nn import functional as F
from gradbook.observe import sampler


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the first steps only those are recorded whose loss jumps."""
    monkeypatch.setitem(sampler.PAUSE, "health", 1e9)
    monkeypatch.setattr(sampler, "EARLY", frozenset((3,)))
    monkeypatch.setattr(sampler, "ALARMS", 1e9)


def train(steps: int, odd: set[int], by_hand: bool = False) -> tuple[observe.Run, dict[int, tuple[np.ndarray, ...]]]:
    """Train a classifier whose inputs are wrong at the odd steps. -> the run, and what was true at those."""
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = None if by_hand else optim.SGD(model.parameters(), lr=0.01)
    truth = {}
    with observe.start_run() as run:
        for step in range(1, steps + 1):
            x = gradbook.randn(16, 3) * (60 if step in odd else 1)
            y = gradbook.tensor(np.arange(16) % 3)
            loss = F.cross_entropy(model(x), y)
            model.zero_grad()
            loss.backward()
            if step in odd:
                truth[step] = (x.numpy(), y.numpy(), model[0].weight.grad.numpy().copy())
            if optimizer is not None:
                optimizer.step()
                continue
            with gradbook.no_grad():
                for parameter in model.parameters():
                    parameter -= 0.01 * parameter.grad
    return run, truth


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_step_whose_loss_jumps_is_recorded_itself(by_hand: bool) -> None:
    run, truth = train(60, {45}, by_hand)
    moment = run.history.at(45)
    assert moment.version == run.graph_version
    x, y, grad = truth[45]
    stats = moment.stats_of("0.weight")
    assert stats.grad_norm == pytest.approx(np.linalg.norm(grad), rel=1e-4)
    np.testing.assert_allclose(moment.grad("0.weight"), grad, rtol=1e-5)
    given = {moment.graph.nodes[one.node].name: one for one in moment.batch.inputs}
    assert moment.stats_of("x").value_std == pytest.approx(float(x.std()), rel=1e-3)
    assert given["x"].shape == (16, 3)
    assert given["y"].labels.tolist() == np.bincount(y).tolist()
    row = next(i for i, parameter in enumerate(run.parameters) if parameter.name == "0.weight")
    at = run.probes.steps.tolist().index(45)
    assert run.probes.table[at, row, 0] == pytest.approx(np.linalg.norm(grad), rel=1e-4)
    assert 45 in run.history.pinned


def test_its_values_are_still_there_when_other_steps_have_been_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "EARLY", frozenset((3, 50)))
    run, truth = train(60, {45})
    assert run.history[-1].step == 51
    np.testing.assert_array_equal(run.history.at(45).value("x"), truth[45][0])
    assert not run.history.at(4).has_values
    assert run.look(next(node.id for node in run.graph.nodes if node.op == "relu")).step == 51


def test_a_value_that_it_does_not_know_is_that_of_the_step_before() -> None:
    run, _ = train(60, {45})
    assert run.history[-1].step == 45
    linear = next(node.id for node in run.graph.nodes if node.op == "linear")
    assert run.look(linear).step == 4
    assert run.look(next(node.id for node in run.graph.nodes if node.name == "x")).step == 45


def test_the_graph_on_the_screen_stays_what_it_was() -> None:
    run, _ = train(60, {45})
    assert run.graph_version == 1
    assert all(node.source for node in run.graph.nodes if node.kind == "op")
    assert run.stats_step < 45


def test_only_the_last_few_jumps_are_held() -> None:
    run, truth = train(160, set(range(40, 160, 10)))
    assert len(run.history.pinned) <= sampler.HELD
    assert max(run.history.pinned) == max(truth)


def test_a_step_that_does_something_else_is_left_alone() -> None:
    w = gradbook.ones(3, requires_grad=True)
    with observe.start_run() as run:
        for step in range(1, 50):
            w.grad = None
            loss = (w * w).sum() if step != 45 else (w * w * w).sum() * 100
            loss.backward()
    assert 45 not in run.history.steps


def test_jumps_cost_no_more_than_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "ALARMS", 1e-9)  # the first one uses it all up
    run, truth = train(80, {40, 50, 60})
    assert sorted(set(truth) & set(run.history.steps)) == [40]
