"""The weight of a convolution in the order of tiles, transformed for Winograd's, and the gradient's way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.conv_weights import add_gather, add_spread
from gradbook.kernels.program import Program
from gradbook.kernels.winograd_tiles import WEIGHTS
from tests.engine.kernels.guarded import guarded, read_only

SHAPES = [(64, 32, 3, 3), (7, 5, 3, 3), (37, 18, 3, 3), (1, 1, 3, 3), (17, 3, 3, 3)]
OTHERS = [(16, 3, 7, 7), (9, 4, 1, 2), (5, 6, 4, 4), (33, 2, 5, 1)]


def order_of(taps: int, transposed: bool) -> tuple[int, ...]:
    return tuple(range(taps))[:: -1 if transposed else 1]


def wanted(weight: np.ndarray[Any, Any], m: int, transposed: bool) -> np.ndarray[Any, Any]:
    """(numbers of a window, depths, columns) in float64."""
    turned = weight[:, :, ::-1, ::-1] if transposed else weight.transpose(1, 0, 2, 3)
    depths, columns, *_ = turned.shape
    if m:
        g = np.array(WEIGHTS[m])
        turned = np.einsum("ai,dcij,bj->dcab", g, turned.astype(np.float64), g)
    return turned.reshape(depths, columns, -1).transpose(2, 0, 1)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("shape", "m"), [(s, m) for s in SHAPES for m in (0, 2, 4)] + [(s, 0) for s in OTHERS])
def test_a_weight_is_spread(shape: Any, m: int, transposed: bool) -> None:
    weight = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    want = wanted(weight, m, transposed)
    out = guarded(np.full(want.shape, np.nan, np.float32))
    program = Program()
    order = order_of(int(np.prod(shape[2:])), transposed)
    add_spread(program, "weight", read_only(weight), out, m, want[0].size, transposed, order)
    program.run()
    np.testing.assert_allclose(out, want, atol=2e-6)


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("shape", "m"), [(s, m) for s in SHAPES for m in (0, 2, 4)] + [(s, 0) for s in OTHERS])
def test_a_gradient_is_gathered(shape: Any, m: int, add: bool) -> None:
    outs, inner, height, width = shape
    numbers = ((m + 2), (m + 2)) if m else (height, width)
    rng = np.random.default_rng(0)
    sums = rng.standard_normal((*numbers, inner, outs)).astype(np.float32)
    g = np.array(WEIGHTS[m]) if m else None
    want = sums.astype(np.float64) if g is None else np.einsum("ai,abcd,bj->ijcd", g, sums.astype(np.float64), g)
    before = rng.standard_normal(shape).astype(np.float32)
    out = guarded(before.copy())
    program = Program()
    add_gather(program, "weight", out, read_only(sums), m, inner * outs, add)
    program.run()
    np.testing.assert_allclose(out, want.transpose(3, 2, 0, 1) + (before if add else 0), atol=1e-5)
