from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradbook.observe import series as module
from gradbook.observe.series import POINTS, RING, Series, thin

NAN, INF = float("nan"), float("inf")


def filled(values: np.ndarray) -> Series:
    series = Series("loss")
    for step, value in enumerate(values.tolist(), 1):
        series.append(step, value)
    return series


def test_a_short_curve_is_kept_as_it_is() -> None:
    series = filled(np.arange(5, dtype=np.float32))
    assert series.steps.dtype == np.uint32
    assert series.values.dtype == np.float32
    np.testing.assert_array_equal(series.steps, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(series.values, [0, 1, 2, 3, 4])
    assert len(series) == 5
    assert series.last == (5, 4.0)


def test_an_empty_curve_has_no_points() -> None:
    series = Series("loss")
    assert len(series) == 0
    assert series.last is None
    assert len(series.steps) == len(series.values) == 0
    assert len(series.since(0).steps) == 0


def test_a_long_curve_stays_small_and_keeps_every_spike() -> None:
    count = 700_000
    values = np.sin(np.arange(count) / 5000).astype(np.float32)
    spikes = np.array([0, 40, 131_071, 131_200, 262_147, 333_333, 524_288, 650_001, count - 20])
    values[spikes] = 100 + np.arange(len(spikes))
    dips = spikes[1:-1] + 7
    values[dips] = -100 - np.arange(len(dips))
    series = filled(values)
    assert len(series) == count
    assert series.nbytes <= 4 << 20
    assert len(series.values) <= POINTS + 3 + module.BATCH
    kept = dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))
    for at in (*spikes, *dips):
        assert kept[int(at) + 1] == values[at], f"the spike at {at} is gone"
    assert (np.diff(series.steps.astype(np.int64)) >= 0).all()
    assert series.steps[-1] == count


def test_ten_million_points_stay_under_four_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    # the bound depends on the number of decimations, not on the points behind them: the same 8 with a smaller store
    monkeypatch.setattr(module, "POINTS", 1 << 10)
    series = filled(np.random.default_rng(0).standard_normal(100_000).astype(np.float32))
    assert len(series.values) <= (1 << 10) + 3 + module.BATCH
    assert 8 * POINTS * 2 + 8 * RING <= 4 << 20, "even while a decimation copies, the real store keeps to its bound"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0]), max_size=1500),
    st.integers(0, 1500),
    st.integers(1, 140),
)
def test_whatever_comes_extremes_and_last_point_survive(values: list[float], since: int, batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "POINTS", 256)
        patch.setattr(module, "BATCH", batch)
        series = Series("x")
        for step, value in enumerate(values):
            series.append(step, value)
    array = np.array(values, np.float32)
    kept = series.values
    assert len(kept) <= 256 + 3 + batch
    if len(array):
        assert series.last is not None
        assert series.steps[-1] == len(array) - 1
        if not np.isnan(array).any():
            assert kept.max() == array.max()
            assert kept.min() == array.min()
        else:
            assert np.isnan(kept).any(), "a NaN is news"
            finite = array[~np.isnan(array)]
            assert not len(finite) or np.nanmax(kept) == finite.max()
    fresh = series.since(since)
    assert fresh.total == len(array)
    np.testing.assert_array_equal(fresh.values, array[since:])


def test_a_reader_gets_only_what_is_new() -> None:
    series = filled(np.arange(10, dtype=np.float32))
    fresh = series.since(7)
    assert (fresh.total, fresh.reset) == (10, False)
    np.testing.assert_array_equal(fresh.steps, [8, 9, 10])
    assert len(series.since(10).steps) == 0


def test_a_reader_that_lags_too_far_behind_gets_everything_anew() -> None:
    count = RING + 1000
    series = filled(np.arange(count, dtype=np.float32))
    assert series.since(0).reset
    assert len(series.since(0).values) == count, "nothing is decimated yet"
    near = series.since(count - 100)
    assert not near.reset
    np.testing.assert_array_equal(near.values, np.arange(count - 100, count))


def test_readers_in_other_threads_always_see_a_consistent_curve() -> None:
    series = Series("loss")
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        seen = 0
        while not done.is_set():
            steps, values = series.snapshot()
            if len(steps) != len(values) or not (np.diff(steps.astype(np.int64)) >= 0).all():
                wrong.append("out of order")
            if len(steps) and not (steps.astype(np.float32) == values).all():
                wrong.append("a value stands at another's step")
            fresh = series.since(seen)
            if not (fresh.steps.astype(np.float32) == fresh.values).all():
                wrong.append("fresh points are torn")
            seen = fresh.total

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for step in range(1 << 18):
        series.append(step, step)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e300])
def test_what_is_no_ordinary_number_is_kept_too(value: float) -> None:
    series = Series("loss")
    series.append(1, 0.5)
    series.append(2, value)
    assert series.last is not None
    assert series.last[0] == 2
    assert not np.isfinite(series.values[1])


def test_thin_keeps_extremes() -> None:
    values = np.zeros(10_000, np.float32)
    values[1234], values[7777] = 5, -3
    steps, thinned = thin(np.arange(10_000, dtype=np.uint32), values, 100)
    assert len(thinned) <= 100
    assert thinned.max() == 5
    assert thinned.min() == -3
    assert steps[thinned.argmax()] == 1234
    with pytest.raises(ValueError, match="at least 4"):
        thin(steps, thinned, 3)
