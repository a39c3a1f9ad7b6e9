"""autograd.functional beside PyTorch's, on the same code."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what PyTorch says of its own parts when forward mode is first used
    torch.func.jvp(torch.sin, (torch.ones(2),), (torch.ones(2),))


def same(mine, theirs):
    if isinstance(theirs, (tuple, list)):
        assert isinstance(mine, (tuple, list))  # PyTorch itself returns now the one, now the other
        assert len(mine) == len(theirs)
        for m, t in zip(mine, theirs, strict=True):
            same(m, t)
    else:
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert mine.requires_grad == theirs.requires_grad
        np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-10, atol=1e-12)


def both(run, *arrays):
    results = []
    for lib in (gradbook, torch):
        results.append(run(lib, *[lib.tensor(np.asarray(a)) for a in arrays]))
    same(*results)


A = np.random.default_rng(0).uniform(0.5, 1.5, (2, 3))
B = np.random.default_rng(1).uniform(0.5, 1.5, (3,))


def two(lib):
    return lambda x, y: (x.exp() @ y, (x * y).sum(0), y.prod())


def number(lib):
    return lambda x, y: (x.pow(3) * y.sin()).sum() + y.pow(2).sum()


OPTIONS = [{}, {"create_graph": True}, {"strict": True}]


@pytest.mark.parametrize("options", [*OPTIONS, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}])
def test_jacobian(options):
    both(lambda lib, x, y: lib.autograd.functional.jacobian(lambda x: x.exp().sum(1), x, **options), A, B)
    if not options.get("strict"):
        both(lambda lib, x, y: lib.autograd.functional.jacobian(two(lib), (x, y), **options), A, B)
    both(lambda lib, x, y: lib.autograd.functional.jacobian(lambda a, b: (a * b).sin(), (x, y), **options), A, B)


@pytest.mark.parametrize("options", [*OPTIONS, {"vectorize": True},
                                     {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}])  # fmt: skip
def test_hessian(options):
    def left(parts):  # PyTorch's result by forward mode says that it requires grad, and cannot be differentiated
        if "outer_jacobian_strategy" not in options:
            return parts
        return [left(part) for part in parts] if isinstance(parts, (tuple, list)) else parts.detach()

    both(lambda lib, x, y: left(lib.autograd.functional.hessian(number(lib), (x, y), **options)), A, B)
    both(lambda lib, x, y: left(lib.autograd.functional.hessian(lambda x: (x**3).sum(), x, **options)), A, B)


@pytest.mark.parametrize("options", OPTIONS)
def test_products_with_vectors(options):
    v, w = np.ones((2, 3)) * 0.3, np.arange(3.0)

    def fn(lib):
        return lib.autograd.functional

    both(lambda lib, x, y: fn(lib).vjp(lambda x: x.exp().sum(1), x, lib.ones(2).double(), **options), A, B)
    both(lambda lib, x, y, v, w: fn(lib).jvp(lambda x, y: (x * y).sin(), (x, y), (v, w), **options), A, B, v, w)
    both(lambda lib, x, y, v, w: fn(lib).vhp(number(lib), (x, y), (v, w), **options), A, B, v, w)
    both(lambda lib, x, y, v, w: fn(lib).hvp(number(lib), (x, y), (v, w), **options), A, B, v, w)
    both(lambda lib, x: fn(lib).vjp(lambda x: (x**2).sum(), x, **options), A)
    both(lambda lib, x: fn(lib).jvp(lambda x: x * lib.ones(2).double(), x, **options), np.asarray(2.0))


def test_parts_that_do_not_depend_are_zero():
    both(lambda lib, x, y: lib.autograd.functional.jacobian(lambda x, y: (x.exp(), y * 2), (x, y)), A, B)
    both(lambda lib, x, y: lib.autograd.functional.hessian(lambda x, y: x.sum() + (y**2).sum(), (x, y)), A, B)
    both(lambda lib, x: lib.autograd.functional.vjp(lambda x: lib.ones(2).double(), x, lib.ones(2).double()), A)


def test_the_result_can_be_differentiated():
    def run(lib, x):
        x.requires_grad_()
        table = lib.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
        return lib.autograd.grad(table.sum(), x)[0]

    both(run, B)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda F, x: F.jacobian(lambda x: x.sum().item(), x),
        lambda F, x: F.jacobian(lambda x: x, [x]),
        lambda F, x: F.jacobian(lambda x: x, x, strategy="sideways"),
        lambda F, x: F.jacobian(lambda x: x.detach(), x, strict=True),
        lambda F, x: F.jacobian(lambda x: x * 1, x, strategy="forward-mode"),
        lambda F, x: F.jacobian(lambda x: x * 1, x, strict=True, vectorize=True),
        lambda F, x: F.jacobian(lambda x, y: x * 1, (x, x), strict=True),
        lambda F, x: F.hessian(lambda x: x * 1, x),
        lambda F, x: F.hessian(lambda x: (x.sum(), x.sum()), x),
        lambda F, x: F.hessian(lambda x: x.sum(), x, strict=True),
        lambda F, x: F.vjp(lambda x: x * 1, x),
        lambda F, x: F.vjp(lambda x: x * 1, x, x.sum()),
        lambda F, x: F.jvp(lambda x: x * 1, x),
        lambda F, x: F.jvp(lambda x: x * 1, x, (x, x)),
        lambda F, x: F.jvp(lambda x: x.detach(), x, x, strict=True),
        lambda F, x: F.vhp(lambda x: x * 1, x, x),
        lambda F, x: F.hvp(lambda x: x.sum(), x, x, strict=True),
    ],
)
def test_errors(wrong):
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        wrong(torch.autograd.functional, torch.tensor(B))
    with pytest.raises(type(theirs.value)):
        wrong(gradbook.autograd.functional, gradbook.tensor(B))
