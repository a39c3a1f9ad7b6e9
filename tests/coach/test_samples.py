"""Numbers of arrays, on a GPU too."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import coach, nn
from gradbook.coach.samples import numbers_of, sample
from tests.coach.judge import ROOT


class OnGpu:
    """An array as CuPy has them: NumPy may not take it as it is."""

    def __init__(self, array: Any) -> None:
        self._held, self.size = np.asarray(array), np.asarray(array).size

    def __array__(self, *args: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def reshape(self, *shape: Any) -> OnGpu:
        return OnGpu(self._held.reshape(*shape))

    def __getitem__(self, index: Any) -> OnGpu:
        return OnGpu(self._held[index])

    def get(self) -> Any:
        return self._held.copy()


def test_numbers_on_a_gpu_are_copied_and_others_are_not() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert numbers_of(array) is array
    assert (numbers_of(OnGpu(array)) == array).all()


@pytest.mark.parametrize("kind", [np.asarray, OnGpu])
def test_a_sample_is_taken_where_the_array_lies(kind: Any) -> None:
    found = sample(kind(np.arange(1000.0).reshape(10, 100)), 50)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == list(np.arange(0.0, 1000.0, 20.0))


def test_the_coach_asks_for_numbers_in_that_way_only() -> None:
    files = [path for path in (ROOT / "engine" / "coach").rglob("*.py") if path.name != "samples.py"]
    lines = [line.strip() for path in files for line in path.read_text().splitlines()]
    assert [line for line in lines if "np.asarray(" in line and "._array" in line and "dtype=out" not in line] == []


def test_targets_of_no_axis_are_no_trouble() -> None:
    weight = gradbook.ones(3, requires_grad=True)
    optimizer = gradbook.optim.SGD([weight], lr=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with coach.watch():
            for step in range(6):
                optimizer.zero_grad()
                nn.functional.mse_loss(weight.sum(), gradbook.tensor(float(step % 3))).backward()
                optimizer.step()
