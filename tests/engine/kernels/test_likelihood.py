"""Negative log likelihood and its gradient against float64, within the arrays' memory."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.likelihood import nll, nll_grad
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SHAPES = [(1,), (7,), (1, 1), (5, 10), (40, 65), (3, 129), (2, 3, 4), (3, 17, 5, 2)]


def exact(x: Any, target: Any, weight: Any, upstream: Any, reduction: str, ignore: int) -> tuple[Any, Any]:
    """(loss, gradient) in float64, from the definition."""
    shape, axis = x.shape, 0 if x.ndim == 1 else 1
    valid = target != ignore
    safe = np.where(valid, target, 0)
    share = (np.ones(shape[axis]) if weight is None else weight.astype(np.float64))[safe] * valid
    total = share.sum() if reduction == "mean" else 1.0
    hot = np.moveaxis(np.eye(shape[axis])[safe], -1, axis) * np.expand_dims(share, axis)
    each = -(hot * x).sum(axis)
    loss = each if reduction == "none" else each.sum() / total
    scale = np.expand_dims(upstream, axis) if reduction == "none" else upstream
    return loss, -hot * scale / (total or 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("reduction", "weighted", "ignore"), list(itertools.product(("mean", "sum", "none"), (False, True), (-100, 0)))
)
def test_loss_and_gradient(shape: Any, reduction: str, weighted: bool, ignore: int) -> None:
    rng = np.random.default_rng(len(shape))
    places = shape[:1] + shape[2:] if len(shape) > 1 else ()
    x = read_only(rng.standard_normal(shape), np.float32)
    classes = shape[0] if len(shape) == 1 else shape[1]
    labels = np.asarray(rng.integers(0, classes, places))
    if labels.size > 2:
        labels.reshape(-1)[:2] = ignore, classes - 1
    else:
        ignore = -100
    target = read_only(labels, np.int64)
    weight = read_only(rng.random(classes) + 0.1, np.float32) if weighted else None
    many = places if reduction == "none" else ()
    upstream = read_only(rng.standard_normal(many), np.float32)
    loss, grad = exact(x, target, weight, upstream, reduction, ignore)
    options = {"weight": weight, "reduction": reduction, "ignore_index": ignore}
    for side in ("start", "end"):
        out = guarded(np.full(many, np.nan), np.float32, at=side)
        nll(NOW, out, x, target, **options)
        np.testing.assert_allclose(out, loss, rtol=3e-6, atol=1e-7)
        for before, clear in ((np.nan, True), (0.0, False)):
            dx = guarded(np.full(shape, before), np.float32, at=side)
            nll_grad(NOW, dx, upstream, target, clear=clear, **options)
            np.testing.assert_allclose(dx, grad, rtol=3e-6, atol=1e-7)


def test_places_that_are_ignored_count_for_nothing() -> None:
    x, target = np.array([[np.nan, np.inf], [1, 2]], np.float32), np.array([-100, 1])
    out, dx, one = np.empty(1, np.float32), np.empty((2, 2), np.float32), np.ones(1, np.float32)
    nll(NOW, out, x, target)
    nll_grad(NOW, dx, one, target)
    assert out.tolist() == [-2.0]
    assert dx.tolist() == [[0, 0], [0, -1]]
    target[1] = -100
    nll(NOW, out, x, target)
    nll_grad(NOW, dx, one, target)
    assert np.isnan(out).all()
    assert not dx.any()


def test_a_class_that_is_not_there_gives_nan_and_reads_nothing() -> None:
    x, target = read_only(np.ones((3, 2)), np.float32), np.array([2, -1, 1])
    out = np.zeros(3, np.float32)
    nll(NOW, out, x, target, reduction="none")
    np.testing.assert_array_equal(out, [np.nan, np.nan, -1])


def test_what_cannot_be_is_refused() -> None:
    x, target, out = np.zeros((4, 6), np.float32), np.zeros(4, np.int64), np.zeros(1, np.float32)
    for given, options, why in (
        ((out, x.astype(np.float64), target), {}, "float64"), ((out, x[:, ::2], target), {}, "adjacent"),
        ((out, x, target.astype(np.int32)), {}, "int32"), ((out, x, target[:3]), {}, "of 3"),
        ((out, x[:, :0], target), {}, "likelihood"), ((out, x, target), {"reduction": "most"}, "most"),
        ((out, x, target), {"reduction": "none"}, "out"), ((out, x, target), {"weight": out}, "weight"),
    ):  # fmt: skip
        with pytest.raises(Unsupported, match=why):
            nll(Program(), *given, **options)
    with pytest.raises(Unsupported, match="grad"):
        nll_grad(Program(), x, np.ones(2, np.float32), target)
