"""What ops do with integers, bools, 16-bit floats and complex numbers, where that was once not PyTorch's way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd.op import Elementwise, registry
from tests.parity_tools import compare, draw, integers, same_error


def complex_draw(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return (draw(*shape, seed=seed) + 1j * draw(*shape, seed=seed + 50)).astype("c8")


C, D, E = complex_draw(3, 4), complex_draw(3, 4, seed=1), complex_draw(3, 4, seed=2)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_complex_convolutions(rank: int) -> None:
    x, w, b = complex_draw(2, 4, *(5,) * rank), complex_draw(4, 2, *(2,) * rank, seed=1), complex_draw(4, seed=2)

    def conv(lib: Any, x: Any, w: Any, b: Any) -> Any:
        return getattr(lib.nn.functional, f"conv{rank}d")(x, w, b, stride=2, padding=1, groups=2)

    def turned(lib: Any, x: Any, w: Any, b: Any) -> Any:
        return getattr(lib.nn.functional, f"conv_transpose{rank}d")(x, w, b, stride=2, groups=2)

    compare(conv, x, w, b, second=True, rtol=1e-4)
    compare(turned, x, w, b, second=True, rtol=1e-4)


def test_complex_gradients() -> None:
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), C, D, E[:, 0], second=True)
    compare(lambda lib, a, b, c: lib.addcmul(a, b, c, value=0.5), C, D, E, second=True)
    compare(lambda lib, a, b, c: lib.addcdiv(a, b, c, value=0.5), C, D, E, second=True, rtol=1e-4)
    compare(lambda lib, a, b, w: lib.lerp(a, b, w), C, D, E)
    compare(lambda lib, a, b: lib.logaddexp(a, b), C, D, rtol=1e-4)
    compare(lambda lib, x: lib.sinc(x), C, rtol=1e-4)
    compare(lambda lib, x: lib.sgn(x), np.where(C.real > 1, 0, C))
    compare(lambda lib, x: lib.nn.functional.softsign(x), C)
    compare(lambda lib, x: lib.nn.functional.tanhshrink(x), C, rtol=1e-4)
    compare(lambda lib, x: lib.cumprod(x, 1), np.where(C.real > 1, 0, C), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_integer_products_with_fractions(dtype: str) -> None:
    m, v = integers(3, 3, low=0, high=4, dtype=dtype), integers(3, seed=1, low=0, high=4, dtype=dtype)
    batch = integers(2, 3, 3, seed=2, low=0, high=4, dtype=dtype)
    for beta, alpha in ((1, 1), (3, 2)) if dtype == "bool" else ((0.7, 1.9), (2.6, 0.4)):
        if isinstance(beta, int):
            compare(lambda lib, m, v, b=beta, a=alpha: lib.addr(m, v, v, beta=b, alpha=a), m, v)
        else:
            same_error(lambda lib, m, v, b=beta, a=alpha: lib.addr(m, v, v, beta=b, alpha=a), m, v)
        if dtype != "bool":
            compare(lambda lib, m, v, b=beta, a=alpha: lib.addmv(v, m, v, beta=b, alpha=a), m, v)
            compare(lambda lib, m, x, b=beta, a=alpha: lib.addbmm(m, x, x, beta=b, alpha=a), m, batch)
            compare(lambda lib, m, x, b=beta, a=alpha: lib.baddbmm(m, x, x, beta=b, alpha=a), m, batch)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "nansum"])
@pytest.mark.parametrize("dtype", ["int32", "int16", "uint8"])
def test_the_dtype_asked_for_is_given(name: str, dtype: str) -> None:
    x = integers(2, 3, low=0, high=3)
    compare(lambda lib, x: getattr(lib, name)(x, 1, dtype=getattr(lib, dtype)), x)


@pytest.mark.filterwarnings("ignore:index_reduce")
def test_other_integer_ops() -> None:
    x = integers(1, 1, 4, 4)
    compare(lambda lib, x: lib.nn.functional.avg_pool2d(x, 2), x)
    compare(lambda lib, x: lib.nn.functional.avg_pool1d(x[0], 3, 1, 1), x)
    compare(lambda lib, x: lib.nn.functional.tanhshrink(x), x)
    compare(lambda lib, x: x.sum_to_size(()), integers(dtype="int32"))
    compare(lambda lib, e: 2**e, np.array(-1))
    compare(lambda lib, e: 1**e, np.array([-1, 2]))
    compare(lambda lib, x: lib.index_reduce(x, 0, lib.tensor([0]), lib.tensor(4), "mean"), np.array(3))
    small = np.array([1, 2, 3], "u1")
    compare(lambda lib, x: lib.full_like(x, -9), small)
    compare(lambda lib: lib.scalar_tensor(-5, dtype=lib.uint8))
    compare(lambda lib, x: lib.index_add(x, 0, lib.tensor([0, 1, 1]), x, alpha=-1), small)
    compare(lambda lib, x: lib.nn.functional.margin_ranking_loss(x, x, x, reduction="sum"), small)
    compare(lambda lib: lib.arange(0.0, -8.000001, -4.0, dtype=lib.int64))
    compare(lambda lib: lib.arange(0.0, -8.000001, -4.0, dtype=lib.int32))


def test_half_sums_are_made_in_single() -> None:
    x = np.full((5, 5), 60.0, "f2")
    compare(lambda lib, x: lib.dist(x, x * 0, 4), x, grad=False)
    ones = gradbook.ones(1, 1, 40, 40, dtype=gradbook.bfloat16)
    bias = gradbook.zeros(1, dtype=gradbook.bfloat16, requires_grad=True)
    gradbook.nn.functional.conv2d(ones, ones[..., :1, :1], bias).sum().backward()
    assert bias.grad is not None
    assert bias.grad.item() == 1600
    row = gradbook.zeros(1, dtype=gradbook.bfloat16, requires_grad=True)
    gradbook.nn.functional.linear(ones.reshape(-1, 1), ones[0, 0, :1, :1], row).sum().backward()
    assert row.grad is not None
    assert row.grad.item() == 1600


def test_complex_uniform() -> None:
    x = gradbook.empty(1000, dtype=gradbook.complex64).uniform_(2, 3)
    for part in (x.real, x.imag):
        assert 2 <= part.min() < 2.1
        assert 2.9 < part.max() < 3


NOT_OF_16_BITS = {"erfcx", "log_ndtr", "ndtri"}
ALONE = [name for name, op in registry.items() if isinstance(op, Elementwise) and len(op.operands) == 1 and op.rules]


@pytest.mark.parametrize("name", sorted({*ALONE} - NOT_OF_16_BITS))
def test_gradients_within_a_graph_have_the_dtype_of_what_they_are_of(name: str) -> None:
    seen = []
    x = gradbook.full((3,), 0.5, dtype=gradbook.bfloat16, requires_grad=True)
    between = x * 1
    between.register_hook(lambda grad: seen.append(grad.dtype))
    registry[name](between).sum().backward()
    assert seen == [gradbook.bfloat16]
