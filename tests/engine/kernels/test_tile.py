"""The micro-kernel: every size of tile, every layout of its left factor, masks, and rows left over."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, KernelBuilder
from gradbook.kernels.program import call
from gradbook.kernels.tile import A, B, cover, heights, multiply, widest

TILES = [(rows, vectors) for vectors in range(1, widest() + 1) for rows in heights(vectors)]


def tile_kernel(rows: int, vectors: int, *, masked: bool = False, apart: bool = False, kind: object = FLOAT) -> int:
    """Words: a, b, c, row and step of a, step of b, depth, columns. c is rows x vectors * lanes, and is added to."""
    lanes = KernelBuilder("lanes").lanes // (2 if kind == DOUBLE else 1)
    build = KernelBuilder("tile", lanes)
    a, b, c = (build.pointer(i) for i in range(3))
    row, step, b_step, depth, columns = (build.word(i) for i in range(3, 8))
    places = [[build.long((i * vectors + j) * lanes) for j in range(vectors)] for i in range(rows)]
    start = [[build.load_vector(c, place, kind) for place in line] for line in places]
    mask = build.mask(build.ir.sub(columns, LONG((vectors - 1) * lanes))) if masked else None
    addresses = tuple(build.at(a, build.ir.mul(row, LONG(i)), kind) for i in range(rows)) if apart else ()
    left = A(a, row, step, addresses)
    sums = multiply(build, rows, vectors, depth, left, B(b, b_step, mask), start=start)
    for line, values in zip(places, sums, strict=True):
        for place, value in zip(line, values, strict=True):
            build.store(value, c, place)
    return build.address()


@pytest.mark.parametrize(("rows", "vectors"), TILES)
@pytest.mark.parametrize("apart", [False, True])
def test_every_tile_multiplies(rows: int, vectors: int, apart: bool) -> None:
    rng = np.random.default_rng(rows * 10 + vectors)
    address = tile_kernel(rows, vectors, masked=True, apart=apart)
    width = vectors * KernelBuilder("lanes").lanes
    for depth, columns, transposed in [(0, width, False), (1, width - 1, True), (7, width, True), (8, width, False)]:
        a = rng.standard_normal((rows, depth)).astype(np.float32)
        a = np.asfortranarray(a) if transposed else a
        b = rng.standard_normal((depth, columns + 3)).astype(np.float32)
        c = np.ones((rows, width), np.float32)
        row, step = (stride // 4 for stride in a.strides)
        call(address, 0, 1, a, b, c, row, step, columns + 3, depth, columns)
        expected = np.ones((rows, width))
        expected[:, :columns] += a.astype(float) @ b[:, :columns].astype(float)
        np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)


def test_the_type_is_that_of_the_start() -> None:
    rng = np.random.default_rng(0)
    width = KernelBuilder("lanes").lanes // 2
    a, b, c = rng.standard_normal((4, 9)), rng.standard_normal((9, width)), np.zeros((4, width))
    call(tile_kernel(4, 1, kind=DOUBLE), 0, 1, a, b, c, 9, 1, width, 9, width)
    np.testing.assert_allclose(c, a @ b, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("vectors", range(1, widest() + 1))
def test_rows_are_covered_once_each(vectors: int) -> None:
    build = KernelBuilder("cover")
    out = build.pointer(0)

    def count(first: object, rows: int) -> None:
        for i in range(rows):
            place = build.ir.add(first, LONG(i))
            build.store(build.add(build.load(out, place), build.constant(1.0)), out, place)

    cover(build, build.start, build.stop, vectors, count)
    address = build.address()
    for start, stop in [(0, 0), (5, 5), *((3, 3 + n) for n in range(1, 40))]:
        counts = np.zeros(50, np.float32)
        call(address, start, stop, counts)
        np.testing.assert_array_equal(counts, [float(start <= i < stop) for i in range(50)])
