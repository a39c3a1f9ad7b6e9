"""Optimizer kernels against the optimizers themselves, and what is done with all gradients at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook.kernels import optimizers
from gradbook.kernels.gradients import clip_grad_norm, grad_norm, scale, zero
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.rows import NOW
from gradbook.nn.utils import clip_grad_norm_
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SHAPES = [(1,), (3, 5), (16,), (17,), (100, 60), (0, 4), (9, 1000), ()]
STATE = ("momentum_buffer", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "square_avg", "grad_avg", "sum")
CASES = [
    ("sgd", "SGD", {"lr": 0.1}),
    ("sgd", "SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("sgd", "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("adam", "Adam", {"lr": 1e-2}),
    ("adam", "Adam", {"lr": 1e-2, "weight_decay": 0.1, "amsgrad": True, "maximize": True, "betas": (0.8, 0.95)}),
    ("adam", "AdamW", {"lr": 1e-2, "weight_decay": 0.1, "eps": 1e-4}),
    ("rmsprop", "RMSprop", {"lr": 1e-2}),
    ("rmsprop", "RMSprop", {"lr": 1e-2, "momentum": 0.9, "centered": True, "weight_decay": 0.1, "alpha": 0.9}),
    ("rmsprop", "RMSprop", {"lr": 1e-2, "centered": True, "maximize": True}),
    ("adagrad", "Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 0.5}),
]


def drawn(seed: int, make: Any = guarded) -> list[Any]:
    """Arrays of all shapes."""
    rng = np.random.default_rng(seed)
    return [make(rng.standard_normal(shape), np.float32) for shape in SHAPES]


def settings_of(name: str, optimizer: Any) -> Any:
    """The float64 settings of an optimizer's group."""
    group = {"step": 0, **optimizer.param_groups[0]}
    if "betas" in group:
        group["beta1"], group["beta2"] = group["betas"]
    return np.array([float(group[what]) for what in optimizers.SETTINGS[name]])


def native(name: str, optimizer: Any, params: Any, grads: Any, **more: Any) -> tuple[Program, Any, dict[str, Any]]:
    """(program, settings, state arrays) of one step."""
    group, program = optimizer.param_groups[0], Program()
    options = frozenset(what for what in ("momentum", "amsgrad", "centered") if group.get(what))
    names = optimizers.RULES[name].arrays(options)[2:]
    start = group.get("initial_accumulator_value", 0)
    state = {what: [guarded(np.full(p.shape, start), np.float32) for p in params] for what in names}
    flags = {what: group[what] for what in ("nesterov", "maximize") if group.get(what)}
    if type(optimizer).__name__ == "AdamW":
        flags["decoupled"] = True
    lists = list(state.values())
    if name == "rmsprop" and "momentum" in options and "centered" not in options:
        lists.insert(1, None)
    settings = settings_of(name, optimizer)
    getattr(optimizers, name)(program, settings, params, grads, *lists, **flags, **more)
    return program, settings, state


@pytest.mark.parametrize(("name", "kind", "options"), CASES)
def test_steps_are_those_of_the_optimizer(name: str, kind: str, options: dict[str, Any]) -> None:
    params, grads = drawn(0), drawn(1)
    tensors = [gradbook.nn.Parameter(gradbook.tensor(p.copy())) for p in params]
    optimizer = getattr(gradbook.optim, kind)(tensors, **options)
    counts = [np.zeros((), np.float32) for _ in params]
    program, settings, state = native(name, optimizer, params, grads, steps=counts)
    for step in range(6):
        if step == 3:  # a scheduler changes the learning rate
            optimizer.param_groups[0]["lr"] = settings[1] = options["lr"] / 3
        for tensor, grad, fresh in zip(tensors, grads, drawn(step), strict=True):
            grad[...] = fresh
            tensor.grad = gradbook.tensor(grad.copy())
        optimizer.step()
        program.run()
    assert settings[0] == 6
    assert all(count == 6 for count in counts)
    for i, tensor in enumerate(tensors):
        np.testing.assert_allclose(params[i], tensor.detach().numpy(), rtol=3e-6, atol=1e-6)
        for what, arrays in state.items():
            assert what in STATE
            np.testing.assert_allclose(arrays[i], optimizer.state[tensor][what].numpy(), rtol=3e-6, atol=1e-6)


