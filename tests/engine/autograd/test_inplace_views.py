"""Views and in-place changes: random programs against PyTorch, and the cases that everybody meets."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradbook
from tests.engine.autograd.inplace_programs import Disagreement, Program
from tests.parity_tools import compare, draw, same_error, torch


@pytest.mark.parametrize("block", range(8))
def test_random_programs_do_what_they_do_in_pytorch(block):
    finished = 0
    for seed in range(block * 1000, block * 1000 + 60):
        rng = random.Random(seed)
        finished += Program(rng.randrange).run(3 + rng.randrange(6))
    assert finished > 5  # most programs end in an error that both raise; enough reach backward


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_programs_that_hypothesis_finds(data):
    Program(lambda n: data.draw(st.integers(0, n - 1))).run(4)


def test_the_comparison_can_fail(monkeypatch):
    real = gradbook.Tensor.zero_
    monkeypatch.setattr(gradbook.Tensor, "zero_", lambda self: real(self).add_(1e-6))
    program = Program(lambda n: 0)
    program.leaf()
    program.execute("x0.zero_()")
    with pytest.raises(Disagreement, match="is 1 in PyTorch, 2 in gradbook"):
        program.compare_state()


def test_a_view_made_under_no_grad_requires_grad_like_its_base():
    x = gradbook.ones(3, requires_grad=True)
    with gradbook.no_grad():
        view = x[:2]
    assert view.requires_grad
    assert view.is_leaf
    (view * 2).sum().backward()
    assert view.grad is None
    assert x.grad is None


def test_data_has_a_version_of_its_own_and_detach_shares():
    x = gradbook.ones(3)
    x.data.mul_(2)
    assert (x._version, x.tolist()) == (0, [2, 2, 2])
    x.detach().mul_(2)
    assert (x._version, x.tolist()) == (1, [4, 4, 4])


def test_writing_to_an_expanded_row_reaches_its_memory():
    x = gradbook.zeros(1, 3)
    x.expand(2, 3)[0] = gradbook.tensor([1.0, 2.0, 3.0])
    assert x.tolist() == [[1, 2, 3]]


def test_writing_to_memory_that_overlaps_is_refused():
    same_error(lambda lib, x: x.expand(3, 4).add_(1), draw(4))
    same_error(lambda lib, x: x[1:].copy_(x[:-1]), draw(4))
    same_error(lambda lib, x: x.index_put_((lib.tensor([0]),), x), draw(1, 3))


def test_a_tensor_filled_in_place_keeps_its_history_with_zero_gradients():
    compare(lambda lib, x: (x * 2).zero_() + x, draw(3))
    compare(lambda lib, x: (x * 2).fill_(3.0) + x, draw(3))
    y = (gradbook.ones(2, requires_grad=True) * 1).zero_()
    assert y.grad_fn.name() == "ZeroBackward0"


def test_a_result_changed_after_it_was_saved_is_refused_in_backward():
    def change(lib, x):
        y = (x.requires_grad_() * 1).exp_()
        y.mul_(2)
        y.sum().backward()

    assert "modified by an inplace operation" in str(same_error(change, draw(3)))


def test_set_shares_memory():
    x, y = gradbook.zeros(2), gradbook.arange(3.0)
    x.set_(y)
    x[0] = 7.0
    assert y.tolist() == [7, 1, 2]
    with pytest.raises(RuntimeError, match="Could not set"):
        x.set_(gradbook.zeros(2, dtype=gradbook.int64))


def test_a_tensor_copied_onto_itself_seen_through_an_expand_that_changes_nothing():
    x = gradbook.arange(3.0).reshape(3, 1)
    x.expand_as(x).copy_(x)
    assert x.tolist() == [[0], [1], [2]]


def test_a_leaf_given_another_axis_in_place_gets_its_gradient():
    def change(lib, values):
        x = values.clone().requires_grad_()
        y = x * values
        with lib.no_grad():
            x.unsqueeze_(0)
        (y.sum() + (x * x.detach()).sum()).backward()
        return x.grad

    compare(change, draw(2, 3), grad=False)


@pytest.mark.parametrize("changes", [
    "y.register_hook(lambda g: g * 2)", "y[1] = 2.0", "y.mul_(3.0)", "v.mul_(3.0)", "y.mul_(3.0); v.add_(1.0)",
    "y.register_hook(lambda g: g * 2); y.mul_(3.0); y.register_hook(lambda g: g * 5)", "y.mul_(v.detach().clone())",
])  # fmt: skip
@pytest.mark.parametrize("used", ["y", "v"])
def test_a_gradient_that_is_kept_is_that_of_the_value_in_the_end(changes: str, used: str) -> None:
    found = []
    kept = "y = x * 2; v = y[0]; y.retain_grad(); v.retain_grad()"
    for lib in (gradbook, torch):
        names = {"x": lib.ones(2, 2, requires_grad=True)}
        exec(f"{kept}; {changes}; ({used} * {used}).sum().backward(); grads = x.grad, {used}.grad", names)
        found.append([None if grad is None else grad.tolist() for grad in names["grads"]])
    assert found[0] == found[1]
