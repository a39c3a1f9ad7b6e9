"""Normalisation against PyTorch and against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, same_error, torch

SHAPES = [(6, 4), (3, 4, 5), (2, 4, 3, 5), (2, 4, 2, 3, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm(shape: tuple[int, ...], training: bool, affine: bool) -> None:
    x, w, b = draw(*shape, dtype="float64"), draw(4, seed=1, dtype="float64"), draw(4, seed=2, dtype="float64")
    mean, var = draw(4, seed=3, dtype="float64"), draw(4, seed=4, low=0.5, dtype="float64")

    def call(lib: Any, x: Any, w: Any, b: Any) -> Any:
        running = lib.tensor(mean.copy()), lib.tensor(var.copy())
        y = lib.nn.functional.batch_norm(x, *running, *((w, b) if affine else ()), training=training, momentum=0.3)
        return y, *running

    compare(call, x, w, b, second=True)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_instance_norm(shape: tuple[int, ...]) -> None:
    def call(lib: Any, x: Any, w: Any) -> Any:
        running = lib.zeros(4).double(), lib.ones(4).double()
        return lib.nn.functional.instance_norm(x, *running, weight=w, momentum=0.2), *running

    compare(call, draw(*shape, dtype="float64"), draw(4, seed=1, dtype="float64"), second=True)


def test_rows() -> None:
    x, w, b = draw(3, 4, 6, dtype="float64"), draw(4, 6, seed=1, dtype="float64"), draw(4, 6, seed=2, dtype="float64")
    compare(lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (4, 6), w, b), x, w, b, second=True)
    compare(lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (6,), w[0], b[0], 1e-3), x, w, b, second=True)
    compare(lambda lib, x: lib.nn.functional.layer_norm(x, (6,)), x, second=True)
    compare(lambda lib, x, w: lib.nn.functional.rms_norm(x, (6,), w[0]), x, w, second=True)
    compare(lambda lib, x: lib.nn.functional.rms_norm(x, (4, 6), eps=1e-2), x, second=True)
    compare(lambda lib, x, w: lib.nn.functional.group_norm(x, 2, w[:, 0], w[:, 1]), x, w, second=True)
    compare(lambda lib, x: lib.nn.functional.local_response_norm(x, 3, 0.1), x)


def test_single_precision_and_half() -> None:
    x = draw(8, 4, 5, 5) * 3 + 10
    compare(lambda lib, x: lib.nn.functional.batch_norm(x, None, None, training=True), x, rtol=1e-4)
    y = gradbook.nn.LayerNorm(16).half()(gradbook.randn(3, 16).half())
    assert y.dtype is gradbook.float16
    np.testing.assert_allclose(y.detach().float().numpy().std(-1), 1, atol=0.05)


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm", "group_norm", "rms_norm"])
def test_derivatives(name: str) -> None:
    x = gradbook.tensor(draw(3, 4, 2, dtype="float64"), requires_grad=True)
    w = gradbook.tensor(
        draw(4 if name in ("batch_norm", "group_norm") else 2, seed=1, dtype="float64"), requires_grad=True
    )
    f = gradbook.nn.functional
    calls = {
        "batch_norm": lambda x, w: f.batch_norm(x, None, None, w, w, True),
        "layer_norm": lambda x, w: f.layer_norm(x, (2,), w, w, 0.1),
        "group_norm": lambda x, w: f.group_norm(x, 2, w, w),
        "rms_norm": lambda x, w: f.rms_norm(x, (2,), w),
    }
    assert gradcheck(calls[name], (x, w))
    assert gradgradcheck(calls[name], (x, w))


@pytest.mark.parametrize(
    "case",
    [
        lambda f, x: f.batch_norm(x[:1, :, 0], None, None, training=True),
        lambda f, x: f.batch_norm(x, None, None),
        lambda f, x: f.batch_norm(x, x[0, 0], x[0, 0]),
        lambda f, x: f.layer_norm(x, (3,)),
        lambda f, x: f.group_norm(x, 3),
        lambda f, x: f.instance_norm(x[..., :1]),
    ],
)
def test_errors_are_of_pytorchs_type(case: Any) -> None:
    same_error(lambda lib, x: case(lib.nn.functional, x), draw(3, 4, 5))


def test_running_statistics_are_stamped() -> None:
    layer = gradbook.nn.BatchNorm1d(4)
    before = layer.running_mean._version
    layer(gradbook.randn(8, 4))
    assert layer.running_mean._version > before
    assert layer.num_batches_tracked.item() == 1
    assert torch.nn.BatchNorm1d(4).num_batches_tracked.item() == 0
