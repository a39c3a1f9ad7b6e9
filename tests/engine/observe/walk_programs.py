"""Programs of all kinds to walk through, for `gradbook` and for `torch`: program(torch, *inputs) -> loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PROGRAMS", "inputs_of"]

Program = Callable[..., Any]
PROGRAMS: list[Program] = []
SHAPES: dict[Program, tuple[tuple[int, ...], ...]] = {}


def on(*shapes: tuple[int, ...]) -> Callable[[Program], Program]:
    """The shapes of a program's inputs."""

    def add(program: Program) -> Program:
        PROGRAMS.append(program)
        SHAPES[program] = shapes
        return program

    return add


def inputs_of(program: Program) -> list[np.ndarray]:
    """Inputs in float64, the same ones each time."""
    rng = np.random.default_rng(3)
    return [rng.standard_normal(shape) for shape in SHAPES[program]]


@on((), ())
def scalars(torch: Any, a: Any, b: Any) -> Any:
    c = a * b + 1
    d = 2 / c - a**3 + 2**b
    e = (d * d + 1).sqrt() * (a * a).log() - abs(b)
    e = e * c
    return e.exp() / (1 + e.exp())


@on((2, 3), (3, 2), (2,))
def dense(torch: Any, x: Any, w: Any, b: Any) -> Any:
    h = torch.tanh(x @ w + b)
    h = torch.relu(h @ w.T) @ w
    return (h**2).mean()


@on((1, 2, 5, 5), (3, 2, 3, 3), (3,))
def windows(torch: Any, x: Any, w: Any, b: Any) -> Any:
    y = torch.nn.functional.conv2d(x, w, b, stride=2, padding=1)
    y = torch.nn.functional.avg_pool2d(y, 3) + torch.nn.functional.max_pool2d(y, 2)
    return y.sum()


@on((1, 3, 4), (4, 4), (4, 4), (4, 4))
def heads(torch: Any, x: Any, a: Any, b: Any, c: Any) -> Any:
    q, k, v = ((x @ m).view(1, 3, 2, 2).transpose(1, 2) for m in (a, b, c))
    s = (q @ k.transpose(-1, -2)) / 2**0.5
    s = s.masked_fill(torch.triu(torch.ones(3, 3), 1).bool(), -9.0)
    return (s.softmax(-1) @ v).transpose(1, 2).reshape(1, 3, 4).sum()


@on((2, 3), (3, 2))
def letters(torch: Any, a: Any, b: Any) -> Any:
    c = torch.einsum("ij,jk->ik", a, b)
    d = torch.einsum("ij->j", c)
    return torch.einsum("i,i->", d, d) + torch.einsum("ij,ji->", a, b)


@on((3, 4))
def picked(torch: Any, x: Any) -> Any:
    a, b, c = x[0], x[:, 1], x[x > 0]
    d = x[[0, 1], [2, 0]]
    e = torch.cat([a, c, d]).sum() + torch.stack([b, b * 2]).prod()
    g = torch.where(x > 0.5, x, 0.1 * x)
    h = x.gather(1, torch.tensor([[0], [1], [2]]))
    return e + g.mean() + h.sum() + x.max() + x.min(dim=1).values.sum()


@on((4, 2), (2,), (2,))
def norms(torch: Any, x: Any, g: Any, b: Any) -> Any:
    y = torch.nn.functional.batch_norm(x, None, None, g, b, training=True)
    z = torch.nn.functional.layer_norm(x, (2,), g, b)
    return (y * z).sum() + x.std() + x.var(dim=0).sum() + x.norm()


@on((3, 4))
def losses(torch: Any, x: Any) -> Any:
    f = torch.nn.functional
    y, t = torch.tensor([0, 3, 1]), torch.tensor([[0.0, 1.0, 1.0, 0.0]] * 3, dtype=torch.float64)
    loss = f.cross_entropy(x, y) + f.nll_loss(f.log_softmax(x, 1), y)
    loss = loss + f.binary_cross_entropy_with_logits(x, t) + f.binary_cross_entropy(x.sigmoid(), t)
    return loss + f.mse_loss(x, t) + f.l1_loss(x, t) + f.smooth_l1_loss(x, t) + f.huber_loss(x, t)


@on((4,))
def activations(torch: Any, x: Any) -> Any:
    f = torch.nn.functional
    y = f.elu(x) + f.leaky_relu(x) + f.selu(x) + f.softplus(x) + f.hardtanh(x) + f.relu6(x) + x.reciprocal()
    y = y + torch.clamp(x, -0.5, 0.5) + f.silu(x) + f.gelu(x) + torch.rsqrt(x * x + 1) + torch.logsumexp(x, 0)
    return (y + torch.clamp(x, min=0.1) + torch.log1p(x * x) + torch.expm1(x)).sum()


@on((2, 3))
def in_place(torch: Any, x: Any) -> Any:
    y = x * 2
    y += 1
    y.mul_(3)
    y[0] = 0.5
    y[:, 1] *= 2
    return y.sum()


@on((3, 2), (2, 2), (2, 2))
def recurrent(torch: Any, xs: Any, w: Any, u: Any) -> Any:
    h = torch.zeros(2, dtype=torch.float64)
    for x in xs:
        h = torch.tanh(x @ w + h @ u)
    return (h**2).sum()


@on((2, 1), (3,))
def spread(torch: Any, a: Any, b: Any) -> Any:
    c = a + b
    d = c / (a * 2)
    return torch.maximum(d, c).sum() + d.expand(2, 3).mean()
