"""torch.func's transforms beside PyTorch's, on the same code."""

from __future__ import annotations

import warnings
from collections import namedtuple

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what PyTorch says of its own parts when forward mode is first used
    torch.func.jvp(torch.sin, (torch.ones(2),), (torch.ones(2),))
Pair = namedtuple("Pair", "first second")

X = np.random.default_rng(0).uniform(0.5, 1.5, (4, 3))
Y = np.random.default_rng(1).uniform(0.5, 1.5, (3,))
M = np.random.default_rng(2).uniform(0.5, 1.5, (3, 3))


def same(mine, theirs):
    if isinstance(theirs, dict):
        assert list(mine) == list(theirs)
        for key in theirs:
            same(mine[key], theirs[key])
    elif isinstance(theirs, (tuple, list)):
        assert type(mine).__name__ == type(theirs).__name__
        assert len(mine) == len(theirs)
        for m, t in zip(mine, theirs, strict=True):
            same(m, t)
    elif isinstance(theirs, torch.Tensor):
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert mine.requires_grad == theirs.requires_grad
        np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-9, atol=1e-12)
    else:
        assert mine == theirs


def both(run, *arrays):
    results = [run(lib, *[lib.tensor(np.asarray(a)) for a in arrays]) for lib in (gradbook, torch)]
    same(*results)


def both_raise(run, *arrays):
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        run(torch, *[torch.tensor(a) for a in arrays])
    with pytest.raises(type(theirs.value)):
        run(gradbook, *[gradbook.tensor(a) for a in arrays])


def f(x, y):
    return (x.sin() * y).sum()


