"""The backward walk on random graphs: whatever uses a value, and how often, its gradient is the sum of all of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
import gradbook.nn.functional as F
from gradbook import autograd

N = 3
# by rules of one operand each, by one rule for all, of any number of operands, with several values
OPS: dict[str, Callable[..., Any]] = {
    "mul": lambda a, b, c: a * b,
    "add": lambda a, b, c: a + b,
    "sub": lambda a, b, c: 0.5 - a,
    "tanh": lambda a, b, c: a.tanh(),
    "mm": lambda a, b, c: gradbook.mm(a, b) / N,
    "matmul": lambda a, b, c: a @ b[0] + c,
    "bmm": lambda a, b, c: gradbook.bmm(a[None], b.T[None])[0] / N,
    "linear": lambda a, b, c: F.linear(a, b, c[0]) / N,
    "cat": lambda a, b, c: gradbook.cat([a, b, a])[N - 1 : 2 * N - 1],
    "stack": lambda a, b, c: gradbook.stack([a, b, a, c]).mean(0),
    "where": lambda a, b, c: gradbook.where(c > 0, a, b),
    "unbind": lambda a, b, c: a.unbind(0)[1] * a.unbind(0)[0] + b,
    "layer_norm": lambda a, b, c: F.layer_norm(a, (N,), b[0], c[1]),
    "mse": lambda a, b, c: a + F.mse_loss(a, b),
    "softmax": lambda a, b, c: a.softmax(1),
    "row": lambda a, b, c: a[0] * b,
    "square": lambda a, b, c: a**2,
    "clone": lambda a, b, c: a.clone(),
    "unused": lambda a, b, c: gradbook.max(a, 1).values + b,
}


def program(seed: int) -> Callable[..., Any]:
    """A function of three matrices -> a number: some operations of OPS on whatever there is by then, also twice."""
    draw = random.Random(seed)
    steps = [(draw.choice(list(OPS)), *(draw.random() for _ in range(3))) for _ in range(draw.randint(1, 12))]

    def run(*leaves: Any) -> Any:
        values = list(leaves)
        for name, *places in steps:
            late = [int(len(values) * place**0.5) for place in places]  # the last ones more often: deep, and diamonds
            values.append(OPS[name](*(values[i] for i in late)))
        return sum(value.sum() * (i + 1) for i, value in enumerate(values[-3:]))

    return run


def leaves(seed: int) -> list[gradbook.Tensor]:
    numbers = np.random.default_rng(seed).uniform(-1, 1, (3, N, N))
    return [gradbook.tensor(each, requires_grad=True) for each in numbers]


@pytest.mark.parametrize("seed", range(150))
def test_a_random_graph_has_the_gradient_that_differences_tell(seed: int) -> None:
    run, given = program(seed), leaves(seed)
    loss = run(*given)
    asked = autograd.grad(loss, given, retain_graph=True, allow_unused=True)  # node by node
    loss.backward(retain_graph=True)  # the fast way
    for leaf, grad in zip(given, asked, strict=True):
        assert (leaf.grad is None) == (grad is None)
        if grad is not None:
            np.testing.assert_allclose(leaf.grad.numpy(), grad.numpy(), rtol=1e-10, atol=1e-12)
    once = [None if leaf.grad is None else leaf.grad.numpy().copy() for leaf in given]
    loss.backward()
    for leaf, grad in zip(given, once, strict=True):
        assert grad is None or np.allclose(leaf.grad.numpy(), 2 * grad, rtol=1e-10, atol=1e-12)
    way = [np.random.default_rng(seed + i + 1).uniform(-1, 1, (N, N)) for i in range(3)]
    step = 1e-6
    with gradbook.no_grad():
        ahead, behind = (run(*(leaf + s * step * gradbook.tensor(d) for leaf, d in zip(given, way, strict=True)))
                         for s in (1, -1))  # fmt: skip
    slope = sum(np.sum(grad * d) for grad, d in zip(once, way, strict=True) if grad is not None)
    assert slope == pytest.approx((ahead - behind).item() / (2 * step), rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("name", OPS)
def test_one_value_as_all_operands(name: str) -> None:
    (w, *_), op = leaves(1), OPS[name]
    value = w * 2
    op(value, value, value).sum().backward()
    apart = [part.detach().requires_grad_() for part in (value, value, value)]
    op(*apart).sum().backward()
    wanted = sum(part.grad for part in apart if part.grad is not None) * 2
    np.testing.assert_allclose(w.grad.numpy(), wanted.numpy(), rtol=1e-12)


def test_a_value_that_waits_is_not_walked_twice() -> None:
    """The value is next, and gets more before it is walked; also where a gradient has to be fitted to it."""
    w = gradbook.ones((), dtype=gradbook.float64, requires_grad=True)
    gradbook.stack([w * 2] * 3).sum().backward()
    assert w.grad.item() == 6.0
    half = gradbook.ones(2, 2, dtype=gradbook.float16, requires_grad=True)
    wide = (half * 1).float()
    (wide @ wide).sum().backward()
    assert half.grad.dtype is gradbook.float16
    assert half.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]
