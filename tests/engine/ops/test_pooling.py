"""Pooling, padding and rearranging of images against PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, same_error, torch

SPATIAL = {1: (11,), 2: (9, 8), 3: (6, 5, 7)}


def functional(lib: Any) -> Any:
    return lib.nn.functional


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_max_and_average(rank: int, ceil_mode: bool) -> None:
    x = draw(2, 3, *SPATIAL[rank], dtype="float64")
    for kernel, stride, padding in itertools.product((2, 3), (None, 1, 2), (0, 1)):
        kwargs = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
        for dilation in (1, 2) if kernel == 2 else (1,):
            compare(
                lambda lib, x, k=kwargs, d=dilation: getattr(functional(lib), f"max_pool{rank}d")(
                    x, dilation=d, return_indices=True, **k
                ),
                x,
                second=True,
            )
        for count in (True, False):
            compare(
                lambda lib, x, k=kwargs, c=count: getattr(functional(lib), f"avg_pool{rank}d")(
                    x, count_include_pad=c, **k
                ),
                x,
            )


def test_nan_wins() -> None:
    x = draw(1, 1, 4, 4)
    x[0, 0, 1, 1] = float("nan")
    compare(lambda lib, x: functional(lib).max_pool2d(x, 2, return_indices=True), x, grad=False)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_adaptive(rank: int) -> None:
    x = draw(2, 3, *SPATIAL[rank], dtype="float64")
    for size in (1, 2, 3, 5):
        compare(lambda lib, x, s=size: getattr(functional(lib), f"adaptive_avg_pool{rank}d")(x, s), x)
        compare(
            lambda lib, x, s=size: getattr(functional(lib), f"adaptive_max_pool{rank}d")(x, s, return_indices=True), x
        )


def test_unpool_undoes_pool() -> None:
    def both(lib: Any, x: Any) -> Any:
        y, index = functional(lib).max_pool2d(x, 2, return_indices=True)
        return functional(lib).max_unpool2d(y, index, 2, output_size=(9, 8))

    compare(both, draw(2, 3, 9, 8, dtype="float64"))


def test_divisor_and_power() -> None:
    x = draw(2, 3, 9, 8, dtype="float64", low=0.1)
    compare(lambda lib, x: functional(lib).avg_pool2d(x, 3, divisor_override=5), x)
    compare(lambda lib, x: functional(lib).lp_pool2d(x, 3, 2), x)


def test_derivatives_of_pools() -> None:
    x = gradbook.tensor(draw(1, 2, 5, 5, dtype="float64"), requires_grad=True)
    for name in ("max_pool2d", "avg_pool2d"):
        assert gradcheck(lambda x, n=name: getattr(functional(gradbook), n)(x, 3, 2, 1), (x,))
        assert gradgradcheck(lambda x, n=name: getattr(functional(gradbook), n)(x, 3, 2, 1) ** 2, (x,))


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_pad(mode: str) -> None:
    x = draw(2, 3, 5, 4, dtype="float64")
    for pads in ((1, 2), (2, 1, 1, 3), (-1, 1, -2, 1)):
        if mode != "constant" and len(pads) == 2:
            continue
        compare(lambda lib, x, p=pads: functional(lib).pad(x, p, mode), x, second=True)
    compare(lambda lib, x: functional(lib).pad(x, (1, 1, 0, 2, 1, 0), value=3.5), x)


def test_fold_and_shuffles() -> None:
    x = draw(2, 8, 6, 4, dtype="float64")
    compare(lambda lib, x: functional(lib).unfold(x, (2, 3), padding=1, stride=2), x)
    compare(lambda lib, x: functional(lib).fold(functional(lib).unfold(x, 2), (6, 4), 2), x)
    compare(lambda lib, x: functional(lib).pixel_shuffle(x, 2), x)
    compare(lambda lib, x: functional(lib).pixel_unshuffle(x, 2), x)
    compare(lambda lib, x: functional(lib).channel_shuffle(x, 4), x)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
def test_interpolate(mode: str) -> None:
    x = draw(2, 3, 5, 4, dtype="float64")
    corners = [None, True, False] if mode.startswith("bi") else [None]
    for align in corners:
        compare(lambda lib, x, a=align: functional(lib).interpolate(x, (7, 9), mode=mode, align_corners=a), x)
        compare(lambda lib, x, a=align: functional(lib).interpolate(x, scale_factor=1.7, mode=mode, align_corners=a), x)
        compare(lambda lib, x, a=align: functional(lib).interpolate(x, (3, 2), mode=mode, align_corners=a), x)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_grid_sample(mode: str, padding_mode: str) -> None:
    x, grid = draw(2, 3, 5, 4, dtype="float64"), draw(2, 3, 6, 2, seed=1, dtype="float64", low=-1.3, high=1.3)
    for align in (True, False):
        kwargs = {"mode": mode, "padding_mode": padding_mode, "align_corners": align}
        compare(lambda lib, x, g, k=kwargs: functional(lib).grid_sample(x, g, **k), x, grid)
    compare(lambda lib, t: functional(lib).affine_grid(t, (2, 3, 4, 5), align_corners=False), draw(2, 2, 3))


@pytest.mark.parametrize(
    "case",
    [
        lambda f, x: f.max_pool2d(x, 20),
        lambda f, x: f.max_pool2d(x[0, 0], 2),
        lambda f, x: f.max_pool2d(x, 2, padding=2),
        lambda f, x: f.avg_pool2d(x, 2, divisor_override=0),
        lambda f, x: f.adaptive_avg_pool2d(x[0, 0], 2),
        lambda f, x: f.pad(x, (9, 9, 9, 9), mode="reflect"),
        lambda f, x: f.pad(x, (1,)),
        lambda f, x: f.interpolate(x),
        lambda f, x: f.interpolate(x, 3, mode="linear"),
        lambda f, x: f.pixel_shuffle(x, 5),
    ],
)
def test_errors_are_of_pytorchs_type(case: Any) -> None:
    same_error(lambda lib, x: case(functional(lib), x), draw(2, 3, 9, 8))


def test_indices_are_int64() -> None:
    y, index = functional(gradbook).max_pool1d(gradbook.zeros(1, 1, 4), 2, return_indices=True)
    assert index.dtype is gradbook.int64
    assert torch.int64 == functional(torch).max_pool1d(torch.zeros(1, 1, 4), 2, return_indices=True)[1].dtype
    assert tuple(y.shape) == (1, 1, 2)
