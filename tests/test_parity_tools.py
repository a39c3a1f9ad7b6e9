"""The checker is checked: what is slightly wrong must fail."""

from __future__ import annotations

from typing import Any

import pytest

import gradbook
from gradbook import Tensor
from gradbook.autograd import Function
from tests.parity_tools import compare, draw, same_error


class Off(Function):
    """x * x with a gradient that is a given factor of the right one."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grad * x * (2.0 * ctx.factor), None


def squared(factor: float) -> Any:
    return lambda lib, x: Off.apply(x, factor) if lib is gradbook else x * x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_wrong_by_half_a_thousandth_fails(dtype: str) -> None:
    x = draw(5, dtype=dtype)
    compare(squared(1.0), x, second=True)
    with pytest.raises(AssertionError, match="gradient of order 1"):
        compare(squared(1.0005), x)


def test_a_value_wrong_by_half_a_thousandth_fails() -> None:
    with pytest.raises(AssertionError, match="output 0"):
        compare(lambda lib, x: x * (1.0005 if lib is gradbook else 1.0), draw(5))


def test_a_missing_gradient_fails() -> None:
    with pytest.raises(AssertionError, match="requires_grad"):
        compare(lambda lib, x: (x.detach() if lib is gradbook else x) * 2.0, draw(5))


def test_another_dtype_or_shape_fails() -> None:
    with pytest.raises(AssertionError, match="dtype"):
        compare(lambda lib, x: x.double() if lib is gradbook else x * 1.0, draw(5))
    with pytest.raises(AssertionError, match="shape"):
        compare(lambda lib, x: lib.ones(2 if lib is gradbook else 3) * 1.0, draw(5), grad=False)


def test_another_exception_fails() -> None:
    def wrong(lib: Any, x: Any) -> Any:
        raise KeyError(1) if lib is gradbook else ValueError(1)

    def accepts(lib: Any, x: Any) -> Any:
        if lib is not gradbook:
            raise ValueError

    for fn in (wrong, accepts):
        with pytest.raises(AssertionError):
            same_error(fn, draw(2))
    with pytest.raises(AssertionError, match="PyTorch accepts"):
        same_error(lambda lib, x: x, draw(2))
