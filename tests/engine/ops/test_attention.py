"""Attention, linear, embedding and dropout against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error


def qkv(dtype: str = "float64") -> Any:
    return (draw(2, 3, n, e, seed=i, dtype=dtype) for i, (n, e) in enumerate(((4, 6), (5, 6), (5, 7))))


@pytest.mark.parametrize("kind", ["plain", "causal", "bool", "float", "scale"])
def test_attention(kind: str) -> None:
    def call(lib: Any, q: Any, k: Any, v: Any) -> Any:
        mask = None
        if kind == "bool":
            mask = lib.tensor(integers(4, 5, low=0, high=2).astype(bool) | np.eye(4, 5, dtype=bool))
        if kind == "float":
            mask = lib.tensor(draw(3, 4, 5, seed=9, dtype="float64"))
        return lib.nn.functional.scaled_dot_product_attention(
            q, k, v, mask, is_causal=kind == "causal", scale=0.3 if kind == "scale" else None
        )

    compare(call, *qkv(), second=True)


def test_a_row_that_may_look_at_nothing_gives_zeros() -> None:
    q, k, v = (gradbook.tensor(a, requires_grad=True) for a in qkv())
    mask = gradbook.ones(4, 5, dtype=gradbook.bool)
    mask[1] = False
    y = gradbook.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    assert not y[:, :, 1].detach().numpy().any()
    y.sum().backward()
    assert np.isfinite(q.grad.numpy()).all()


def test_derivatives() -> None:
    q, k, v = (gradbook.tensor(draw(2, 3, 2, seed=i, dtype="float64"), requires_grad=True) for i in range(3))
    f = gradbook.nn.functional.scaled_dot_product_attention
    assert gradcheck(lambda q, k, v: f(q, k, v, is_causal=True), (q, k, v))
    assert gradgradcheck(lambda q, k, v: f(q, k, v, is_causal=True), (q, k, v))


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 6), (0, 6)])
def test_linear(shape: tuple[int, ...]) -> None:
    w, b = draw(5, 6, seed=1, dtype="float64"), draw(5, seed=2, dtype="float64")
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), draw(*shape, dtype="float64"), w, b, second=True)
    compare(lambda lib, x, w: lib.nn.functional.linear(x, w), draw(*shape, dtype="float64"), w)
    compare(lambda lib, x, w: lib.nn.functional.linear(x, w[0]), draw(*shape, dtype="float64"), w)


def test_bilinear() -> None:
    x, y, w = draw(4, 3), draw(4, 5, seed=1), draw(2, 3, 5, seed=2)
    compare(lambda lib, x, y, w: lib.nn.functional.bilinear(x, y, w), x, y, w)


def test_embedding() -> None:
    table, index = draw(6, 3, dtype="float64"), integers(4, 5, low=0, high=6)
    for kwargs in ({}, {"padding_idx": 2}, {"padding_idx": -1}, {"scale_grad_by_freq": True}):
        compare(lambda lib, i, w, k=kwargs: lib.nn.functional.embedding(i, w, **k), index, table)
    for mode in ("sum", "mean", "max"):
        compare(lambda lib, i, w, m=mode: lib.nn.functional.embedding_bag(i, w, mode=m), index, table)
    compare(lambda lib, i: lib.nn.functional.one_hot(i), index)


def test_embedding_renews_long_rows() -> None:
    def call(lib: Any, i: Any) -> Any:
        table = lib.tensor(draw(6, 3, dtype="float64")) * 3
        return lib.nn.functional.embedding(i, table, max_norm=1.0), table

    compare(call, integers(4, low=0, high=6))


@pytest.mark.parametrize(
    "case",
    [
        lambda f, x: f.linear(x, x[:, :3]),
        lambda f, x: f.linear(x, x.double()),
        lambda f, x: f.embedding(x, x),
        lambda f, x: f.embedding(x.long() + 99, x),
        lambda f, x: f.dropout(x, 1.5),
        lambda f, x: f.one_hot(x),
        lambda f, x: f.scaled_dot_product_attention(x, x[:, :2], x),
    ],
)
def test_errors_are_of_pytorchs_type(case: Any) -> None:
    same_error(lambda lib, x: case(lib.nn.functional, x), draw(4, 6))


def test_linear_says_flatten() -> None:
    with pytest.raises(RuntimeError, match=r"nn\.Flatten\(\)"):
        gradbook.nn.Linear(12, 2)(gradbook.zeros(2, 3, 4))


def test_dropout_keeps_the_mean_and_its_mask() -> None:
    gradbook.manual_seed(0)
    x = gradbook.ones(200, 200, requires_grad=True)
    y = gradbook.nn.functional.dropout(x, 0.3)
    values = y.detach().numpy()
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs(values.mean() - 1) < 0.02
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), values)
    channels = gradbook.nn.functional.dropout2d(gradbook.ones(50, 40, 3, 3), 0.5).numpy()
    assert all(len(np.unique(plane)) == 1 for row in channels for plane in row)
    assert gradbook.nn.functional.dropout(x, 0.3, training=False) is x
    alpha = gradbook.nn.functional.alpha_dropout(gradbook.randn(400, 400), 0.2, training=True).numpy()
    assert abs(alpha.mean()) < 0.02
    assert abs(alpha.std() - 1) < 0.02
