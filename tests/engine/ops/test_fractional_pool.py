"""Fractional max pooling with the draws given, and the ops under the names of PyTorch's own library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn
from tests.parity_tools import compare, draw, same_error


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("case", [{"output_size": 3}, {"output_ratio": None}, {"output_size": 1}])
def test_fractional_max_pool(rank: int, case: dict[str, Any]) -> None:
    if "output_ratio" in case:
        case = {"output_ratio": (0.6, 0.7, 0.5)[:rank]}
    name, images = f"fractional_max_pool{rank}d", draw(2, 3, 7, *(6,) * (rank - 1), seed=1, dtype="float64")
    samples = np.random.default_rng(0).random((2, 3, rank))

    def pooled(lib: Any, x: Any, draws: Any) -> Any:
        fn = getattr(lib.nn.functional, name)
        return fn(x, 2, **case, return_indices=True, _random_samples=draws.detach())

    compare(pooled, images, samples, second=True)
    compare(lambda lib, x, draws: pooled(lib, x, draws[:1])[0], images[0], samples)
    kind = f"FractionalMaxPool{rank}d"
    compare(lambda lib, x, d: getattr(lib.nn, kind)(2, **case, _random_samples=d.detach())(x), images, samples)


def test_draws_are_random_and_seeded() -> None:
    x = gradbook.rand(1, 1, 40, 40)
    pool = nn.FractionalMaxPool2d(2, output_ratio=0.6)
    gradbook.manual_seed(0)
    first, second = pool(x), pool(x)
    gradbook.manual_seed(0)
    assert first.shape == (1, 1, 24, 24)
    assert not first.equal(second)
    assert pool(x).equal(first)


def test_refusals() -> None:
    x = draw(1, 1, 5, 5)
    same_error(lambda lib, x: lib.nn.functional.fractional_max_pool2d(x, 2), x)
    same_error(lambda lib, x: lib.nn.functional.fractional_max_pool2d(x, 3, 4), x)
    for case in ({}, {"output_size": 2, "output_ratio": 0.5}, {"output_ratio": 1.5}):
        same_error(lambda lib, c=case: lib.nn.FractionalMaxPool2d(2, **c))


X = draw(2, 6, 4, seed=2, dtype="float64")
W, B = draw(6, seed=3, dtype="float64"), draw(6, seed=4, dtype="float64")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_native_norms() -> None:
    compare(lambda lib, x, w, b: lib.native_group_norm(x, w, b, 2, 6, 4, 3, 1e-5), X, W, B, second=True)
    compare(lambda lib, x, w, b: lib.native_layer_norm(x, (4,), w[:4], b[:4], 1e-5), X, W, B)
    compare(lambda lib, x, w, b: lib.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5), X, W, B)
    compare(lambda lib, x: lib.norm_except_dim(x, 2, 1), X)
    compare(lambda lib, x: (lib.frobenius_norm(x, (0, 1)), lib.nuclear_norm(x[0])), X)


def test_other_native_names() -> None:
    image, grid = draw(1, 2, 4, 5), draw(1, 3, 3, 2, seed=1, low=-1, high=1)
    for mode in (0, 1, 2):
        compare(lambda lib, x, g, m=mode: lib.grid_sampler_2d(x, g, m, 1, False), image, grid)
    compare(lambda lib, x, g: lib.grid_sampler(x, g, 0, 0, True), image, grid)
    compare(lambda lib, t: lib.affine_grid_generator(t, (1, 2, 3, 4), True), draw(1, 2, 3))
    compare(lambda lib, x: lib.constant_pad_nd(x, (1, 2), 3.0), X)
    compare(lambda lib, x: lib.native_dropout(x, 0.0, True), X)
    compare(lambda lib, x: lib.native_dropout(x, 0.5, False), X)
