"""Tensors with tangents beside PyTorch's, and against finite differences."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

import gradbook
from tests.engine.func.test_func import same
from tests.engine.func.test_vmap import BODIES

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).uniform(0.5, 1.5, (3, 3))
Y = np.random.default_rng(1).uniform(0.5, 1.5, (3,))


def both(run):
    results = []
    for lib in (gradbook, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fw = lib.autograd.forward_ad
        results.append(run(lib, fw))
    same(*results)


@pytest.mark.parametrize("name", [name for name in BODIES if name not in ("dtype", "written")])
@pytest.mark.parametrize("recording", [True, False])
def test_tangents(name, recording):
    def run(lib, fw):
        x, y = lib.tensor(X), lib.tensor(Y)
        with lib.set_grad_enabled(recording), fw.dual_level():
            out = BODIES[name](lib, fw.make_dual(x, x.sin()), fw.make_dual(y, y.cos()))
            return tuple(fw.unpack_dual(out))

    both(run)


def test_a_module_and_reverse_over_forward():
    def run(lib, fw):
        net = lib.nn.Sequential(lib.nn.Linear(3, 3), lib.nn.ReLU(inplace=True), lib.nn.Linear(3, 2)).double()
        with lib.no_grad():
            for i, p in enumerate(net.parameters()):
                p.copy_(lib.tensor(np.random.default_rng(i).normal(size=tuple(p.shape))))
        x = lib.tensor(X)
        with fw.dual_level():
            primal, tangent = fw.unpack_dual(net(fw.make_dual(x, x.sin())))
        (primal.sum() + tangent.pow(2).sum()).backward()
        return primal.detach(), tangent.detach(), [p.grad for p in net.parameters()]

    both(run)


def test_nothing_follows_what_is_constant():
    def run(lib, fw):
        x = lib.tensor(X)
        with fw.dual_level():
            dual = fw.make_dual(x, x)
            kept = [fw.unpack_dual(part).tangent is None for part in (x, dual.detach(), dual > 0, x * 2, dual * 1)]
        return kept, fw.unpack_dual(dual).tangent is None

    both(run)


def test_a_function_with_jvp():
    def run(lib, fw):
        class Scaled(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, scale):
                ctx.scale = scale
                y = x.exp() * scale
                ctx.save_for_forward(y)
                return y

            @staticmethod
            def jvp(ctx, tangent, _):
                return ctx.scale * tangent * 2  # not the derivative, to show that it is this that is called

        x = lib.tensor(X)
        with fw.dual_level():
            return tuple(fw.unpack_dual(Scaled.apply(fw.make_dual(x, x), 3.0)))

    both(run)


def test_dropout_is_drawn_once():
    x = gradbook.ones(100)
    fw = gradbook.autograd.forward_ad
    with fw.dual_level():
        primal, tangent = fw.unpack_dual(gradbook.nn.functional.dropout(fw.make_dual(x, x * 3), 0.5))
    assert bool((primal * 3 == tangent).all())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lib, fw, x: fw.make_dual(x, x),
        lambda lib, fw, x: fw.exit_dual_level(),
        lambda lib, fw, x: _inside(fw, lambda: fw.enter_dual_level()),
        lambda lib, fw, x: _inside(fw, lambda: fw.make_dual(x, x[0])),
        lambda lib, fw, x: _inside(fw, lambda: fw.make_dual(x.long(), x.long())),
        lambda lib, fw, x: _inside(fw, lambda: fw.make_dual(fw.make_dual(x, x), x)),
    ],
)
def test_errors(wrong):
    def run(lib):
        with pytest.raises(Exception) as found:  # noqa: PT011
            wrong(lib, lib.autograd.forward_ad, lib.tensor(X))
        return type(found.value)

    assert issubclass(run(gradbook), run(torch))


def _inside(fw, call):
    with fw.dual_level():
        call()


def test_what_is_not_followed_is_refused():
    fw = gradbook.autograd.forward_ad
    x = gradbook.tensor(X)
    with fw.dual_level():
        dual = fw.make_dual(x.clone(), x)
        with pytest.raises(NotImplementedError):
            gradbook.zeros(3, 3).double()[0] = dual[0]
        with pytest.raises(NotImplementedError):
            gradbook.zeros(3, 3).double().copy_(dual)
        with pytest.raises(NotImplementedError):
            dual[0].mul_(dual[1])
        with pytest.raises(NotImplementedError):
            dual.zero_()
    x.zero_()  # and afterwards nothing is


def test_levels_belong_to_their_threads():
    fw = gradbook.autograd.forward_ad
    x = gradbook.ones(2)
    entered, left = threading.Event(), threading.Event()

    def other():
        with fw.dual_level():
            entered.set()
            left.wait(10)
            found.append(fw.unpack_dual(fw.make_dual(x, x).sin()).tangent.tolist())

    found = []
    with fw.dual_level():
        thread = threading.Thread(target=other)
        thread.start()
        entered.wait(10)
        mine = fw.unpack_dual(fw.make_dual(x, x).sin()).tangent.tolist()
    left.set()
    thread.join()
    assert found == [mine]
    with pytest.raises(RuntimeError, match="no level"):
        fw.exit_dual_level()
    assert gradbook.autograd.layers.state.open == ()
