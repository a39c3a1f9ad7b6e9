from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.nn import functional as F
from gradbook.observe import sampler
from gradbook.observe.batch import count_labels
from gradbook.utils.data import DataLoader, TensorDataset


@pytest.fixture
def whatever_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is recorded."""
    monkeypatch.setattr(sampler, "SHARE", {"health": float("inf"), "full": float("inf")})
    monkeypatch.setattr(sampler, "PAUSE", {"health": 0.0, "full": 0.0})


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.array([2, 0, 2, 5]), (0, [1, 0, 2, 0, 0, 1])),
        (np.array([[-1], [1], [-1]]), (-1, [2, 0, 1])),
        (np.array([True, False, True]), (0, [1, 2])),
        (np.array([0, 5000]), None),
        (np.zeros((4, 28), np.uint8), None),
        (np.zeros(4, np.float32), None),
        (np.zeros(0, np.int64), None),
    ],
)
def test_labels_are_whole_numbers_of_few_kinds(array: np.ndarray, found: tuple[int, list[int]] | None) -> None:
    counted = count_labels(array)
    assert counted is None if found is None else (counted[0], counted[1].tolist()) == found


@pytest.mark.usefixtures("whatever_it_costs")
def test_a_recorded_step_knows_what_it_was_given() -> None:
    x, y = gradbook.randn(10, 3), gradbook.tensor([0, 1, 1, 2, 2, 2, 0, 1, 2, 2])
    loader = DataLoader(TensorDataset(x, y), batch_size=4)
    model = nn.Linear(3, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with observe.start_run(level="full") as run:
        for _ in range(2):
            for inputs, target in loader:
                loss = F.cross_entropy(model(inputs), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    assert [moment.step for moment in run.history] == [1, 2, 3, 4, 5, 6]
    places = [(moment.batch.number, moment.batch.total) for moment in run.history]
    assert places == [(0, 3), (1, 3), (2, 3)] * 2
    for moment, rows in zip(run.history, (slice(0, 4), slice(4, 8), slice(8, 10)), strict=False):
        given = {moment.graph.nodes[one.node].name: one for one in moment.batch.inputs}
        assert given["inputs"].shape == tuple(x[rows].shape)  # that of the step, also of a smaller last batch
        assert given["inputs"].labels is None
        target = given["target"]
        truth = y.numpy()[rows]
        assert target.first == truth.min()
        assert target.labels.tolist() == np.bincount(truth - truth.min()).tolist()
        mean = moment.stats_of("inputs").value_mean
        assert mean == pytest.approx(float(x.numpy()[rows].mean()), abs=1e-5)


@pytest.mark.usefixtures("whatever_it_costs")
def test_a_loop_without_a_loader_has_a_batch_too() -> None:
    w = gradbook.randn(3, requires_grad=True)
    x = gradbook.randn(5, 3)
    with observe.start_run() as run:
        (x @ w).sum().backward()
    batch = run.history[-1].batch
    assert (batch.number, batch.total) == (None, None)
    assert [one.shape for one in batch.inputs] == [(5, 3)]
    assert run.picture.batch == batch
