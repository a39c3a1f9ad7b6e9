"""Pooling and its gradients against what the operations do in NumPy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import VARIABLE, host
from gradbook.kernels.pooling import avg_pool2d, avg_pool2d_grad, max_pool2d, max_pool2d_grad
from gradbook.kernels.program import MAX_THREADS, Program, Unsupported
from gradbook.ops import pooling
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

LAYOUTS = ["nchw", "nhwc"]
# map, kernel, stride, padding, dilation, one window more at the end (ceil_mode)
CASES: list[tuple[Any, ...]] = [
    ((2, 3, 8, 8), 2, 2, 0, 1, False),
    ((2, 17, 9, 35), 2, 2, 0, 1, False),  # a line and a column that no window meets; more than whole vectors
    ((1, 5, 9, 11), 2, 2, 0, 1, True),
    ((2, 16, 14, 14), 3, 2, 1, 1, False),
    ((2, 4, 7, 40), 3, 1, 1, 1, False),
    ((1, 3, 12, 20), (2, 3), (1, 3), (1, 0), (2, 2), False),
    ((3, 33, 5, 6), (5, 6), (5, 6), 0, 1, False),  # all of a map
    ((1, 2, 1, 1), 1, 1, 0, 1, False),
    ((1, 2, 20, 70), (15, 17), (5, 20), (2, 3), 1, False),  # long windows
]


def pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def windows(case: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """(kernel, stride, padding, dilation by name; how many windows on each axis)."""
    shape, *window, ceil = case
    names = dict(zip(("kernel", "stride", "padding", "dilation"), map(pair, window), strict=True))
    out = []
    for n, k, s, p, d in zip(shape[2:], *names.values(), strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        m = (span + s - 1) // s + 1 if ceil else span // s + 1
        out.append(m - 1 if ceil and (m - 1) * s >= n + p else m)
    return names, tuple(out)


def turned(array: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    return array if layout == "nchw" else np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def back(array: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    return array if layout == "nchw" else array.transpose(0, 3, 1, 2)


def max_pooled(
    case: tuple[Any, ...], x: np.ndarray[Any, Any], grad: np.ndarray[Any, Any], layout: str, relu: bool = False
) -> tuple[np.ndarray[Any, Any], ...]:
    """(largest, places, gradient of x) by kernels on guarded arrays."""
    window = case[1:5]
    source, grads = read_only(turned(x, layout)), read_only(turned(grad, layout))
    out, which = (guarded(np.full(grads.shape, fill, kind)) for fill, kind in ((np.nan, np.float32), (99, np.uint8)))
    made = guarded(np.full_like(source, np.nan))
    program = Program()
    max_pool2d(program, out, which, source, *window, layout=layout, activation="relu" if relu else "")
    max_pool2d_grad(program, made, grads, which, *window, layout=layout, pooled=out if relu else None)
    run_as_team(program, MAX_THREADS)
    return back(out, layout), back(which, layout), back(made, layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", [case for case in CASES if np.prod(case[1]) < 256], ids=str)
def test_the_largest_its_place_and_its_gradient(case: tuple[Any, ...], layout: str) -> None:
    rng = np.random.default_rng(0)
    names, out = windows(case)
    x = rng.integers(-4, 5, case[0]).astype(np.float32)  # many are equal
    x[rng.random(x.shape) < 0.02] = np.nan
    x[rng.random(x.shape) < 0.1] = -np.inf
    grad = rng.standard_normal((*case[0][:2], *out)).astype(np.float32)
    got = max_pooled(case, x, grad, layout)
    best, which = pooling.max_windows(np, x, out=out, **names)
    np.testing.assert_array_equal(got[0], best)
    np.testing.assert_array_equal(got[1], which)
    want = pooling.fill_windows(np, grad.astype(np.float64), which, case[0][2:], **names)
    np.testing.assert_allclose(got[2], want, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES[:4], ids=str)
def test_relu_of_the_largest(case: tuple[Any, ...], layout: str) -> None:
    rng = np.random.default_rng(1)
    names, out = windows(case)
    x = rng.standard_normal(case[0]).astype(np.float32) - 1
    grad = rng.standard_normal((*case[0][:2], *out)).astype(np.float32)
    got = max_pooled(case, x, grad, layout, relu=True)
    best, which = pooling.max_windows(np, x, out=out, **names)
    np.testing.assert_array_equal(got[0], np.maximum(best, 0))
    want = pooling.fill_windows(np, np.where(best > 0, grad, 0), which, case[0][2:], **names)
    np.testing.assert_allclose(got[2], want, atol=1e-5)
    assert (best > 0).any()
    assert (best < 0).any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count_pad", [True, False])
@pytest.mark.parametrize("case", [case for case in CASES if case[4] == 1], ids=str)
def test_the_mean_and_its_gradient(case: tuple[Any, ...], count_pad: bool, layout: str) -> None:
    rng = np.random.default_rng(2)
    names, out = windows(case)
    names.pop("dilation")
    x = rng.standard_normal(case[0]).astype(np.float32)
    grad = rng.standard_normal((*case[0][:2], *out)).astype(np.float32)
    divisor = 7 if count_pad and case[0][0] == 1 else None
    source, grads = read_only(turned(x, layout)), read_only(turned(grad, layout))
    pooled, made = guarded(np.full_like(grads, np.nan)), guarded(np.full_like(source, np.nan))
    program = Program()
    how: Any = {"count_pad": count_pad, "divisor": divisor, "layout": layout}
    avg_pool2d(program, pooled, source, *case[1:4], **how)
    avg_pool2d_grad(program, made, grads, *case[1:4], **how)
    run_as_team(program, MAX_THREADS)
    lengths = case[0][2:]
    each = pooling.counts(np, np.dtype("f8"), lengths, *names.values(), out, count_pad, divisor)
    want = pooling.window_sums(np, x.astype(np.float64), *names.values(), out) / each
    np.testing.assert_allclose(back(pooled, layout), want, atol=1e-6)
    want = pooling.spread_sums(np, grad / each, lengths, *names.values())
    np.testing.assert_allclose(back(made, layout), want, atol=1e-5)


def test_one_axis_and_no_images() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 21)).astype(np.float32)
    out, which, mean = (
        np.empty((2, 3, 10), np.float32),
        np.empty((2, 3, 10), np.uint8),
        np.empty((2, 3, 10), np.float32),
    )
    program = Program()
    max_pool2d(program, out, which, x, (3,), (2,))
    avg_pool2d(program, mean, x, 2, 2)
    max_pool2d(program, out[:0], which[:0], x[:0], 3, 2)
    program.run()
    seen = np.lib.stride_tricks.sliding_window_view(x, 3, axis=2)[:, :, ::2]
    np.testing.assert_array_equal(out, seen.max(-1))
    np.testing.assert_array_equal(which, seen.argmax(-1))
    np.testing.assert_allclose(mean, x[:, :, :20].reshape(2, 3, 10, 2).mean(-1), atol=1e-6)


def test_what_is_refused() -> None:
    x, out, which = np.zeros((1, 2, 4, 4), np.float32), np.zeros((1, 2, 2, 2), np.float32), np.zeros((1, 2, 2, 2), "u1")
    program = Program()
    bad: list[tuple[Any, ...]] = [
        (out, which, x.astype(np.float64), 2, 2),
        (out, which.astype(np.int64), x, 2, 2),
        (out, which[:, :, :1], x, 2, 2),
        (out, which, x.transpose(0, 1, 3, 2), 2, 2),
        (out, which, x, (16, 16), 2),
        (out, which, x, 2, 0),
        (out, which, x, 2, 5),  # the second window would begin beyond the map
        (out[:, :1], which[:, :1], x, 2, 2),
        (x[:, :, :2, :2], which, x, 2, 2),
    ]
    for arguments in bad:
        with pytest.raises(Unsupported):
            max_pool2d(program, *arguments)
    with pytest.raises(Unsupported):
        avg_pool2d(program, out, x, 2, 5)
    with pytest.raises(Unsupported):
        max_pool2d_grad(program, x, out, which, 2, 2, pooled=out[:, :1])
    assert not len(program)


@pytest.mark.skipif(host() is None or host().isa != "avx512", reason="the narrower vectors are the ones in use")
def test_with_narrower_vectors() -> None:
    environment = {**os.environ, VARIABLE: "avx2"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__, "-k", "gradient"]
    done = subprocess.run(command, env=environment, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
