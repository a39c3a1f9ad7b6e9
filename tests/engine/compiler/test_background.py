"""Plans made beside the training: calls never wait, and what changes meanwhile changes what they compute."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, optim
from gradbook.compiler import background as background_module
from gradbook.compiler import compiled as compiled_module
from gradbook.compiler.background import Background
from gradbook.nn import functional as F
from gradbook.tensor import Tensor


@pytest.fixture(autouse=True)
def in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """As users have it."""
    monkeypatch.delenv("GRADBOOK_COMPILE", raising=False)


class Gate:
    """Plans are made only while it is open."""

    def __init__(self, real: Any) -> None:
        self.real, self.open, self.asked = real, threading.Event(), 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.asked += 1
        assert threading.current_thread().name == "gradbook-compile"
        assert self.open.wait(20)
        return self.real(*args, **options)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A closed gate before all plans."""
    made = Gate(compiled_module.Plan)
    monkeypatch.setattr(compiled_module, "Plan", made)
    yield made
    made.open.set()
    assert background_module.background().wait(20)


class Training:
    """A small training, whose state can be changed."""

    def __init__(self, wrap: Callable[[Any], Any]) -> None:
        gradbook.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(6, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
        self.opt = optim.Adam(self.model.parameters(), lr=1e-2)
        self.x, self.y, self.scale = gradbook.randn(9, 6), gradbook.randint(0, 3, (9,)), 1.0
        self.weights = [gradbook.tensor([0.5, 1.0, 2.0])]

        def step() -> Tensor:
            self.opt.zero_grad()
            loss = F.cross_entropy(self.model(self.x), self.y, weight=self.weights[0]) * self.scale
            loss.backward()
            self.opt.step()
            return loss

        self.step = wrap(step)

    def state(self) -> list[Any]:
        """Everything that a step may change, copied."""
        found = [*self.model.parameters(), *self.model.buffers(), *(p.grad for p in self.model.parameters())]
        return [t.detach().numpy().copy() for t in found if t is not None]


def evaluate(t: Training) -> None:
    t.model.eval()


def other_memory(t: Training) -> None:
    t.model[0].weight.data = t.model[0].weight.data.clone() * 2


def frozen(t: Training) -> None:
    t.model[0].weight.requires_grad_(False)


def other_rate(t: Training) -> None:
    t.opt.param_groups[0]["lr"] = 0.5


def other_state(t: Training) -> None:
    t.opt.load_state_dict(t.opt.state_dict())


def other_scale(t: Training) -> None:
    t.scale = 3.0


def other_input(t: Training) -> None:
    t.x = t.x.flip(0) * 0.9


def input_changed_in_place(t: Training) -> None:
    t.x.mul_(0.5)


def weights_changed_in_place(t: Training) -> None:
    t.weights[0][1] = 5.0


def other_layer(t: Training) -> None:
    gradbook.manual_seed(7)
    t.model[3] = nn.Linear(16, 3)
    t.opt.add_param_group({"params": list(t.model[3].parameters())})


def float64(t: Training) -> None:
    t.model.double()
    t.x = t.x.double()
    t.weights[0] = t.weights[0].double()


def nothing(t: Training) -> None:
    """All stays as it is."""


CHANGES = [nothing, evaluate, other_memory, frozen, other_rate, other_state, other_scale, other_input,
           input_changed_in_place, weights_changed_in_place, other_layer, float64]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_while_a_plan_is_made_counts(gate: Gate, change: Callable[[Training], None]) -> None:
    plain, fast = Training(lambda f: f), Training(gradbook.compile)
    for i in range(12):
        if i == 4:
            change(plain)
            change(fast)
        if i == 6:
            gate.open.set()
            assert fast.step.wait(20)
        a, b = plain.step(), fast.step()
        assert b.item() == pytest.approx(a.item(), rel=1e-5)
        for x, y in zip(plain.state(), fast.state(), strict=True):
            np.testing.assert_allclose(y, x, rtol=2e-5, atol=2e-6)
    assert fast.step.wait(20)
    assert not fast.step.report
    assert any(fast.step.variants.values())


def test_calls_do_not_wait_and_nothing_is_made_twice(gate: Gate) -> None:
    training = Training(gradbook.compile)
    for _ in range(10):
        training.step()
    assert not training.step.variants
    assert not training.step.wait(0.01)
    gate.open.set()
    assert training.step.wait(20)
    (made,) = training.step.variants.values()
    training.step()
    assert gate.asked == 1 == len(made)


def test_no_thread_is_left() -> None:
    training = Training(gradbook.compile)
    training.step()
    training.step()
    threads = [thread for thread in threading.enumerate() if thread.name == "gradbook-compile"]
    assert training.step.wait(20)
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_one_can_ask_to_wait(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_module, "Plan", gate.real)
    training = Training(lambda f: gradbook.compile(f, options={"wait": True}))
    training.step()
    training.step()
    assert any(training.step.variants.values())
    monkeypatch.setenv("GRADBOOK_COMPILE", "wait")
    assert gradbook.compile(len).waits
    assert not gradbook.compile(len, options={"wait": False}).waits


def test_what_goes_wrong_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def broken(*args: Any, **options: Any) -> Any:
        tried.append(1)
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(compiled_module, "Plan", broken)
    training = Training(gradbook.compile)
    for _ in range(10):
        training.step()
        assert training.step.wait(20)
    assert len(tried) == 2  # something might have changed the first time
    assert training.step.report == [("no plan could be made: ZeroDivisionError: of ours", "")]


def test_a_constant_that_is_changed_later_is_what_it_was_in_the_call(gate: Gate) -> None:
    kept: list[Tensor] = []

    @gradbook.compile
    def scaled(x: Tensor) -> tuple[Tensor, Tensor]:
        factor = gradbook.tensor([2.0, 3.0])
        return x * factor, factor

    x = gradbook.ones(2)
    scaled(x)
    kept.append(scaled(x)[1])
    kept[0].zero_()
    gate.open.set()
    assert scaled.wait(20)
    assert scaled(x)[0].tolist() == [2.0, 3.0]


def test_things_are_done_in_their_order() -> None:
    made, done = Background(), []
    for i in range(50):
        made.do(lambda i=i: done.append(i))
    assert made.wait(10)
    assert done == list(range(50))


SCRIPT = """
    import os, sys, threading, time
    import gradbook
    from gradbook import nn, optim
    from gradbook.nn import functional as F

    model = nn.Sequential(nn.Linear(30, 64), nn.Tanh(), nn.Linear(64, 10))
    opt, x, y = optim.Adam(model.parameters()), gradbook.randn(8, 30), gradbook.randint(0, 10, (8,))

    @gradbook.compile
    def step():
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss

    step()
    step()
    assert step.pending, "the plan is made already"
"""


def run(code: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that is compiling, with no machine code on disk."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT) + textwrap.dedent(code))
    env = {**os.environ, "GRADBOOK_CACHE": str(tmp_path)}
    return subprocess.run([sys.executable, script], capture_output=True, text=True, env=env, timeout=120)


def test_python_may_end_while_a_plan_is_made(tmp_path: Path) -> None:
    done = run("print('end')", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_made_meanwhile_makes_its_own_plans(tmp_path: Path) -> None:
    done = run(
        """
        child = os.fork()
        for _ in range(3):
            step()
        assert step.wait(60)
        step()
        good = bool(any(step.variants.values())) and not step.report
        if not child:
            os._exit(0 if good else 1)
        print(good, os.waitpid(child, 0)[1])
        """,
        tmp_path,
    )
    assert done.stdout.split() == ["True", "0"], done.stderr
