"""autograd.graph and the options of grad and backward, beside PyTorch's on the same code."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import gradbook
from tests.engine.func.test_func import same

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).uniform(0.5, 1.5, (3, 2))


def both(run):
    same(run(gradbook), run(torch))


def both_raise(run):
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        run(torch)
    with pytest.raises(type(theirs.value)):
        run(gradbook)


def test_hooks_see_what_is_kept_and_may_change_it():
    def run(lib):
        x = lib.tensor(X).requires_grad_()
        packed = []

        def pack(tensor):
            packed.append(tuple(tensor.shape))
            return tensor * 1

        with lib.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor * 2):
            y = (x * x).exp()
        z = y.sin().sum()
        z.backward(retain_graph=True)
        first = x.grad.clone()
        z.backward()
        return packed, first, x.grad

    both(run)


def test_only_the_innermost_hooks_see_it():
    def run(lib):
        hooks = lib.autograd.graph.saved_tensors_hooks
        x = lib.tensor(X).requires_grad_()
        seen = []
        with hooks(lambda t: seen.append("outer") or t, lambda t: t):
            y = x.exp()
            with hooks(lambda t: seen.append("inner") or t, lambda t: t):
                y = y.exp()
        y.sum().backward()
        return seen, x.grad

    both(run)


def test_hooks_see_what_a_function_saves():
    def run(lib):
        class Square(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, g):
                return g * 2 * ctx.saved_tensors[0]

        x = lib.tensor(X).requires_grad_()
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t + 1, lambda t: t - 1):
            y = Square.apply(x)
        y.sum().backward()
        return x.grad

    both(run)


def test_second_order_through_hooks():
    def run(lib):
        x = lib.tensor(X).requires_grad_()
        with lib.autograd.graph.save_on_cpu():
            y = (x.exp() * x).pow(3).sum()
            (slope,) = lib.autograd.grad(y, x, create_graph=True)
            slope.sin().sum().backward()
        return x.grad

    both(run)


def test_hooks_that_are_wrong_or_disabled():
    hooks = "saved_tensors_hooks"

    def not_a_tensor(lib):
        x = lib.tensor(X).requires_grad_()
        with getattr(lib.autograd.graph, hooks)(lambda t: t, lambda t: 3):
            y = x.exp()
        y.sum().backward()

    def disabled(lib):
        with lib.autograd.graph.disable_saved_tensors_hooks("not here"), lib.autograd.graph.save_on_cpu():
            pass

    both_raise(not_a_tensor)
    both_raise(disabled)


def test_mutation_of_saved_tensors():
    def run(lib):
        a = lib.tensor(X).requires_grad_()
        with lib.autograd.graph.allow_mutation_on_saved_tensors():
            b = a.clone()
            y = (b**2).sum()
            b.sin_()
            y.backward()
        return a.grad

    both(run)


def test_edges_stand_for_tensors():
    def run(lib):
        x = lib.tensor(X).requires_grad_()
        y = x.exp()
        edge = lib.autograd.graph.get_gradient_edge
        z = (y * y).sum()
        one = lib.autograd.grad(z, edge(y), retain_graph=True)[0]
        two = lib.autograd.grad([edge(z)], [edge(x)], lib.tensor(1.0).double(), retain_graph=True)[0]
        z.backward(inputs=[x])
        return one, two, x.grad

    both(run)
    both_raise(lambda lib: lib.autograd.graph.get_gradient_edge(lib.tensor(X)))


@pytest.mark.parametrize("mode", ["all", "any"])
def test_multi_grad_hooks(mode):
    def run(lib):
        a, b, c, d = (lib.tensor(X * i).requires_grad_() for i in (1.0, 2.0, 3.0, 4.0))
        seen = []

        def hook(grads):
            several = isinstance(grads, (tuple, list))
            seen.append([None if g is None else round(g.sum().item(), 9) for g in grads] if several else 1)

        handle = lib.autograd.graph.register_multi_grad_hook((a, b, c), hook, mode=mode)
        (a * b).sum().backward()
        (a * b * c).sum().backward()
        d.sum().backward()
        handle.remove()
        (a * b).sum().backward()
        return seen

    both(run)


def test_versions():
    x = gradbook.ones(3, requires_grad=True)
    y = x.exp()
    gradbook.autograd.graph.increment_version(y)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        y.sum().backward()


def test_options_of_grad():
    def run(lib):
        x, y = lib.tensor(X).requires_grad_(), lib.tensor(X).requires_grad_()
        z = x.exp()
        grad = lib.autograd.grad
        rows = lib.tensor(np.eye(6).reshape(6, 3, 2))
        return (
            grad(z, x, rows, is_grads_batched=True, retain_graph=True),
            grad(z, (x, y), z.detach(), materialize_grads=True, retain_graph=True),
            grad(z, (x, y), z.detach(), allow_unused=True, retain_graph=True)[0],
            grad({"a": z}["a"], {"x": x}, [z.detach()], retain_graph=True),
            grad([z, z.sum()], x, [z.detach(), None], retain_graph=True),
            grad(z.sum(), [x, z], retain_graph=True)[0],
        )

    both(run)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lib, x, y: lib.autograd.grad(x.exp(), x, lib.ones(4, 2), is_grads_batched=True),
        lambda lib, x, y: lib.autograd.grad(x.exp().sum(), (x, y)),
        lambda lib, x, y: lib.autograd.grad(x.exp().sum(), (x, y), allow_unused=False, materialize_grads=True),
        lambda lib, x, y: lib.autograd.grad(x.exp().sum(), lib.ones(2)),
        lambda lib, x, y: lib.autograd.grad(x.exp(), x),
        lambda lib, x, y: lib.autograd.grad(x.exp(), x, [None, None]),
        lambda lib, x, y: lib.autograd.grad(x.exp(), x, 3.0),
        lambda lib, x, y: lib.autograd.backward([x.exp().sum()], inputs=[]),
        lambda lib, x, y: lib.autograd.backward([x.detach()]),
        lambda lib, x, y: lib.autograd.backward([x.exp(), y.exp()], [lib.ones(3, 2).double()]),
    ],
)
def test_errors_of_grad_and_backward(wrong):
    both_raise(lambda lib: wrong(lib, lib.tensor(X).requires_grad_(), lib.tensor(X).requires_grad_()))


def test_deprecated_arguments_warn():
    x = gradbook.ones(2, requires_grad=True)
    with pytest.warns(FutureWarning, match="only_inputs"):
        gradbook.autograd.grad(x.sum(), x, only_inputs=False)
    with pytest.warns(FutureWarning, match="grad_variables"):
        gradbook.autograd.backward(x * 2, grad_variables=gradbook.ones(2))
    assert x.grad.tolist() == [2.0, 2.0]


def maml(lib, x, y, w):
    """One outer step over two inner ones, as in the MAML paper's code."""
    w = w.clone().requires_grad_()
    fast = w
    for _ in range(2):
        loss = ((x @ fast).tanh() - y).pow(2).mean()
        (slope,) = lib.autograd.grad(loss, fast, create_graph=True)
        fast = fast - 0.4 * slope
    ((x @ fast).tanh() - y).pow(2).mean().backward()
    return w.grad


