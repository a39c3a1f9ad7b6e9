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


def both(run):
    import torch

    from tests.engine.func.test_func import same

    same(run(gradbook), run(torch))


def both_raise(run):
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        run(torch)
    with pytest.raises(type(theirs.value)):
        run(gradbook)


def values(lib, *numbers):
    return lib.tensor(numbers, dtype=lib.float64, requires_grad=True)


def make(lib, forward, backward, **more):
    """A Function of these two."""
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    body.update({name: staticmethod(fn) for name, fn in more.items()})
    return type("Made", (lib.autograd.Function,), body)


def test_an_input_returned_as_it_is():
    def run(lib):
        same_again = make(lib, lambda ctx, x: x, lambda ctx, g: g * 3)
        x = values(lib, 1.0, 2.0)
        y = same_again.apply(x)
        y.sum().backward()
        return y is x, y.detach(), x.grad

    both(run)


def test_dirty_inputs():
    def run(lib):
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        double = make(lib, forward, lambda ctx, g: g * 2)
        x = values(lib, 1.0, 2.0)
        y = x.clone()
        z = double.apply(y)
        view = x.clone()
        double.apply(view[:1])
        (z.sum() + y.sum() + view.pow(2).sum()).backward()
        return z is y, z.detach(), x.grad, view.detach()

    both(run)

    def not_returned(lib):
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

        make(lib, forward, lambda ctx, g: g).apply(values(lib, 1.0).clone())

    both_raise(not_returned)

    def leaf(lib):
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x

        make(lib, forward, lambda ctx, g: g).apply(values(lib, 1.0))

    both_raise(leaf)


def test_non_differentiable_outputs_and_materialized_gradients():
    def run(lib, materialize):
        seen = []

        def forward(ctx, x):
            big = x > 1
            ctx.mark_non_differentiable(big)
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3, big

        def backward(ctx, a, b, c):
            seen.extend([a is None, b is None])
            return (0 if a is None else a * 2) + (0 if b is None else b * 3)

        x = values(lib, 1.0, 2.0)
        first, second, big = make(lib, forward, backward).apply(x)
        second.sum().backward()
        return seen, x.grad, big, big.requires_grad, first.requires_grad

    both(lambda lib: run(lib, True))
    both(lambda lib: run(lib, False))


def test_arguments_that_are_no_tensors():
    def run(lib):
        def forward(ctx, x, n, name=None, *, flag=False):
            ctx.n = n
            return x * n, [name]

        x = values(lib, 1.0)
        y, rest = make(lib, forward, lambda ctx, g, rest: (g * ctx.n, None, None)).apply(x, 3, "a")
        y.sum().backward()
        return rest, x.grad

    both(run)


def test_wrong_gradients():
    def returned(lib, value):
        made = make(lib, lambda ctx, x, y: x + y, lambda ctx, g: value(lib, g))
        made.apply(values(lib, 1.0, 2.0), values(lib, 1.0, 2.0)).sum().backward()

    both_raise(lambda lib: returned(lib, lambda lib, g: g))
    both_raise(lambda lib: returned(lib, lambda lib, g: (g, g, g)))
    both_raise(lambda lib: returned(lib, lambda lib, g: (g, lib.ones(3))))
    both_raise(lambda lib: returned(lib, lambda lib, g: (g, 2.0)))
    returned(gradbook, lambda lib, g: (g, g, None))
    returned(torch_or_skip(), lambda lib, g: (g, g, None))


def torch_or_skip():
    return pytest.importorskip("torch")


def test_saved_outputs_differentiate_twice_and_make_no_cycle():
    import gc
    import weakref

    def exp(lib):
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        return make(lib, forward, lambda ctx, g: g * ctx.saved_tensors[0])

    def run(lib):
        x = values(lib, 0.5, 1.0)
        (slope,) = lib.autograd.grad(exp(lib).apply(x).sum(), x, create_graph=True)
        (again,) = lib.autograd.grad(slope.sum(), x, create_graph=True)
        return lib.autograd.grad(again.sum(), x)[0]

    both(run)
    gc.collect()
    gc.disable()
    try:
        y = exp(gradbook).apply(values(gradbook, 1.0))
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_saved_tensors_only():
    both_raise(lambda lib: make(lib, lambda ctx, x: ctx.save_for_backward(3), lambda ctx, g: g).apply(values(lib, 1.0)))


def test_what_is_missing():
    class Empty(gradbook.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="backward"):
        Empty.apply(values(gradbook, 1.0)).sum().backward()
    with pytest.raises(NotImplementedError, match="forward"):
        gradbook.autograd.Function.apply(values(gradbook, 1.0))


def test_under_vmap():
    torch = pytest.importorskip("torch")

    def cube(lib, own):
        class Cubed(lib.autograd.Function):
            generate_vmap_rule = not own

            @staticmethod
            def forward(x, y):
                return x**3 * y

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)

            @staticmethod
            def backward(ctx, g):
                x, y = ctx.saved_tensors
                return g * 3 * x**2 * y, g * x**3

        if own:

            def vmap(info, in_dims, x, y):
                assert info.batch_size == 3
                assert info.randomness == "error"
                assert in_dims == (0, None)
                return Cubed.apply(x, y), 0

            Cubed.vmap = staticmethod(vmap)
        return Cubed

    for own in (True, False):

        def run(lib, own=own):
            fn = cube(lib, own).apply
            x, y = values(lib, 1.0, 2.0, 3.0), values(lib, 2.0)
            out = lib.vmap(fn, in_dims=(0, None))(x[:, None], y)
            out.sum().backward()
            slope = lib.vmap(lib.func.grad(lambda a, b: fn(a, b).sum()), in_dims=(0, None))(
                x.detach()[:, None], y.detach()
            )
            return out.detach(), x.grad, y.grad, slope

        both(run)
    assert torch


def test_names_of_the_module():
    from gradbook.autograd import function

    assert issubclass(function.InplaceFunction, function.Function)
    assert issubclass(function.NestedIOFunction, function.Function)
    assert function.InplaceFunction(inplace=True).inplace is True


def test_an_old_function_called_itself_is_refused():
    class Old(Function):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return x * self.factor

    with pytest.raises(RuntimeError, match=r"static.*Old\.apply"):
        Old(2)(gradbook.ones(2))
