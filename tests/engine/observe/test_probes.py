from __future__ import annotations

import numpy as np
import pytest

from gradbook.observe.probes import Measurement, Probes


class Held:
    """A tensor, as far as probes look."""

    def __init__(self, array: np.ndarray, grad: np.ndarray | None) -> None:
        self._array, self._grad = array, None if grad is None else Held(grad, None)


def test_one_step_is_measured_as_it_is() -> None:
    weight, grad = np.array([3.0, 4.0], np.float32), np.array([0.0, -2.0], np.float32)
    held = Held(weight, grad)
    unused = Held(np.ones(3, np.float32), None)
    measurement = Measurement([held, unused])
    measurement.gradients()
    measurement.before_update()
    held._array -= np.array([0.3, 0.4], np.float32)
    measurement.after_update()
    grad_norm, weight_norm, ratio, zeros, largest = measurement.table[0]
    assert grad_norm == pytest.approx(2.0)
    assert weight_norm == pytest.approx(5.0)
    assert ratio == pytest.approx(0.1)
    assert zeros == pytest.approx(0.5)
    assert largest == pytest.approx(2.0)
    assert measurement.counts[0].sum() == 2
    assert measurement.hist_range[0] == pytest.approx(2.0)
    assert np.isnan(measurement.table[1, 0])
    assert measurement.table[1, 2] == 0


def test_what_is_not_finite_does_not_break_the_measurement() -> None:
    held = Held(np.zeros(4, np.float32), np.array([np.nan, np.inf, 1, 0], np.float32))
    measurement = Measurement([held])
    measurement.gradients()
    measurement.before_update()
    measurement.after_update()
    assert np.isnan(measurement.table[0, 0])
    assert measurement.table[0, 4] == 1.0
    assert np.isnan(measurement.table[0, 2]), "weights that are all zero have no ratio"


def test_norms_of_large_parameters_are_exact_and_ratios_sampled() -> None:
    rng = np.random.default_rng(0)
    array, grad = rng.standard_normal((600, 400)).astype(np.float32), rng.standard_normal((600, 400)).astype(np.float32)
    grad[17, 23] = 50
    held = Held(array, grad)
    measurement = Measurement([held])
    measurement.gradients()
    measurement.before_update()
    held._array *= 1.01
    measurement.after_update()
    assert measurement.table[0, 0] == pytest.approx(np.linalg.norm(grad), rel=1e-4)
    assert measurement.table[0, 1] == pytest.approx(np.linalg.norm(array / 1.01), rel=1e-3)
    assert measurement.table[0, 2] == pytest.approx(0.01, rel=1e-3)
    assert measurement.table[0, 4] == 50


def test_history_is_bounded_and_thins_the_oldest() -> None:
    probes = Probes(rows=2)
    table, counts, half = np.zeros((2, 5), np.float32), np.zeros((2, 32), np.float32), np.ones(2, np.float32)
    for step in range(10_000):
        probes.add(step, table, counts, half)
    assert probes.total == 10_000
    assert len(probes.steps) <= probes.capacity
    assert probes.steps[-1] == 9_999
    assert probes.steps[0] == 0
    gaps = np.diff(probes.steps.astype(np.int64))
    assert (gaps > 0).all()
    assert gaps[0] > gaps[-1] == 1
    assert probes.table.shape == (len(probes.steps), 2, 5)
    assert probes.histogram.shape == (len(probes.steps), 2, 32)
    assert Probes(rows=5000).capacity * 5000 * 38 * 4 <= 32 << 20


def test_a_reader_gets_only_what_is_new() -> None:
    probes = Probes(rows=1)
    for step in range(5):
        probes.add(step, np.zeros((1, 5), np.float32), np.zeros((1, 32), np.float32), np.ones(1, np.float32))
    fresh = probes.since(3)
    assert fresh.total == 5
    np.testing.assert_array_equal(fresh.steps, [3, 4])
    assert probes.since(5).table.shape == (0, 1, 5)
