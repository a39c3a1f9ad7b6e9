"""Results of compiled functions share memory as without it; single numbers and other dtypes are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.nn import functional as F
from gradbook.tensor import Tensor

CALLS = 4


def gradients(function: Callable[[Tensor], Tensor], values: list[Any]) -> list[Any]:
    """The gradient of the function at each of the values, compiled."""

    def step(x: Tensor) -> None:
        function(x).sum().backward()

    made = gradbook.compile(step, options={"wait": True})
    found = []
    for value in values:
        x = gradbook.tensor(value, requires_grad=True)
        made(x)
        assert x.grad is not None
        found.append(x.grad.numpy())
    assert not made.report
    return found


def scaled(x: Tensor) -> Tensor:
    return x * 2.5


def inverse(x: Tensor) -> Tensor:
    return 1 / x


def cubed(x: Tensor) -> Tensor:
    return x**3


@pytest.mark.parametrize("function", [F.silu, F.gelu, F.softplus, scaled, inverse, cubed])
def test_gradients_of_a_single_number_are_not_those_of_the_recorded_one(function: Any) -> None:
    values = [0.5, 0.5, 0.5, -1.25, 2.0]
    for value, found in zip(values, gradients(function, values), strict=True):
        x = gradbook.tensor(value, requires_grad=True)
        function(x).backward()
        assert x.grad is not None
        np.testing.assert_allclose(found, x.grad.numpy(), rtol=1e-6)


def test_both_parts_of_a_complex_number_have_their_gradients() -> None:
    def step(a: Tensor, b: Tensor) -> None:
        (gradbook.complex(a, b) * (1.5 + 0.5j)).sum().real.backward()

    made = gradbook.compile(step, options={"wait": True})
    for _ in range(CALLS):
        a, b = (gradbook.tensor(x, requires_grad=True) for x in (0.5, 2.0))
        made(a, b)
        assert a.grad is not None
        assert b.grad is not None
        assert (a.grad.item(), b.grad.item()) == (1.5, -0.5)


@pytest.mark.parametrize("kind", [gradbook.bool, gradbook.uint8, gradbook.int64])
def test_integers_become_floats_before_anything_is_computed(kind: Any) -> None:
    made = gradbook.compile(lambda x: (x.exp(), x / 3, x * 0.1, x.sqrt() - 0.5), options={"wait": True})
    x = gradbook.tensor([1, 0, 1]).to(kind)
    for _ in range(CALLS):
        found = made(x)
    for a, b in zip(found, (x.exp(), x / 3, x * 0.1, x.sqrt() - 0.5), strict=True):
        assert a.dtype is b.dtype
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_masks_of_integers_take_part_in_gradients() -> None:
    def step(x: Tensor, y: Tensor) -> None:
        ((x * (y != 0)).sum() / (y != 0).sum()).backward()

    made = gradbook.compile(step, options={"wait": True})
    for i in range(CALLS):
        x, y = gradbook.ones(4, requires_grad=True), gradbook.arange(4) // (i % 2 + 1)
        made(x, y)
        assert x.grad is not None
        np.testing.assert_allclose(x.grad.numpy(), (y.numpy() != 0) / (y.numpy() != 0).sum())
    assert not made.report


def test_views_of_arguments_and_of_parameters_stay_views() -> None:
    weight = gradbook.nn.Parameter(gradbook.zeros(6))

    def parts(x: Tensor) -> Any:
        return x[1], x.t(), x[:, 1:], weight.detach()[2:], x.expand(2, 3, 4), x * 2

    made = gradbook.compile(parts, options={"wait": True})
    with gradbook.no_grad():
        for _ in range(CALLS):
            x = gradbook.arange(20.0).reshape(4, 5)[1:, :4]
            row, turned, columns, rest, wide, double = made(x)
            x.mul_(3)
            weight.add_(1)
            np.testing.assert_array_equal(row.numpy(), x[1].numpy())
            np.testing.assert_array_equal(turned.numpy(), x.t().numpy())
            np.testing.assert_array_equal(columns.numpy(), x[:, 1:].numpy())
            np.testing.assert_array_equal(rest.numpy(), weight[2:].detach().numpy())
            np.testing.assert_array_equal(wide.numpy(), x.expand(2, 3, 4).numpy())
            np.testing.assert_array_equal(double.numpy() * 1.5, x.numpy())
            row.zero_()
            assert not x[1].any()
    assert not made.report


def test_results_without_elements() -> None:
    made = gradbook.compile(lambda x: (x[:0] * 2, x.sum()), options={"wait": True})
    for _ in range(CALLS):
        empty, total = made(gradbook.ones(3))
        assert (tuple(empty.shape), total.item()) == ((0,), 3.0)
    assert not made.report


@pytest.mark.parametrize("shapes", [((5, 0), (0, 5)), ((2, 5, 0), (0, 5)), ((0, 5), (5, 3)), ((0,), (0, 5)), ((0, 2),)])
def test_steps_without_elements_are_compiled(shapes: Any) -> None:
    def step(*operands: Tensor) -> None:
        product = operands[0] if len(operands) == 1 else operands[0] @ operands[1]
        (product.cos() * 1.5).sum().backward()

    made = gradbook.compile(step, options={"wait": True})
    for _ in range(CALLS):
        given = [gradbook.zeros(shape, requires_grad=True) for shape in shapes]
        made(*given)
        for x in given:
            assert x.grad is not None
            assert tuple(x.grad.shape) == tuple(x.shape)
            assert not x.grad.any()
    assert not made.report


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_what_lies_in_another_order_is_read_anew_in_each_call(loss: Any, reduction: str) -> None:
    def step(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
        each = loss(x, y, reduction=reduction)
        (each * w.t() if reduction == "none" else each).sum().backward()
        return each.detach()

    made = gradbook.compile(step, options={"wait": True})
    for _ in range(CALLS):
        x, w = gradbook.randn(4, 7, 5).log_softmax(1), gradbook.rand(5, 4)
        y = gradbook.randint(0, 7, (5, 4)).t()
        found, gradients = [], []
        for function in (made, step):
            leaf = x.clone().requires_grad_()
            found.append(function(leaf, y, w).numpy())
            assert leaf.grad is not None
            gradients.append(leaf.grad.numpy())
        np.testing.assert_allclose(found[0], found[1], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-6, atol=1e-7)
    assert not made.report


def test_weights_of_norms_in_another_order_are_read_anew_in_each_call() -> None:
    def step(x: Tensor, weight: Tensor) -> Tensor:
        return F.layer_norm(x, (3, 4), weight.t()) + F.rms_norm(x, (3, 4), weight.t())

    made = gradbook.compile(step, options={"wait": True})
    for _ in range(CALLS):
        x, weight = gradbook.randn(5, 3, 4), gradbook.rand(4, 3)
        np.testing.assert_allclose(made(x, weight).numpy(), step(x, weight).numpy(), rtol=1e-5, atol=1e-6)
