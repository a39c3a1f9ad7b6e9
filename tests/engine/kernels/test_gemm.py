"""Products against NumPy in float64: sizes, strides, batches, what is added, edges of memory, NaN and infinity."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import division, thin
from gradbook.kernels.gemm import matmul, plan_of
from gradbook.kernels.host import host
from gradbook.kernels.program import Program, Unsupported
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

Array = np.ndarray[Any, Any]
SIZES = [1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 25, 31, 33, 48, 63, 64, 65, 80, 97, 130]


def product(out: Array, a: Array, b: Array, **options: Any) -> Array:
    """Run one product."""
    program = Program()
    matmul(program, out, a, b, **options)
    program.run()
    return out


def drawn(rng: np.random.Generator, *shape: int, dtype: Any = np.float32) -> Array:
    """Random numbers in one of the ways an array may lie: in order, transposed, with gaps, every other one."""
    way = rng.integers(4)
    if way == 0 or len(shape) < 2:
        return rng.standard_normal(shape).astype(dtype)
    if way == 1:
        return rng.standard_normal((*shape[:-2], shape[-1], shape[-2])).astype(dtype).swapaxes(-1, -2)
    if way == 2:
        wide = rng.standard_normal((*shape[:-1], shape[-1] + 5)).astype(dtype)
        return wide[..., 2 : 2 + shape[-1]]
    return rng.standard_normal((*shape[:-2], 2 * shape[-2], 2 * shape[-1])).astype(dtype)[..., ::2, ::2]


def close(out: Array, expected: Array, depth: int) -> None:
    """Equal but for the rounding of `depth` additions."""
    epsilon = np.finfo(out.dtype).eps
    np.testing.assert_allclose(out, expected, rtol=8 * epsilon, atol=8 * epsilon * (depth + 1))


@pytest.mark.parametrize("seed", range(60))
def test_any_size_and_layout(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dtype = np.float64 if seed % 5 == 4 else np.float32
    m, n, k = (int(rng.choice(SIZES)) for _ in range(3))
    k = int(rng.integers(250, 530)) if seed % 6 == 0 else k  # more than one block
    a, b, bias = drawn(rng, m, k, dtype=dtype), drawn(rng, k, n, dtype=dtype), rng.standard_normal(n).astype(dtype)
    whole = rng.standard_normal((m, n + 3)).astype(dtype)
    out, before = whole[:, 1 : n + 1], whole.copy()
    exact = a.astype(float) @ b.astype(float)
    close(product(out, a, b), exact, k)
    close(product(out, a, b, accumulate=True, alpha=-0.5), 0.5 * exact, k)
    close(product(out, a, b, bias=bias, start=before[:, :n]), exact + bias + before[:, :n], k)
    close(product(out, a, b, bias=bias, activation="relu"), np.maximum(exact + bias, 0), k)
    np.testing.assert_array_equal(whole[:, [0, n + 1, n + 2]], before[:, [0, n + 1, n + 2]])


@pytest.mark.parametrize("seed", range(30))
def test_batches_are_broadcast(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n, k = (int(rng.choice(SIZES[:14])) for _ in range(3))
    leads = [((3,), (3,)), ((2, 3), (3,)), ((2, 3), ()), ((), (4,)), ((1, 2), (3, 1)), ((2, 1, 2), (3, 1))][seed % 6]
    a, b = drawn(rng, *leads[0], m, k), drawn(rng, *leads[1], k, n)
    exact = a.astype(float) @ b.astype(float)
    close(product(np.empty(exact.shape, np.float32), a, b), exact, k)
    heads = np.empty((*exact.shape[:-2], m, 2, n), np.float32)  # the result beside something else
    close(product(heads[..., 1, :], a, b, alpha=2.0), 2 * exact, k)


@pytest.mark.parametrize(
    ("a", "b"), [((5,), (5,)), ((5,), (5, 7)), ((4, 5), (5,)), ((3, 4, 5), (5,)), ((5,), (3, 5, 7))]
)
def test_vectors_are_rows_or_columns(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(a).astype(np.float32), rng.standard_normal(b).astype(np.float32)
    exact = np.asarray(x.astype(float) @ y.astype(float))
    close(product(np.empty(exact.shape, np.float32), x, y), exact, 5)


def test_a_transposed_result_is_computed_by_columns() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((20, 30)).astype(np.float32), rng.standard_normal((30, 70)).astype(np.float32)
    out = np.ones((70, 20), np.float32).T
    close(product(out, a, b, accumulate=True), 1 + a.astype(float) @ b, 30)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 26])
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 15, 16, 33])
def test_thin_products(rows: int, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    plan_of.cache_clear()
    monkeypatch.setattr(division, "is_thin", lambda layout: True)
    for columns in (32, 47, 1100):
        a, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((rows, depth), (depth, columns)))
        start, bias = rng.standard_normal((rows, columns)).astype(np.float32), np.arange(columns, dtype=np.float32)
        exact, out, program = a.astype(float) @ b, np.empty((rows, columns), np.float32), Program()
        a = guarded(a) if depth else a
        b = guarded(b) if depth else b
        matmul(program, out, a, b)
        assert not depth or program.kernels[0].address == thin.address()
        for threads in (1, 2, 9):
            run_as_team(program, threads)
            close(out, exact, depth)
        close(product(guarded(out), a, b, start=guarded(start)), exact + start, depth)
        close(product(guarded(start), a, b, accumulate=True, alpha=2.0), 2 * exact + start, depth)
        close(product(guarded(out), a, b, bias=guarded(bias), activation="relu"), np.maximum(exact + bias, 0), depth)
        close(product(guarded(out), a, b, bias=bias, start=start), exact + bias + start, depth)  # by another kernel
        close(product(guarded(out), a, b, bias=bias, activation="tanh"), np.tanh(exact + bias), depth)
    plan_of.cache_clear()


def test_factors_may_go_backwards_or_stand_still() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((30, 40)).astype(np.float32), rng.standard_normal((40, 70)).astype(np.float32)
    row, column = np.broadcast_to(a[0], (30, 40)), np.broadcast_to(b[:, :1], (40, 70))
    for left in (a, a[::-1], a[:, ::-1], row, np.broadcast_to(a[:, :1], (30, 40))):
        for right in (b, b[::-1], b[:, ::-1], column, np.broadcast_to(b[0], (40, 70)), b.T.copy().T[::-1]):
            out = np.empty((30, 70), np.float32)
            close(product(out[::-1], left, right)[::-1], (left.astype(float) @ right)[::-1], 40)


def test_columns_far_apart_are_columns_all_the_same() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((40, 1024)).astype(np.float32).T, rng.standard_normal((40, 50)).astype(np.float32)
    out = np.ones((1024, 50), np.float32)
    close(product(out, a, b, accumulate=True), 1 + a.astype(float) @ b, 40)


def test_nothing_to_multiply_and_nothing_to_fill() -> None:
    out = np.full((3, 4), 7, np.float32)
    a, b, bias = np.empty((3, 0), np.float32), np.empty((0, 4), np.float32), np.arange(4, dtype=np.float32)
    product(out, a, b, accumulate=True)
    assert (out == 7).all()
    np.testing.assert_array_equal(product(out, a, b, bias=bias), np.tile(bias, (3, 1)))
    assert not product(out, a, b).any()
    program = Program()
    matmul(program, out[:0], a[:0], b)
    matmul(program, out[:, :0], a, b[:, :0], bias=bias[:0])
    assert not len(program)


@pytest.mark.parametrize("way", ["rows", "columns", "gaps"])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (7, 17, 5), (50, 65, 15), (61, 70, 257), (6, 64, 256)])
def test_no_number_beyond_the_ends_is_touched(m: int, n: int, k: int, way: str) -> None:
    rng = np.random.default_rng(m)
    for at in ("end", "start"):
        a, b = (read_only(rng.standard_normal(shape).astype(np.float32)) for shape in ((m, k), (k, n)))
        if at == "start":
            a, b = guarded(a, at="start"), guarded(b, at="start")
        exact = a.astype(float) @ b
        if way == "columns":
            a, b = guarded(a.T, at=at).T, guarded(b.T, at=at).T
        if way == "gaps":
            a, b = (guarded(np.repeat(np.repeat(x, 2, 0), 2, 1), at=at) for x in (a, b))
            offset = slice(1, None, 2) if at == "end" else slice(0, None, 2)
            a, b = a[offset, offset], b[offset, offset]
        out, bias = guarded(np.ones((m, n)), np.float32, at=at), guarded(np.ones(n), np.float32, at=at)
        close(product(out, a, b, bias=bias, accumulate=True), 2 + exact, k)


def test_nan_and_infinity_go_where_numpy_takes_them() -> None:
    rng = np.random.default_rng(0)
    for special in (np.nan, np.inf, -np.inf, 1e-42):
        a, b = rng.standard_normal((30, 40)).astype(np.float32), rng.standard_normal((40, 50)).astype(np.float32)
        a[3, 5], b[7, 9], a[:, 11], b[5, 20] = special, special, 0, 0
        with np.errstate(invalid="ignore"):
            exact = a.astype(float) @ b.astype(float)
        for right in (b, np.ascontiguousarray(b.T).T):
            close(product(np.empty((30, 50), np.float32), a, right), exact, 40)
            relu = product(np.empty((30, 50), np.float32), a, right, activation="relu")
            close(relu, np.maximum(exact, 0), 40)


@pytest.mark.parametrize(("m", "n", "k"), [(100, 130, 300), (130, 10, 300), (5, 300, 200), (200, 16, 9)])
def test_the_result_does_not_depend_on_the_number_of_threads(m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(np.float32), rng.standard_normal((n, k)).astype(np.float32).T
    program, out = Program(), np.empty((m, n), np.float32)
    matmul(program, out, a, b)
    program.run()
    whole = out.copy()
    assert program.kernels[0].units > 4
    for threads in (2, 3, program.kernels[0].units + 1):
        out[...] = np.nan
        run_as_team(program, threads)
        np.testing.assert_array_equal(out, whole)


def test_what_cannot_be_done_is_said() -> None:
    x = np.ones((4, 4), np.float32)
    for out, a, b, options in (
        (x, x.copy(), x.T, {}),  # into one of its factors
        (np.ones((4, 4)), x, x, {}),  # two dtypes
        (np.ones((4, 4), np.float16), x.astype(np.float16), x.astype(np.float16), {}),
        (np.ones((8, 8), np.float32)[::2, ::2], x, x, {}),  # neither rows nor columns
        (np.broadcast_to(x[0], (4, 4)), x.copy(), x.copy(), {}),
        (np.ones((4, 4), np.float32), x, x, {"activation": "mish"}),
        (np.ones((4, 4), np.float32), x, x, {"bias": np.ones(8, np.float32)[::2]}),
        (np.ones((4, 4), np.float32).T, x, x, {"bias": np.ones(4, np.float32)}),
    ):
        with pytest.raises(Unsupported):
            product(out, a, b, **options)
    for shapes in [((4, 4), (4, 3), (4, 4)), ((4, 4), (4, 4), (3, 4)), ((5, 4), (4, 4), (4, 4))]:
        with pytest.raises(ValueError, match="matmul: "):
            product(*(np.ones(shape, np.float32) for shape in shapes))


NARROW = """
import sys
from gradbook.kernels import host
found = host._found()
if sys.argv[1] == "4":  # as on a processor with many registers of four numbers
    host._found = lambda: found._replace(isa="narrow", lanes=4, registers=32)
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
"""


@pytest.mark.parametrize("lanes", ["8", "4"])
def test_narrower_vectors_give_the_same(lanes: str) -> None:
    """The same checks where vectors have fewer lanes: AVX2, and what NEON would have."""
    here = host()
    if here is None or here.isa != "avx512":
        pytest.skip("this processor has no wider vectors than AVX2's")
    names = "any_size and (0 or 4) or ends_is or cover or every_tile or far_apart or thin or doubles or batches and 1"
    folder = os.path.dirname(__file__)
    files = [__file__, os.path.join(folder, "test_tile.py"), os.path.join(folder, "test_finish.py")]
    command = [sys.executable, "-c", NARROW, lanes, "-k", names, *files]
    environment = {**os.environ, "GRADBOOK_KERNELS": "avx2" if lanes == "8" else "auto"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
