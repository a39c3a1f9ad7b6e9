"""Eager optimizer steps in one native call against the optimizers' own."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook import backends
from gradbook.backends import native as eager
from gradbook.kernels import optimizers_now
from gradbook.kernels.host import unavailable

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("Adam", {"lr": 1e-2}),
    ("Adam", {"lr": 1e-2, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": gradbook.tensor(1e-2)}),
    ("RMSprop", {"lr": 1e-2, "momentum": 0.9, "centered": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the native step said each time; it is not asked while the list holds None."""
    said: list[Any] = []

    def asked(optimizer: Any, options: dict[str, Any]) -> bool:
        if None in said:
            return False
        said.append(optimizers_now.step(optimizer, options))
        return bool(said[-1])

    monkeypatch.setitem(backends.cpu.kernels, "optimizer_step", asked)
    return said


def params_of() -> list[Any]:
    """Parameters, the same each time."""
    rng = np.random.default_rng(0)
    shapes = ((3, 5), (17,), (), (200, 60))
    return [gradbook.nn.Parameter(gradbook.tensor(rng.standard_normal(s).astype(np.float32))) for s in shapes]


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_steps_are_the_same(kind: str, options: dict[str, Any], calls: list[Any]) -> None:
    made = []
    for native in (False, True):
        params, rng = params_of(), np.random.default_rng(1)
        optimizer = getattr(gradbook.optim, kind)(
            [{"params": params[:3]}, {"params": params[3:], "lr": 0.05}], **options
        )
        calls[:] = [] if native else [None]
        for step in range(5):
            for i, param in enumerate(params):
                param.grad = gradbook.tensor(rng.standard_normal(param.shape).astype(np.float32))
                if i == 1 and step == 3:
                    param.grad = None  # it is left out once, and its count falls behind
            version = params[0]._version
            optimizer.step()
            assert params[0]._version > version
        made.append((params, [{k: v.numpy() for k, v in optimizer.state[p].items()} for p in params], list(calls)))
    assert True in made[1][2]
    for mine, plain in zip(made[1][0], made[0][0], strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), plain.detach().numpy(), rtol=1e-5, atol=1e-5)
    for mine, plain in zip(made[1][1], made[0][1], strict=True):
        assert mine.keys() == plain.keys()
        for what, value in mine.items():
            np.testing.assert_allclose(value, plain[what], rtol=1e-5, atol=1e-5)


CHANGES: dict[str, Any] = {
    "nothing": lambda o, p, q, n: None,
    "no gradient": lambda o, p, q, n: setattr(p, "grad", None),
    "another array": lambda o, p, q, n: setattr(p, "data", gradbook.tensor(n)),
    "its array changed": lambda o, p, q, n: p.detach().mul_(0.5),
    "a gradient that is a view": lambda o, p, q, n: setattr(p, "grad", gradbook.tensor(np.stack([n, n], -1))[..., 0]),
    "a gradient of two": lambda o, p, q, n: setattr(p, "grad", q.grad),
    "itself as gradient": lambda o, p, q, n: setattr(p, "grad", p.detach().clone()),
    "a gradient that was read": lambda o, p, q, n: p.grad is not None and p.grad.mul_(2),
    "another rate": lambda o, p, q, n: o.param_groups[0].update(lr=0.03),
    "a rate that changes": lambda o, p, q, n: o.param_groups[0]["lr"].mul_(0.5),
    "decay": lambda o, p, q, n: o.param_groups[0].update(weight_decay=0.1),
    "the other way": lambda o, p, q, n: o.param_groups[0].update(maximize=not o.param_groups[0]["maximize"]),
    "another order": lambda o, p, q, n: o.param_groups[0]["params"].reverse(),
    "another list": lambda o, p, q, n: o.param_groups[0].update(params=[*o.param_groups[0]["params"][1:], p.clone()]),
    "one less": lambda o, p, q, n: len(o.param_groups[0]["params"]) > 1 and o.param_groups[0]["params"].pop(),
    "one more": lambda o, p, q, n: o.add_param_group({"params": [gradbook.nn.Parameter(p.detach().clone())]}),
    "state forgotten": lambda o, p, q, n: o.state.clear(),
    "state loaded": lambda o, p, q, n: o.load_state_dict(o.state_dict()),
    "state changed": lambda o, p, q, n: [v.mul_(0.5) for k, v in o.state[p].items() if k != "step"],
    "state replaced": lambda o, p, q, n: o.state[p].update({k: v.clone() for k, v in o.state[p].items()}),
    "zeros": lambda o, p, q, n: o.zero_grad(set_to_none=False),
}


