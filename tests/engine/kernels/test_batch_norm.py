"""Batch norm against float64 in both layouts, with ReLU and residual, in training and outside."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.batch_norm import batch_norm, batch_norm_grad
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

EPS, MOMENTUM = 1e-3, 0.3
SHAPES = [(2, 1), (5, 3), (64, 17), (300, 65), (3, 2, 7), (2, 5, 4, 4), (3, 17, 5, 5), (2, 3, 40), (600, 9, 1)]
CASES = list(itertools.product(SHAPES, (False, True)))
OPTIONS = [
    {},
    {"affine": False},
    {"training": False},
    {"relu": True, "residual": True},
    {"training": False, "relu": True},
    {"running": False, "residual": True},
]


def laid(array: Any, last: bool, make: Any = guarded) -> Any:
    """A guarded copy (n, c, *), channels last if asked for."""
    return np.moveaxis(make(np.moveaxis(array, 1, -1), np.float32), -1, 1) if last else make(array, np.float32)


def exact(x: Any, grad: Any, vectors: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Everything in float64."""
    x, grad = x.astype(np.float64), grad.astype(np.float64)
    axes, line = (0, *range(2, x.ndim)), (1, -1, *(1,) * (x.ndim - 2))
    count, (weight, bias, mean0, var0) = x.size // x.shape[1], (v.astype(np.float64) for v in vectors)
    mean, var = (x.mean(axes), x.var(axes)) if given["training"] else (mean0, var0)
    moved = (mean0 + MOMENTUM * (mean - mean0), var0 + MOMENTUM * (var * count / (count - 1) - var0))
    invstd = 1 / np.sqrt(var + EPS)
    hat = (x - mean.reshape(line)) * invstd.reshape(line)
    y = hat * weight.reshape(line) + bias.reshape(line) + given["residual"]
    y = np.maximum(y, 0) if given["relu"] else y
    g = grad * (y > 0) if given["relu"] else grad
    total, dot, scale = g.sum(axes), (g * hat).sum(axes), (weight * invstd).reshape(line)
    inner = g - (total.reshape(line) + hat * dot.reshape(line)) / count if given["training"] else g
    return dict(y=y, mean=mean, invstd=invstd, moved=moved, dx=scale * inner, dw=dot, db=total, dres=g)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("shape", "last"), [case for case in CASES if len(case[0]) > 2 or not case[1]])
