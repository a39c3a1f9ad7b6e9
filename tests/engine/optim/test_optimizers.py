"""Optimizers: PyTorch's trajectories to 1e-12, its state_dict layout, groups, hooks, events, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import gradbook
from gradbook import events

torch = pytest.importorskip("torch")

SHAPES = [(3, 4), (5,), (2, 3, 2), ()]
CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}),
    ("Adam", {"maximize": True}),
    ("AdamW", {"lr": 0.01}),
    ("AdamW", {"amsgrad": True, "maximize": True}),
    ("Adamax", {"weight_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.1}),
    ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.9, "weight_decay": 0.1}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.2, "weight_decay": 0.1}),
    ("Adadelta", {"weight_decay": 0.1}),
    ("Rprop", {}),
    ("ASGD", {"t0": 5, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.1}),
]


def parameters(lib, dtype="float64"):
    rng = np.random.default_rng(0)
    return [lib.tensor(np.asarray(rng.uniform(-1, 1, s)).astype(dtype)).requires_grad_(True) for s in SHAPES]


def descend(lib, optimizer, params, steps, seed=1, dtype="float64"):
    """Steps with fixed gradients. -> the parameters after each."""
    rng = np.random.default_rng(seed)
    path = []
    for _ in range(steps):
        for p in params:
            p.grad = lib.tensor(np.asarray(rng.uniform(-1, 1, tuple(p.shape))).astype(dtype))
        optimizer.step()
        path.append([np.array(p.detach().numpy()) for p in params])
    return path


def assert_close(mine, theirs, tolerance=1e-12):
    for step, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance, err_msg=f"step {step}")


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_trajectories_are_pytorchs(name, options):
    paths = []
    for lib in (gradbook, torch):
        params = parameters(lib)
        paths.append(descend(lib, getattr(lib.optim, name)(params, **options), params, 20))
    # NAdam and ASGD keep numbers of their own in float32, as PyTorch does
    assert_close(*paths, tolerance=1e-12 if name != "Adafactor" else 1e-9)


@pytest.mark.parametrize(("name", "options"), CASES[:8], ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_trajectories_in_float32(name, options):
    paths = []
    for lib in (gradbook, torch):
        params = parameters(lib, "float32")
        paths.append(descend(lib, getattr(lib.optim, name)(params, **options), params, 20, dtype="float32"))
    assert_close(*paths, tolerance=2e-5)


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_state_dicts_are_laid_out_as_pytorchs_and_go_on_where_they_were(name, options):
    dicts = []
    for lib in (gradbook, torch):
        params = parameters(lib)
        optimizer = getattr(lib.optim, name)(params, **options)
        descend(lib, optimizer, params, 3)
        dicts.append(optimizer.state_dict())
    mine, theirs = dicts
    assert mine["param_groups"][0].keys() == theirs["param_groups"][0].keys()
    assert mine["param_groups"][0]["params"] == theirs["param_groups"][0]["params"]
    assert {i: sorted(s) for i, s in mine["state"].items()} == {i: sorted(s) for i, s in theirs["state"].items()}
    for i, state in mine["state"].items():
        for key, value in state.items():
            if isinstance(value, gradbook.Tensor):
                assert tuple(value.shape) == tuple(theirs["state"][i][key].shape), key
    params = parameters(gradbook)
    straight = getattr(gradbook.optim, name)(params, **options)
    descend(gradbook, straight, params, 3)
    others = [p.detach().clone().requires_grad_() for p in params]
    resumed = getattr(gradbook.optim, name)(others, **options)
    resumed.load_state_dict(copy.deepcopy(straight.state_dict()))
    # loading casts NAdam's and ASGD's float32 numbers to the parameters' dtype, as PyTorch does
    tolerance = 1e-6 if name in ("NAdam", "ASGD") else 0
    again, onward = (descend(gradbook, o, p, 3, seed=2) for o, p in ((resumed, others), (straight, params)))
    assert_close(again, onward, tolerance)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_minimum_as_pytorch_does(line_search):
    ends = []
    for lib in (gradbook, torch):
        x = lib.tensor([-1.5, 2.0], dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.LBFGS([x], lr=1.0 if line_search else 0.1, max_iter=8, line_search_fn=line_search)

        def closure(optimizer=optimizer, x=x):
            optimizer.zero_grad()
            loss = (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2 + 0.1 * x[0] ** 4
            loss.backward()
            return loss

        losses = [float(optimizer.step(closure).detach()) for _ in range(5)]
        ends.append((losses, np.array(x.detach().numpy())))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-6)
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-6)


def test_muon_makes_the_step_orthogonal():
    ends = []
    for lib in (gradbook, torch):
        x = lib.tensor(np.random.default_rng(0).uniform(-1, 1, (4, 6)), dtype=lib.float32).requires_grad_(True)
        optimizer = lib.optim.Muon([x], lr=0.1)
        x.grad = lib.tensor(np.random.default_rng(1).uniform(-1, 1, (4, 6)).astype("f4"))
        optimizer.step()
        ends.append(np.array(x.detach().numpy()))
    np.testing.assert_allclose(*ends, atol=2e-3)


def test_groups_have_options_of_their_own():
    paths = []
    for lib in (gradbook, torch):
        params = parameters(lib)
        optimizer = lib.optim.SGD([{"params": params[:1], "lr": 0.5}, {"params": params[1:3]}], lr=0.01, momentum=0.5)
        optimizer.add_param_group({"params": params[3], "weight_decay": 0.3})
        paths.append(descend(lib, optimizer, params, 4))
        assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.01, 0.01]
    assert_close(*paths)


def test_a_learning_rate_may_be_a_tensor():
    params = parameters(gradbook)
    optimizer = gradbook.optim.SGD(params, lr=gradbook.tensor(0.1))
    plain = parameters(gradbook)
    assert_close(
        descend(gradbook, optimizer, params, 2), descend(gradbook, gradbook.optim.SGD(plain, lr=0.1), plain, 2), 1e-7
    )


def test_half_precision_parameters():
    p = gradbook.ones(4, dtype=gradbook.bfloat16, requires_grad=True)
    optimizer = gradbook.optim.Adam([p], lr=0.5)
    for _ in range(3):
        p.grad = gradbook.ones(4, dtype=gradbook.bfloat16)
        optimizer.step()
    assert p.dtype is gradbook.bfloat16
    assert optimizer.state[p]["exp_avg"].dtype is gradbook.bfloat16
    np.testing.assert_allclose(p.detach().float().numpy(), -0.5, atol=0.02)


def test_zero_grad_and_frozen_parameters():
    a, b = parameters(gradbook)[:2]
    optimizer = gradbook.optim.Adam([a, b])
    a.grad = gradbook.ones_like(a)
    before = b.detach().clone()
    optimizer.step()
    assert np.array_equal(b.detach()._array, before._array)
    assert b not in optimizer.state
    kept = a.grad
    optimizer.zero_grad(set_to_none=False)
    assert not kept._array.any()
    optimizer.zero_grad()
    assert a.grad is None


def test_a_step_is_noticed_by_what_backward_needs():
    w = gradbook.ones(3, requires_grad=True)
    optimizer = gradbook.optim.SGD([w], lr=0.1)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_closure_hooks_and_events_in_order():
    w = gradbook.ones(1, requires_grad=True)
    optimizer = gradbook.optim.SGD([w], lr=0.1)
    said = []
    optimizer.register_step_pre_hook(lambda o, args, kwargs: said.append("pre"))
    handle = optimizer.register_step_post_hook(lambda o, args, kwargs: said.append("post"))

    class Watcher:
        def on_step(self, phase, who):
            assert who is optimizer
            said.append(phase)

        def on_control(self):
            said.append("safe")

    def closure():
        said.append("closure")
        optimizer.zero_grad()
        loss = (w * 2).sum()
        loss.backward()
        return loss

    with events.observing(Watcher()):
        loss = optimizer.step(closure)
    assert float(loss.detach()) == 2.0
    assert said == ["pre", "start", "closure", "safe", "post", "end", "safe"]
    handle.remove()
    said.clear()
    optimizer.step()
    assert said == ["pre"]


def test_optimizers_of_ones_own():
    class Sign(gradbook.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with gradbook.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p -= group["lr"] * p.grad.sign()

    w = gradbook.tensor([1.0, -1.0], requires_grad=True)
    w.grad = gradbook.tensor([2.0, -3.0])
    phases = []

    class Watcher:
        def on_step(self, phase, who):
            phases.append(phase)

    with events.observing(Watcher()):
        Sign([w]).step()
    np.testing.assert_allclose(w.detach()._array, [0.9, -0.9], rtol=1e-6)
    assert phases == ["start", "end"]


ERRORS = {
    "no parameters": lambda lib, p: lib.optim.SGD([], lr=0.1),
    "a tensor": lambda lib, p: lib.optim.SGD(p, lr=0.1),
    "numbers": lambda lib, p: lib.optim.SGD([1, 2], lr=0.1),
    "a set": lambda lib, p: lib.optim.SGD([{"params": {p}}], lr=0.1),
    "a non-leaf": lambda lib, p: lib.optim.SGD([p * 2], lr=0.1),
    "negative rate": lambda lib, p: lib.optim.SGD([p], lr=-1),
    "nesterov alone": lambda lib, p: lib.optim.SGD([p], lr=1, nesterov=True),
    "betas": lambda lib, p: lib.optim.Adam([p], betas=(1.0, 0.9)),
    "eps": lambda lib, p: lib.optim.AdamW([p], eps=-1),
    "rho": lambda lib, p: lib.optim.Adadelta([p], rho=2),
    "etas": lambda lib, p: lib.optim.Rprop([p], etas=(2, 3)),
    "two groups": lambda lib, p: lib.optim.SGD([{"params": [p]}, {"params": [p]}], lr=1),
    "groups for lbfgs": lambda lib, p: lib.optim.LBFGS([{"params": [p]}, {"params": [p.detach().clone()]}]),
    "other groups": lambda lib, p: lib.optim.SGD([p], lr=1).load_state_dict({"state": {}, "param_groups": []}),
    "muon on a vector": lambda lib, p: lib.optim.Muon([p]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever PyTorch raises)
        ERRORS[name](torch, torch.ones(2, requires_grad=True))
    with pytest.raises(theirs.type):
        ERRORS[name](gradbook, gradbook.ones(2, requires_grad=True))


def test_text_is_pytorchs():
    p, q = torch.ones(2, requires_grad=True), gradbook.ones(2, requires_grad=True)
    assert repr(gradbook.optim.SGD([q], lr=0.1)) == repr(torch.optim.SGD([p], lr=0.1))
    assert repr(gradbook.optim.Adam([q])) == repr(torch.optim.Adam([p]))
