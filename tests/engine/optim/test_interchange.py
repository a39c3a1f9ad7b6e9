"""What others rely on: state_dicts that go to PyTorch and back, names, hooks everywhere, steps written for PyTorch."""

from __future__ import annotations

import copy
import importlib
import math
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

BOTH: list[Any] = [gradbook, torch]
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"amsgrad": True}), ("AdamW", {}), ("Adamax", {}), ("NAdam", {}),
    ("RAdam", {}), ("RMSprop", {"momentum": 0.9, "centered": True}), ("Adagrad", {}), ("Adadelta", {}), ("Rprop", {}),
    ("ASGD", {}), ("Adafactor", {}), ("Muon", {}),
]  # fmt: skip
SHAPES = [(3, 4), (2, 5)]


def start(lib: Any, name: str, options: Any) -> tuple[list[Any], Any]:
    params = [lib.tensor(draw(*shape, seed=i), requires_grad=True) for i, shape in enumerate(SHAPES)]
    return params, getattr(lib.optim, name)(params, **options)


def descend(lib: Any, params: list[Any], optimizer: Any, seed: int) -> None:
    for i in range(3):
        for j, p in enumerate(params):
            p.grad = lib.tensor(draw(*p.shape, seed=1000 * seed + 10 * i + j))
        optimizer.step()


def carried(value: Any, lib: Any) -> Any:
    """A state_dict with its tensors in the other library, as a file would bring them."""
    if isinstance(value, (gradbook.Tensor, torch.Tensor)):
        return lib.tensor(array_of(value).copy())
    if isinstance(value, dict):
        return {key: carried(part, lib) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(carried(part, lib) for part in value)
    return value


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
@pytest.mark.parametrize("to_torch", [True, False])
def test_a_state_dict_goes_on_in_the_other_library(name: str, options: Any, to_torch: bool) -> None:
    here, there = BOTH if to_torch else BOTH[::-1]
    params, optimizer = start(here, name, options)
    descend(here, params, optimizer, 1)
    state = optimizer.state_dict()
    others = [there.tensor(array_of(p).copy(), requires_grad=True) for p in params]
    resumed = getattr(there.optim, name)(others, **options)
    assert list(resumed.state_dict()["param_groups"][0]) == list(state["param_groups"][0])
    resumed.load_state_dict(carried(state, there))
    descend(here, params, optimizer, 2)
    descend(there, others, resumed, 2)
    for a, b in zip(params, others, strict=True):
        np.testing.assert_allclose(array_of(a), array_of(b), atol=2e-3 if name == "Muon" else 2e-6)
    mine, theirs = optimizer.state_dict()["state"], resumed.state_dict()["state"]
    assert {key: sorted(value) for key, value in mine.items()} == {key: sorted(value) for key, value in theirs.items()}


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_switches_are_accepted(name: str, options: Any) -> None:
    import inspect

    names = inspect.signature(getattr(torch.optim, name)).parameters
    for switch in ("foreach", "fused", "capturable", "maximize"):
        assert (switch in names) == (switch in inspect.signature(getattr(gradbook.optim, name)).parameters)
    if "foreach" in names:
        params, optimizer = start(gradbook, name, {**options, "foreach": True})
        descend(gradbook, params, optimizer, 1)
        assert optimizer.param_groups[0]["foreach"] is True


def test_sparse_adam_moves_what_was_seen() -> None:
    mine, theirs = (lib.tensor(draw(6, 3, dtype="float64"), requires_grad=True) for lib in BOTH)
    ours = gradbook.optim.SparseAdam([mine], lr=0.1)
    other = torch.optim.SparseAdam([theirs], lr=0.1)
    for i in range(5):
        rows = np.unique(np.random.default_rng(i).integers(0, 6, 3))
        grad = np.zeros((6, 3))
        grad[rows] = draw(len(rows), 3, seed=i, dtype="float64")
        mine.grad = gradbook.tensor(grad)
        theirs.grad = torch.tensor(grad).to_sparse(1)
        ours.step()
        other.step()
    np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-12)
    assert repr(ours) == repr(other)
    states = [o.state_dict()["state"][0].items() for o in (ours, other)]
    for (key, a), (same, b) in zip(*states, strict=True):
        assert key == same
        np.testing.assert_allclose(a if key == "step" else array_of(a), b if key == "step" else array_of(b))
    for bad in ({"lr": 0.0}, {"eps": 0.0}, {"betas": (1.0, 0.9)}):
        for lib in BOTH:
            with pytest.raises(ValueError, match="Invalid"):
                lib.optim.SparseAdam([lib.ones(2, requires_grad=True)], **bad)


def test_names_of_parameters() -> None:
    texts = []
    for lib in BOTH:
        model = lib.nn.Linear(3, 2)
        optimizer = lib.optim.SGD(model.named_parameters(), lr=0.1, momentum=0.9)
        state = optimizer.state_dict()
        assert state["param_groups"][0]["param_names"] == ["weight", "bias"]
        with pytest.raises(ValueError, match="with/without names"):
            optimizer.add_param_group({"params": lib.ones(2, requires_grad=True)})
        optimizer.add_param_group({"params": [("more", lib.ones(2, requires_grad=True))]})
        plain = lib.optim.SGD(model.parameters(), lr=0.3)
        plain.load_state_dict(state)
        named = lib.optim.SGD(model.named_parameters(), lr=0.3)
        named.load_state_dict(lib.optim.SGD(model.parameters(), lr=0.7).state_dict())
        texts.append(("param_names" in plain.param_groups[0], named.param_groups[0].get("param_names"),
                      named.param_groups[0]["lr"], repr(optimizer)))  # fmt: skip
    assert texts[0] == texts[1]


