"""Winograd's convolutions: their errors beside NumPy in float64, their edges, and when they are chosen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import winograd, winograd_large
from gradbook.kernels.conv import conv2d, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.conv_direct import Job, WeightJob, correlate, sum_weight
from gradbook.kernels.conv_sizes import Sizes
from gradbook.kernels.host import VARIABLE, host
from gradbook.kernels.images import images
from gradbook.kernels.program import MAX_THREADS, Program
from gradbook.ops import conv_arrays
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

# (n, channels, height, width), channels of the result, padding
CASES: list[tuple[tuple[int, int, int, int], int, tuple[int, int]]] = [
    ((2, 64, 16, 16), 64, (1, 1)),
    ((3, 17, 7, 9), 33, (1, 1)),  # tiles that stick out, one channel more than whole vectors
    ((9, 20, 3, 2), 16, (0, 2)),  # several images at once, less than a tile
    ((1, 32, 30, 27), 40, (2, 0)),  # an image in several blocks
    ((2, 512, 8, 8), 16, (1, 1)),
]
LARGE: list[tuple[tuple[int, int, int, int], int, tuple[int, int]]] = [  # channels come in whole vectors
    ((3, 144, 5, 3), 64, (1, 1)),  # blocks of channels of which the last is smaller, tiles that stick out
    ((9, 16, 3, 2), 192, (0, 2)),  # less than a tile
    ((1, 32, 26, 27), 48, (2, 0)),  # tiles in several parts
    ((2, 256, 4, 4), 256, (1, 1)),
]
PARTS = ["result", "input gradient", "weight gradient"]


def numbers(case: Any) -> tuple[Sizes, list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    """(sizes, (x, weight, bias, gradient of the result), what float64 makes of them)."""
    shape, outs, padding = case
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(s).astype(np.float32) for s in (shape, (outs, shape[1], 3, 3), (outs,)))
    window: Any = ((1, 1), padding, (1, 1), 1)
    wide = [array.astype(np.float64) for array in (x, weight)]
    y = conv_arrays.add_bias(conv_arrays.convolve(np, *wide, *window)[0].copy(), bias)
    grad = rng.standard_normal(y.shape).astype(np.float32)
    dx = conv_arrays.input_grad(np, grad.astype(np.float64), wide[1], shape[2:], *window)
    dw = conv_arrays.weight_grad(np, wide[0], grad.astype(np.float64), (3, 3), *window)
    sizes = Sizes.of("test", x.shape, weight.shape, y.shape, *window)
    return sizes, [x, weight, bias, grad], [y, dx, dw]


def errors(case: Any, m: int, layout: str, threads: int = 1, large: bool = False) -> list[float]:
    """The largest errors of result and gradients beside the largest number, in tiles of m (0: the direct sum)."""
    sizes, arrays, wanted = numbers(case)
    turn = (lambda a: a) if layout == "nchw" else (lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)))
    x, grad, weight, bias = (read_only(a) for a in (turn(arrays[0]), turn(arrays[3]), arrays[1], arrays[2]))
    y, dx, dw = (guarded(np.full_like(like, np.nan)) for like in (grad, x, weight))
    source, result, grads, made = images("test", layout, x, y, grad, dx)
    program = Program()
    forward = Job(program, sizes, source, result, "y", weight, bias)
    backward = Job(program, sizes, grads, made, "dx", weight, transposed=True)
    if m and large:
        winograd_large.large_winograd(forward, m)
        winograd_large.large_winograd(backward, m)
        winograd_large.large_winograd_weight(WeightJob(program, sizes, source, grads, dw), m)
    elif m:
        winograd.winograd(forward, m)
        winograd.winograd(backward, m)
        winograd.winograd_weight(WeightJob(program, sizes, source, grads, dw), m)
    else:
        correlate(forward)
        correlate(backward)
        sum_weight(WeightJob(program, sizes, source, grads, dw))
    run_as_team(program, threads)
    if layout == "nhwc":
        y, dx = y.transpose(0, 3, 1, 2), dx.transpose(0, 3, 1, 2)
    return [float(np.abs(got - want).max() / np.abs(want).max()) for got, want in zip((y, dx, dw), wanted, strict=True)]


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_errors_are_as_stated(case: Any, m: int, layout: str) -> None:
    for part, error in zip(PARTS, errors(case, m, layout, MAX_THREADS), strict=True):
        assert error < winograd.ERRORS[m], part  # also fails where it is NaN


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_errors_with_a_large_weight(case: Any, m: int, layout: str) -> None:
    for part, error in zip(PARTS, errors(case, m, layout, MAX_THREADS, large=True), strict=True):
        assert error < winograd.ERRORS[m], part


def test_tiles_of_4_round_more_than_the_direct_sum_and_tiles_of_2_do_not() -> None:
    direct, small, large = (errors(CASES[0], m, "nchw") for m in (0, 2, 4))
    assert max(small) < 2 * max(direct)
    assert large[0] > 2 * direct[0]


@pytest.mark.parametrize(
    ("shape", "weight", "window", "expected"),
    [
        ((32, 64, 32, 32), (64, 64, 3, 3), {}, 4),
        ((32, 512, 4, 4), (512, 512, 3, 3), {}, 4),
        ((16, 512, 2, 2), (512, 512, 3, 3), {}, 2),
        ((1, 64, 4, 4), (64, 64, 3, 3), {}, 0),  # too few tiles for the weight
        ((32, 3, 32, 32), (64, 3, 3, 3), {}, 0),
        ((32, 64, 32, 32), (64, 64, 3, 3), {"stride": 2}, 0),
        ((32, 64, 32, 32), (64, 64, 3, 3), {"dilation": 2}, 0),
        ((32, 64, 32, 32), (64, 32, 3, 3), {"groups": 2}, 0),
        ((32, 64, 32, 32), (64, 64, 3, 3), {"padding": 3}, 0),
        ((32, 64, 32, 32), (64, 64, 5, 5), {}, 0),
    ],
)
def test_when_it_is_chosen(shape: Any, weight: Any, window: dict[str, int], expected: int) -> None:
    stride, padding, dilation, groups = (
        window.get(k, d) for k, d in (("stride", 1), ("padding", 1), ("dilation", 1), ("groups", 1))
    )
    out = [(n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
           for n, k in zip(shape[2:], weight[2:], strict=True)]  # fmt: skip
    sizes = Sizes.of("test", shape, weight, (shape[0], weight[0], *out), stride, padding, dilation, groups)
    assert winograd.best(sizes) == expected


def test_precise_is_the_direct_sum() -> None:
    sizes, (x, weight, bias, grad), wanted = numbers(((4, 32, 16, 16), 32, (1, 1)))
    assert winograd.best(sizes)
    for precise in (True, False):
        results = [np.empty_like(like) for like in (grad, x, weight)]
        program = Program()
        conv2d(program, results[0], x, weight, bias, 1, 1, precise=precise)
        conv2d_input_grad(program, results[1], grad, weight, 1, 1, precise=precise)
        conv2d_weight_grad(program, results[2], x, grad, 1, 1, precise=precise)
        program.run()
        largest = [float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(results, wanted, strict=True)]
        assert (largest[0] < 1.5e-6) is precise
        assert max(largest) < winograd.ERRORS[4]


def test_bias_and_relu_come_last() -> None:
    _, (x, weight, bias, grad), wanted = numbers(((4, 32, 16, 16), 32, (1, 1)))
    out = np.empty_like(grad)
    program = Program()
    conv2d(program, out, x, weight, bias, 1, 1, activation="relu")
    program.run()
    np.testing.assert_allclose(out, np.maximum(wanted[0], 0), atol=1e-3)
    assert (out == 0).any()


@pytest.mark.skipif(host() is None or host().isa != "avx512", reason="the narrower vectors are the ones in use")
def test_with_narrower_vectors() -> None:
    environment = {**os.environ, VARIABLE: "avx2"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "stated or relu or large",
    ]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