def test_dense_parameters_in_another_order_of_memory() -> None:
    rng = np.random.default_rng(0)
    plain, turned = (np.asarray(rng.standard_normal((40, 30)), np.float32) for _ in range(2))
    param, grad = np.asfortranarray(plain), np.asfortranarray(turned)
    settings = np.array([0, 0.5, 0, 0, 0.0])
    optimizers.sgd(NOW, settings, [param], [grad])
    np.testing.assert_allclose(param, plain - 0.5 * turned, rtol=1e-6, atol=1e-7)
    with pytest.raises(Unsupported, match=r"grad: .*not as param"):
        optimizers.sgd(NOW, settings, [param], [turned])
    with pytest.raises(Unsupported, match="dense"):
        optimizers.sgd(NOW, settings, [plain[:, :5]], [turned[:, :5]])
    with pytest.raises(Unsupported, match="settings"):
        optimizers.sgd(NOW, settings[:4], [plain], [turned])
    with pytest.raises(Unsupported, match="float64"):
        optimizers.sgd(NOW, settings, [plain.astype(np.float64)], [turned.astype(np.float64)])


def test_gradients_are_clipped_by_their_norm() -> None:
    grads, norm, limit = drawn(1), np.zeros(1, np.float32), np.array([3.0])
    tensors = [gradbook.nn.Parameter(gradbook.tensor(g.copy())) for g in grads]
    for tensor, grad in zip(tensors, grads, strict=True):
        tensor.grad = gradbook.tensor(grad.copy())
    wanted = clip_grad_norm_(tensors, 3.0)
    program = Program()
    clip_grad_norm(program, norm, grads, limit)
    program.run()
    np.testing.assert_allclose(norm[0], wanted.item(), rtol=1e-6)
    for tensor, grad in zip(tensors, grads, strict=True):
        np.testing.assert_allclose(grad, tensor.grad.numpy(), rtol=3e-6)
    limit[0], before = 1e9, [grad.copy() for grad in grads]
    program.run()
    np.testing.assert_allclose(norm[0], 3, rtol=1e-5)
    for grad, same in zip(grads, before, strict=True):
        np.testing.assert_array_equal(grad, same)


def test_a_clipping_factor_may_go_into_the_step() -> None:
    params, grads, norm, factor = drawn(0), drawn(1, read_only), np.zeros(1, np.float32), np.ones(1, np.float32)
    length = np.sqrt(sum((grad.astype(np.float64) ** 2).sum() for grad in grads))
    wanted = [param - 0.1 * grad / length for param, grad in zip(params, grads, strict=True)]
    grad_norm(NOW, norm, grads, max_norm=np.ones(1), factor=factor)
    optimizers.sgd(NOW, np.array([0, 0.1, 0, 0, 0]), params, grads, scale=factor)
    for param, exact in zip(params, wanted, strict=True):
        np.testing.assert_allclose(param, exact, rtol=1e-5, atol=1e-6)


def test_norms_of_nothing_of_much_and_of_nan() -> None:
    norm, factor = np.full(1, 7, np.float32), np.full(1, 7, np.float32)
    grad_norm(NOW, norm, [], factor=factor)
    assert (norm[0], factor[0]) == (0, 1)
    many = read_only(np.full(300_001, 0.5), np.float32)
    grad_norm(NOW, norm, [many])
    np.testing.assert_allclose(norm[0], np.sqrt(300_001) / 2, rtol=1e-6)
    grad_norm(NOW, norm, [np.array([1, np.nan], np.float32)], max_norm=np.ones(1), factor=factor)
    assert np.isnan(norm[0])
    assert np.isnan(factor[0])
    grad_norm(NOW, norm, [np.array([np.inf], np.float32)], max_norm=np.ones(1), factor=factor)
    assert norm[0] == np.inf
    assert factor[0] == 0


def test_scaling_and_zeros() -> None:
    arrays = drawn(3)
    before = [array.copy() for array in arrays]
    scale(NOW, arrays, np.array([0.5], np.float32))
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old * 0.5)
    zero(NOW, arrays)
    assert not any(array.any() for array in arrays)
