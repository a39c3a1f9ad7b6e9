"""Negative log likelihood and its gradient against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.nll import nll_loss, nll_loss_grad
from gradbook.kernels.program import Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

IGNORED = 1


def exact(x: Any, target: Any, weight: Any, reduction: str, ignored: int) -> tuple[Any, Any]:
    """(loss, its gradient for an upstream of ones) in float64."""
    rows = np.moveaxis(x.astype(np.float64).reshape(*x.shape[:2], -1), 1, -1)
    rows, flat = rows.reshape(-1, x.shape[1]), target.reshape(-1)
    share = np.where(flat == ignored, 0.0, 1.0 if weight is None else weight.astype(np.float64)[flat])
    values = -share * rows[np.arange(len(flat)), flat]
    total = share.sum() if reduction == "mean" else 1.0
    slopes = np.zeros_like(rows)
    slopes[np.arange(len(flat)), flat] = -share / (total or 1.0)
    back = np.moveaxis(slopes.reshape(x.shape[0], -1, x.shape[1]), -1, 1).reshape(x.shape)
    with np.errstate(invalid="ignore"):
        return values.reshape(target.shape) if reduction == "none" else values.sum() / total, back


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 10), (7, 17), (2, 5, 3), (4, 3, 5, 5), (1, 16, 1)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_loss_and_gradient(reduction: str, weighted: bool, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    classes = (shape[0], *shape[2:])
    x, target = read_only(rng.standard_normal(shape), np.float32), read_only(rng.integers(0, shape[1], classes))
    weight = read_only(rng.random(shape[1]) + 0.5, np.float32) if weighted else None
    out = guarded(np.full(classes if reduction == "none" else (1,), np.nan), np.float32)
    dx = guarded(np.full(shape, np.nan), np.float32)
    loss, slopes = exact(x, target, weight, reduction, IGNORED)
    nll_loss(NOW, out, x, target, weight=weight, reduction=reduction, ignore_index=IGNORED)
    np.testing.assert_allclose(out, loss if reduction == "none" else np.full(1, loss), rtol=2e-6, atol=1e-7)
    upstream = read_only(rng.standard_normal(out.shape), np.float32)
    nll_loss_grad(NOW, dx, upstream, target, weight=weight, reduction=reduction, ignore_index=IGNORED)
    factor = upstream.reshape(shape[0], 1, *shape[2:]) if reduction == "none" else upstream[0]
    np.testing.assert_allclose(dx, slopes * factor, rtol=2e-6)


def test_scores_in_any_order_and_of_one_sample() -> None:
    rng = np.random.default_rng(3)
    x, target, out = rng.standard_normal((6, 4)).astype(np.float32), np.array([0, 3, 5, 2]), np.zeros(1, np.float32)
    nll_loss(NOW, out, x.T, target)
    np.testing.assert_allclose(out[0], -x[target, np.arange(4)].mean(), rtol=1e-6)
    nll_loss(NOW, out, x[:, 1], target[1:2])
    assert out[0] == -x[3, 1]


def test_where_nothing_counts_the_mean_is_nan_and_its_gradient_zero() -> None:
    x, target = np.full((3, 4), -np.inf, np.float32), np.full(3, -100)
    out, dx = np.ones(1, np.float32), np.ones((3, 4), np.float32)
    nll_loss(NOW, out, x, target)
    nll_loss_grad(NOW, dx, np.ones(1, np.float32), target)
    assert np.isnan(out[0])
    assert not dx.any()
    nll_loss(NOW, out, x, target, reduction="sum")
    assert out[0] == 0


def test_a_class_out_of_range_gives_nan_and_reads_nothing() -> None:
    x, losses = read_only(np.zeros((2, 3)), np.float32), np.zeros(2, np.float32)
    nll_loss(NOW, losses, x, np.array([1 << 40, -7]), reduction="none")
    assert np.isnan(losses).all()


def test_what_cannot_be_is_refused() -> None:
    x, target, out = np.zeros((2, 3), np.float32), np.zeros(2, np.int64), np.zeros(1, np.float32)
    for given, classes, options in (
        (x.astype(np.float64), target, {}),
        (x[:0], target[:0], {}),
        (x, target.astype(np.int32), {}),
        (x, target, {"reduction": "some"}),
        (x, target, {"weight": np.zeros(2, np.float32)}),
    ):
        with pytest.raises(Unsupported):
            nll_loss(NOW, out, given, classes, **options)
