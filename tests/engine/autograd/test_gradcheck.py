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


def test_complex_numbers(x):
    z = gradbook.tensor([1.0 + 2.0j, -0.5 + 0.3j], dtype=gradbook.complex128, requires_grad=True)
    for fn in (
        lambda z: z * z,
        lambda z: z.abs(),
        lambda z: z.real * z.imag,
        lambda z: (z * z.conj()).real,
        gradbook.exp,
    ):
        assert gradcheck(fn, (z,), check_forward_ad=fn is gradbook.exp)
        assert gradgradcheck(fn, (z,))
    assert gradcheck(gradbook.view_as_complex, (x[:2].detach().requires_grad_(),))


def test_a_wrong_complex_gradient_fails():
    class Conjugated(Function):
        @staticmethod
        def forward(ctx, z):
            return z * 2j

        @staticmethod
        def backward(ctx, grad):
            return grad * 2j  # should be the conjugate

    z = gradbook.tensor([1.0 + 2.0j], dtype=gradbook.complex128, requires_grad=True)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(Conjugated.apply, (z,))


def test_forward_mode_and_batched_gradients(x):
    assert gradcheck(lambda x: (x.sin(), x.cumsum(0)), (x,), check_forward_ad=True, check_batched_grad=True)

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

        @staticmethod
        def jvp(ctx, tangent):
            return tangent * 2.01

    assert gradcheck(Wrong.apply, (x,))
    with pytest.raises(GradcheckError, match="forward mode"):
        gradcheck(Wrong.apply, (x,), check_forward_ad=True, rtol=1e-4)


def test_what_changes_from_call_to_call(x):
    class Restless(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * (2 + 1e-7 * gradbook.rand(1).double())

    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Restless.apply, (x,))
    assert gradcheck(Restless.apply, (x,), nondet_tol=1e-5)


def test_the_errors_are_pytorchs(x):
    torch = pytest.importorskip("torch")
    y = torch.tensor([1.5, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    cases = [
        lambda lib, x: lib.autograd.gradcheck(lambda x: x * 2, (x,), check_backward_ad=False),
        lambda lib, x: lib.autograd.gradcheck(lambda x: x * 2, (x,), check_batched_forward_grad=True),
        lambda lib, x: lib.autograd.gradcheck(lambda x: x.detach() * 2, (x,)),
        lambda lib, x: lib.autograd.gradcheck(lambda x: x * 1, (x.expand(2, 3),)),
        lambda lib, x: lib.autograd.gradcheck(lambda x: 3, (x,)),
    ]
    for case in cases:
        with pytest.raises(Exception) as theirs:  # noqa: PT011
            case(torch, y)
        kind = RuntimeError if "Gradcheck" in type(theirs.value).__name__ else type(theirs.value)
        with pytest.raises(kind):
            case(gradbook, x)
    with pytest.warns(UserWarning, match="double precision"):
        gradcheck(lambda x: x * 2, (x.detach().float().requires_grad_(),), eps=1e-2, atol=1e-2)
    with pytest.raises(NotImplementedError, match="check_fwd_over_rev"):
        gradgradcheck(lambda x: x * 2, (x,), check_fwd_over_rev=True)