def gradient_penalty(lib, x, y, w):
    """WGAN-GP."""
    critic = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.LeakyReLU(0.2), lib.nn.Linear(3, 1)).double()
    with lib.no_grad():
        for i, p in enumerate(critic.parameters()):
            p.copy_(lib.tensor(np.random.default_rng(i).normal(size=tuple(p.shape))))
    mixed = (0.3 * x + 0.7 * x.flip(0)).requires_grad_()
    score = critic(mixed)
    (slope,) = lib.autograd.grad(score, mixed, lib.ones_like(score), create_graph=True, retain_graph=True)
    (((slope.norm(2, dim=1) - 1) ** 2).mean() * 10).backward()
    return [
        lib.zeros_like(p.detach()) if p.grad is None else p.grad for p in critic.parameters()
    ]  # no path, or one of zeros


def hessian_vector(lib, x, y, w):
    w = w.clone().requires_grad_()
    loss = ((x @ w).sigmoid() - y).pow(4).sum()
    (slope,) = lib.autograd.grad(loss, w, create_graph=True)
    v = lib.ones_like(w)
    product = lib.autograd.grad(slope @ v, w, retain_graph=True)[0]
    return product, lib.autograd.grad(slope, w, v)[0]


def optimizer_loop(lib, x, y, w):
    """A penalty on the gradient, trained with."""
    w = w.clone().requires_grad_()
    opt = lib.optim.Adam([w], lr=0.1)
    for _ in range(5):
        opt.zero_grad()
        loss = ((x @ w) - y).pow(2).sum()
        (slope,) = lib.autograd.grad(loss, w, create_graph=True)
        (loss + slope.pow(2).sum()).backward()
        opt.step()
    return w.detach()


@pytest.mark.parametrize("use", [maml, gradient_penalty, hessian_vector, optimizer_loop])
def test_second_order_uses(use):
    both(lambda lib: use(lib, lib.tensor(X), lib.tensor(X[:, 0] > 1).double(), lib.tensor(X[0])))


def test_hooks_are_disabled_on_one_thread_only():
    graph = gradbook.autograd.graph
    errors = []

    def other():
        try:
            with graph.saved_tensors_hooks(lambda x: x, lambda x: x):
                pass
        except RuntimeError as error:
            errors.append(error)

    with graph.disable_saved_tensors_hooks("not here"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="not here"), graph.saved_tensors_hooks(lambda x: x, lambda x: x):
            pass
    assert errors == []
