"""Averaged models, their batch norms and their schedule, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

BOTH: list[Any] = [gradbook, torch]


def model(lib: Any, seed: int = 0) -> Any:
    made = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2)).double()
    fill(lib, made, seed)
    return made


def fill(lib: Any, made: Any, seed: int) -> None:
    with lib.no_grad():
        for i, tensor in enumerate([*made.parameters(), *made.buffers()]):
            if tensor.is_floating_point():
                tensor.copy_(lib.tensor(draw(*tensor.shape, seed=seed * 100 + i, low=0.1, dtype="float64")))


AVERAGES: dict[str, Any] = {
    "mean": lambda u: {},
    "ema": lambda u: {"avg_fn": u.get_ema_avg_fn(0.9)},
    "ema of lists": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.9)},
    "means of lists": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "one's own": lambda u: {"avg_fn": lambda avg, p, n: 0.5 * avg + p / (n + 2), "use_buffers": True},
}


@pytest.mark.parametrize("kind", AVERAGES)
def test_averages(kind: str) -> None:
    found = []
    for lib in BOTH:
        swa = lib.optim.swa_utils
        base = model(lib)
        averaged = swa.AveragedModel(base, **AVERAGES[kind](swa))
        for seed in range(1, 4):
            fill(lib, base, seed)
            averaged.update_parameters(base)
        out = averaged.eval()(lib.tensor(draw(5, 3, dtype="float64")))
        state = averaged.state_dict()
        found.append((repr(averaged), list(state), [array_of(v) for v in state.values()], array_of(out)))
        other = swa.AveragedModel(model(lib, 9))
        other.load_state_dict(state)
        np.testing.assert_allclose(array_of(other.eval()(lib.tensor(draw(5, 3, dtype="float64")))), found[-1][3])
    assert found[0][:2] == found[1][:2]
    for mine, theirs in zip(found[0][2], found[1][2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7)  # theirs weighs in float32
    np.testing.assert_allclose(found[0][3], found[1][3], rtol=1e-6)


@pytest.mark.parametrize("wrapped", [True, False])
def test_statistics_of_batch_norms_anew(wrapped: bool) -> None:
    found = []
    for lib in BOTH:
        batches = [lib.tensor(draw(6, 3, seed=i, dtype="float64")) for i in range(4)]
        loader = [(x, None) for x in batches] if wrapped else batches
        made = model(lib).eval()
        lib.optim.swa_utils.update_bn(loader, made)
        assert not made.training
        assert made[1].momentum == 0.1
        found.append([array_of(v) for v in made.state_dict().values()])
        lib.optim.swa_utils.update_bn(loader, lib.nn.Linear(3, 2))  # nothing to do
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)


ANNEALS: list[dict[str, Any]] = [{}, {"anneal_epochs": 0}, {"anneal_epochs": 3, "anneal_strategy": "linear"}]


@pytest.mark.parametrize("options", ANNEALS, ids=str)
def test_schedule(options: dict[str, Any]) -> None:
    found = []
    for lib in BOTH:
        params = [lib.ones(2, requires_grad=True), lib.ones(3, requires_grad=True)]
        opt = lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.1)
        schedule = lib.optim.swa_utils.SWALR(opt, [0.05, 0.2], **options)
        rates = [schedule.get_last_lr()]
        for _ in range(12):
            opt.step()
            schedule.step()
            rates.append([g["lr"] for g in opt.param_groups])
        found.append((np.array(rates), schedule.state_dict()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    assert set(found[0][1]) == set(found[1][1])


BAD: dict[str, Any] = {
    "lengths": lambda lib, o, m: lib.optim.swa_utils.SWALR(o, [0.1, 0.2]),
    "strategy": lambda lib, o, m: lib.optim.swa_utils.SWALR(o, 0.1, anneal_strategy="x"),
    "negative": lambda lib, o, m: lib.optim.swa_utils.SWALR(o, 0.1, anneal_epochs=-1),
    "fraction": lambda lib, o, m: lib.optim.swa_utils.SWALR(o, 0.1, anneal_epochs=1.5),
    "decay": lambda lib, o, m: lib.optim.swa_utils.get_ema_avg_fn(2.0),
    "decay of lists": lambda lib, o, m: lib.optim.swa_utils.get_ema_multi_avg_fn(-1.0),
    "both": lambda lib, o, m: lib.optim.swa_utils.AveragedModel(m, avg_fn=max, multi_avg_fn=max),
}


@pytest.mark.parametrize("name", BAD)
def test_errors(name: str) -> None:
    errors = []
    for lib in BOTH:
        m = lib.nn.Linear(2, 2)
        with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever PyTorch raises)
            BAD[name](lib, lib.optim.SGD(m.parameters(), lr=0.1), m)
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0]) == str(errors[1])
