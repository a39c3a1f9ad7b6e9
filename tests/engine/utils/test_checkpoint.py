"""utils.checkpoint beside PyTorch's: equal gradients, fewer values kept, the same dropout, the same refusals."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import gradbook
from gradbook.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential
from tests.engine.func.test_func import same

torch = pytest.importorskip("torch")
import torch.utils.checkpoint as theirs  # noqa: E402

ours = gradbook.utils.checkpoint
X = np.random.default_rng(0).normal(size=(5, 4))
W = [np.random.default_rng(i).normal(size=(4, 4)) for i in (1, 2, 3)]


def both(run):
    same(run(gradbook, ours), run(torch, theirs))


def leaves(lib):
    return [lib.tensor(a).requires_grad_() for a in (X, *W)]


def block(x, w, scale=1.0):
    return (x @ w).tanh().relu() * scale


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradients(reentrant):
    def run(lib, module):
        x, a, b, c = leaves(lib)
        y = module.checkpoint(block, x, a, use_reentrant=reentrant)
        y = module.checkpoint(lambda y, b: (block(y, b), y.exp()), y, b, use_reentrant=reentrant)
        (block(y[0], c) + y[1]).pow(2).sum().backward()
        return x.grad, a.grad, b.grad, c.grad

    both(run)


def test_keywords_nesting_grad_and_second_order():
    def run(lib, module):
        x, a, b, c = leaves(lib)

        def inner(y, b):
            return module.checkpoint(block, y, b, scale=2.0, use_reentrant=False).sin()

        def outer(x, *, first, second):
            return inner(block(x, first), second) * first.sum()

        y = module.checkpoint(outer, x, first=a, second=b, use_reentrant=False)
        (slope,) = lib.autograd.grad((y @ c).pow(2).sum(), x, create_graph=True)
        slope.pow(2).sum().backward()
        return slope.detach(), x.grad, a.grad, b.grad, c.grad

    both(run)


def test_sequential():
    def run(lib, module, reentrant):
        net = lib.nn.Sequential(
            *[part for _ in W for part in (lib.nn.Linear(4, 4, bias=False), lib.nn.Tanh())]
        ).double()
        with lib.no_grad():
            for layer, w in zip(list(net)[::2], W, strict=True):
                layer.weight.copy_(lib.tensor(w))
        x = lib.tensor(X).requires_grad_()
        module.checkpoint_sequential(net, 3, x, use_reentrant=reentrant).sum().backward()
        return [x.grad, *[p.grad for p in net.parameters()]]

    both(lambda lib, module: run(lib, module, False))
    both(lambda lib, module: run(lib, module, True))


def kept_bytes(root):
    """Bytes of different arrays that the graph behind a tensor holds."""
    seen, arrays, stack = set(), {}, [root._node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        for value in node.saved or ():
            if isinstance(value, np.ndarray):
                arrays[id(value)] = value.nbytes
        stack.extend(node.edges)
    return sum(arrays.values())


def test_less_is_kept():
    x = gradbook.randn(100, 100, requires_grad=True)

    def deep(x):
        for _ in range(20):
            x = (x * 1.1).tanh()
        return x

    plain = kept_bytes(deep(x).sum())
    light = kept_bytes(checkpoint(deep, x, use_reentrant=False).sum())
    assert plain >= 20 * x.nbytes
    assert light < plain / 50


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("preserve", [True, False])
def test_dropout_has_the_same_mask(reentrant, preserve):
    x = gradbook.ones(1000, requires_grad=True)
    y = checkpoint(
        lambda x: gradbook.nn.functional.dropout(x * 2, 0.5), x, use_reentrant=reentrant, preserve_rng_state=preserve
    )
    after = gradbook.rand(3)
    y.sum().backward()
    assert bool((x.grad == y).all()) is preserve
    if preserve:  # and the stream outside goes on undisturbed
        follows = gradbook.rand(3)
        gradbook.manual_seed(0)
        gradbook.nn.functional.dropout(x * 2, 0.5)
        assert gradbook.rand(3).tolist() == after.tolist()
        assert gradbook.rand(3).tolist() == follows.tolist()


def test_computed_again_once_and_no_further_than_needed():
    calls = []

    def part(x):
        calls.append("first")
        y = x.exp().sin()
        calls.append("last")
        return y + 1

    x = gradbook.ones(3, requires_grad=True)
    out = checkpoint(part, x, use_reentrant=False).sum()
    out.backward(retain_graph=True)
    assert calls == ["first", "last", "first"]  # stopped before the end
    out.backward()
    assert calls == ["first", "last", "first", "first"]
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(np.e) * np.e * np.ones(3), rtol=1e-6)
    calls.clear()
    with ours.set_checkpoint_early_stop(False):
        out = checkpoint(part, x, use_reentrant=False).sum()
    out.backward()
    assert calls == ["first", "last"] * 2


def test_contexts():
    entered = []

    @contextlib.contextmanager
    def named(name):
        entered.append(name)
        yield

    x = gradbook.ones(3, requires_grad=True)
    y = checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=lambda: (named("forward"), named("again")))
    assert entered == ["forward"]
    y.sum().backward()
    assert entered == ["forward", "again"]


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_is_computed_again_has_the_same_precision(reentrant):
    """backward runs outside of autocast, and what it computes again inside, as it was."""

    def run(lib, module):
        x, w = (lib.tensor(a, dtype=lib.float32).requires_grad_() for a in (X, W[0]))
        seen = []

        def part(x):
            y = x @ w
            seen.append(y.dtype is lib.bfloat16)
            return y.relu() @ w

        with lib.autocast("cpu", dtype=lib.bfloat16):
            y = module.checkpoint(part, x, use_reentrant=reentrant)
        with lib.autocast("cpu", enabled=False):
            y.float().sum().backward()
        assert not lib.is_autocast_enabled("cpu")
        return seen, x.grad, w.grad

    (mine, *grads), (reference, *expected) = run(gradbook, ours), run(torch, theirs)
    assert mine == reference == [True, True]
    for got, want in zip(grads, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("grad", [False, True])
def test_an_argument_that_was_changed_since_is_noticed(grad):
    for lib, module in ((torch, theirs), (gradbook, ours)):
        w = lib.ones(2, requires_grad=True)
        x = w * 2 if grad else lib.ones(2)
        y = module.checkpoint(lambda t, w: t.sin() * t * w, x, w, use_reentrant=False)
        with lib.no_grad():
            x.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


def test_another_computation_is_noticed():
    count = [0]

    def fickle(x):
        count[0] += 1
        return x.exp() if count[0] == 1 else x[:1].exp()

    x = gradbook.ones(3, requires_grad=True)
    with pytest.raises(CheckpointError, match="different metadata"):
        checkpoint(fickle, x, use_reentrant=False).sum().backward()

    def fewer(x):
        count[0] += 1
        return x.exp().sin() if count[0] == 1 else x.exp()

    count[0] = 0
    with pytest.raises(CheckpointError, match="different number"):
        checkpoint(fewer, x, use_reentrant=False).sum().backward()


def test_refusals():
    x = gradbook.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="incompatible with"):
        gradbook.autograd.grad(checkpoint(gradbook.exp, x, use_reentrant=True).sum(), x)
    with pytest.raises(ValueError, match="Unexpected keyword"):
        checkpoint(gradbook.exp, x, use_reentrant=True, scale=2)
    with pytest.raises(ValueError, match="context_fn"):
        checkpoint(gradbook.exp, x, use_reentrant=True, debug=True)
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(gradbook.exp, x, use_reentrant=False, determinism_check="maybe")
    with pytest.warns(UserWarning, match="use_reentrant"):
        checkpoint(gradbook.exp, x)
    with pytest.warns(UserWarning, match="None of the inputs"):
        checkpoint(gradbook.exp, gradbook.ones(3), use_reentrant=True)
    with pytest.raises(ValueError, match="Unexpected keyword"):
        checkpoint_sequential([gradbook.exp], 1, x, use_reentrant=False, scale=2)


def test_nothing_is_recorded_under_no_grad():
    with gradbook.no_grad():
        assert not checkpoint(gradbook.exp, gradbook.ones(3, requires_grad=True), use_reentrant=False).requires_grad