@pytest.mark.parametrize("kind", ["SGD", "momentum", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_whatever_happens_between_steps_is_followed(kind: str, calls: list[Any], monkeypatch: Any) -> None:
    """Random changes between steps, with native steps (that look for gradients natively, too) and without."""
    monkeypatch.setattr(eager.state, "patient", True)
    assert eager.wake()
    taken = 0
    for seed in range(12):
        found = []
        for by in (True, False):
            calls[:] = [] if by else [None]
            found.append(steps_with_changes(kind, seed))
            taken += calls.count(True)
        for mine, plain in zip(*found, strict=True):
            np.testing.assert_allclose(mine, plain, rtol=1e-4, atol=1e-5, err_msg=f"seed {seed}")
    assert taken > 40


def steps_with_changes(kind: str, seed: int) -> list[Any]:
    """Steps of an optimizer with some of CHANGES between them. -> all its parameters after each"""
    rng, draw = np.random.default_rng(seed), random.Random(seed)
    params = [gradbook.nn.Parameter(gradbook.tensor(rng.standard_normal((3, 4)).astype(np.float32))) for _ in range(3)]
    make = getattr(gradbook.optim, "SGD" if kind == "momentum" else kind)
    optimizer = make(params, lr=gradbook.tensor(0.1), **({"momentum": 0.9} if kind == "momentum" else {}))
    after = []
    for _ in range(14):
        held = [param for group in optimizer.param_groups for param in group["params"]]
        for param in held:
            param.grad = gradbook.tensor(rng.standard_normal(param.shape).astype(np.float32))
        if draw.random() < 0.4:
            p, q, numbers = draw.choice(held), draw.choice(held), rng.standard_normal((3, 4)).astype(np.float32)
            change = draw.choice(list(CHANGES.values()))
            with contextlib.suppress(TypeError, AttributeError, KeyError):  # a change that is none by now
                change(optimizer, p, q, numbers)
        optimizer.step()
        after += [param.detach().numpy().copy() for param in held]
    return after


def test_what_is_not_plain_float32_is_left_to_the_optimizer(calls: list[Any]) -> None:
    class Mine(gradbook.optim.SGD):
        """A rule of somebody else."""

    frozen = gradbook.nn.Parameter(gradbook.tensor(np.ones(4, np.float32)))
    frozen._array.flags.writeable = False
    for make, param in (
        (gradbook.optim.SGD, gradbook.nn.Parameter(gradbook.zeros(4, dtype=gradbook.float64))),
        (gradbook.optim.SGD, gradbook.nn.Parameter(gradbook.zeros(3, 4).T)),
        (gradbook.optim.SGD, gradbook.nn.Parameter(gradbook.zeros(0))),
        (Mine, gradbook.nn.Parameter(gradbook.zeros(4))),
        (gradbook.optim.Adam, gradbook.nn.Parameter(gradbook.zeros(4))),  # without state yet
    ):
        param.grad = gradbook.ones_like(param)
        make([param], lr=0.5).step()
    frozen.grad = gradbook.ones(4)
    with pytest.raises(ValueError, match="read-only"):
        gradbook.optim.SGD([frozen], lr=0.5).step()
    gradbook.optim.SGD([gradbook.nn.Parameter(gradbook.zeros(4))], lr=0.5).step()  # no gradient at all
    assert calls == [False] * 7


def test_a_replaced_array_and_other_parameters_are_followed(calls: list[Any]) -> None:
    param, other = (gradbook.nn.Parameter(gradbook.zeros(5)) for _ in range(2))
    optimizer = gradbook.optim.SGD([param, other], lr=1.0)
    for array in (np.ones(5), np.full(5, 7)):
        param.data = gradbook.tensor(array.astype(np.float32))
        param.grad, other.grad = gradbook.ones(5), None
        optimizer.step()
        np.testing.assert_array_equal(param.detach().numpy(), array - 1)
    for _ in range(3):
        other.grad = gradbook.ones(5)
        optimizer.step()
    np.testing.assert_array_equal(other.detach().numpy(), -3)
    assert calls == [True] * 5
