"""Eager functions by one kernel: the same results as without, and when they are left to NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook.autograd.op import registry
from gradbook.kernels import pointwise_now
from gradbook.kernels.pointwise_now import VARIANTS, natively


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what kernels were made for."""
    made: list[int] = []
    prepare = pointwise_now.prepared

    def note(plain: Any, args: Any, params: Any, size: int) -> Any:
        made.append(size)
        return prepare(plain, args, params, size)

    monkeypatch.setattr(pointwise_now, "prepared", note)
    return made


@pytest.mark.parametrize("shape", [(1,), (10,), (7, 5), (300, 40), (), (20000,)])
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish", "hardswish", "tanh", "relu", "add", "exp"])
def test_forwards_and_rules_give_the_same(name: str, shape: tuple[int, ...]) -> None:
    op, rng = registry[name], np.random.default_rng(3)
    arrays = [rng.standard_normal(shape).astype(np.float32) for _ in op.operands]
    arrays = [np.asarray(array) for array in arrays]
    made, wanted = natively(op._run)(np, *arrays), op._run(np, *arrays)
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    assert isinstance(made, tuple) == isinstance(wanted, tuple)
    for got, want in zip(made if isinstance(made, tuple) else (made,), several, strict=True):
        assert isinstance(got, np.ndarray)
        assert got.shape == shape
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    grad = np.asarray(rng.standard_normal(shape).astype(np.float32))
    for rule in [op.joint] if op.joint else op.rules:
        saved = [(*arrays, *map(np.asarray, several))[slot] for slot in rule.slots]
        made, wanted = natively(rule.fn)(grad, *saved), rule.fn(grad, *saved)
        assert isinstance(made, tuple) == isinstance(wanted, tuple)
        np.testing.assert_allclose(np.asarray(made), np.asarray(wanted), rtol=1e-5, atol=2e-6)


def test_parameters_are_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    made = watched(monkeypatch)
    op, x = registry["hardtanh"], np.linspace(-2, 2, 1000, dtype=np.float32)
    forward = natively(op._run)
    for low, high in ((-1.0, 1.0), (0.0, 1.0), (-0.0, 1.0), (-1.0, 0.5), (float("nan"), 1.0)):
        wanted = op._run(np, x, low=low, high=high)
        got = forward(np, x, low=low, high=high)
        np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(wanted))
    assert len(made) == 5
    for i in range(3 * VARIANTS):  # a parameter that is another one each time does not compile for ever
        np.testing.assert_array_equal(forward(np, x, low=-2.0, high=i / 50), op._run(np, x, low=-2.0, high=i / 50))
    assert len(made) == VARIANTS


def test_arguments_are_told_apart_by_their_places() -> None:
    x = np.linspace(0.5, 2, 300, dtype=np.float32)
    power = natively(registry["pow"]._run)
    half = np.float32(0.5)
    for args in ((x, x), (x, x + half)):
        np.testing.assert_allclose(power(np, *args), np.power(*args), rtol=1e-5)
    minus = natively(np.subtract)
    np.testing.assert_array_equal(minus(x, 2.0), x - 2)
    np.testing.assert_array_equal(minus(2.0, x), 2 - x)
    scaled = natively(lambda x, *, low, high: x * low + high)
    np.testing.assert_allclose(scaled(x, low=2.0, high=3.0), x * 2 + 3, rtol=1e-6)
    np.testing.assert_allclose(scaled(x, high=2.0, low=3.0), x * 3 + 2, rtol=1e-6)


def test_the_rest_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    made = watched(monkeypatch)
    op = registry["mul"]
    forward = natively(op._run, at_least=4)
    x = np.ones((6, 6), np.float32)
    for a, b in (
        (x, x.astype(np.float64)), (x[:, ::2], x[:, 1::2]), (x, x[0]), (x[:2, :2].copy(), x[:2, :2].copy()),
        (x.T, x.T), (x[:0], x[:0]), (x, 2.0), (x.astype(np.int64), x.astype(np.int64)),
    ):  # fmt: skip
        np.testing.assert_array_equal(forward(np, a, b), op._run(np, a, b))
    assert made == [36]  # an array times the number 2.0: one kernel


def test_tensors_go_the_differentiable_way() -> None:
    rule = natively(registry["tanh"].rules[0].fn)
    grad, out = gradbook.ones(3), gradbook.tensor([0.1, 0.2, 0.3], requires_grad=True)
    made = rule(grad, out)
    assert isinstance(made, gradbook.Tensor)
    assert made.requires_grad


def test_what_is_no_formula_is_computed_all_the_same() -> None:
    x = np.ones((3, 4), np.float32)
    assert natively(lambda x: x.sum())(x) == 12
    assert natively(lambda x, axes: x.sum(axis=tuple(axes)))(x, [0, 1]) == 12
    with pytest.raises(ZeroDivisionError):
        natively(lambda x: x * (1 / 0))(x)
