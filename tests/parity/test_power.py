"""The checker is checked: whatever is slightly wrong in gradbook must be found by the suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook.autograd import Function
from tests.parity import agree, modules, optimizers
from tests.parity.entries import entries
from tests.parity.known import known, verdict
from tests.parity.ops import check_errors, check_op, check_variants
from tests.parity.tally import Tally

SAMPLES = 4


class Steeper(Function):
    """Its input, with a gradient that is a given factor of the right one."""

    @staticmethod
    def forward(ctx: Any, x: Any, factor: float) -> Any:
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.factor, None


def spoil(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Let a function of gradbook give something else."""
    right = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *args, **kwargs: change(right(*args, **kwargs)))


def fails(tally: Tally) -> bool:
    """True if a sample did not agree; every one must have been run."""
    assert tally.samples > 0
    return tally.passed < tally.samples


@pytest.mark.parametrize("name", ["sin", "softmax", "nn.functional.conv2d", "linalg.inv"])
def test_right_functions_pass(name: str) -> None:
    for dtype in ("float32", "float64"):
        assert not fails(check_op(entries()[name], dtype, SAMPLES))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_a_value_wrong_by_a_thousandth(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    spoil(monkeypatch, gradbook, "sin", lambda y: y * 1.001)
    tally = check_op(entries()["sin"], dtype, SAMPLES)
    assert tally.passed == 0
    assert "off by" in tally.problems[0]


def test_a_gradient_wrong_by_half_a_thousandth(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, gradbook, "sin", lambda y: Steeper.apply(y, 1.0005))
    tally = check_op(entries()["sin"], "float64", SAMPLES)
    assert tally.passed == 0
    assert "gradient 0: off by" in tally.problems[0]


def test_a_second_gradient_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    right = gradbook.sin

    class Once(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return right(x)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * ctx.saved_tensors[0].detach().cos()

    monkeypatch.setattr(gradbook, "sin", Once.apply)
    tally = check_op(entries()["sin"], "float64", SAMPLES)
    assert tally.passed == 0
    assert "second gradient" in tally.problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: y.double(), "dtype float64"),
        (lambda y: y[None], "shape"),
        (lambda y: y.detach(), "requires_grad False"),
        (lambda y: (y, y), "2 outputs"),
        (lambda y: y.detach().numpy(), "not a tensor"),
        (lambda y: y * float("nan"), "nan or inf"),
    ],
)
def test_another_kind_of_result(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], said: str) -> None:
    spoil(monkeypatch, gradbook, "sin", change)
    tally = check_op(entries()["sin"], "float32", SAMPLES)
    assert tally.passed == 0
    assert said in tally.problems[0]


def test_one_wrong_integer_or_bool(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, gradbook, "add", lambda y: y + 1)
    assert fails(check_op(entries()["add"], "int64", SAMPLES))
    spoil(monkeypatch, gradbook, "logical_not", lambda y: ~y)
    assert fails(check_op(entries()["logical_not"], "bool", SAMPLES))


def test_an_argument_that_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = gradbook.sin

    def careless(x: Any) -> Any:
        y = right(x)
        with gradbook.no_grad():
            x += 1
        return y

    monkeypatch.setattr(gradbook, "sin", careless)
    tally = check_op(entries()["sin"], "int64", SAMPLES)
    assert tally.passed == 0
    assert "arguments afterwards" in tally.problems[0]


def test_a_method_an_operator_and_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not fails(check_variants(entries()["sub"], "float32", 2))
    spoil(monkeypatch, gradbook.Tensor, "sub", lambda y: y * 1.001)
    spoil(monkeypatch, gradbook.Tensor, "sub_", lambda y: y.clone())
    tally = check_variants(entries()["sub"], "float32", 2)
    assert fails(tally)
    assert any(problem.startswith("method") for problem in tally.problems)
    monkeypatch.undo()
    spoil(monkeypatch, gradbook, "sub", lambda y: y.clone())
    assert any("out=" in problem for problem in check_variants(entries()["sub"], "float32", 1).problems)


def test_an_error_of_another_type_and_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = entries()["gather"]

    def other(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("another type")

    monkeypatch.setattr(gradbook, "gather", other)
    tally = check_errors(entry)
    assert tally.passed == 0
    assert "raises KeyError" in tally.problems[0]
    monkeypatch.setattr(gradbook, "gather", lambda x, *args, **kwargs: x)
    assert "accepted" in check_errors(entry).problems[0]


def test_an_absent_name_is_told_from_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(gradbook, "sin")
    assert check_op(entries()["sin"], "float32", 1).absent == "sin"


def test_a_module_and_an_optimizer_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    linear = modules.modules()["nn.Linear"]
    assert not fails(modules.check_module(linear, 2))
    spoil(monkeypatch, gradbook.nn.Linear, "forward", lambda y: y * 1.001)
    assert modules.check_module(linear, 2).passed == 0
    assert not fails(optimizers.check_optimizer("Adam"))
    right = gradbook.optim.Adam
    monkeypatch.setattr(gradbook.optim, "Adam", lambda *args, eps=1e-5, **kwargs: right(*args, eps=eps, **kwargs))
    assert fails(optimizers.check_optimizer("Adam"))


def test_the_list_of_known_failures_must_be_true() -> None:
    good, bad = Tally("float32", "sin", samples=3, passed=3), Tally("float32", "sin", samples=3, passed=2)
    assert verdict(good) == ""
    assert "2 of 3" in verdict(bad)
    lists = known()
    lists["failing"]["sin float32"] = "a reason"
    try:
        assert verdict(bad) == ""
        assert "take it out" in verdict(good)
    finally:
        del lists["failing"]["sin float32"]


def test_tolerance_is_tight_enough_for_these_tests() -> None:
    assert all(
        relative <= 1e-3 for name, (relative, _) in agree.TOLERANCE.items() if name not in ("bfloat16", "float16")
    )
