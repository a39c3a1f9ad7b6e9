"""Optimizers and schedulers of PyTorch's database: the same steps on the same problem."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import gradbook
from tests.parity.entries import quiet, seed
from tests.parity.tally import OutOfScope, Tally
from tests.parity.twins import Twins, array_of, found_in

SHAPES = [(3, 4), (5,), (2, 3, 2), (4, 4)]
STEPS = 12
RELOAD_AT = 5
IGNORED = ("capturable", "differentiable", "foreach", "fused")  # how PyTorch computes, not what

SCHEDULERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "StepLR": lambda S, o, lib: S(o, step_size=3, gamma=0.5),
    "MultiStepLR": lambda S, o, lib: S(o, milestones=[2, 5, 9], gamma=0.3),
    "ExponentialLR": lambda S, o, lib: S(o, gamma=0.9),
    "LambdaLR": lambda S, o, lib: S(o, lr_lambda=lambda epoch: 0.95**epoch),
    "MultiplicativeLR": lambda S, o, lib: S(o, lr_lambda=lambda epoch: 0.97),
    "ConstantLR": lambda S, o, lib: S(o, factor=0.4, total_iters=4),
    "LinearLR": lambda S, o, lib: S(o, start_factor=0.2, total_iters=6),
    "PolynomialLR": lambda S, o, lib: S(o, total_iters=8, power=2.0),
    "CosineAnnealingLR": lambda S, o, lib: S(o, T_max=7, eta_min=1e-4),
    "CosineAnnealingWarmRestarts": lambda S, o, lib: S(o, T_0=4, T_mult=2),
    "CyclicLR": lambda S, o, lib: S(o, base_lr=0.01, max_lr=0.1, step_size_up=4, mode="triangular2"),
    "OneCycleLR": lambda S, o, lib: S(o, max_lr=0.1, total_steps=24),
    "ReduceLROnPlateau": lambda S, o, lib: S(o, factor=0.5, patience=2),
    "SequentialLR": lambda S, o, lib: S(o, schedulers=pair(o, lib), milestones=[5]),
    "ChainedScheduler": lambda S, o, lib: S(pair(o, lib)),
}


def pair(optimizer: Any, library: Any) -> list[Any]:
    """Two schedulers, for those that are put together from others."""
    kinds = library.optim.lr_scheduler
    return [kinds.ConstantLR(optimizer, factor=0.1, total_iters=3), kinds.ExponentialLR(optimizer, gamma=0.9)]


@functools.cache
def optimizers() -> dict[str, Any]:
    """Every optimizer, by its name."""
    return {entry.optim_cls.__name__: entry for entry in optim_db}


Trajectory = tuple[list[list[Any]], list[list[float]]]


def run(library: Any, name: str, options: dict[str, Any], groups: bool = False, reload: bool = False) -> Trajectory:
    """Some steps of an optimizer on given gradients. -> (parameters after each step, learning rates)."""
    rng = np.random.default_rng(0)
    shapes = [shape for shape in SHAPES if len(shape) == 2] if name == "Muon" else SHAPES
    parameters = [library.tensor(rng.uniform(-1, 1, shape)).requires_grad_(True) for shape in shapes]
    made = found_in(library, f"optim.{name}")
    split: Any = [{"params": parameters[:1], "lr": 0.03}, {"params": parameters[1:]}]
    optimizer = made(split if groups else parameters, **options)
    targets = [rng.uniform(-0.1, 0.1, shape) for shape in shapes]
    seen = [[values(parameter) for parameter in parameters]]
    for step in range(STEPS):
        take_step(library, optimizer, parameters, targets, rng, closure=name == "LBFGS")
        seen.append([values(parameter) for parameter in parameters])
        if reload and step == RELOAD_AT:
            state = copy.deepcopy(optimizer.state_dict())
            optimizer = made(parameters, **options)
            optimizer.load_state_dict(state)
    return seen, [[float(group["lr"]) for group in optimizer.param_groups]]


def take_step(library: Any, optimizer: Any, parameters: Any, targets: Any, rng: Any, closure: bool) -> None:
    """One step: by a closure of a small problem, or on random gradients."""
    if closure:

        def loss() -> Any:
            optimizer.zero_grad()
            off = [p - library.tensor(target) for p, target in zip(parameters, targets, strict=True)]
            total = sum((1.5 * d**2 + d**4).sum() for d in off)
            total.backward()
            return total

        optimizer.step(loss)
        return
    for parameter in parameters:
        parameter.grad = library.tensor(rng.uniform(-1, 1, tuple(parameter.shape)))
    optimizer.step()


def run_scheduler(library: Any, name: str) -> Trajectory:
    """Twenty steps of SGD with momentum under a scheduler."""
    rng = np.random.default_rng(0)
    parameter = library.tensor(rng.uniform(-1, 1, (3, 4))).requires_grad_(True)
    optimizer = library.optim.SGD([parameter], lr=0.05, momentum=0.9)
    scheduler = SCHEDULERS[name](found_in(library, f"optim.lr_scheduler.{name}"), optimizer, library)
    seen, rates = [[values(parameter)]], []
    for step in range(20):
        take_step(library, optimizer, [parameter], [], rng, closure=False)
        scheduler.step(*([1.0 / (1 + step // 4)] if name == "ReduceLROnPlateau" else []))
        seen.append([values(parameter)])
        rates.append([float(optimizer.param_groups[0][key]) for key in ("lr", "momentum")])
    return seen, rates


def values(tensor: Any) -> Any:
    """The values of a tensor of either library."""
    return array_of(tensor) if isinstance(tensor, torch.Tensor) else np.array(tensor.detach()._array)


def trajectory_difference(theirs: Trajectory, mine: Trajectory) -> str:
    """How far apart two runs are, if they are."""
    moved = max(float(np.abs(a - b).max()) for a, b in zip(theirs[0][0], theirs[0][-1], strict=True))
    if not moved > 0:
        return "nothing moved"
    off = max(
        float(np.abs(a - b).max())
        for one, other in zip(theirs[0], mine[0], strict=True)
        for a, b in zip(one, other, strict=True)
    )
    if not off <= 1e-8 + 1e-6 * moved:
        return f"parameters off by {off:.3g} where they moved by {moved:.3g}"
    rates = float(np.abs(np.array(theirs[1]) - np.array(mine[1])).max())
    return "" if rates <= 1e-9 else f"learning rates off by {rates:.3g}"


def check_optimizer(name: str) -> Tally:
    """Every variant of arguments, parameter groups, and a state_dict saved and loaded on the way."""
    tally = Tally("optimizers", name, differentiable=True)
    entry = optimizers()[name]

    def same(options: dict[str, Any], **how: Any) -> str:
        if entry.only_supports_sparse_grads:
            raise OutOfScope("sparse gradients")
        theirs = run(torch, name, options, **how)
        return trajectory_difference(theirs, run(gradbook, name, Twins()(options), **how))

    with quiet():
        seed()
        for case in entry.optim_inputs_func(device="cpu"):
            options = {key: value for key, value in case.kwargs.items() if key not in IGNORED}
            tally.note(case.desc, lambda o=options: same(o))
        if entry.supports_param_groups:
            tally.note("parameter groups", lambda: same({"lr": 0.01}, groups=True))
        tally.note("state_dict saved and loaded", lambda: same({}, reload=True))
    return tally


def check_scheduler(name: str) -> Tally:
    """One scheduler."""
    tally = Tally("schedulers", name, differentiable=True)
    with quiet():
        tally.note("20 steps", lambda: trajectory_difference(run_scheduler(torch, name), run_scheduler(gradbook, name)))
    return tally


def check_optimizer_errors(name: str) -> Tally:
    """What PyTorch's optimizer refuses, gradbook's refuses with the same type of exception."""
    tally = Tally("optimizer errors", name, differentiable=True)
    entry = optimizers()[name]
    with quiet():
        seed()
        for case in entry.optim_error_inputs_func(device="cpu", dtype=torch.float32):
            if case.error_on == OptimizerErrorEnum.CONSTRUCTION_ERROR:
                given = case.optimizer_error_input
                tally.note(given.desc, lambda given=given: check_error(name, given))
    return tally


def check_error(name: str, given: Any) -> str:
    """One error input."""
    theirs, mine = (error_of(library, name, given) for library in (torch, gradbook))
    if theirs is None:
        raise OutOfScope("error inputs that PyTorch accepts on a CPU")
    if isinstance(mine, type(theirs)):
        return ""
    return f"{mine!r}, not {theirs!r}".replace("\n", " ")[:200]


def error_of(library: Any, name: str, given: Any) -> Exception | None:
    """What making an optimizer raises."""
    twins = Twins(library)
    made = found_in(library, f"optim.{name}")
    params = twins([torch.nn.Parameter(torch.randn(1, 1))] if given.params is None else given.params)
    try:
        made(params, **twins(given.kwargs))
    except Exception as error:
        return error
    return None
