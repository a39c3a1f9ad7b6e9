"""Sums of expressions against NumPy in float64: over any axes, of any strides; repeats, accuracy, what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.expression import inputs
from gradbook.kernels.program import Program, Unsupported, call
from gradbook.kernels.reduction import BLOCK, ROWS, fused, sum_to
from tests.engine.kernels.guarded import guarded, read_only

Array = np.ndarray[Any, Any]
X, Y = inputs(np.float32, np.float32)


def normal(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def check_sum(expression: Any, function: Any, arrays: list[Array], shape: tuple[int, ...], accumulate: bool) -> None:
    out = guarded(np.full(shape, 0.5, np.float32))
    program = Program()
    sum_to(program, expression, arrays, out, accumulate=accumulate)
    program.run()
    exact = function(*(array.astype(np.float64) for array in arrays))
    exact = exact.reshape((1,) * (len(shape) - exact.ndim) + exact.shape)
    lengths = (1,) * (exact.ndim - len(shape)) + shape
    axes = tuple(axis for axis, (a, b) in enumerate(zip(lengths, exact.shape, strict=True)) if a != b)
    wanted = exact.sum(axis=axes, keepdims=True).reshape(shape) + 0.5 * accumulate
    size = np.abs(exact).sum(axis=axes, keepdims=True).reshape(shape) + accumulate
    assert (np.abs(out - wanted) <= 1e-6 * size + 1e-30).all()


@pytest.mark.parametrize(
    "length", [1, 2, 7, 15, 16, 17, 63, 64, 65, 129, 513, BLOCK - 1, BLOCK, BLOCK + 1, 40 * BLOCK + 3]
)
@pytest.mark.parametrize("accumulate", [False, True])
def test_sums_of_everything(length: int, accumulate: bool) -> None:
    a, b = read_only(normal(length)), guarded(normal(length)[::-1], at="start")
    for shape in ((), (1,), (1, 1)):
        check_sum(X * Y, lambda a, b: a * b, [a, b], shape, accumulate)
        check_sum(np.tanh(X) * Y + 1, lambda a, b: np.tanh(a) * b + 1, [a, b], shape, accumulate)


@pytest.mark.parametrize(
    "shape",
    [
        (1, 5),
        (5, 1),
        (3, 7),
        (64, 10),
        (70, 64),
        (ROWS + 1, 65),
        (2000, 3),
        (3, 5000),
        (2, 9000),
        (8, 3, 40),
        (3, 50, 2, 7),
    ],
)  # fmt: skip
def test_sums_over_any_axes(shape: tuple[int, ...]) -> None:
    a, b = normal(*shape), normal(*shape[1:])
    layouts = [a, np.asfortranarray(a), np.repeat(a, 2, axis=-1)[..., ::2]]
    for kept in itertools.product((False, True), repeat=len(shape)):
        left = tuple(length if keep else 1 for length, keep in zip(shape, kept, strict=True))
        for i, layout in enumerate(layouts):
            check_sum(X * Y, lambda a, b: a * b, [layout, b], left, accumulate=bool(i % 2))


def test_a_sum_may_have_any_strides() -> None:
    a = normal(300, 40)
    whole = np.full((40, 3), 7, np.float32)
    program = Program()
    sum_to(program, X, [a], whole[:, 1])
    sum_to(program, X, [np.ascontiguousarray(a.T)], whole[:, 2:])
    program.run()
    wanted = a.astype(np.float64).sum(0)
    np.testing.assert_allclose(whole[:, 1:], np.stack([wanted, wanted], 1), rtol=1e-4, atol=1e-5)
    assert (whole[:, 0] == 7).all()


def test_stores_and_sums_share_a_kernel() -> None:
    a, b = normal(90000), normal(90000)
    for kept in ((), (300, 1), (1, 300)):
        x, y = (array if not kept else array.reshape(300, 300) for array in (a, b))
        out, first, second = np.empty_like(x), np.zeros(kept, np.float32), np.zeros(kept, np.float32)
        program = Program()
        fused(program, [(X * Y, out)], [(X + Y, first), (X * X, second)], [x, y])
        program.run()
        np.testing.assert_array_equal(out, x * y)
        axes = None if not kept else tuple(axis for axis in (0, 1) if kept[axis] == 1)
        for made, exact in ((first, x.astype(np.float64) + y), (second, x.astype(np.float64) ** 2)):
            np.testing.assert_allclose(made, exact.sum(axis=axes, keepdims=bool(kept)), rtol=1e-4, atol=1e-3)


def test_a_store_may_be_an_input() -> None:
    a = normal(10000)
    before, total = a.copy(), np.zeros((), np.float32)
    program = Program()
    fused(program, [(X * 2.0, a)], [(X, total)], [a])
    program.run()
    np.testing.assert_array_equal(a, before * 2)
    np.testing.assert_allclose(total, before.astype(np.float64).sum(), atol=1e-3)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.float64, np.uint8])
def test_other_dtypes(kind: Any) -> None:
    (x,) = inputs(kind)
    a = (np.arange(3 * 7000) % 11).reshape(3, 7000).astype(kind)
    for shape in ((), (3, 1), (7000,)):
        out = np.zeros(shape, kind)
        program = Program()
        sum_to(program, x, [a], out)
        program.run()
        axes = {(): (0, 1), (3, 1): (1,), (7000,): (0,)}[shape]
        np.testing.assert_array_equal(out.ravel(), a.sum(axis=axes, dtype=kind).ravel())


def test_the_result_does_not_depend_on_who_computes_which_unit() -> None:
    for a, shape in ((normal(7 * BLOCK + 5), ()), (normal(4 * ROWS + 3, 70), (70,)), (normal(60, 70), (60, 1))):
        once, shared = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        program = Program()
        sum_to(program, X * X, [a], once)
        program.run()
        program = Program()
        sum_to(program, X * X, [a], shared)
        for kernel, (words, _) in zip(program.kernels, program.kept, strict=True):
            for unit in reversed(range(kernel.units)):
                call(kernel.address, unit, unit + 1, *words)
        np.testing.assert_array_equal(once, shared)


def test_errors_do_not_grow_with_the_length() -> None:
    a = np.full(10_000_000, 0.1, np.float32)
    out = np.zeros((), np.float32)
    program = Program()
    sum_to(program, X, [a], out)
    program.run()
    assert abs(float(out) / (float(a[0]) * a.size) - 1) < 2e-6  # one after another it would be off by 8 percent


def test_a_sum_of_nothing_is_zero() -> None:
    out = np.full(5, 3, np.float32)
    program = Program()
    sum_to(program, X, [np.empty((0, 5), np.float32)], out, accumulate=True)
    program.run()
    assert (out == 3).all()
    sum_to(program, X, [np.empty((0, 5), np.float32)], out)
    program.run()
    assert (out == 0).all()


def test_nan_and_infinity_are_summed() -> None:
    for special in (np.nan, np.inf, -np.inf):
        a, out = normal(100, 20), np.zeros(20, np.float32)
        a[50, 7] = special
        program = Program()
        sum_to(program, X, [a], out)
        program.run()
        np.testing.assert_array_equal(out[7], special)
        assert np.isfinite(np.delete(out, 7)).all()


def test_what_cannot_be_summed_is_refused() -> None:
    a, program = normal(10, 20), Program()
    for stores, sums, arrays in (
        ([], [(X, np.zeros(20, np.float32)), (X, np.zeros((10, 1), np.float32))], [a]),  # two kinds of axes
        ([(X, np.zeros(20, np.float32))], [(X, np.zeros((), np.float32))], [a]),  # stored only in part
        ([], [(X > 0, np.zeros((), bool))], [a]),
        ([], [(X, a[0])], [a]),
        ([], [(X, np.zeros(7, np.float32))], [a]),
        ([], [(X, np.zeros((), np.float64))], [a]),
    ):
        with pytest.raises(Unsupported):
            fused(program, stores, sums, arrays)
    assert not len(program)