CASES = {
    "grad": lambda lib, x, y: lib.func.grad(f)(x, y),
    "argnums": lambda lib, x, y: lib.func.grad(f, argnums=(1, 0))(x, y),
    "negative argnum": lambda lib, x, y: lib.func.grad(f, argnums=-1)(x, y),
    "aux": lambda lib, x, y: lib.func.grad(lambda x: ((x**2).sum(), {"x": x * 2}), has_aux=True)(x),
    "value": lambda lib, x, y: lib.func.grad_and_value(f)(x, y),
    "value and aux": lambda lib, x, y: lib.func.grad_and_value(lambda x: (x.sum(), x), has_aux=True)(x),
    "dict": lambda lib, x, y: lib.func.grad(lambda p: (p["a"] * p["b"][0]).sum())({"a": x, "b": [y]}),
    "namedtuple": lambda lib, x, y: lib.func.grad(lambda p: (p.first * p.second).sum())(Pair(x, y)),
    "unused": lambda lib, x, y: lib.func.grad(lambda x, y: (x * 1).sum(), argnums=(0, 1))(x, y),
    "constant": lambda lib, x, y: lib.func.grad(lambda x: y.sum())(x),
    "twice": lambda lib, x, y: lib.func.grad(lambda a: lib.func.grad(lambda b: (b**3).sum())(a).sum())(x),
    "thrice": lambda lib, x, y: lib.func.grad(lib.func.grad(lib.func.grad(lambda a: a.sin())))(y[0]),
    "confusion": lambda lib, x, y: lib.func.grad(lambda a: a * lib.func.grad(lambda b: a * b)(a * 2))(y[0]),
    "kwargs": lambda lib, x, y: lib.func.grad(lambda x, *, y: f(x, y))(x, y=y),
    "vjp": lambda lib, x, y: lib.func.vjp(lambda x, y: x @ y, x, y)[1](lib.ones(4, dtype=lib.float64)),
    "vjp value": lambda lib, x, y: lib.func.vjp(lambda x, y: {"out": x @ y}, x, y)[0],
    "vjp aux": lambda lib, x, y: lib.func.vjp(lambda x: (x * 2, [x]), x, has_aux=True)[2],
    "vjp dict": lambda lib, x, y: lib.func.vjp(lambda x, y: {"a": x * y, "b": y}, x, y)[1]({"a": x, "b": y}),
    "jvp": lambda lib, x, y: lib.func.jvp(f, (x, y), (x * 2, y)),
    "jvp tree": lambda lib, x, y: lib.func.jvp(
        lambda p: [p["a"].sin(), p["b"]], ({"a": x, "b": y},), ({"a": x, "b": y},)
    ),
    "jvp aux": lambda lib, x, y: lib.func.jvp(lambda x: (x.exp(), y), (x,), (x,), has_aux=True),
    "jvp of grad": lambda lib, x, y: lib.func.jvp(lib.func.grad(lambda x: (x**3).sum()), (x,), (x,)),
    "jvp of jvp": lambda lib, x, y: lib.func.jvp(
        lambda x: lib.func.jvp(lambda a: a**3, (x,), (x,))[1], (x,), (lib.ones_like(x),)
    ),
    "linearize": lambda lib, x, y: [
        (r := lib.func.linearize(lambda x, y: (x.sin() * y, y**2), x, y))[0],
        r[1](x, y),
        r[1](x * 2, y * 0),
    ],
    "jacrev": lambda lib, x, y: lib.func.jacrev(lambda x: x.exp() @ y)(x),
    "jacrev argnums": lambda lib, x, y: lib.func.jacrev(lambda x, y: (x * y).sin(), argnums=(0, 1))(x, y),
    "jacrev tree": lambda lib, x, y: lib.func.jacrev(lambda p: {"u": p["a"] @ p["b"], "v": [p["b"]]})({"a": x, "b": y}),
    "jacrev aux": lambda lib, x, y: lib.func.jacrev(lambda x: (x.sin(), x), has_aux=True)(y),
    "jacrev chunks": lambda lib, x, y: lib.func.jacrev(lambda x: x.sin(), chunk_size=2)(y),
    "jacfwd": lambda lib, x, y: lib.func.jacfwd(lambda x: x.exp() @ y)(x),
    "jacfwd argnums": lambda lib, x, y: lib.func.jacfwd(lambda x, y: (x * y).sin(), argnums=(0, 1))(x, y),
    "jacfwd tree": lambda lib, x, y: lib.func.jacfwd(lambda p: {"u": p["a"] @ p["b"], "v": [p["b"]]})({"a": x, "b": y}),
    "jacfwd aux": lambda lib, x, y: lib.func.jacfwd(lambda x: (x.sin(), x), has_aux=True)(y),
    "hessian": lambda lib, x, y: lib.func.hessian(lambda x: (x.sin() ** 2).sum() * x.prod())(y),
    "hessian argnums": lambda lib, x, y: lib.func.hessian(f, argnums=(0, 1))(x, y),
    "fwd over rev": lambda lib, x, y: lib.func.jacfwd(lib.func.jacrev(lambda x: (x.sin() ** 2).sum() * x.prod()))(y),
    "rev over fwd": lambda lib, x, y: lib.func.jacrev(lib.func.jacfwd(lambda x: (x.sin() ** 2).sum()))(y),
    "fwd over fwd": lambda lib, x, y: lib.func.jacfwd(lib.func.jacfwd(lambda x: (x.sin() ** 2).sum()))(y),
    "third": lambda lib, x, y: lib.func.jacrev(lib.func.hessian(lambda x: (x**3).sum() + x.prod()))(y),
    "vmap of grad": lambda lib, x, y: lib.func.vmap(lib.func.grad(f), in_dims=(0, None))(x, y),
    "vmap of grad of shared": lambda lib, x, y: lib.func.vmap(lib.func.grad(f, argnums=1), in_dims=(0, None))(x, y),
    "vmap of hessian": lambda lib, x, y: lib.func.vmap(lib.func.hessian(lambda x: x.prod()))(x),
    "vmap of jacfwd": lambda lib, x, y: lib.func.vmap(lib.func.jacfwd(lambda x: x.sin() * y))(x),
    "vmap of vjp": lambda lib, x, y: lib.func.vmap(lambda a: lib.func.vjp(lambda b: b.sin(), a)[1](y)[0])(x),
    "vmap of jvp": lambda lib, x, y: lib.func.vmap(lambda t: lib.func.jvp(lambda b: b.sin() * y, (y,), (t,))[1])(x),
    "grad of vmap": lambda lib, x, y: lib.func.grad(lambda y: lib.func.vmap(f, in_dims=(0, None))(x, y).sum())(y),
    "jacrev of vmap": lambda lib, x, y: lib.func.jacrev(lambda y: lib.func.vmap(f, in_dims=(0, None))(x, y))(y),
    "jacfwd of vmap": lambda lib, x, y: lib.func.jacfwd(lambda y: lib.func.vmap(f, in_dims=(0, None))(x, y))(y),
    "hvp": lambda lib, x, y: lib.func.jvp(lib.func.grad(lambda x: (x**4).sum()), (y,), (y,))[1],
    "laplacian": lambda lib, x, y: lib.func.vmap(
        lambda a: lib.func.hessian(lambda b: (b**4).sum())(a).diagonal().sum()
    )(x),
    "functionalize": lambda lib, x, y: lib.func.functionalize(lambda x: x.sin())(x),
}


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # PyTorch's linearize
@pytest.mark.parametrize("name", CASES)
def test_transforms(name):
    both(CASES[name], X, Y)


