"""Products as eager operations run them, against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.backends import threads
from gradbook.kernels import products_now
from gradbook.kernels.products_now import (
    forwards,
    linear_input_grad_now,
    linear_now,
    linear_weight_grad_now,
    matmul_now,
)  # fmt: skip

Array = np.ndarray[Any, Any]


def drawn(*shape: int, dtype: Any = np.float32) -> Array:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


def close(out: Array, expected: Array) -> None:
    assert out.flags.c_contiguous
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-4)


@pytest.fixture
def kernels_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every product by a kernel, however small."""
    monkeypatch.setattr(products_now, "WORTH", 0)


PAIRS = [
    ((70, 80), (80, 90)), ((2, 1, 70, 80), (3, 80, 90)), ((4, 80), (80, 1000)), ((3, 4), (4, 5)), ((2, 3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)), ((0, 4), (4, 5)), ((3, 0), (0, 5)), ((2, 3, 70, 80), (80, 90)),
]  # fmt: skip


@pytest.mark.parametrize(("m", "n"), PAIRS)
@pytest.mark.parametrize("worth", [0, products_now.WORTH])
def test_products(m: tuple[int, ...], n: tuple[int, ...], worth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products_now, "WORTH", worth)
    a, b, bias = drawn(*m), drawn(*n), drawn(n[-1])
    exact = a.astype(float) @ b.astype(float)
    for left, right in ((a, b), (np.asfortranarray(a), np.asfortranarray(b))):
        close(matmul_now(left, right), exact)
        close(matmul_now(left, right, bias), exact + bias)
        close(forwards()["matmul"](np, left, right), exact)


@pytest.mark.usefixtures("kernels_only")
def test_what_numpy_multiplies() -> None:
    a, b, v = drawn(70, 80), drawn(80, 90), drawn(80)
    assert matmul_now(a.astype(np.int64), b.astype(np.int64)).dtype == np.int64
    close(matmul_now(v, b), v.astype(float) @ b)
    close(matmul_now(a, v), a.astype(float) @ v)
    close(matmul_now(a.astype(">f4"), b), a.astype(float) @ b)
    close(matmul_now(a, b, np.ones(1, np.float32)), a.astype(float) @ b + 1)
    assert matmul_now(np.ones((1, 4096), np.float16), np.ones((4096, 1), np.float16))[0, 0] == 4096
    with pytest.raises(ValueError, match="matmul: "):
        matmul_now(a, a)


@pytest.mark.usefixtures("kernels_only")
@pytest.mark.parametrize("lead", [(64,), (3, 5), ()])
def test_linear_layers(lead: tuple[int, ...]) -> None:
    x, weight, bias, grad = drawn(*lead, 33), drawn(70, 33), drawn(70), drawn(*lead, 70)
    exact = x.astype(float) @ weight.T.astype(float)
    close(linear_now(x, weight), exact)
    close(forwards()["linear"](np, x, weight, bias), exact + bias)
    close(linear_input_grad_now(grad, weight), grad.astype(float) @ weight)
    close(linear_weight_grad_now(grad, x), grad.reshape(-1, 70).T.astype(float) @ x.reshape(-1, 33))


def test_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = drawn(300, 200), drawn(200, 250)
    alone = matmul_now(a, b)
    monkeypatch.setattr(products_now, "get_num_threads", lambda: 2)
    for _ in range(3):
        np.testing.assert_array_equal(matmul_now(a, b), alone)
    assert threads.get_num_threads() >= 1
