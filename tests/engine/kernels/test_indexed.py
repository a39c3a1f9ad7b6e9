"""Numbers picked and added by index, running sums: NumPy's bits, at any sizes, within the arrays' memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.host import unavailable
from gradbook.kernels.indexed import cumsum, gather, pick, pick_grad, scatter_add
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

CASES = [  # shape, shape of the index, axis
    ((1,), (1,), 0), ((65,), (7,), 0), ((3,), (1000,), 0), ((8, 16), (8, 1), 1), ((5, 65), (5, 33), 1),
    ((5, 65), (3, 70), 1), ((7, 9), (20, 9), 0), ((4, 5, 65), (4, 9, 65), 1), ((4, 5, 6), (2, 9, 6), 1),
    ((3, 4, 17), (2, 4, 1000), 2), ((4, 1, 1), (4, 1, 1), 1), ((6, 3), (0, 3), 0),
]  # fmt: skip
ids = [f"{shape}-{index}-{dim}" for shape, index, dim in CASES]


def whole_index(index: Any, dim: int) -> tuple[Any, ...]:
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


@pytest.mark.parametrize(("shape", "index_shape", "dim"), CASES, ids=ids)
def test_numbers_are_picked_and_their_gradients_added_in_order(shape: Any, index_shape: Any, dim: int) -> None:
    rng = np.random.default_rng(0)
    x = read_only(rng.standard_normal(shape), np.float32)
    index = read_only(rng.integers(-shape[dim], shape[dim], index_shape), np.int64)
    src = read_only(rng.standard_normal(index_shape), np.float32)
    at = whole_index(index, dim)
    out = guarded(np.full(index_shape, 7), np.float32)
    gather(NOW, out, x, index, dim)
    np.testing.assert_array_equal(out, x[at])
    added, cleared = x.copy(), np.zeros(shape, np.float32)
    np.add.at(added, at, src)
    np.add.at(cleared, at, src)
    for wanted, start, more in ((added, x, {}), (added, np.full(shape, 7), {"before": x}),
                                (cleared, np.full(shape, 7), {"clear": True})):  # fmt: skip
        for side in ("start", "end"):
            found = guarded(start, np.float32, at=side)
            if more and not src.size:
                with pytest.raises(Unsupported, match="nothing"):
                    scatter_add(NOW, found, index, src, dim, **more)
                continue
            scatter_add(NOW, found, index, src, dim, **more)
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("shape", "index_shape", "dim"),
    [((7,), (5,), 0), ((9,), (2, 3), 0), ((3, 9), (4,), 1), ((3, 9, 5), (6, 2), 1), ((2, 5, 33), (9,), 1),
     ((2, 3, 128), (7,), 1), ((1, 4, 1), (3,), 1), ((4, 6, 2, 3), (5,), 2), ((2, 3, 4), (), 1), ((5, 1000), (65,), 1)],
)  # fmt: skip
def test_whole_entries_are_picked_and_their_gradients_added_in_order(shape: Any, index_shape: Any, dim: int) -> None:
    rng = np.random.default_rng(0)
    x = read_only(rng.standard_normal(shape), np.float32)
    index = read_only(rng.integers(-shape[dim], shape[dim], index_shape), np.int64)
    wanted = np.take(x, index, dim)
    grad = read_only(rng.standard_normal(wanted.shape), np.float32)
    added = np.zeros(shape, np.float32)
    np.add.at(added, (*(slice(None),) * dim, index), grad)
    for side in ("start", "end"):
        out = guarded(np.full(wanted.shape, 7), np.float32, at=side)
        pick(NOW, out, x, index, dim)
        np.testing.assert_array_equal(out, wanted)
        for before, clear in ((7, True), (0, False)):
            dx = guarded(np.full(shape, before), np.float32, at=side)
            pick_grad(NOW, dx, grad, index, dim, clear)
            np.testing.assert_array_equal(dx, added)


@pytest.mark.parametrize("inner", [1, 20])
def test_entries_that_are_not_there_are_never_followed(inner: int) -> None:
    x, index = read_only(np.ones((2, 5, inner)), np.float32), np.array([0, 5, -6, 4, -5, np.iinfo(np.int64).max])
    out, dx = np.zeros((2, 6, inner), np.float32), guarded(np.zeros((2, 5, inner)), np.float32)
    pick(NOW, out, x, index, 1)
    np.testing.assert_array_equal(np.isnan(out).all((0, 2)), [False, True, True, False, False, True])
    assert np.isnan(out).sum() == 2 * 3 * inner
    pick_grad(NOW, dx, np.ones_like(out), index, 1)
    assert dx.sum((0, 2)).tolist() == [4 * inner, 0, 0, 0, 2 * inner]


def test_what_is_out_of_range_is_never_followed() -> None:
    x, index = read_only(np.ones((2, 65)), np.float32), np.array([[0, 65, -66], [64, -65, np.iinfo(np.int64).max]])
    out = np.zeros((2, 3), np.float32)
    gather(NOW, out, x, index, 1)
    np.testing.assert_array_equal(np.isnan(out), [[False, True, True], [False, False, True]])
    found = guarded(np.zeros((2, 65)), np.float32)
    scatter_add(NOW, found, index, out, 1)
    assert found.sum() == 3


def test_nan_and_infinity_are_added_where_they_belong() -> None:
    src = np.array([[np.nan, np.inf, -0.0, 1e-42, 3]], np.float32)
    found = np.zeros((1, 6), np.float32)
    scatter_add(NOW, found, np.array([[1, 2, 3, 4, 2]]), src, 1)
    np.testing.assert_array_equal(found, np.array([[0, np.nan, np.inf, 0, 1e-42, 0]], np.float32))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((1,), 0), ((1000,), 0), ((3, 65), 1), ((4, 65), 1), ((9, 17), 1), ((4, 0), 1), ((65, 1), 0), ((5, 65), 0),
     ((3, 7, 15), 1), ((2, 9, 16), 1), ((2, 9, 64), 1), ((2, 4, 1000), 1), ((2, 1, 3), 2)],
)  # fmt: skip
def test_running_sums(shape: Any, dim: int, reverse: bool) -> None:
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    if x.size > 4:
        x.reshape(-1)[[1, 2, -2]] = -0.0, 1e-42, np.inf
    out = guarded(np.full(shape, 7), np.float32)
    cumsum(NOW, out, read_only(x), dim, reverse)
    wanted = np.flip(np.flip(x, dim).cumsum(dim), dim) if reverse else x.cumsum(dim)
    np.testing.assert_array_equal(out, wanted)
    np.testing.assert_array_equal(np.signbit(out), np.signbit(wanted))


def test_what_cannot_be_is_refused() -> None:
    x, index, out = np.zeros((4, 6), np.float32), np.zeros((4, 2), np.int64), np.zeros((4, 2), np.float32)
    for given, why in (
        ((out, x.astype(np.float64), index, 1), "float64"), ((out, x.T, index, 1), "contiguous"),
        ((out, x, index.astype(np.int32), 1), "int32"), ((out, x, index, 0), "along axis 0"),
        ((out, x, index, 2), "no axis 2"), ((out, x[:2].copy(), index, 1), "along axis 1"),
        ((x, x, index, 1), "out"), ((x[:1, :2], x[:1], index[:1], 1), "shares memory"),
        ((out, x[:, :0].copy(), index, 1), "along axis 1"),
    ):  # fmt: skip
        with pytest.raises(Unsupported, match=why):
            gather(Program(), *given)
    for given, why in (
        ((out, x.T, index, 1), "contiguous"), ((out, x, index.astype(np.int32), 1), "int32"),
        ((out, x, index, 1), "entries"), ((out, x[:, :0].copy(), index, 1), "entries"),
        ((x, x, np.arange(6), 1), "out is x"), ((x[:, :2], x, np.arange(2), 1), "moved"),
    ):  # fmt: skip
        with pytest.raises(Unsupported, match=why):
            pick(Program(), *given)
    with pytest.raises(Unsupported, match="src"):
        scatter_add(Program(), x, index, x, 1)
    with pytest.raises(Unsupported, match="before"):
        scatter_add(Program(), x, index, out, 1, before=x[:2].copy())
    with pytest.raises(Unsupported, match="out"):
        cumsum(Program(), out, x, 1)
