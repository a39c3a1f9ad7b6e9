"""torch.amp.GradScaler: the scale, the skipped step, the order of calls, as PyTorch's on the CPU."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import gradbook
from gradbook import amp

torch: Any = pytest.importorskip("torch")


def run(module: Any, plan: str, **options: Any) -> list[tuple[float, float]]:
    """(scale, weight) after each step of a plan: "." a finite gradient, "x" one that overflows."""
    scaler = module.amp.GradScaler("cpu", init_scale=8.0, growth_interval=3, **options)
    w = module.nn.Parameter(module.ones(()))
    optimizer = module.optim.SGD([w], lr=0.1)
    seen = []
    for kind in plan:
        optimizer.zero_grad()
        loss = w * (1.0 if kind == "." else float("inf"))
        scaler.scale(loss).backward()
        if kind == "u":
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        seen.append((scaler.get_scale(), w.item()))
    return seen


@pytest.mark.parametrize("plan", ["......", "x.x", "..x....", "xxxx....xu."])
@pytest.mark.parametrize("options", [{}, {"growth_factor": 3.0, "backoff_factor": 0.25}, {"enabled": False}])
def test_scale_and_weights_follow_torch(plan: str, options: dict[str, Any]) -> None:
    if not options.get("enabled", True):
        plan = plan.replace("x", ".").replace("u", ".")
    ours, theirs = run(gradbook, plan, **options), run(torch, plan, **options)
    assert [a for a, _ in ours] == [a for a, _ in theirs]
    assert [b for _, b in ours] == pytest.approx([b for _, b in theirs])


def prepared(module: Any, backward: bool = True) -> tuple[Any, Any, Any]:
    w = module.nn.Parameter(module.ones(2))
    scaler, optimizer = module.amp.GradScaler("cpu", init_scale=4.0), module.optim.SGD([w], lr=0.5)
    if backward:
        scaler.scale(w.sum()).backward()
    return scaler, optimizer, w


@pytest.mark.parametrize(
    "calls",
    [
        "s.unscale_(o); s.unscale_(o)",
        "s.step(o); s.unscale_(o)",
        "s.step(o); s.step(o)",
        "s.update()",
        "s.scale(3)",
        "s.step(o, closure=lambda: None)",
        "s.load_state_dict({})",
        "type(s)('cpu', growth_factor=0.5)",
        "type(s)('cpu', backoff_factor=2.0)",
    ],
)
def test_calls_out_of_order_raise_torchs_type(calls: str) -> None:
    kinds = []
    for module in (gradbook, torch):
        scaler, optimizer, _ = prepared(module)
        with pytest.raises((RuntimeError, AssertionError, ValueError)) as caught:
            exec(calls, {"s": scaler, "o": optimizer})
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


def test_no_gradient_at_all_is_an_error() -> None:
    scaler, optimizer, _ = prepared(gradbook, backward=False)
    with pytest.raises(AssertionError, match="No inf checks"):
        scaler.step(optimizer)


def test_clipping_between_unscale_and_step_sees_true_gradients() -> None:
    scaler, optimizer, w = prepared(gradbook)
    assert w.grad.tolist() == [4, 4]
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == [1, 1]
    scaler.step(optimizer)
    assert w.tolist() == [0.5, 0.5]
    scaler.update(16.0)
    assert scaler.get_scale() == 16


def test_its_state_goes_to_torch_and_back() -> None:
    scaler, optimizer, _ = prepared(gradbook)
    scaler.step(optimizer)
    scaler.update()
    theirs = torch.amp.GradScaler("cpu")
    theirs.load_state_dict(scaler.state_dict())
    assert theirs.state_dict() == scaler.state_dict()
    again = amp.GradScaler("cpu")
    again.load_state_dict(theirs.state_dict())
    assert again.state_dict() == scaler.state_dict()
    assert pickle.loads(pickle.dumps(again)).state_dict() == scaler.state_dict()
    assert [x.item() for x in scaler.scale([gradbook.ones(()), gradbook.ones(())])] == [4, 4]
    again.set_growth_factor(3.0)
    again.set_backoff_factor(0.1)
    again.set_growth_interval(7)
    assert (again.get_growth_factor(), again.get_backoff_factor(), again.get_growth_interval()) == (3.0, 0.1, 7)
    assert again.is_enabled()


@pytest.mark.skipif(gradbook.cuda.is_available(), reason="there is a GPU")
def test_for_a_gpu_that_is_not_there_it_steps_aside() -> None:
    for make in (amp.GradScaler, gradbook.cuda.amp.GradScaler):
        with pytest.warns(UserWarning, match="Disabling"):
            scaler = make()
        assert not scaler.is_enabled()
        assert scaler.get_scale() == 1
        assert scaler.state_dict() == {}
        loss = gradbook.ones(())
        assert scaler.scale(loss) is loss
    assert amp.GradScaler(enabled=False).scale(3) == 3
