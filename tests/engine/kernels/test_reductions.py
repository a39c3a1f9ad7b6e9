"""Reductions of rows against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Unsupported
from gradbook.kernels.reductions import row_extreme, row_mean, row_sum, row_var
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SHAPES = [(1, 1), (3, 2), (5, 16), (4, 17), (2, 63), (7, 64), (3, 130), (1, 8193), (1, 50_000), (2, 9000), (300, 3)]


def blank(size: int, dtype: Any = np.float32) -> Any:
    """A guarded array of wrong numbers."""
    return guarded(np.full(size, -77), dtype)


@pytest.mark.parametrize(("m", "d"), SHAPES)
def test_sums_means_and_variances(m: int, d: int) -> None:
    x = read_only(np.random.default_rng(d).standard_normal((m, d)) + 3, np.float32)
    wide, out = x.astype(np.float64), blank(m)
    for correction, root in ((0, False), (0, True), (1, False)):
        if d > correction:
            row_var(NOW, out, x, correction=correction, root=root)
            var = wide.var(1, ddof=correction)
            np.testing.assert_allclose(out, np.sqrt(var) if root else var, rtol=1e-5, atol=1e-7)
    row_sum(NOW, out, x)
    np.testing.assert_allclose(out, wide.sum(1), rtol=2e-6)
    row_mean(NOW, out, x)
    np.testing.assert_allclose(out, wide.mean(1), rtol=2e-6)


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize(("m", "d"), SHAPES)
def test_extremes_and_their_places(m: int, d: int, largest: bool) -> None:
    rng = np.random.default_rng(d)
    for source in (rng.standard_normal((m, d)), rng.integers(0, 3, (m, d)), np.full((m, d), -np.inf)):
        for lost in (False, True):
            x = source.astype(np.float32)
            if lost:
                x[:, rng.integers(0, d, 2)] = np.nan
            x = read_only(x)
            values, places = blank(m), blank(m, np.int64)
            row_extreme(NOW, x, values=values, places=places, largest=largest)
            np.testing.assert_array_equal(values, x.max(1) if largest else x.min(1))
            np.testing.assert_array_equal(places, x.argmax(1) if largest else x.argmin(1))
            alone = blank(m, np.int64)
            row_extreme(NOW, x, places=alone, largest=largest)
            np.testing.assert_array_equal(alone, places)


def test_several_axes_and_strides() -> None:
    field = np.random.default_rng(0).standard_normal((4, 3, 5, 9)).astype(np.float32)
    out = blank(12).reshape(4, 3)
    row_sum(NOW, out, field, rank=2)
    np.testing.assert_allclose(out, field.sum((2, 3)), rtol=1e-5, atol=1e-6)
    rows = field.reshape(60, 9)[::2, 1:8]
    out = blank(30)
    row_mean(NOW, out, rows)
    np.testing.assert_allclose(out, rows.mean(1), rtol=1e-5, atol=1e-6)
    out = blank(4)
    row_mean(NOW, out, np.broadcast_to(np.arange(6, dtype=np.float32), (4, 6)))
    np.testing.assert_array_equal(out, 2.5)


def test_variance_of_too_few_is_nan_or_inf_as_in_torch() -> None:
    out = blank(2)
    row_var(NOW, out, np.ones((2, 1), np.float32))
    assert np.isnan(out).all()
    with pytest.raises(Unsupported, match="empty"):
        row_sum(NOW, np.zeros(3, np.float32), np.zeros((3, 0), np.float32))
    with pytest.raises(Unsupported, match="out"):
        row_sum(NOW, np.zeros(4, np.float32), np.zeros((3, 2), np.float32))