def test_outer_autograd_reaches_through():
    def run(lib, x, y):
        y.requires_grad_()
        first = lib.func.grad(f)(x, y)
        rows = lib.func.jacrev(lambda a: a.sin() * y)(x)
        batched = lib.func.vmap(lambda a: (a * y).sum())(x)
        direction = lib.func.jvp(lambda a: a.sin() * y, (x,), (x,))[1]
        return [lib.autograd.grad(part.sum(), y)[0] for part in (first, rows, batched, direction)]

    both(run, X, Y)


def test_no_grad_outside_and_inside():
    def run(lib, x, y):
        with lib.no_grad():
            outside = lib.func.grad(f)(x, y)

        def g(x):
            with lib.no_grad():
                shift = x**2
            return (x**2 - shift).sum()

        return outside, lib.func.grad(g)(x)

    both(run, X, Y)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lib, x: lib.func.grad(lambda x: x)(x),
        lambda lib, x: lib.func.grad(lambda x: (x, x))(x),
        lambda lib, x: lib.func.grad(lambda x: x.sum(), argnums=3)(x),
        lambda lib, x: lib.func.grad(lambda x: x.sum(), argnums="x")(x),
        lambda lib, x: lib.func.grad(lambda x: x.sum(), argnums=())(x),
        lambda lib, x: lib.func.grad(lambda x, y: x.sum(), argnums=(0, 0))(x, x),
        lambda lib, x: lib.func.grad(lambda x: x.sum(), has_aux=True)(x),
        lambda lib, x: lib.func.vjp(lambda x: x.sin(), x)[1]((x, x)),
        lambda lib, x: lib.func.vjp(lambda x: x.sin(), x)[1](x.sum()),
        lambda lib, x: lib.func.vjp(lambda x: 3, x),
        lambda lib, x: lib.func.jvp(lambda x: x.sin(), x, x),
        lambda lib, x: lib.func.jvp(lambda x: x.sin(), (x,), (x, x)),
        lambda lib, x: lib.func.jvp(lambda x: x.sin(), (x,), (x.sum(),)),
        lambda lib, x: lib.func.jacrev(lambda x: 3)(x),
        lambda lib, x: lib.func.jacrev(lambda x: x.sin(), chunk_size=0)(x),
        lambda lib, x: lib.func.functionalize(lambda x: x, remove="all")(x),
    ],
)
def test_errors(wrong):
    both_raise(wrong, Y)


def test_functional_call_and_stacked_models():
    rng = np.random.default_rng(3)
    state = {"0.weight": rng.normal(size=(4, 3)), "0.bias": rng.normal(size=4), "2.weight": rng.normal(size=(1, 4)),
             "2.bias": rng.normal(size=1)}  # fmt: skip

    def run(lib, x):
        net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 1)).double()
        before = net[0].weight.detach().clone()
        params = {name: lib.tensor(value) for name, value in state.items()}
        call = lib.func.functional_call

        def loss(params, x):
            return call(net, params, (x,)).pow(2).sum()

        per_sample = lib.func.vmap(lib.func.grad(loss), in_dims=(None, 0))(params, x)
        nets = [lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 1)).double() for _ in range(2)]
        for i, part in enumerate(nets):
            part.load_state_dict({name: lib.tensor(value * (i + 1)) for name, value in state.items()})
        stacked, buffers = lib.func.stack_module_state(nets)
        ensemble = lib.func.vmap(lambda p, b: call(nets[0], (p, b), (x,)))(stacked, buffers)
        assert bool((net[0].weight == before).all())
        return call(net, params, x), per_sample, ensemble, lib.func.grad(loss)(params, x)

    both(run, X)


def test_functional_call_errors():
    def net(lib):
        return lib.nn.Linear(3, 2).double()

    both_raise(lambda lib, x: lib.func.functional_call(net(lib), {"weight": x}, (x,), strict=True), M)
    both_raise(lambda lib, x: lib.func.functional_call(net(lib), ({"weight": x}, {"weight": x}), (x,)), M)
    both_raise(lambda lib, x: lib.func.functional_call(net(lib), 3, (x,)), M)
    both_raise(lambda lib, x: lib.func.functional_call(net(lib), {"no.such": x}, (x,)), M)
    both_raise(lambda lib, x: lib.func.functional_call(net(lib), {}, (x,), [1]), M)
    both_raise(lambda lib, x: lib.func.stack_module_state([]), M)
    both_raise(lambda lib, x: lib.func.stack_module_state([net(lib), lib.nn.Linear(3, 2).eval()]), M)


def test_functional_call_takes_names_that_the_module_lacks_unless_strict():
    for lib in (gradbook, torch):
        layer = lib.nn.Linear(2, 1)
        x = lib.ones(2)
        assert lib.func.functional_call(layer, {"nope": x}, (x,)).tolist() == layer(x).tolist()
        assert not hasattr(layer, "nope")
