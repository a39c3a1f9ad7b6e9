"""Finite or not: every kind of number, and never a false alarm."""

from __future__ import annotations

import warnings

import ml_dtypes
import numpy as np
import pytest

from gradbook.observe import finite
from gradbook.observe.finite import INF, NAN

FLOATS = [np.float16, np.float32, np.float64, np.complex64, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", FLOATS)
def test_finite_numbers_are_finite_however_large(dtype: type) -> None:
    largest = float(ml_dtypes.finfo(dtype).max) if dtype is ml_dtypes.bfloat16 else float(np.finfo(dtype).max)
    array = np.array([[0.0, largest], [-largest, 1.0]]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert finite.is_finite(array)
        assert finite.is_finite(array.T)
        assert finite.state(array) == 0


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("value", "bits"), [(np.nan, NAN), (np.inf, INF), (-np.inf, INF)])
def test_one_bad_number_among_many_is_seen(dtype: type, value: float, bits: int) -> None:
    array = np.zeros((7, 5, 3), dtype)
    array[6, 4, 2] = value
    for shown in (array, array.transpose(2, 0, 1), array[::2]):
        assert not finite.is_finite(shown)
        assert finite.state(shown) == bits


def test_both_kinds_add_up_and_numbers_count_too() -> None:
    assert finite.state(np.array([np.nan, np.inf], np.float32)) == NAN | INF
    assert finite.state(float("nan")) == NAN
    assert finite.state(-float("inf")) == INF
    for value in (3, True, "text", None, np.arange(3), np.array([True]), np.empty((0, 4), np.float32)):
        assert finite.state(value) == 0


def test_entries_are_the_first_ones_in_order() -> None:
    mask = np.zeros((4, 3), bool)
    mask[1, 2] = mask[3] = True
    assert finite.entries(mask, 2) == (4, [(1, 2), (3, 0)])
    assert finite.entries(np.zeros(3, bool)) == (0, [])
    assert finite.entries(np.array(True)) == (1, [()])


def test_a_norm_too_large_to_square_is_still_known() -> None:
    assert finite.norm(np.array([3.0, 4.0], np.float16)) == pytest.approx(5)
    assert finite.norm(np.full(4, 1e30, np.float32)) == pytest.approx(2e30)
    assert finite.norm(np.array([np.inf, 1.0], np.float32)) == float("inf")
    assert np.isnan(finite.norm(np.array([np.nan], np.float32)))