def saved(lib: Any, *groups: Any) -> Any:
    """What an optimizer of other groups would have written."""
    ones = [{"params": [lib.ones(1, requires_grad=True) for _ in range(count)]} for count in groups]
    return lib.optim.SGD(ones, lr=0.1).state_dict()


GROUPS: dict[str, Any] = {
    "no dict": lambda lib, o, x: o.add_param_group([x]),
    "a set": lambda lib, o, x: o.add_param_group({"params": {x}}),
    "no tensor": lambda lib, o, x: o.add_param_group({"params": [1.0]}),
    "twice": lambda lib, o, x: o.add_param_group({"params": o.param_groups[0]["params"]}),
    "no leaf": lambda lib, o, x: o.add_param_group({"params": [x * 2]}),
    "no params": lambda lib, o, x: lib.optim.SGD([], lr=0.1),
    "a tensor": lambda lib, o, x: lib.optim.SGD(x, lr=0.1),
    "a loose dict": lambda lib, o, x: lib.optim.SGD({"params": [x]}, lr=0.1),
    "other groups": lambda lib, o, x: o.load_state_dict(saved(lib, 1, 1)),
    "other sizes": lambda lib, o, x: o.load_state_dict(saved(lib, 2)),
}


def own_sgd(lib: Any) -> Any:
    """Gradient descent as old code writes it."""
    place: Any = importlib.import_module(f"{lib.__name__}.optim.optimizer")

    class Descent(place.Optimizer):  # type: ignore[name-defined, misc]
        def __init__(self, params: Any, lr: Any = place.required) -> None:
            super().__init__(params, {"lr": lr, "differentiable": False})

        @place._use_grad_for_differentiable  # type: ignore[untyped-decorator]
        def step(self, closure: Any = None) -> Any:
            self._accelerator_graph_capture_health_check()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.state[p]["step"] = self.state[p].get("step", 0) + 1
                        p.data.add_(p.grad, alpha=-group["lr"] / math.sqrt(self.state[p]["step"]))

    return Descent


@pytest.mark.parametrize("name", GROUPS)
def test_errors_of_groups(name: str) -> None:
    errors = []
    for lib in BOTH:
        optimizer = lib.optim.SGD([lib.ones(2, requires_grad=True)], lr=0.1)
        with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever PyTorch raises)
            GROUPS[name](lib, optimizer, lib.ones(2, requires_grad=True))
        errors.append(caught.value)
    assert isinstance(errors[0], type(errors[1]))


def test_a_rate_that_must_be_given() -> None:
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        own_sgd(gradbook)([gradbook.ones(2, requires_grad=True)])
    assert repr(gradbook.optim.optimizer.required) == "<required parameter>"


def test_an_optimizer_of_ones_own_copies_and_goes_on() -> None:
    ends = []
    for lib in BOTH:
        p = lib.tensor(draw(4), requires_grad=True)
        optimizer = own_sgd(lib)([p], lr=0.5)
        for i in range(3):
            p.grad = lib.tensor(draw(4, seed=i))
            optimizer.step()
        other = copy.deepcopy(optimizer)
        assert other.param_groups[0]["params"][0] is not p
        ends.append((array_of(p), optimizer.state_dict()["state"][0]))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-6)
    assert ends[0][1] == ends[1][1]


def test_hooks_on_all_optimizers() -> None:
    seen: list[list[str]] = []
    for lib in BOTH:
        place: Any = importlib.import_module(f"{lib.__name__}.optim.optimizer")
        said: list[str] = []
        handles = [
            place.register_optimizer_step_pre_hook(lambda o, a, k, said=said: said.append("before all")),
            place.register_optimizer_step_post_hook(lambda o, a, k, said=said: said.append("after all")),
        ]
        p = lib.ones(2, requires_grad=True)
        optimizer = lib.optim.SGD([p], lr=0.1)
        optimizer.register_step_pre_hook(lambda o, a, k, said=said: said.append("before"))
        optimizer.register_step_post_hook(lambda o, a, k, said=said: said.append("after"))
        optimizer.step()
        for handle in handles:
            handle.remove()
        optimizer.step()
        seen.append(said)
    assert seen[0] == seen[1] == ["before all", "before", "after", "after all", "before", "after"]


PLACES = [
    "adam.Adam", "adamw.AdamW", "adamax.Adamax", "nadam.NAdam", "radam.RAdam", "rmsprop.RMSprop", "adagrad.Adagrad",
    "adadelta.Adadelta", "rprop.Rprop", "asgd.ASGD", "sgd.SGD", "lbfgs.LBFGS", "sparse_adam.SparseAdam",
    "_adafactor.Adafactor", "_muon.Muon", "optimizer.Optimizer", "optimizer.required", "optimizer.ParamsT",
    "optimizer._use_grad_for_differentiable", "optimizer._get_value", "optimizer._default_to_fused_or_foreach",
    "optimizer._get_capturable_supported_devices", "optimizer._get_scalar_dtype", "optimizer._view_as_real",
    "optimizer._stack_if_compiling", "optimizer._disable_dynamo_if_unsupported", "optimizer._maximize_doc",
    "lr_scheduler.LRScheduler", "lr_scheduler._LRScheduler", "lr_scheduler.EPOCH_DEPRECATION_WARNING",
    "lr_scheduler.ReduceLROnPlateau", "swa_utils.AveragedModel", "swa_utils.SWALR",
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_a_name_is_where_pytorch_has_it(path: str) -> None:
    module, _, name = path.partition(".")
    for lib in ("torch", "gradbook"):
        assert hasattr(importlib.import_module(f"{lib}.optim.{module}"), name)
