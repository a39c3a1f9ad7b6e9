"""Eager optimizer steps in one native call against the optimizers' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook import backends
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
