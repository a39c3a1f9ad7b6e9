"""Convolutions and their gradients against NumPy in float64."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import chain
from gradbook.kernels.conv import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from gradbook.kernels.host import VARIABLE, host
from gradbook.kernels.program import MAX_THREADS, Program, Unsupported
from gradbook.ops import conv_arrays
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

TOLERANCE = 2e-5  # of the largest number of a result

Case = tuple[Any, ...]  # x, weight, stride, padding, dilation, groups

CASES: list[Case] = [
    ((2, 3, 9, 8), (5, 3, 3, 3), 1, 1, 1, 1),
    ((2, 64, 8, 8), (64, 64, 3, 3), 1, 1, 1, 1),  # whole tiles
    ((1, 17, 7, 6), (33, 17, 3, 2), 1, 1, 1, 1),  # one more than whole vectors
    ((3, 1, 12, 12), (6, 1, 5, 5), 1, 2, 1, 1),  # few channels
    ((2, 6, 9, 9), (16, 6, 5, 5), 1, 0, 1, 1),
    ((1, 3, 20, 18), (20, 3, 7, 7), 2, 3, 1, 1),
    ((2, 4, 7, 9), (79, 4, 1, 1), 1, 0, 1, 1),
    ((2, 40, 6, 7), (24, 40, 1, 1), 2, 0, 1, 1),  # pixels that no window meets
    ((5, 8, 1, 1), (9, 8, 1, 1), 1, 0, 1, 1),
    ((7, 16, 3, 2), (8, 16, 3, 3), 1, 1, 1, 1),  # several images at once
    ((2, 6, 10, 9), (8, 3, 3, 3), (2, 1), (0, 2), (1, 2), 2),
    ((2, 6, 9, 9), (6, 1, 3, 3), 1, 1, 1, 6),
    ((2, 6, 9, 9), (12, 1, 3, 3), 2, 1, 1, 6),
    ((2, 20, 9, 16), (12, 5, 3, 3), 1, 1, 1, 4),  # few channels a group
    ((2, 70, 9, 9), (70, 1, 5, 5), 1, 2, 1, 70),  # each channel by itself
    ((5, 17, 3, 4), (17, 1, 3, 3), (1, 2), 1, 1, 17),
    ((1, 33, 10, 11), (33, 1, 4, 3), (3, 1), (2, 0), (1, 2), 33),
    ((1, 2, 13, 12), (3, 2, 2, 3), (3, 2), (1, 3), (2, 1), 1),  # padding beyond the window
    ((1, 3, 8, 8), (4, 3, 4, 4), 4, 0, 1, 1),  # patches
    ((1, 1200, 2, 2), (70, 1200, 1, 1), 1, 0, 1, 1),  # a tap that is summed in pieces
    ((1, 300, 3, 3), (70, 300, 3, 3), 1, 1, 1, 1),  # weights that do not fit in the cache
    ((1, 2, 2, 9), (3, 2, 1, 2), (5, 1), 0, 1, 1),  # a stride larger than the image
]

WINOGRAD: Case = ((4, 32, 16, 16), (32, 32, 3, 3), 1, 1, 1, 1)


def pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def operands(case: Case, seed: int = 0) -> tuple[np.ndarray[Any, Any], ...]:
    """(x, weight, bias, gradient of the result)."""
    x_shape, w_shape, stride, padding, dilation, _ = case
    rng = np.random.default_rng(seed)
    spans = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x_shape[2:], w_shape[2:], pair(stride), pair(padding), pair(dilation), strict=True)
    ]
    shapes = (x_shape, w_shape, (w_shape[0],), (x_shape[0], w_shape[0], *spans))
    return tuple(rng.standard_normal(shape).astype(np.float32) for shape in shapes)


def expected(case: Case, *arrays: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """(result, gradients of x, weight and bias) by NumPy in float64."""
    x, weight, bias, grad = (array.astype(np.float64) for array in arrays)
    window = (pair(case[2]), pair(case[3]), pair(case[4]), case[5])
    y = conv_arrays.add_bias(conv_arrays.convolve(np, x, weight, *window)[0].copy(), bias)
    dx = conv_arrays.input_grad(np, grad, weight, x.shape[2:], *window)
    dw = conv_arrays.weight_grad(np, x, grad, weight.shape[2:], *window)
    return [y, dx, dw, grad.sum((0, 2, 3))]


def turned(array: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    return array if layout == "nchw" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def computed(case: Case, arrays: Any, layout: str, threads: int = 1) -> list[np.ndarray[Any, Any]]:
    """The same by kernels, whose operands end at a forbidden page and may not be written."""
    x, weight, bias, grad = arrays
    window = case[2:]
    sources = [read_only(turned(x, layout)), read_only(weight), read_only(bias), read_only(turned(grad, layout))]
    results = [guarded(np.full_like(turned(like, layout), np.nan)) for like in (grad, x)]
    results += [guarded(np.full_like(like, np.nan)) for like in (weight, bias)]
    program = Program()
    conv2d(program, results[0], sources[0], sources[1], sources[2], *window, layout=layout)
    conv2d_input_grad(program, results[1], sources[3], sources[1], *window, layout=layout)
    conv2d_weight_grad(program, results[2], sources[0], sources[3], *window, layout=layout)
    conv2d_bias_grad(program, results[3], sources[3], layout=layout)
    run_as_team(program, threads)
    if layout == "nhwc":
        results[:2] = [result.transpose(0, 3, 1, 2) for result in results[:2]]
    return results


def compare(case: Case, layout: str, threads: int = 1, seed: int = 0) -> None:
    arrays = operands(case, seed)
    for got, want in zip(computed(case, arrays, layout, threads), expected(case, *arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE * max(1e-3, float(np.abs(want).max())))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, (*case[0], *case[1][:1], *case[1][2:]))))
def test_results_and_gradients(case: Case, layout: str) -> None:
    compare(case, layout)


@pytest.mark.parametrize("seed", range(12))
def test_random_sizes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 1, 2, 3]))
    kernel, dilation, padding, stride = (tuple(rng.integers(low, 4, 2).tolist()) for low in (1, 1, 0, 1))
    size = [int(rng.integers(max(1, d * (k - 1) + 1 - 2 * p), 15))
            for k, d, p in zip(kernel, dilation, padding, strict=True)]  # fmt: skip
    n, depth, outs = (int(rng.integers(1, high)) for high in (4, 24, 40))
    case = ((n, depth * groups, *size), (outs * groups, depth, *kernel), stride, padding, dilation, groups)
    compare(case, str(rng.choice(["nchw", "nhwc"])), int(rng.integers(1, MAX_THREADS + 1)), seed)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("case", [*CASES, WINOGRAD], ids=str)
def test_large_images_are_computed_in_bands(case: Case, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "ROOM", 256)
    monkeypatch.setattr(chain, "SMALL", 1)
    compare(case, layout, MAX_THREADS)


def test_few_images_are_shared_by_all_threads() -> None:
    case = ((1, 20, 33, 17), (24, 20, 3, 3), 1, 1, 1, 1)
    arrays = operands(case)
    outs = []
    for threads in (1, 5):
        program = Program(threads=threads)
        out = np.full_like(arrays[3], np.nan)
        conv2d(program, out, *arrays[:3], *case[2:], precise=True)
        assert len(program.kernels) == 2
        run_as_team(program, threads)
        outs.append(out)
    np.testing.assert_array_equal(*outs)


def test_a_team_computes_the_same_bit_for_bit_but_for_the_gradient_of_the_weight() -> None:
    case = CASES[9]
    arrays = operands(case)
    alone, team = (computed(case, arrays, "nchw", threads) for threads in (1, MAX_THREADS))
    for i in (0, 1, 3):
        np.testing.assert_array_equal(alone[i], team[i])
    np.testing.assert_allclose(alone[2], team[2], rtol=0, atol=1e-5)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(
    "case", [*CASES[:4], CASES[6], CASES[12], ((4, 32, 16, 16), (32, 32, 3, 3), 1, 1, 1, 1)], ids=str
)
def test_gradients_are_added_to_what_is_there(case: Case, layout: str) -> None:
    x, weight, bias, grad = operands(case)
    wanted = expected(case, x, weight, bias, grad)[1:]
    sources, made = (
        turned(x, layout),
        [np.full_like(turned(x, layout), 3), np.full_like(weight, 3), np.full_like(bias, 3)],
    )
    program = Program()
    conv2d_input_grad(program, made[0], turned(grad, layout), weight, *case[2:], layout=layout, accumulate=True)
    conv2d_weight_grad(program, made[1], sources, turned(grad, layout), *case[2:], layout=layout, accumulate=True)
    conv2d_bias_grad(program, made[2], turned(grad, layout), layout=layout, accumulate=True)
    run_as_team(program, MAX_THREADS)
    made[0] = made[0] if layout == "nchw" else made[0].transpose(0, 3, 1, 2)
    for got, want in zip(made, wanted, strict=True):
        np.testing.assert_allclose(got, want + 3, rtol=0, atol=TOLERANCE * max(1.0, float(np.abs(want).max())))


def test_relu_is_applied_after_all_taps_and_keeps_nan() -> None:
    case = ((1, 300, 3, 3), (70, 300, 3, 3), 1, 1, 1, 1)
    x, weight, bias, grad = operands(case)
    x[0, 5, 1, 1] = np.nan
    out = np.empty_like(grad)
    program = Program()
    conv2d(program, out, x, weight, bias, *case[2:], activation="relu")
    program.run()
    want = np.maximum(expected(case, x, weight, bias, grad)[0], 0)
    np.testing.assert_allclose(out, want, rtol=0, atol=1e-3)
    assert np.isnan(out).any()


def test_a_number_that_is_not_finite_reaches_its_windows_only() -> None:
    case = ((1, 4, 9, 9), (20, 4, 3, 3), 1, 1, 1, 1)
    x, weight, bias, grad = operands(case)
    x[0, 2, 4, 4] = np.inf
    out = np.empty_like(grad)
    program = Program()
    conv2d(program, out, x, weight, bias, *case[2:])
    program.run()
    far = np.ones((9, 9), bool)
    far[3:6, 3:6] = False
    assert np.isfinite(out[0][:, far]).all()
    assert not np.isfinite(out[0][:, ~far]).any()


def test_one_axis() -> None:
    rng = np.random.default_rng(0)
    x, weight, grad = (rng.standard_normal(s).astype(np.float32) for s in ((3, 5, 19), (7, 5, 4), (3, 7, 10)))
    window: Any = ((2,), (2,), (1,), 1)
    out, dx, dw = np.empty_like(grad), np.empty_like(x), np.empty_like(weight)
    program = Program()
    conv2d(program, out, x, weight, None, *window)
    conv2d_input_grad(program, dx, grad, weight, *window)
    conv2d_weight_grad(program, dw, x, grad, *window)
    program.run()
    wide = [array.astype(np.float64) for array in (x, weight, grad)]
    np.testing.assert_allclose(out, conv_arrays.convolve(np, wide[0], wide[1], *window)[0], atol=1e-4)
    np.testing.assert_allclose(dx, conv_arrays.input_grad(np, wide[2], wide[1], (19,), *window), atol=1e-4)
    np.testing.assert_allclose(dw, conv_arrays.weight_grad(np, wide[0], wide[2], (4,), *window), atol=1e-4)


def test_every_other_image_and_every_other_map_are_read_where_they_are() -> None:
    case = ((2, 6, 8, 8), (9, 6, 3, 3), 1, 1, 1, 1)
    x, weight, bias, grad = operands(case)
    large = np.zeros((4, 12, 8, 8), np.float32)
    large[::2, ::2] = x
    out = np.zeros((4, 9, 8, 8), np.float32)
    program = Program()
    conv2d(program, out[::2], large[::2, ::2], weight, bias, *case[2:])
    program.run()
    np.testing.assert_allclose(out[::2], expected(case, x, weight, bias, grad)[0], atol=1e-4)
    assert not out[1::2].any()


def test_what_has_no_numbers() -> None:
    program = Program()
    x, weight, out = (np.zeros(s, np.float32) for s in ((0, 3, 5, 5), (4, 3, 3, 3), (0, 4, 3, 3)))
    conv2d(program, out, x, weight)
    conv2d_input_grad(program, x, out, weight)
    grad, bias_grad = np.full_like(weight, np.nan), np.full(4, np.nan, np.float32)
    conv2d_weight_grad(program, grad, x, out)
    conv2d_bias_grad(program, bias_grad, out)
    program.run()
    assert not grad.any()
    assert not bias_grad.any()


def test_what_is_refused() -> None:
    x, weight, out = (np.zeros(s, np.float32) for s in ((1, 3, 5, 5), (4, 3, 3, 3), (1, 4, 3, 3)))
    program = Program()
    bad: list[tuple[Any, ...]] = [
        (out, x.astype(np.float64), weight),
        (out, x[:, :, :, ::-1], weight),
        (out, np.zeros((1, 3, 5, 10), np.float32)[..., ::2], weight),
        (out, x, weight.transpose(0, 1, 3, 2)),
        (out, x, weight, np.zeros(3, np.float32)),
        (out, x, weight, None, 2),
        (np.zeros((1, 4, 5, 3), np.float32).transpose(0, 1, 3, 2)[..., :3], x, weight),
        (x[:, :, :3, :3], x, weight[:3]),
    ]
    for arguments in bad:
        with pytest.raises(Unsupported):
            conv2d(program, *arguments)
    with pytest.raises(Unsupported):
        conv2d(program, out, x, weight, activation="gelu")
    with pytest.raises(Unsupported):
        conv2d(program, out, x, weight, layout="chwn")
    with pytest.raises(Unsupported):
        conv2d_input_grad(program, x, out, weight, activation="relu", accumulate=True)
    assert not len(program)


@pytest.mark.skipif(host() is None or host().isa != "avx512", reason="the narrower vectors are the ones in use")
def test_with_narrower_vectors() -> None:
    environment = {**os.environ, VARIABLE: "avx2"}
    names = "test_random_sizes or test_relu"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__, "-k", names]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
