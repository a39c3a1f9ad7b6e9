from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from gradbook.observe import details
from gradbook.observe.details import histogram, sample, statistics, thumbnail

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.float16, np.int64, np.bool_, np.complex64, ml_dtypes.bfloat16]
)
@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (2, 3, 4), (2, 3, 5, 5), (2, 3, 30, 30), (1, 2, 3, 4, 5), (0, 4)])
def test_any_array_becomes_a_picture_and_numbers(dtype: type, shape: tuple[int, ...]) -> None:
    array = (np.random.default_rng(0).standard_normal(shape) * 3).astype(dtype)
    array = np.asarray(array, dtype)
    thumb = thumbnail(array)
    assert thumb.ndim == 2
    assert thumb.dtype == np.float32
    assert thumb.shape[0] <= 64
    assert thumb.shape[1] <= 120
    values = sample(array)
    assert values.dtype == np.float32
    mean, std, low, high, zeros = statistics(values)
    if array.size:
        plain = np.abs(array) if dtype is np.complex64 else array.astype(np.float64)
        assert mean == pytest.approx(float(plain.mean()), rel=1e-3, abs=1e-3)
        assert std == pytest.approx(float(plain.std()), rel=1e-2, abs=1e-3)
        assert (low, high) == (pytest.approx(float(plain.min()), rel=1e-3), pytest.approx(float(plain.max()), rel=1e-3))
        assert zeros == pytest.approx(float((array == 0).mean()), abs=1e-6)
        assert histogram(values, low, high).sum() == array.size
    else:
        assert np.isnan([mean, std, low, high, zeros]).all()


def test_what_is_not_finite_shows_in_the_mean_and_nowhere_else() -> None:
    values = np.array([1, 2, 3, NAN, INF, 0], np.float32)
    mean, std, low, high, zeros = statistics(values)
    assert np.isnan(mean)
    assert std == pytest.approx(np.std([1, 2, 3, 0]))
    assert (low, high) == (0.0, 3.0)
    assert zeros == pytest.approx(1 / 6)
    counts = histogram(values, low, high)
    assert counts.sum() == 4
    assert np.isnan(statistics(np.array([NAN, NAN], np.float32))[:4]).all()


def test_values_too_large_to_square_still_have_statistics() -> None:
    mean, std, low, high, _ = statistics(np.array([3e38, -3e38, 3e38, -3e38], np.float32))
    assert mean == 0
    assert std == pytest.approx(3e38, rel=1e-6)
    assert (low, high) == (pytest.approx(-3e38, rel=1e-6), pytest.approx(3e38, rel=1e-6))


def test_a_histogram_counts_both_ends_and_a_constant_in_the_middle() -> None:
    counts = histogram(np.linspace(-1, 1, 65, dtype=np.float32), -1, 1)
    assert counts[0] >= 2
    assert counts[-1] >= 2
    assert counts.sum() == 65
    assert histogram(np.full(5, 2.0, np.float32), 2.0, 2.0)[details.BINS // 2] == 5


def test_a_large_array_is_sampled_evenly() -> None:
    array = np.arange(1_000_000, dtype=np.float32)
    values = sample(array)
    assert len(values) <= details.AT_MOST
    assert values.mean() == pytest.approx(500_000, rel=0.01)


def test_a_small_kernel_is_a_mosaic_and_an_image_batch_its_first_example() -> None:
    kernels = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(thumbnail(kernels)[:2, :2], kernels[0, 0])
    np.testing.assert_array_equal(thumbnail(kernels)[2:4, 4:6], kernels[1, 2])
    images = np.random.default_rng(0).random((4, 4, 10, 10), np.float32)
    picture = thumbnail(images)
    np.testing.assert_array_equal(picture[:10, :10], images[0, 0])
    assert picture.shape == (20, 20)


@pytest.mark.parametrize(
    ("shape", "kept", "every"),
    [
        ((), (), ()),
        ((5,), (5,), (1,)),
        ((100_000,), (14_286,), (7,)),
        ((64, 120), (64, 120), (1, 1)),
        ((1000, 1000), (63, 112), (16, 9)),
        ((64, 1, 28, 28), (20, 1, 28, 28), (1, 1, 1, 1)),
        ((4, 3, 224, 112), (1, 3, 56, 28), (1, 1, 4, 4)),
        ((64, 64, 3, 3), (28, 64, 3, 3), (1, 1, 1, 1)),
        ((2, 0, 4, 4), (2, 0, 4, 4), (1, 1, 1, 1)),
    ],
)
def test_an_excerpt_keeps_all_axes_and_says_which_elements_it_holds(
    shape: tuple[int, ...], kept: tuple[int, ...], every: tuple[int, ...]
) -> None:
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float64)
    array = np.asarray(array)
    part = details.excerpt_of(array)
    assert part.every == every
    assert part.values.shape[: len(kept)][-2:] == kept[-2:]
    assert part.values.size <= details.SHOWN
    picked = array[tuple(slice(0, size * step, step) for size, step in zip(part.values.shape, every, strict=True))]
    np.testing.assert_allclose(part.values, picked, rtol=1e-6)
    assert part.values.base is None  # a view would keep the whole alive


def test_a_detail_says_how_many_elements_are_zero_or_not_finite() -> None:
    detail = details.describe(np.array([0, 1, NAN, INF], np.float32), 3)
    detail = details.merged(detail, details.describe(np.array([0, 0, 0, -INF], np.float32), 3))
    assert (detail.bad, detail.zeros) == (2, pytest.approx(0.25))
    assert (detail.grad_bad, detail.grad_zeros) == (1, pytest.approx(0.75))
    assert details.describe(np.ones(3, np.float32), 0).bad == 0
