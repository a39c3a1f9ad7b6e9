"""autograd.Function: what users write, and how it is refused when it is wrong."""

from __future__ import annotations

import pytest

import gradbook
from gradbook.autograd import Function, gradcheck, gradgradcheck
from gradbook.autograd.function import once_differentiable


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 3 * x * x


class SumAndProduct(Function):
    @staticmethod
    def forward(a, b, scale):
        return (a + b) * scale, a * b

    @staticmethod
    def setup_context(ctx, inputs, output):
        a, b, ctx.scale = inputs
        ctx.save_for_backward(a, b)

    @staticmethod
    def backward(ctx, grad_sum, grad_product):
        a, b = ctx.saved_tensors
        return grad_sum * ctx.scale + grad_product * b, grad_sum * ctx.scale + grad_product * a, None


def doubles(*values):
    return gradbook.tensor(values, dtype=gradbook.float64, requires_grad=True)


def test_first_and_second_order():
    assert gradcheck(Cube.apply, (doubles(1.0, -2.0, 0.5),))
    assert gradgradcheck(Cube.apply, (doubles(1.0, -2.0, 0.5),))


def test_several_outputs_and_setup_context():
    assert gradcheck(lambda a, b: SumAndProduct.apply(a, b, 2.0), (doubles(1.0, 2.0), doubles(3.0, -4.0)))
    a, b = doubles(1.0, 2.0), doubles(3.0, 4.0)
    SumAndProduct.apply(a, b, 2.0)[1].sum().backward()  # the other output gets zeros
    assert a.grad.tolist() == [3.0, 4.0]


def test_too_few_gradients():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad

    with pytest.raises(RuntimeError, match="incorrect number of gradients"):
        Wrong.apply(doubles(1.0), doubles(2.0)).sum().backward()


def test_once_differentiable():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, grad):
            return grad * 2 * ctx.saved_tensors[0]

    x = doubles(3.0)
    (g,) = gradbook.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    assert g.tolist() == [6.0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_needs_input_grad_and_node_name():
    seen = []

    class Look(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, grad):
            seen.append(ctx.needs_input_grad)
            return grad, None

    y = Look.apply(doubles(1.0), gradbook.tensor([2.0], dtype=gradbook.float64))
    assert y.grad_fn.name() == "LookBackward"
    y.sum().backward()
    assert seen == [(True, False)]


def test_saved_tensors_are_freed_with_the_graph():
    y = Cube.apply(doubles(2.0)).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
