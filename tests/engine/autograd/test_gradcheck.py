"""The checker is checked: a gradient wrong by 0.05 % fails, at first and at second order."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gradbook
from gradbook.autograd import Function, gradcheck, gradgradcheck
from gradbook.autograd.gradcheck import GradcheckError


def wrong_square(factor: float, second: float = 1.0):
    class Slope(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 * second

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return grad * Slope.apply(ctx.saved_tensors[0]) * factor

    return Square.apply


@pytest.fixture
def x():
    return gradbook.tensor([1.5, -2.0, 3.0], dtype=gradbook.float64, requires_grad=True)


def test_a_right_gradient_passes(x):
    assert gradcheck(wrong_square(1.0), (x,), rtol=1e-6, atol=1e-8)
    assert gradgradcheck(wrong_square(1.0), (x,), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_gradient_wrong_by_a_two_thousandth_fails(x, fast_mode):
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(wrong_square(1.0005), (x,), rtol=1e-5, atol=1e-8, fast_mode=fast_mode)
    assert not gradcheck(wrong_square(1.0005), (x,), rtol=1e-5, atol=1e-8, raise_exception=False)


def test_a_wrong_second_derivative_fails(x):
    assert gradcheck(wrong_square(1.0, 1.0005), (x,), rtol=1e-6, atol=1e-8)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(wrong_square(1.0, 1.0005), (x,), rtol=1e-5, atol=1e-8)


def test_no_input_that_requires_grad():
    with pytest.raises(ValueError, match="at least one input"):
        gradcheck(lambda a: a * 2, (gradbook.ones(3),))


def test_the_name_is_the_function_however_it_is_imported():
    code = "import gradbook.autograd.gradcheck as module, gradbook; assert callable(gradbook.autograd.gradcheck)"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "from gradbook.autograd import gradgradcheck, gradcheck; assert callable(gradcheck)"
    subprocess.run([sys.executable, "-c", code], check=True)
