"""Ops that no other test takes to second order, in float64 against differences: first and second. One line an op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradbook as torch
from gradbook import Tensor, events
from gradbook.autograd import gradcheck, gradgradcheck
from gradbook.nn import functional as F

INDEX = torch.tensor([[0, 2, 1], [1, 0, 0]])
ROW = torch.tensor([2, 0])

# name -> (function, operands); an operand is a shape, or (shape, low, high)
CASES: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "acos": (torch.acos, [((5,), -0.8, 0.8)]),
    "acosh": (torch.acosh, [((5,), 1.5, 3.0)]),
    "addcdiv": (lambda a, b, c: torch.addcdiv(a, b, c, value=0.5), [(3,), (3,), ((3,), 0.5, 2.0)]),
    "addcmul": (lambda a, b, c: torch.addcmul(a, b, c, value=0.5), [(3,), (3,), (3,)]),
    "addmm": (lambda a, b, c: torch.addmm(a, b, c, beta=0.5, alpha=2), [(2, 4), (2, 3), (3, 4)]),
    "amin": (lambda x: x.amin(1), [(3, 4)]),
    "asin": (torch.asin, [((5,), -0.8, 0.8)]),
    "asinh": (torch.asinh, [(5,)]),
    "atanh": (torch.atanh, [((5,), -0.8, 0.8)]),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 2, padding=1), [(1, 2, 5)]),
    "avg_pool3d": (lambda x: F.avg_pool3d(x, 2), [(1, 1, 2, 4, 2)]),
    "binary_cross_entropy": (
        lambda x: F.binary_cross_entropy(x, torch.full((4,), 0.3, dtype=torch.float64)),
        [((4,), 0.2, 0.8)],
    ),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), [(6,)]),
    "clamp_tensor": (lambda x, low: torch.clamp(x, min=low), [(6,), ((6,), -0.2, 0.1)]),
    "clone": (lambda x: x.clone(), [(3,)]),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, padding=1), [(1, 2, 4, 4), (2, 2, 3, 3), (2,)]),
    "conv3d": (lambda x, w: F.conv3d(x, w), [(1, 1, 3, 3, 3), (1, 1, 2, 2, 2)]),
    "conv_transpose2d": (lambda x, w: F.conv_transpose2d(x, w, stride=2), [(1, 2, 3, 3), (2, 1, 2, 2)]),
    "conv_transpose3d": (lambda x, w: F.conv_transpose3d(x, w), [(1, 1, 2, 2, 2), (1, 1, 2, 2, 2)]),
    "copysign": (lambda x: torch.copysign(x, torch.tensor([1.0, -1.0, 1.0])), [((3,), 0.5, 2.0)]),
    "cosh": (torch.cosh, [(4,)]),
    "cummax": (lambda x: x.cummax(0).values, [(5,)]),
    "cummin": (lambda x: x.cummin(0).values, [(5,)]),
    "deg2rad": (torch.deg2rad, [(3,)]),
    "dot": (torch.dot, [(4,), (4,)]),
    "einsum": (lambda a, b: torch.einsum("bij,bjk->bik", a, b), [(2, 2, 3), (2, 3, 2)]),
    "embedding": (lambda w: F.embedding(INDEX, w), [(4, 3)]),
    "erfc": (torch.erfc, [(4,)]),
    "erfinv": (torch.erfinv, [((4,), -0.7, 0.7)]),
    "exp2": (torch.exp2, [(4,)]),
    "flip": (lambda x: x.flip(0), [(4,)]),
    "fmax": (torch.fmax, [(4,), (4,)]),
    "fmin": (torch.fmin, [(4,), (4,)]),
    "fmod": (lambda x: torch.fmod(x, 0.7), [((4,), 0.8, 1.2)]),
    "fold": (lambda x: F.fold(x, (3, 3), (2, 2)), [(1, 4, 4)]),
    "frac": (torch.frac, [((4,), 0.2, 0.8)]),
    "gather": (lambda x: x.gather(1, INDEX), [(2, 3)]),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [(5,)]),
    "huber_loss": (lambda x, y: F.huber_loss(x, y, delta=0.5), [(5,), (5,)]),
    "index_add": (lambda x, y: x.index_add(0, ROW, y), [(3, 2), (2, 2)]),
    "index_copy": (lambda x, y: x.index_copy(0, ROW, y), [(3, 2), (2, 2)]),
    "index_select": (lambda x: x.index_select(0, ROW), [(3, 2)]),
    "lerp": (torch.lerp, [(3,), (3,), (3,)]),
    "linalg_det": (torch.linalg.det, [(3, 3)]),
    "linalg_eigh": (lambda x: torch.linalg.eigh(x + x.mT).eigenvalues, [(3, 3)]),
    "linear": (F.linear, [(2, 3), (4, 3), (4,)]),
    "log10": (torch.log10, [((4,), 0.5, 2.0)]),
    "log1p": (torch.log1p, [((4,), 0.5, 2.0)]),
    "log2": (torch.log2, [((4,), 0.5, 2.0)]),
    "logaddexp2": (torch.logaddexp2, [(3,), (3,)]),
    "logit": (torch.logit, [((4,), 0.2, 0.8)]),
    "max_pool1d": (lambda x: F.max_pool1d(x, 2), [(1, 2, 6)]),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2), [(1, 1, 4, 4)]),
    "max_pool3d": (lambda x: F.max_pool3d(x, 2), [(1, 1, 2, 2, 4)]),
    "mv": (torch.mv, [(3, 4), (4,)]),
    "nan_to_num": (torch.nan_to_num, [(4,)]),
    "pad": (lambda x: F.pad(x, (1, 2), value=0.5), [(2, 3)]),
    "pad_like": (lambda x: F.pad(x, (1, 1), mode="reflect"), [(1, 2, 4)]),
    "polygamma": (lambda x: torch.polygamma(1, x), [((3,), 1.0, 3.0)]),
    "positive": (torch.positive, [(3,)]),
    "power_norm": (lambda x: torch.linalg.vector_norm(x, 3), [((4,), 0.5, 2.0)]),
    "prelu": (F.prelu, [(2, 3), (1,)]),
    "euclid": (lambda a, b: torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist"), [(3, 2), (4, 2)]),
    "rad2deg": (torch.rad2deg, [((3,), -0.02, 0.02)]),
    "roll": (lambda x: x.roll(1, 0), [(4,)]),
    "scatter": (lambda x, y: x.scatter(1, INDEX[:, :1], y), [(2, 3), (2, 1)]),
    "scatter_add": (lambda x, y: x.scatter_add(1, INDEX, y), [(2, 3), (2, 3)]),
    "scatter_extreme": (lambda x, y: x.scatter_reduce(0, ROW, y, "amax"), [(3,), (2,)]),
    "scatter_prod": (lambda x, y: x.scatter_reduce(0, ROW, y, "prod"), [((3,), 0.5, 2.0), ((2,), 0.5, 2.0)]),
    "select": (lambda x: x.select(1, 1), [(2, 3)]),
    "sinh": (torch.sinh, [(4,)]),
    "squeeze": (lambda x: x.squeeze(1), [(2, 1, 3)]),
    "stack": (lambda a, b: torch.stack([a, b], 1), [(3,), (3,)]),
    "t": (lambda x: x.t(), [(2, 3)]),
    "threshold": (lambda x: F.threshold(x, 0.1, 2.0), [(5,)]),
    "unbind": (lambda x: x.unbind(0), [(2, 3)]),
    "unsqueeze": (lambda x: x.unsqueeze(1), [(3,)]),
    "xlogy": (torch.xlogy, [(3,), ((3,), 0.5, 2.0)]),
}


def operand(what: Any, seed: int) -> Tensor:
    """A float64 leaf of a shape, its values apart from each other and from zero."""
    shape, low, high = what if isinstance(what[0], tuple) else (what, -1.5, 1.5)
    count = max(1, torch.Size(shape).numel())
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).to(torch.float64)
    values = low + (high - low) * (order + 0.37 + 0.11 * seed) / (count + 0.5)
    return values.reshape(shape).detach().requires_grad_()


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name: str) -> None:
    function, shapes = CASES[name]
    operands = tuple(operand(shape, seed) for seed, shape in enumerate(shapes))
    assert gradcheck(function, operands, rtol=1e-5, atol=1e-7)
    assert gradgradcheck(function, operands, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_a_case_runs_an_op_of_its_family(name: str) -> None:
    """A case that quietly takes another way would check nothing."""
    seen: list[str] = []

    class Ops:
        def on_op(self, op: Any, *_: Any) -> None:
            seen.append(op.name)

    function, shapes = CASES[name]
    operands = [operand(shape, seed) for seed, shape in enumerate(shapes)]
    with events.observing(Ops()):
        function(*operands)
    family = name.split("_")[0]
    assert any(family in op for op in seen), f"{name} ran {seen}"
