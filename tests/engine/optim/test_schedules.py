"""Learning rate schedules: PyTorch's rates, epoch by epoch, from a state_dict too."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook

torch = pytest.importorskip("torch")

SCHEDULES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, [lambda e: 0.9, lambda e: 0.8]),
    "StepLR": lambda s, o: s.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], 0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.4, 4),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.2, 0.9, 6),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 8, 2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 7, 1e-3),
    "WarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4, 2, 1e-4),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 4, 3, mode="exp_range", gamma=0.97),
    "CyclicLR triangular2": lambda s, o: s.CyclicLR(o, 0.01, [0.1, 0.2], 4, mode="triangular2"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=25),
    "OneCycleLR three": lambda s, o: s.OneCycleLR(
        o, 0.1, epochs=5, steps_per_epoch=5, three_phase=True, anneal_strategy="linear"
    ),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)], [5]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)]),
}


def optimizer(lib):
    params = [lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)]
    return lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.1, momentum=0.9)


def rates(o, scheduler, epochs):
    found = []
    for _ in range(epochs):
        o.step()
        scheduler.step()
        found.append([(g["lr"], g["momentum"]) for g in o.param_groups])
        assert scheduler.get_last_lr() == [g["lr"] for g in o.param_groups]
    return found


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_pytorchs(name):
    found = []
    for lib in (gradbook, torch):
        o = optimizer(lib)
        found.append(rates(o, SCHEDULES[name](lib.optim.lr_scheduler, o), 24))
    for epoch, (mine, theirs) in enumerate(zip(*found, strict=True)):
        for a, b in zip(mine, theirs, strict=True):
            assert a == pytest.approx(b, rel=1e-12, abs=1e-15), f"epoch {epoch}"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_state_dict_goes_on_where_it_was(name):
    first = optimizer(gradbook)
    scheduler = SCHEDULES[name](gradbook.optim.lr_scheduler, first)
    rates(first, scheduler, 5)
    second = optimizer(gradbook)
    resumed = SCHEDULES[name](gradbook.optim.lr_scheduler, second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    assert rates(second, resumed, 6) == rates(first, scheduler, 6)


@pytest.mark.parametrize(("mode", "kind"), [("min", "rel"), ("max", "abs")])
def test_plateaus(mode, kind):
    found = []
    for lib in (gradbook, torch):
        o = optimizer(lib)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(
            o, mode, 0.5, 2, threshold=0.01, threshold_mode=kind, cooldown=1, min_lr=[0.01, 0.1]
        )
        seen = []
        for i in range(20):
            scheduler.step(1.0 / (1 + i // 6))
            seen.append([g["lr"] for g in o.param_groups])
        found.append(seen)
    np.testing.assert_allclose(found[0], found[1])


def test_stepping_before_the_optimizer_warns():
    scheduler = gradbook.optim.lr_scheduler.StepLR(optimizer(gradbook), 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


ERRORS = {
    "no optimizer": lambda s, o: s.StepLR(3, 1),
    "factor": lambda s, o: s.ConstantLR(o, 2.0),
    "start factor": lambda s, o: s.LinearLR(o, 0.0),
    "plateau factor": lambda s, o: s.ReduceLROnPlateau(o, factor=1.5),
    "plateau mode": lambda s, o: s.ReduceLROnPlateau(o, mode="up"),
    "functions": lambda s, o: s.LambdaLR(o, [lambda e: 1]),
    "resuming": lambda s, o: s.StepLR(o, 1, last_epoch=3),
    "milestones": lambda s, o: s.SequentialLR(o, [s.ExponentialLR(o, 0.9)], [2]),
    "cycle mode": lambda s, o: s.CyclicLR(o, 0.1, 1, mode="square"),
    "no steps": lambda s, o: s.OneCycleLR(o, 0.1),
    "T_0": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever PyTorch raises)
        ERRORS[name](torch.optim.lr_scheduler, optimizer(torch))
    with pytest.raises(theirs.type):
        ERRORS[name](gradbook.optim.lr_scheduler, optimizer(gradbook))


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name not in ("LambdaLR", "MultiplicativeLR")])
def test_a_state_dict_goes_on_in_pytorch_and_back(name):
    for here, there in ((gradbook, torch), (torch, gradbook)):
        first, second = optimizer(here), optimizer(there)
        scheduler = SCHEDULES[name](here.optim.lr_scheduler, first)
        rates(first, scheduler, 5)
        resumed = SCHEDULES[name](there.optim.lr_scheduler, second)
        second.load_state_dict(first.state_dict())
        resumed.load_state_dict(scheduler.state_dict())
        np.testing.assert_allclose(rates(second, resumed, 6), rates(first, scheduler, 6), rtol=1e-12)
