"""Random formulas of random arrays, written by kernels, summed by kernels, and computed by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.expression import Expression, inputs
from gradbook.kernels.program import Program
from gradbook.kernels.reduction import fused

Array = np.ndarray[Any, Any]
UNARY = (np.tanh, np.exp, np.sin, np.cos, np.negative, np.absolute, np.square, np.floor, np.sign, np.expm1, np.log1p)
BINARY = (np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.arctan2, np.copysign, np.hypot)
ASKING = (np.less, np.greater_equal, np.not_equal)


def grown(rng: np.random.Generator, values: list[tuple[Any, Any]], steps: int) -> tuple[Any, Any]:
    """A formula of some values, twice: as an expression and as float64 arrays; kept within [-4, 4]."""
    for _ in range(steps):
        (a, x), (b, y) = (values[i] for i in rng.integers(len(values), size=2))
        kind = rng.integers(5)
        if kind < 2:
            ufunc = UNARY[rng.integers(len(UNARY))]
            if ufunc is np.log1p:
                a, x = np.absolute(a), np.absolute(x)
            made = ufunc(a), ufunc(x)
        elif kind < 4:
            ufunc = BINARY[rng.integers(len(BINARY))]
            made = ufunc(a, b), ufunc(x, y)
        else:
            ufunc, limit = ASKING[rng.integers(len(ASKING))], float(np.float32(rng.standard_normal()))
            made = np.where(ufunc(a, limit), b, a * 0.5), np.where(ufunc(x, limit), y, x * 0.5)
        values.append((np.clip(made[0], -4.0, 4.0), np.clip(made[1], -4.0, 4.0)))
    return values[-1]


def strided(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """An array that broadcasts to a shape, of any layout."""
    own = tuple(1 if rng.random() < 0.2 else n for n in shape)
    whole = rng.standard_normal(tuple(n * int(step) for n, step in zip(own, rng.integers(1, 3, len(own)), strict=True)))
    order = rng.permutation(len(own))
    laid = np.ascontiguousarray(whole.astype(np.float32).transpose(order)).transpose(np.argsort(order))
    cut = tuple(slice(None, None, max(1, laid.shape[i] // own[i])) for i in range(len(own)))
    array = laid[cut]
    assert array.shape == own
    return array[::-1] if rng.random() < 0.2 else array


@pytest.mark.parametrize("seed", range(40))
def test_random_formulas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 40, rng.integers(1, 4)))
    arrays = [strided(rng, shape) for _ in range(3)]
    leaves: list[Expression] = list(inputs(*(np.float32,) * 3))
    values = [(leaf, np.broadcast_to(a, shape).astype(np.float64)) for leaf, a in zip(leaves, arrays, strict=True)]
    steps = int(rng.integers(2, 14)) if seed % 4 else 60  # every fourth one is large: its functions are called
    outs, sums = [], []
    for _ in range(int(rng.integers(1, 3))):
        outs.append(grown(rng, values, steps))
    kept = tuple(n if rng.random() < 0.5 else 1 for n in shape)
    program = Program()
    stores = [(one, np.full(shape, 7, np.float32)) for one, _ in outs]
    sums = [(one, np.full(kept, 7, np.float32)) for one, _ in outs]
    fused(program, stores, sums, arrays)
    program.run()
    axes = tuple(i for i, (a, b) in enumerate(zip(kept, shape, strict=True)) if a != b)
    for (_, wanted), (_, made), (_, total) in zip(outs, stores, sums, strict=True):
        # a comparison or a floor may fall to the other side of its edge: nearly all elements are equal, not all
        near = np.abs(made - wanted) <= 1e-4
        assert near.mean() >= 0.98 or near.size - near.sum() <= 2
        exact = made.astype(np.float64).sum(axis=axes, keepdims=True)
        np.testing.assert_allclose(total, exact, rtol=1e-5, atol=1e-4)
