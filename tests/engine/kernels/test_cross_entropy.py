"""Cross entropy against float64: reductions, weights, smoothing, ignored rows, both ways to the gradient."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.cross_entropy import cross_entropy, cross_entropy_grad, cross_entropy_kept
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

OPTIONS = list(itertools.product(("mean", "sum", "none"), (False, True), (0.0, 0.2), (-100, 0)))


def exact(x: Any, target: Any, weight: Any, upstream: Any, reduction: str, smoothing: float, ignore: int) -> Any:
    """(loss, gradient) in float64, from the definition."""
    c = x.shape[1]
    wide = x.astype(np.float64)
    logp = wide - wide.max(1, keepdims=True)
    logp -= np.log(np.exp(logp).sum(1, keepdims=True))
    w = np.ones(c) if weight is None else weight.astype(np.float64)
    valid = target != ignore
    safe = np.where(valid, target, 0)
    wanted = (1 - smoothing) * np.eye(c)[safe] * w + smoothing / c * w  # the weight of each -log p
    wanted *= valid[:, None]
    total = (w[safe] * valid).sum() if reduction == "mean" else 1.0
    each = -(wanted * logp).sum(1)
    loss = each if reduction == "none" else each.sum() / total
    grad = np.exp(logp) * wanted.sum(1, keepdims=True) - wanted
    return loss, grad * (np.reshape(upstream, (-1, 1)) / total)


@pytest.mark.parametrize(("n", "c"), [(1, 1), (5, 10), (40, 65), (3, 129)])
@pytest.mark.parametrize(("reduction", "weighted", "smoothing", "ignore"), OPTIONS)
def test_loss_and_gradient(n: int, c: int, reduction: str, weighted: bool, smoothing: float, ignore: int) -> None:
    rng = np.random.default_rng(n * c)
    x = read_only(3 * rng.standard_normal((n, c)), np.float32)
    target = guarded(rng.integers(0, c, n), np.int64)
    if n > 2:
        target[1], target[0] = ignore, c - 1
    weight = guarded(rng.random(c) + 0.1, np.float32) if weighted else None
    if weighted and n > 1:
        weight[c - 1] = 0  # a row that has no share, but its part of the smooth loss
    many = n if reduction == "none" else 1
    upstream = guarded(rng.standard_normal(many), np.float32)
    if n == 1:
        ignore = -100  # a mean of nothing has a test of its own
    loss, grad = exact(x, target, weight, upstream, reduction, smoothing, ignore)
    options = {"weight": weight, "reduction": reduction, "ignore_index": ignore, "label_smoothing": smoothing}
    out, dx, again, p, alone = (
        guarded(np.full(shape, np.nan), np.float32) for shape in (many, (n, c), (n, c), (n, c), many)
    )
    cross_entropy(NOW, out, x, target, dx=dx, upstream=upstream, **options)
    np.testing.assert_allclose(out, loss, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(dx, grad, rtol=1e-5, atol=1e-6)
    cross_entropy(NOW, alone, x, target, **options)
    np.testing.assert_array_equal(alone, out)
    share = guarded(np.full(n, np.nan), np.float32)
    cross_entropy_kept(NOW, alone, p, share, x, target, **options)
    np.testing.assert_array_equal(alone, out)
    cross_entropy_grad(
        NOW, again, upstream, target, p, share, weight=weight, ignore_index=ignore, label_smoothing=smoothing
    )
    np.testing.assert_allclose(again, grad, rtol=1e-5, atol=1e-6)


def test_with_smoothing_rows_without_a_weight_have_a_gradient_even_where_no_row_has_one() -> None:
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((4, 3)).astype(np.float32), np.array([2, 2, 1, 2])
    weight = np.array([1, 2, 0], np.float32)
    for ignore in (-100, 1):
        for reduction, many in (("sum", 1), ("none", 4)):
            upstream, out = np.ones(many, np.float32), np.zeros(many, np.float32)
            p, dx, share = np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32), np.zeros(4, np.float32)
            options = {"weight": weight, "ignore_index": ignore, "label_smoothing": 0.3}
            cross_entropy_kept(NOW, out, p, share, x, target, reduction=reduction, **options)
            cross_entropy_grad(NOW, dx, upstream, target, p, share, **options)
            loss, grad = exact(x, target, weight, upstream, reduction, 0.3, ignore)
            np.testing.assert_allclose(out, loss, rtol=1e-5)
            np.testing.assert_allclose(dx, grad, rtol=1e-5, atol=1e-6)


def test_where_every_row_is_ignored_the_mean_is_nan_and_its_gradient_zero() -> None:
    x, target, out = np.ones((3, 4), np.float32), np.full(3, -100), np.zeros(1, np.float32)
    dx = np.ones((3, 4), np.float32)
    cross_entropy(NOW, out, x, target, dx=dx)
    assert np.isnan(out[0])
    assert not dx.any()
    cross_entropy(NOW, out, x, target, reduction="sum")
    assert out[0] == 0


@pytest.mark.parametrize("c", [10, 300])
def test_a_class_that_is_not_there_reads_nothing_and_gives_nan(c: int) -> None:
    x, target = read_only(np.ones((4, c)), np.float32), np.array([0, 2**40, -3, 1])
    weight = read_only(np.ones(c), np.float32)
    for options in ({}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.1}):
        out, dx = np.zeros(4, np.float32), np.zeros((4, c), np.float32)
        cross_entropy(NOW, out, x, target, dx=dx, reduction="none", upstream=np.ones(4, np.float32), **options)
        np.testing.assert_array_equal(np.isnan(out), [False, True, True, False])
        np.testing.assert_array_equal(np.isnan(dx).any(1), [False, True, True, False])


@pytest.mark.parametrize("c", [6, 200])
def test_wild_scores(c: int) -> None:
    x = np.zeros((5, c), np.float32)
    x[0, 1], x[1, 0], x[2, 2], x[3, 1:] = np.nan, np.inf, -np.inf, -1e30
    out, dx = np.zeros(5, np.float32), np.zeros((5, c), np.float32)
    cross_entropy(NOW, out, x, np.zeros(5, np.int64), dx=dx, reduction="none", upstream=np.ones(5, np.float32))
    np.testing.assert_array_equal(np.isnan(out), [True, True, False, False, False])
    np.testing.assert_allclose(out[2:], [np.log(c - 1), 0, np.log(c)], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(dx[3], 0, atol=1e-6)
    assert dx[2, 2] == 0


def test_the_gradient_may_take_the_place_of_the_scores_and_a_program_runs_again() -> None:
    rng = np.random.default_rng(0)
    scores, target = rng.standard_normal((70, 33)).astype(np.float32), rng.integers(0, 33, 70)
    for reduction in ("mean", "sum"):
        x, out, program = scores.copy(), np.zeros(1, np.float32), Program()
        cross_entropy(program, out, x, target, dx=x, reduction=reduction)
        program.run()
        loss, grad = exact(scores, target, None, 1.0, reduction, 0.0, -100)
        np.testing.assert_allclose(out, loss, rtol=2e-6)
        np.testing.assert_allclose(x, grad, rtol=1e-5, atol=1e-6)
        first, x[...], target[3] = out.copy(), scores, -100  # what is counted is counted anew
        program.run()
        target[3] = 0
        assert out[0] != first[0]


def test_what_cannot_be_is_refused() -> None:
    x, out = np.zeros((4, 6), np.float32), np.zeros(1, np.float32)
    for target, options, why in (
        (np.zeros(4, np.int32), {}, "target"),
        (np.zeros(3, np.int64), {}, "target"),
        (np.zeros(4, np.int64), {"reduction": "median"}, "median"),
        (np.zeros(4, np.int64), {"weight": np.ones(5, np.float32)}, "weight"),
        (np.zeros(4, np.int64), {"dx": np.zeros((4, 5), np.float32)}, "the result"),
        (np.zeros(4, np.int64), {"reduction": "none"}, "out"),
    ):
        with pytest.raises(Unsupported, match=why):
            cross_entropy(NOW, out, x, target, **options)
