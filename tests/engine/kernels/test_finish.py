"""Expressions of a product, stored while it is near."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.expression import inputs
from gradbook.kernels.finish import ACTIVATIONS, Finish
from gradbook.kernels.gemm import matmul
from gradbook.kernels.program import Program, Unsupported
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

Array = np.ndarray[Any, Any]
EXACT = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def factors(m: int, n: int, k: int, dtype: Any = np.float32) -> tuple[Array, Array]:
    rng = np.random.default_rng(m * n + k)
    return rng.standard_normal((m, k)).astype(dtype) / np.sqrt(k).astype(dtype), rng.standard_normal((k, n)).astype(
        dtype
    )


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (5, 7, 300), (70, 130, 40), (3, 64, 520)])
def test_activations(name: str, m: int, n: int, k: int) -> None:
    a, b = factors(m, n, k)
    bias, out, program = np.linspace(-1, 1, n, dtype=np.float32), np.empty((m, n), np.float32), Program()
    matmul(program, out, a, b, bias=bias, activation=name)
    program.run()
    np.testing.assert_allclose(out, EXACT[name](a.astype(float) @ b + bias), rtol=1e-5, atol=1e-5)


def test_what_is_saved_for_backward_and_what_backward_multiplies_with() -> None:
    x, y, z = inputs(np.float32, np.float32, np.float32)
    (m, n, k) = 50, 70, 33
    a, b = factors(m, n, k)
    hidden, act = np.empty((2, 25, n), np.float32), np.empty((2, 25, n + 4), np.float32)[..., 2:-2]
    gate, scale = factors(m, n, 1)[0] * np.ones((1, n), np.float32), np.linspace(1, 2, n, dtype=np.float32)
    program = Program()
    finish = Finish([(np.tanh(x) * y + z, act), (x * 2, hidden)], [gate.reshape(2, 25, n), scale])
    matmul(program, hidden, a.reshape(2, 25, k), b, finish=finish)
    program.run()
    product = a.astype(float) @ b
    np.testing.assert_allclose(act.reshape(m, n), np.tanh(product) * gate + scale, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(hidden.reshape(m, n), 2 * product, rtol=1e-5, atol=1e-5)
    whole = act.copy()
    for threads in (2, 5):
        act[...] = np.nan
        run_as_team(program, threads)
        np.testing.assert_array_equal(act, whole)


@pytest.mark.parametrize("at", ["start", "end"])
def test_doubles_columns_and_the_ends_of_memory(at: str) -> None:
    x, y = inputs(np.float64, np.float64)
    a, b = factors(21, 11, 9, np.float64)
    out, column = guarded(np.zeros((21, 11)), at=at), read_only(np.arange(21.0)[:, None])
    program = Program()
    matmul(program, out, a, b, finish=Finish([(x * y, out)], [column]))
    program.run()
    np.testing.assert_allclose(out, (a @ b) * column, rtol=1e-12, atol=1e-12)


def test_an_array_in_the_place_of_another_is_found_among_a_finish_s() -> None:
    x, y = inputs(np.float32, np.float32)
    a, b = factors(4, 5, 6)
    out, stand_in, real, program = (
        np.empty((4, 5), np.float32),
        np.zeros((4, 5), np.float32),
        *factors(4, 5, 1)[:1],
        Program(),
    )
    real = np.ones((4, 5), np.float32) * real
    place = program.place(stand_in)
    matmul(program, out, a, b, finish=Finish([(x + y, out)], [stand_in]))
    place.bind(real.ctypes.data)
    program.run()
    np.testing.assert_allclose(out, a @ b + real, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_done_is_said() -> None:
    x, y = inputs(np.float32, np.float32)
    a, b = factors(4, 4, 4)
    out, other = np.empty((4, 4), np.float32), np.empty((4, 4), np.float32)
    program = Program()
    for finish in (
        Finish([(x + 1, out), (x + 2, out)]),
        Finish([(x + y, out)]),  # an input that is not given
        Finish([(x + 1, a)]),  # into a factor
        Finish([(x + 1, other), (x + 2, other)]),
        Finish([(x + 1, other.T)]),
        Finish([(x + y, out)], [np.ones(4)]),  # another dtype
        Finish([(x + y, out)], [np.ones((4, 8), np.float32)[:, ::2]]),
        Finish([(x + y, out)], [np.ones((3, 4), np.float32)]),
        Finish([(x + y, out)], [out[::-1]]),
    ):
        with pytest.raises(Unsupported):
            matmul(program, out, a, b, finish=finish)
    with pytest.raises(Unsupported, match="mish"):
        matmul(program, out, a, b, activation="mish")
    with pytest.raises(Unsupported):
        matmul(program, np.empty((3, 4, 4), np.float32), np.stack([a] * 3), np.stack([b] * 3), activation="tanh")
    assert not len(program)