def test_forward_and_backward(shape: tuple[int, ...], last: bool, options: dict[str, bool]) -> None:
    given: dict[str, Any] = {"affine": True, "training": True, "relu": False, "running": True, **options}
    rng, c = np.random.default_rng(len(shape)), shape[1]
    x, grad = (laid(rng.standard_normal(shape) * 2 + 1, last, read_only) for _ in range(2))
    residual = laid(rng.standard_normal(shape), last) if given.get("residual") else None
    weight, bias = (guarded(rng.standard_normal(c), np.float32) for _ in range(2))
    running = [guarded(rng.random(c) + 0.5, np.float32) for _ in range(2)]
    vectors = [weight, bias] if given["affine"] else [np.ones(c, np.float32), np.zeros(c, np.float32)]
    wanted = exact(x, grad, [*vectors, *running], {**given, "residual": 0 if residual is None else residual})
    affine = dict(weight=weight, bias=bias) if given["affine"] else {}
    moving = dict(zip(("running_mean", "running_var"), running, strict=True)) if given["running"] else {}
    y, dx, dres = (laid(np.full(shape, np.nan), last) for _ in range(3))
    mean, invstd, dw, db = (guarded(np.full(c, np.nan), np.float32) for _ in range(4))
    batch_norm(
        NOW, y, x, **affine, **moving, training=given["training"], momentum=MOMENTUM, eps=EPS, mean=mean,
        invstd=invstd, relu=given["relu"], residual=residual,
    )  # fmt: skip
    np.testing.assert_allclose(y, wanted["y"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(mean, wanted["mean"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(invstd, wanted["invstd"], rtol=1e-5)
    if given["training"] and moving:
        for found, exactly in zip(running, wanted["moved"], strict=True):
            np.testing.assert_allclose(found, exactly, rtol=1e-5, atol=1e-6)
    batch_norm_grad(
        NOW, grad, x, mean, invstd, weight=affine.get("weight"), training=given["training"], dx=dx, dw=dw, db=db,
        y=y if given["relu"] else None, dres=None if residual is None else dres,
    )  # fmt: skip
    scale = float(wanted["invstd"].max()) * 3
    np.testing.assert_allclose(dx, wanted["dx"], rtol=1e-4, atol=1e-5 * scale)
    np.testing.assert_allclose(dw, wanted["dw"], rtol=1e-4, atol=2e-5 * x.size**0.5)
    np.testing.assert_allclose(db, wanted["db"], rtol=1e-4, atol=2e-5 * x.size**0.5)
    if residual is not None:
        np.testing.assert_array_equal(dres, np.where(y > 0, grad, 0) if given["relu"] else grad)


@pytest.mark.parametrize("shape", [(4, 3, 5, 5), (40, 20)])
def test_results_in_an_operands_place_and_parts_alone(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, grad = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    y, dx, (mean, invstd, dw, alone) = np.empty_like(x), np.empty_like(x), np.empty((4, shape[1]), np.float32)
    batch_norm(NOW, y, x, training=True, mean=mean, invstd=invstd)
    batch_norm_grad(NOW, grad, x, mean, invstd, training=True, dx=dx, dw=dw)
    batch_norm_grad(NOW, grad, x, mean, invstd, training=True, dw=alone)
    np.testing.assert_array_equal(alone, dw)
    batch_norm_grad(NOW, grad, x, mean, invstd, training=True, dx=grad)
    np.testing.assert_array_equal(grad, dx)
    batch_norm(NOW, x, x, training=True)
    np.testing.assert_array_equal(x, y)


def test_a_mean_far_from_zero_costs_no_digits() -> None:
    rng = np.random.default_rng(0)
    for shape in ((8, 4, 30, 30), (5000, 4)):
        x = (1e4 + rng.standard_normal(shape)).astype(np.float32)
        invstd, y = np.empty(4, np.float32), np.empty(shape, np.float32)
        batch_norm(NOW, y, x, training=True, invstd=invstd)
        wide = x.astype(np.float64)
        np.testing.assert_allclose(invstd, 1 / np.sqrt(wide.var((0, *range(2, x.ndim))) + 1e-5), rtol=1e-3)


def test_the_momentum_may_change_between_runs() -> None:
    x, program, momentum = np.random.default_rng(0).random((9, 4)).astype(np.float32), Program(), np.ones(1, np.float32)
    mean, var = np.zeros(4, np.float32), np.ones(4, np.float32)
    batch_norm(program, np.empty_like(x), x, running_mean=mean, running_var=var, training=True, momentum=momentum)
    program.run()
    np.testing.assert_allclose(mean, x.mean(0), rtol=1e-6)
    momentum[0], mean[...] = 0.5, 0
    program.run()
    np.testing.assert_allclose(mean, x.mean(0) / 2, rtol=1e-6)


def test_nan_stays_in_its_channel_and_what_cannot_be_is_refused() -> None:
    x, y = np.ones((6, 3, 2, 2), np.float32), np.zeros((6, 3, 2, 2), np.float32)
    x[0, 1, 0, 0], x[:, 2] = np.nan, np.arange(24).reshape(6, 2, 2)
    batch_norm(NOW, y, x, training=True, relu=True)
    assert np.isnan(y[:, 1]).all()
    assert np.isfinite(y[:, [0, 2]]).all()
    for out, operand, options, why in (
        (y, x.astype(np.float64), {"training": True}, "float64"),
        (y[:, :2], x[:, :2], {"training": True}, "neither"),
        (np.moveaxis(np.zeros((6, 2, 2, 3), np.float32), -1, 1), x, {"training": True}, "lie as x"),
        (y, x, {"training": False}, "no statistics"),
        (y, x, {"training": True, "weight": np.ones(4, np.float32)}, "weight"),
    ):
        with pytest.raises(Unsupported, match=why):
            batch_norm(NOW, out, operand, **options)
