"""softmax and log_softmax against float64, at odd sizes, with wild values, inside guarded memory."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Unsupported
from gradbook.kernels.rows import NOW
from gradbook.kernels.softmax import log_softmax, log_softmax_grad, softmax, softmax_grad
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 200, 1000, 1025]


def exact(x: np.ndarray) -> np.ndarray:
    """log softmax in float64."""
    wide = x.astype(np.float64)
    wide = wide - wide.max(-1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(-1, keepdims=True))


@pytest.mark.parametrize("at", ["end", "start"])
@pytest.mark.parametrize("d", SIZES)
def test_forward_and_backward(d: int, at: str) -> None:
    rng = np.random.default_rng(d)
    x, grad = read_only(4 * rng.standard_normal((5, d)), np.float32), guarded(rng.standard_normal((5, d)), np.float32)
    out, logs, dx = (guarded(np.full((5, d), np.nan), np.float32, at=at) for _ in range(3))
    softmax(NOW, out, x)
    log_softmax(NOW, logs, x)
    logp, g = exact(x), grad.astype(np.float64)
    p = np.exp(logp)
    np.testing.assert_allclose(out, p, rtol=3e-6)
    np.testing.assert_allclose(logs, logp, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(out.sum(-1), 1, rtol=1e-6)
    log_softmax_grad(NOW, dx, grad, logs)
    np.testing.assert_allclose(dx, g - p * g.sum(-1, keepdims=True), rtol=1e-5, atol=1e-5)
    softmax_grad(NOW, dx, grad, out)
    np.testing.assert_allclose(dx, p * (g - (p * g).sum(-1, keepdims=True)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("d", [3, 40, 300])
def test_in_place_and_along_strides(d: int) -> None:
    rng = np.random.default_rng(d)
    field = rng.standard_normal((2, 7, d + 5)).astype(np.float32)
    with pytest.raises(Unsupported, match="not a fixed number"):
        softmax(NOW, field[:, ::2], field[:, ::2])  # 8 rows that are not evenly apart
    x, outside = field.reshape(14, -1)[::2, 2 : d + 2], field.copy()
    expected = np.exp(exact(x))
    softmax(NOW, x, x)
    np.testing.assert_allclose(x, expected, rtol=3e-6)
    outside.reshape(14, -1)[::2, 2 : d + 2] = x
    np.testing.assert_array_equal(field, outside)


@pytest.mark.parametrize("d", [5, 20, 300])
def test_wild_values_are_as_in_numpy(d: int) -> None:
    x = np.random.default_rng(0).standard_normal((9, d)).astype(np.float32)
    x[0, 1], x[1, d - 1], x[2, 0], x[3, :] = np.nan, np.inf, -np.inf, -np.inf
    x[4], x[5, 2], x[6, d - 2], x[7], x[8, 1:] = 1e30, -1e30, 1e-42, 88.7, -104.5
    x[8, 0] = 0
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        shifted = x - x.max(-1, keepdims=True)
        raised = np.exp(shifted)
        p, logs = raised / raised.sum(-1, keepdims=True), shifted - np.log(raised.sum(-1, keepdims=True))
    out = np.zeros_like(x)
    softmax(NOW, out, x)
    np.testing.assert_allclose(out, p, rtol=2e-6, atol=3e-45)
    log_softmax(NOW, out, x)
    np.testing.assert_allclose(out, logs, rtol=2e-6, atol=1e-6)


def test_nothing_is_done_for_nothing_and_what_cannot_be_is_refused() -> None:
    for shape in ((0, 5), (5, 0)):
        softmax(NOW, np.empty(shape, np.float32), np.empty(shape, np.float32))
    x = np.zeros((4, 6), np.float32)
    for out, operand, why in (
        (x, x.astype(np.float64), "float64"),
        (np.zeros((4, 5), np.float32), x, r"\(4, 5\), not \(4, 6\)"),
        (np.zeros((6, 4), np.float32).T, x, "adjacent"),
        (x[1:], x[:3], "shares memory"),
    ):
        with pytest.raises(Unsupported, match=why):
            softmax(NOW, out, operand)
