"""Copies in any order of memory, casts, dropout's mask."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.moving import cast, copy, drop
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SHAPES = [
    (),
    (1,),
    (5,),
    (8192,),
    (20_001,),
    (3, 70),
    (33, 50),
    (16, 32),
    (2, 5, 9),
    (2, 7, 17, 18),
    (3, 1, 4, 20),
    (0, 3),
]


def drawn(shape: tuple[int, ...], make: Any = read_only) -> Any:
    """A guarded array of different numbers."""
    return make(np.random.default_rng(0).standard_normal(shape), np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_order_of_axes_to_every_other(shape: tuple[int, ...]) -> None:
    for order in itertools.permutations(range(len(shape))):
        x = drawn(shape).transpose(order)
        out = guarded(np.full(x.shape, np.nan), np.float32)
        copy(NOW, out, x)
        np.testing.assert_array_equal(out, x)
        back = guarded(np.full(shape, np.nan), np.float32).transpose(order)
        copy(NOW, back, read_only(out))
        np.testing.assert_array_equal(back, x)


def test_slices_and_broadcasts_leave_the_rest_alone() -> None:
    field = drawn((40, 60))
    for x in (field[3:37:2, 5:41], field[::3, ::2], field.T[2:50, 1:30], field[:, 7], field[5:6]):
        frame = np.full((50, 70), np.nan, np.float32)
        out = frame[: x.shape[0], 1 : x.shape[1] + 1] if x.ndim == 2 else frame[1 : len(x) + 1, 3]
        copy(NOW, out, x)
        np.testing.assert_array_equal(out, x)
        assert np.isfinite(frame).sum() == x.size
    wide = np.broadcast_to(drawn((5, 1, 20)), (5, 30, 20))
    for x in (wide, wide.transpose(2, 1, 0)):
        out = guarded(np.full(x.shape, np.nan), np.float32)
        copy(NOW, out, x)
        np.testing.assert_array_equal(out, x)


def test_copies_that_cannot_be_are_refused() -> None:
    x = np.zeros((6, 6), np.float32)
    for out, source, why in (
        (x[1:], x[:-1], "shares memory"),
        (x.copy(), x[::-1], "backwards"),
        (x.copy(), x.astype(np.float64), "float64"),
        (x[:5].copy(), x, r"\(6, 6\)"),
        (np.lib.stride_tricks.as_strided(x.copy(), (6, 6), (0, 4)), x, "on each other"),
    ):
        with pytest.raises(Unsupported, match=why):
            copy(NOW, out, source)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 8192, 8200])
@pytest.mark.parametrize("kind", [np.float64, np.int64, np.int32, np.bool_])
def test_casts(kind: Any, size: int) -> None:
    rng = np.random.default_rng(size)
    for source in (3 * rng.standard_normal(size), rng.integers(-1, 2, size)):
        x = read_only(source, np.float32)
        out, back = guarded(np.ones(size), kind), guarded(np.full(size, np.nan), np.float32)
        cast(NOW, out, x)
        np.testing.assert_array_equal(out, x.astype(kind))
        cast(NOW, back, read_only(out))
        np.testing.assert_array_equal(back, out.astype(np.float32))


def test_casts_of_wild_numbers() -> None:
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 16777217], np.float64)
    narrow, wide, truth = np.zeros(6, np.float32), np.zeros(6), np.zeros(6, bool)
    cast(NOW, narrow, x)
    np.testing.assert_array_equal(narrow, x.astype(np.float32))
    cast(NOW, wide, narrow)
    np.testing.assert_array_equal(np.signbit(wide), np.signbit(x))
    cast(NOW, truth, narrow)
    np.testing.assert_array_equal(truth, [True, True, True, False, True, True])
    large = np.array([2**62 + 1, -(2**53) - 1, 2**24 + 1])
    cast(NOW, narrow[:3], large)
    np.testing.assert_array_equal(narrow[:3], large.astype(np.float32))
    for out, source in ((narrow, narrow.copy()), (wide, large), (np.zeros(6, np.int16), narrow), (wide[:4], narrow)):
        with pytest.raises(Unsupported, match="cast"):
            cast(NOW, out, source)


@pytest.mark.parametrize("size", [1, 17, 8192, 8193])
def test_dropout(size: int) -> None:
    x, out, program = drawn((size,)), guarded(np.full(size, np.nan), np.float32), Program()
    mask = guarded(np.random.default_rng(1).random(size) < 0.5, bool)
    drop(program, out, x, mask, 1 / 0.75)
    program.run()
    factor = np.where(mask, np.float32(1 / 0.75), np.float32(0))
    np.testing.assert_array_equal(out, x * factor)
    mask[...] = ~mask
    program.run()
    np.testing.assert_array_equal(out == 0, mask == 0)
    own = x.copy()
    drop(NOW, own, own, read_only(factor))
    np.testing.assert_array_equal(own, x * factor)
    with pytest.raises(Unsupported, match="of one size"):
        drop(NOW, out, x, np.ones(size + 1, bool))
