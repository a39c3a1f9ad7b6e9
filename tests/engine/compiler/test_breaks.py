"""What of a step only Python can do is done by Python, between a plan's kernels: once, in order, with true values."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, optim
from gradbook.nn import functional as F
from gradbook.tensor import Tensor
from tests.engine.compiler.test_compile import agree, flat, mlp, state_of

Step = Callable[..., Any]


class World:
    """A small training, and everything that a step of it may do outside."""

    def __init__(self) -> None:
        self.model = nn.Sequential(nn.Linear(5, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        self.opt = optim.SGD(self.model.parameters(), lr=0.05, momentum=0.5)
        self.x, self.y = gradbook.randn(6, 5), gradbook.randint(0, 3, (6,))
        self.losses: list[Any] = []
        self.lines: list[str] = []
        self.best, self.count, self.skipped, self.scale = math.inf, 0, 0, 1.0
        self.history: dict[str, list[float]] = {"loss": []}

    def print(self, *values: Any) -> None:
        self.lines.append(" ".join(map(str, values)))

    def state(self) -> list[Any]:
        mine = [self.losses, self.lines, self.best, self.count, self.skipped, self.history]
        return [state_of(self.model, self.opt)(), flat(mine)]


def looped(make: Callable[[World], Step], arguments: Callable[[World, int], tuple[Any, ...]], compiled: bool) -> Any:
    """(what 14 calls of a step gave and left behind, the step)"""
    gradbook.manual_seed(3)
    random.seed(3)
    world = World()
    step = make(world)
    run = gradbook.compile(step) if compiled else step
    trace = []
    for i in range(14):
        try:
            result = run(*arguments(world, i))
        except (AssertionError, ValueError) as error:
            result = (type(error).__name__, str(error).partition("\n")[0])
        trace.append(flat(result) + flat(world.state()) + [gradbook.get_rng_state().tolist()])
    return trace, run


def rounded(trace: list[Any]) -> list[Any]:
    """Printed numbers are not compared to the last digit."""
    return [x for x in trace if not (isinstance(x, str) and x.startswith("~"))]


def same(make: Callable[[World], Step], arguments: Any = lambda world, i: (), compiled: bool = True) -> Any:
    """A step does the same compiled as not. -> the compiled one"""
    (plain, _), (fast, run) = (looped(make, arguments, way) for way in (False, True))
    for i, (a, b) in enumerate(zip(plain, fast, strict=True)):
        try:
            agree(rounded(a), rounded(b))
        except AssertionError as error:
            raise AssertionError(f"call {i}: {run.report} {error}") from error
    if compiled:
        assert not run.report
        assert any(run.variants.values())
        assert sum(run.calls.values()) < 12  # the others were run from plans
    else:
        assert run.report
    return run


def test_printing_and_appending_between_forward_and_backward(capsys: pytest.CaptureFixture[str]) -> None:
    def make(w: World) -> Step:
        def step() -> float:
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            print(f"loss {loss.item():.2f}")
            w.losses.append(loss.item())
            w.history["loss"].append(loss.item())
            loss.backward()
            w.opt.step()
            w.print("stepped", loss.requires_grad, loss.shape)
            return loss.item()

        return step

    same(make)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 28
    assert lines[:14] == lines[14:]


def test_conditions_on_values_and_assertions() -> None:
    def make(w: World) -> Step:
        def step() -> Tensor:
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            assert gradbook.isfinite(loss), "not finite"
            if gradbook.isnan(loss):
                raise ValueError("nan")
            loss.backward()
            norm = nn.utils.clip_grad_norm_(w.model.parameters(), 0.5)
            if norm > 0.5:
                w.print("~clipped", norm.item())
                w.count += 1
            w.opt.step()
            if loss.item() < w.best:
                w.best = loss.item()
                w.print("~best", w.best)
            return loss

        return step

    same(make)


def test_an_assertion_that_fails_leaves_things_as_python_would() -> None:
    def make(w: World) -> Step:
        def step(x: Tensor) -> Tensor:
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(x), w.y)
            w.losses.append(1)
            loss.backward()
            assert gradbook.isfinite(loss), "not finite"
            w.opt.step()
            return loss

        return step

    def batch(w: World, i: int) -> tuple[Tensor]:
        return (w.x * (math.nan if i == 9 else 1.0),)

    same(make, batch)


def test_a_step_that_is_left_early() -> None:
    def make(w: World) -> Step:
        def step(x: Tensor) -> Tensor | None:
            loss = F.cross_entropy(w.model(x), w.y)
            if not math.isfinite(loss.item()):
                w.skipped += 1
                return None
            w.opt.zero_grad()
            loss.backward()
            w.opt.step()
            w.count += 1
            return loss

        return step

    def batch(w: World, i: int) -> tuple[Tensor]:
        return (w.x * (math.nan if i in (7, 8, 11) else 1.0),)

    same(make, batch)


def test_what_is_left_to_python_sees_gradients_as_they_are_then() -> None:
    def make(w: World) -> Step:
        def look(where: str) -> None:
            grads = [None if p.grad is None else p.grad.abs().sum().item() for p in w.model.parameters()]
            w.losses.append([where, *grads])

        def step() -> Tensor:
            look("before")
            w.opt.zero_grad()
            look("cleared")
            loss = F.cross_entropy(w.model(w.x), w.y)
            look("forward")
            loss.backward()
            look("backward")
            w.opt.step()
            return loss

        return step

    same(make)


def test_gradients_are_changed_by_what_is_left_to_python() -> None:
    def make(w: World) -> Step:
        def step() -> Tensor:
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            loss.backward()
            total = math.sqrt(sum(p.grad.square().sum().item() for p in w.model.parameters()))
            if total > 0.3:
                for p in w.model.parameters():
                    p.grad.mul_(0.3 / total)
            w.opt.step()
            w.losses.append(total)
            return loss

        return step

    same(make)


@pytest.mark.parametrize("before", ["", "print", "step"])
def test_ways_that_depend_on_values(before: str) -> None:
    def make(w: World) -> Step:
        a, b = nn.Linear(3, 3), nn.Linear(3, 3)

        def step(x: Tensor) -> Tensor:
            w.opt.zero_grad()
            h = w.model(x)
            if before == "print":
                w.print("way", h.shape)
            if h.sum() > 0:
                out = a(h).tanh()
            else:
                out = b(h) * 2
            loss = F.cross_entropy(out, w.y)
            if before == "step":
                loss.backward()
                w.opt.step()
                w.opt.zero_grad()
                if loss.item() > 1.2:
                    F.cross_entropy(w.model(x * 0.5), w.y).backward()
                    w.opt.step()
                return loss
            loss.backward()
            w.opt.step()
            return loss

        return step

    def batch(w: World, i: int) -> tuple[Tensor]:
        return (gradbook.randn(6, 5),)

    def batches(w: World, i: int) -> tuple[Tensor]:
        return (w.x + i // 6,)

    same(make, batches)
    (plain, _), (fast, _run) = (looped(make, batch, way) for way in (False, True))
    for a, b in zip(plain, fast, strict=True):
        agree(a, b)


def test_random_numbers_are_drawn_by_python_in_order() -> None:
    def make(w: World) -> Step:
        drop = nn.Dropout(0.3)

        def step() -> Any:
            w.opt.zero_grad()
            noise = gradbook.randn(6, 5)
            h = drop(w.model(w.x + 0.1 * noise))
            h = h + gradbook.randn_like(h) * 0.1
            h = drop(h) * random.random()
            t = gradbook.randint(0, 3, (6,))
            loss = F.cross_entropy(h, t)
            loss.backward()
            w.opt.step()
            return loss, noise, t

        return step

    def simple(w: World) -> Step:
        drop = nn.Dropout(0.3)

        def step() -> Any:
            w.opt.zero_grad()
            noise = gradbook.randn(6, 5)
            h = drop(w.model(w.x + 0.1 * noise))
            h = h + gradbook.randn_like(h) * 0.1
            loss = F.cross_entropy(drop(h), gradbook.randint(0, 3, (6,)))
            loss.backward()
            w.opt.step()
            return loss, noise

        return step

    same(simple)
    same(make, compiled=False)


def test_loops_and_functions_inside() -> None:
    def make(w: World) -> Step:
        def log(value: Tensor, name: str, *, digits: int = 3) -> None:
            w.lines.append(f"~{name} {round(value.item(), digits)}")
            w.count += 1

        def evaluate(x: Tensor) -> float:
            with gradbook.no_grad():
                return w.model(x).abs().mean().item()

        def step(x: Tensor) -> Any:
            w.opt.zero_grad()
            total = 0.0
            for i, part in enumerate(x.split(3)):
                loss = F.cross_entropy(w.model(part), w.y[3 * i : 3 * i + 3])
                loss.backward()
                total += loss.item()
                if i == 0:
                    continue
                log(loss, name="part")
            w.opt.step()
            value = evaluate(x)
            return total / 2, value

        return step

    same(make, lambda w, i: (w.x,))


def test_containers_of_the_call_are_filled_by_python() -> None:
    def make(w: World) -> Step:
        def step() -> Any:
            w.opt.zero_grad()
            out: dict[str, Any] = {"values": [], "k": 3}
            alias = out["values"]
            loss = F.cross_entropy(w.model(w.x), w.y)
            out["values"].append(loss.item())
            loss.backward()
            alias.append(round(loss.item(), 2))
            w.opt.step()
            out["loss"] = loss.item()
            w.losses.append(len(out["values"]))
            return out, alias

        return step

    same(make)


def test_values_that_python_gave_are_returned_inside_containers() -> None:
    def make(w: World) -> Step:
        def pair(value: Any) -> Any:
            return {"count": value, "all": [value, (value, 1)]}

        def shown(*values: Any, **named: Any) -> str:
            return f"{values} {named}"

        def step() -> Any:
            loss = F.cross_entropy(w.model(w.x), w.y)
            w.opt.zero_grad()
            loss.backward()
            w.opt.step()
            w.count += 1
            count = w.count
            w.print(*[shown(count, k=count)])
            first, rest = pair(count)["count"], pair(count)
            total = sum(rest["all"][1])
            return first, rest, [[count]], {"again": (count,)}, total, [rest, rest]

        return step

    same(make)


def test_variables_of_outside_are_set() -> None:
    def make(w: World) -> Step:
        seen, lowest = 0, math.inf

        def step() -> Any:
            nonlocal seen, lowest
            global TOTAL
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            loss.backward()
            w.opt.step()
            seen += 1
            if loss.item() < lowest:
                lowest = loss.item()
            TOTAL = seen * 2
            return seen, lowest, TOTAL

        return step

    same(make)


TOTAL = 0


def test_numpy_and_values_that_shape_tensors() -> None:
    def make(w: World) -> Step:
        def step(x: Tensor) -> Any:
            w.opt.zero_grad()
            weights = gradbook.from_numpy(np.abs(x.numpy()).mean(1))
            chosen = F.one_hot(w.y, 3).float()
            logits = w.model(x)
            loss = (F.cross_entropy(logits, w.y, reduction="none") * weights).mean() + (logits * chosen).mean()
            loss.backward()
            w.opt.step()
            with gradbook.no_grad():
                right = (logits.argmax(1) == w.y)[x[:, 0] > 0]
                accuracy = right.float().mean().item() if right.numel() else 0.0
            return loss, accuracy, weights

        return step

    same(make, lambda w, i: (w.x * (1 + i / 10),))


def test_try_statements_and_private_names() -> None:
    class Trainer:
        def __init__(self, w: World) -> None:
            self.w, self.__steps = w, 0

        def step(self) -> Any:
            w = self.w
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            self.__steps += 1
            try:
                if self.__steps == 9:
                    raise KeyError("nine")
                w.losses.append(loss.item())
            except KeyError:
                w.lines.append(f"step {self.__steps}")
            loss.backward()
            w.opt.step()
            return self.__steps

    def make(w: World) -> Step:
        trainer = Trainer(w)
        return lambda: Trainer.step(trainer)

    same(make)


def test_what_is_done_in_the_middle_counts_at_once() -> None:
    def make(w: World) -> Step:
        def callback(loss: float) -> None:
            w.losses.append(loss)
            if len(w.losses) == 8:
                w.model[1].eval()
            if len(w.losses) == 10:
                w.opt.param_groups[0]["lr"] = 1.0
            if len(w.losses) == 12:
                w.scale = 3.0

        hooks = [callback]

        def step() -> Tensor:
            w.opt.zero_grad()
            loss = F.cross_entropy(w.model(w.x), w.y)
            list(map(lambda hook: hook(loss.item()), hooks))
            again = F.cross_entropy(w.model(w.x * 0.5), w.y) * w.scale
            (loss + again).backward()
            w.opt.step()
            return again

        return step

    same(make)


def test_a_compiled_function_that_python_calls_inside_itself() -> None:
    w = World()
    calls: list[int] = []

    def again(loss: Tensor) -> None:
        calls.append(1)
        if len(calls) % 2:
            step()

    @gradbook.compile
    def step() -> Tensor:
        loss = w.model(w.x).square().mean()
        [again(loss) for _ in range(1) if loss.item() > -1]
        with gradbook.no_grad():
            return loss * 2

    expected = None
    w.model.eval()
    for _ in range(8):
        value = step().item()
        expected = value if expected is None else expected
        assert value == pytest.approx(expected, rel=1e-5)
    assert len(calls) == 16


def test_kept_tensors_stay_as_they_were() -> None:
    model, x, kept = mlp(4, 3), gradbook.randn(5, 4), []
    opt = optim.SGD(model.parameters(), lr=0.5)

    @gradbook.compile
    def step() -> None:
        opt.zero_grad()
        out = model(x)
        kept.append(out.detach())
        loss = out.square().mean()
        loss.backward()
        kept.append(loss)
        opt.step()

    copies = []
    for _ in range(8):
        step()
        copies += [t.detach().numpy().copy() for t in kept[-2:]]
    assert not step.report
    for tensor, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(tensor.detach().numpy(), copy)


def test_what_is_given_by_name_to_a_call_that_python_makes_is_that_of_each_call() -> None:
    def repeat(x: Any, r: Any) -> Any:
        return gradbook.repeat_interleave(x, repeats=r, dim=0) * 2

    made = gradbook.compile(repeat, options={"wait": True})
    for i in range(7):
        x, r = gradbook.arange(3.0) + i, gradbook.tensor([0, 1, 2] if i < 4 else [2, 1, 0])
        assert made(x, r).tolist() == repeat(x, r).tolist()
    assert made.variants


def test_a_list_of_arguments_is_not_kept_for_what_python_does() -> None:
    def scaled(parts: Any) -> Any:
        total = sum(float(part.sum()) for part in parts)
        return parts[0] * total

    made = gradbook.compile(scaled, options={"wait": True})
    for i in range(7):
        parts = [gradbook.ones(2) * i, gradbook.ones(3) + i]
        assert made(parts).tolist() == scaled(parts).tolist()
