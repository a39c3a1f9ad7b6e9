"""Losses of two arrays and their gradients against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.losses import KINDS, pair_loss, pair_loss_grad
from gradbook.kernels.program import Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

DELTA = 0.7


def exact(kind: str, x: Any, t: Any) -> tuple[Any, Any]:
    """(losses, slopes) in float64."""
    x, t = x.astype(np.float64), t.astype(np.float64)
    d = x - t
    if kind == "mse":
        return d * d, 2 * d
    if kind == "l1":
        return abs(d), np.sign(d)
    if kind == "huber":
        return np.where(abs(d) < DELTA, d * d / 2, DELTA * (abs(d) - DELTA / 2)), d.clip(-DELTA, DELTA)
    return np.where(x < 0, -t, 1 - t) * x + np.log1p(np.exp(-abs(x))), 1 / (1 + np.exp(-x)) - t


@pytest.mark.parametrize("shape", [(1,), (3, 5), (16,), (17,), (8192,), (8193,), (30, 1001), ()])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_loss_and_gradient(kind: str, reduction: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    x, target = read_only(2 * rng.standard_normal(shape), np.float32), read_only(rng.random(shape), np.float32)
    many = shape if reduction == "none" else (1,)
    upstream = read_only(rng.standard_normal(many), np.float32)
    out, dx, again = (guarded(np.full(size, np.nan), np.float32) for size in (many, shape, shape))
    losses, slopes = exact(kind, x, target)
    divisor = losses.size if reduction == "mean" else 1
    pair_loss(NOW, out, x, target, kind, dx=dx, reduction=reduction, upstream=upstream, delta=DELTA)
    np.testing.assert_allclose(out, losses if reduction == "none" else losses.sum() / divisor, rtol=3e-6, atol=1e-6)
    np.testing.assert_allclose(dx, slopes * upstream.reshape(many) / divisor, rtol=3e-6, atol=1e-6)
    pair_loss_grad(NOW, again, upstream, x, target, kind, reduction=reduction, delta=DELTA)
    np.testing.assert_array_equal(again, dx)
    alone = out.copy()
    pair_loss(NOW, alone, x, target, kind, reduction=reduction, delta=DELTA)
    np.testing.assert_array_equal(alone, out)


def test_logits_far_from_zero_neither_overflow_nor_lose_small_losses() -> None:
    x = np.array([-1e4, -100, -87, -20, -5, 0, 5, 20, 87, 100, 1e4, np.inf, np.nan], np.float32)
    for target in (0.0, 1.0):
        t, out, dx = np.full_like(x, target), np.empty_like(x), np.empty_like(x)
        pair_loss(NOW, out, x, t, "bce_with_logits", dx=dx, reduction="none", upstream=np.ones_like(x))
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            losses, slopes = exact("bce_with_logits", x, t)
        np.testing.assert_allclose(out, losses, rtol=2e-6, atol=1e-44)
        np.testing.assert_allclose(dx, slopes, rtol=2e-6, atol=1e-7)


def test_at_no_difference_the_slope_of_the_absolute_loss_is_zero() -> None:
    x, dx, out = np.array([1, -0.0, np.nan, np.inf], np.float32), np.ones(4, np.float32), np.zeros(4, np.float32)
    target = np.array([1, 0, 0, 0], np.float32)
    pair_loss(NOW, out, x, target, "l1", dx=dx, reduction="none", upstream=np.ones(4, np.float32))
    np.testing.assert_array_equal(dx, [0, 0, np.nan, 1])
    np.testing.assert_array_equal(out, [0, 0, np.nan, np.inf])


def test_the_gradient_may_take_an_operands_place_and_what_cannot_be_is_refused() -> None:
    x, target, out = np.arange(5, dtype=np.float32), np.ones(5, np.float32), np.zeros(1, np.float32)
    pair_loss(NOW, out, x, target, "mse", dx=x)
    np.testing.assert_allclose(x, 2 * (np.arange(5) - 1) / 5, rtol=1e-6)
    for operand, other, options, why in (
        (x, target[:4], {}, r"\(5,\) and \(4,\)"),
        (x, target, {"reduction": "some"}, "some"),
        (np.zeros((5, 2), np.float32)[:, 0], target, {}, "adjacent"),
        (x.astype(np.float64), target, {}, "float64"),
        (x[:0], target[:0], {}, r"\(0,\)"),
    ):
        with pytest.raises(Unsupported, match=why):
            pair_loss(NOW, out, operand, other, "mse", **options)
