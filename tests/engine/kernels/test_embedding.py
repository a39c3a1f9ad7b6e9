"""Rows of tables and the gradients of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.embedding import embedding, embedding_grad, in_range
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("d", [1, 3, 16, 17, 65, 200])
@pytest.mark.parametrize(("shape", "rows"), [((1,), 1), ((4, 7), 5), ((100,), 3), ((2, 3), 400), ((), 2), ((0,), 4)])
def test_forward_and_backward(shape: tuple[int, ...], rows: int, d: int, kind: Any) -> None:
    rng = np.random.default_rng(d)
    weight, index = read_only(rng.standard_normal((rows, d)), np.float32), read_only(rng.integers(0, rows, shape), kind)
    out = guarded(np.full((*shape, d), np.nan), np.float32)
    embedding(NOW, out, weight, index)
    np.testing.assert_array_equal(out, weight[index])
    grad = read_only(rng.standard_normal((*shape, d)), np.float32)
    for padding in (-1, 0):
        for scale in (False, True):
            found = guarded(np.full((rows, d), np.nan), np.float32)
            embedding_grad(NOW, found, grad, index, padding_idx=padding, scale=scale)
            wanted = np.zeros((rows, d))
            np.add.at(wanted, index.reshape(-1), grad.reshape(-1, d).astype(np.float64))
            wanted /= np.maximum(np.bincount(index.reshape(-1), minlength=rows), 1)[:, None] if scale else 1
            if padding >= 0:
                wanted[padding] = 0
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-6 * (1 + index.size) ** 0.5)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_indices_out_of_range_are_seen_and_never_followed(kind: Any) -> None:
    weight, out = read_only(np.ones((3, 20)), np.float32), np.zeros((4, 20), np.float32)
    index = np.array([0, 3, -1, 2], kind)
    embedding(NOW, out, weight, index)
    np.testing.assert_array_equal(np.isnan(out).all(1), [False, True, True, False])
    found = guarded(np.zeros((3, 20)), np.float32)
    embedding_grad(NOW, found, np.ones((4, 20), np.float32), index)
    np.testing.assert_array_equal(found[:, 0], [1, 0, 1])
    for size in (1, 7, 16, 33, 200):
        good = read_only(np.arange(size) % 5, kind)
        assert in_range(good, 5)
        assert in_range(np.empty(0, kind), 5)
        for place in {0, size - 1}:
            for wrong in (5, -1, np.iinfo(kind).max, np.iinfo(kind).min):
                bad = good.copy()
                bad[place] = wrong
                assert not in_range(bad, 5)
                assert in_range(bad, 5, ignore=wrong)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_indices_below_zero_may_count_from_the_end(kind: Any) -> None:
    rng = np.random.default_rng(0)
    weight, index = read_only(rng.standard_normal((5, 65)), np.float32), read_only(rng.integers(-5, 5, 40), kind)
    out, found = np.zeros((40, 65), np.float32), guarded(np.zeros((5, 65)), np.float32)
    embedding(NOW, out, weight, index, wrap=True)
    np.testing.assert_array_equal(out, weight[index])
    embedding_grad(NOW, found, out, index, wrap=True)
    wanted = np.zeros((5, 65), np.float32)
    np.add.at(wanted, index, out)
    np.testing.assert_array_equal(found, wanted)
    embedding(NOW, out[:2], weight, np.array([-6, 5], kind), wrap=True)
    assert np.isnan(out[:2]).all()


def test_strided_tables_and_new_indices_in_a_program() -> None:
    field = np.random.default_rng(0).standard_normal((6, 50)).astype(np.float32)
    weight, index, out = field[::2, 3:40], np.array([2, 0, 1, 1]), np.zeros((4, 37), np.float32)
    dweight, program = np.full((6, 50), 9, np.float32), Program()
    embedding(program, out, weight, index)
    embedding_grad(program, dweight[::2, 3:40], out, index)
    program.run()
    index[:] = [1, 1, 1, 0]
    program.run()
    np.testing.assert_array_equal(out, weight[index])
    np.testing.assert_allclose(dweight[::2, 3:40], weight * [[1], [3], [0]], rtol=1e-6)
    assert (dweight[1::2] == 9).all()
    assert (dweight[:, :3] == 9).all()


def test_what_cannot_be_is_refused() -> None:
    weight, out = np.zeros((4, 6), np.float32), np.zeros((2, 6), np.float32)
    for operand, index, why in (
        (weight, np.zeros(2, np.int16), "int16"),
        (weight, np.zeros(4, np.int64)[::2], "contiguous"),
        (weight, np.zeros(3, np.int64), r"out \(2, 6\)"),
        (weight.astype(np.float64), np.zeros(2, np.int64), "float64"),
    ):
        with pytest.raises(Unsupported, match=why):
            embedding(NOW, out, operand, index)
    with pytest.raises(Unsupported, match="shares memory"):
        embedding(NOW, weight[1:3], weight, np.zeros(2, np.int64))
