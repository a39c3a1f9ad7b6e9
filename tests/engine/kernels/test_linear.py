"""The linear layer against NumPy in float64, forward and backward, with axes in front."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.linear import linear, linear_bias_grad, linear_input_grad, linear_weight_grad
from gradbook.kernels.program import Program, Unsupported

Array = np.ndarray[Any, Any]
SHAPES = [
    ((64,), 2, 16),
    ((64,), 16, 1),
    ((3, 5), 33, 70),
    ((1,), 100, 130),
    ((), 20, 30),
    ((2, 2, 9), 64, 64),
    ((0,), 3, 4),
]


@pytest.mark.parametrize(("lead", "fan_in", "fan_out"), SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_and_backward(lead: tuple[int, ...], fan_in: int, fan_out: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias, grad = (
        rng.standard_normal(shape).astype(dtype)
        for shape in ((*lead, fan_in), (fan_out, fan_in), (fan_out,), (*lead, fan_out))
    )
    out, dx, dw, db = (np.ones(shape, dtype) for shape in (grad.shape, x.shape, weight.shape, bias.shape))
    program = Program()
    linear(program, out, x, weight, bias, activation="relu")
    linear_input_grad(program, dx, grad, weight)
    linear_weight_grad(program, dw, grad, x, accumulate=True)
    linear_bias_grad(program, db, grad, accumulate=True)
    program.run()
    wide_x, wide_grad = x.reshape(-1, fan_in).astype(float), grad.reshape(-1, fan_out).astype(float)
    limit = dict(rtol=10 * np.finfo(dtype).eps, atol=200 * np.finfo(dtype).eps)
    np.testing.assert_allclose(out, np.maximum(x.astype(float) @ weight.T + bias, 0), **limit)
    np.testing.assert_allclose(dx, grad.astype(float) @ weight, **limit)
    np.testing.assert_allclose(dw, 1 + wide_grad.T @ wide_x, **limit)
    np.testing.assert_allclose(db, 1 + wide_grad.sum(0), **limit)


def test_gradients_of_views_and_what_cannot_be_merged() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((4, 6, 20)).astype(np.float32)
    grad, x, dw = wide[..., :7], wide[..., 7:], np.empty((7, 13), np.float32)  # columns of one array: rows still merge
    program = Program()
    linear_weight_grad(program, dw, grad, x)
    program.run()
    np.testing.assert_allclose(dw, np.einsum("bto,bti->oi", grad.astype(float), x), rtol=1e-5, atol=1e-5)
    with pytest.raises(Unsupported, match="do not follow each other"):
        linear_weight_grad(program, dw, grad.swapaxes(0, 1), x.swapaxes(0, 1))
    with pytest.raises(Unsupported, match="whose weight is"):
        linear(program, dw, x, dw[0])
    with pytest.raises(ValueError, match="a gradient of"):
        linear_weight_grad(program, dw, grad[:2], x)
