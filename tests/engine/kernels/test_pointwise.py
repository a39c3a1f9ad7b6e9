"""Fused element-by-element kernels against NumPy: lengths, strides, broadcasting, in place, dtypes, memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.evaluate import type_of
from gradbook.kernels.expression import KINDS, cast, inputs
from gradbook.kernels.pointwise import CHUNK, pointwise
from gradbook.kernels.program import Program, Unsupported
from tests.engine.kernels.guarded import guarded, read_only

Array = np.ndarray[Any, Any]
X, Y = inputs(np.float32, np.float32)
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)


def normal(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def run(outs: list[tuple[Any, Array]], arrays: list[Array], threads: int = 1) -> Program:
    program = Program()
    pointwise(program, outs, arrays)
    program.run()
    return program


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("at", ["start", "end"])
def test_no_element_is_missed_and_none_beyond_is_touched(length: int, at: str) -> None:
    a, b = read_only(normal(length)), guarded(normal(length, 1).ravel(), at=at)
    out, mask = guarded(np.empty(length, np.float32), at=at), guarded(np.empty(length, bool), at=at)
    run([(X * 2 + Y, out), (X > Y, mask)], [a, b])
    np.testing.assert_allclose(out, a * 2 + b, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(mask, a > b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (normal(30, 40), normal(40)), (normal(40, 30).T, normal(40)), (normal(30, 40), normal(30, 1)),
        (normal(60, 120)[::2, ::3], normal(40)), (normal(30, 40)[:, ::-1], normal(30, 40)), (normal(), normal(30, 40)),
        (normal(7, 1, 9), normal(5, 1)), (normal(2, 3, 4, 5), normal(4, 1)), (normal(5, 4, 3, 2).T, normal(3, 1, 5)),
        (normal(17, 3), normal(3)), (normal(1, 1), normal(1)), (normal(3, CHUNK + 7), normal(CHUNK + 7)),
        (normal(2, 3)[:, ::-1][::-1], normal(3)), (normal(), normal()), (normal(9, 9)[::3, 1:], normal(1, 8)),
    ],
)  # fmt: skip
def test_any_strides_and_broadcasts(a: Array, b: Array) -> None:
    shape = np.broadcast_shapes(a.shape, b.shape)
    wanted = np.asarray(a) * b + a
    outs = [np.empty(shape, np.float32), np.empty(shape[::-1], np.float32).T]
    outs.append(np.full((*shape, 2), -1, np.float32)[..., 0])
    for out in outs:
        run([(X * Y + X, out)], [np.asarray(a), np.asarray(b)])
        np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-6)
    for out in outs[2:]:
        assert out.base is not None
        assert (out.base[..., 1] == -1).all()  # what lies between is left alone


def test_an_input_may_be_the_output() -> None:
    a, b = normal(500), normal(501)[1:]
    wanted = a * b
    run([(X * Y, a)], [a, b])
    np.testing.assert_array_equal(a, wanted)
    square = normal(20, 20)
    before = square.copy()
    run([(X + X, square)], [square])
    np.testing.assert_array_equal(square, before + before)


def test_other_overlaps_are_refused() -> None:
    a = normal(100)
    for out, array in ((a[1:], a[:-1]), (a.reshape(10, 10), a.reshape(10, 10).T), (a[:50], a[::2])):
        with pytest.raises(Unsupported):
            run([(X, out)], [array])
    with pytest.raises(Unsupported):
        run([(X, a[:60]), (X + 1, a[40:])], [normal(60)])
    with pytest.raises(Unsupported):
        run([(X, a), (X + 1, a)], [normal(100)])
    with pytest.raises(Unsupported):
        run([(X, np.broadcast_to(normal(1), (5,)))], [normal(5)])


def test_wrong_arrays_are_refused() -> None:
    for out, arrays in (
        (np.empty(3), [normal(3)]), (normal(3), [np.empty(3)]), (normal(3), []), (normal(3), [normal(4)]),
        (normal(3), [normal(2, 3)]),
    ):  # fmt: skip
        with pytest.raises(Unsupported):
            run([(X, out)], arrays)


def test_nothing_is_added_for_no_elements() -> None:
    assert len(run([(X + 1, np.empty((0, 3), np.float32))], [np.empty((0, 3), np.float32)])) == 0


def test_units_can_be_shared_in_any_way() -> None:
    """Each unit alone, in any order, gives the same as all at once."""
    from gradbook.kernels.program import call

    shapes = (((5 * CHUNK + 3,), (1,)), ((300, 200), (200,)), ((3, 2 * CHUNK), (3, 1)))
    for a, b in ((normal(*one), normal(*other)) for one, other in shapes):
        out = np.zeros(np.broadcast_shapes(a.shape, b.shape), np.float32)
        program = Program()
        pointwise(program, [(X + Y, out)], [a, b])
        (kernel,) = program.kernels
        assert kernel.units > 1
        packed = program.kept[0][0]
        for unit in reversed(range(kernel.units)):
            call(kernel.address, unit, unit + 1, *packed)
        np.testing.assert_array_equal(out, a + b)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("length", [1, 7, 40])
def test_casts_from_and_to_every_dtype(kind: np.dtype[Any], length: int) -> None:
    (x,) = inputs(kind)
    array = (np.arange(length) * 3 % 100).astype(kind)
    assert type_of(kind) is not None
    for other in KINDS:
        out = guarded(np.empty(length, other))
        run([(cast(x, other), out)], [guarded(array)])
        np.testing.assert_array_equal(out, array.astype(other), err_msg=f"{kind} -> {other}")


def test_a_deep_expression_needs_no_deep_stack() -> None:
    z = X
    for i in range(3000):
        z = z + np.float32(i % 3)
    out, a = np.empty(10, np.float32), normal(10)
    run([(z, out)], [a])
    np.testing.assert_allclose(out, a + 3000, rtol=1e-4)


def test_equal_expressions_are_one() -> None:
    assert np.tanh(X * Y) is np.tanh(X * Y)
    assert (X * 2.0).key != (X * 2.5).key
    assert (X * np.float32(0.0)).key != (X * np.float32(-0.0)).key
    assert ((X == Y) | (X > 1)).dtype == bool


@pytest.mark.skipif(os.environ.get("GRADBOOK_KERNELS") == "avx2", reason="this is that run")
def test_the_same_holds_for_avx2() -> None:
    from gradbook.kernels.host import host

    found = host()
    if found is None or found.isa == "neon":
        pytest.skip("not an x86 processor")
    environment = {**os.environ, "GRADBOOK_KERNELS": "avx2"}
    here = Path(__file__).parent
    names = "missed or strides or error_stays or zero or powers or angles or over_any_axes"
    tests = [str(here / f"test_{name}.py") for name in ("pointwise", "transcendental", "reduction")]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", names, *tests]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
