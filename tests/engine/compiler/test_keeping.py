"""Plans of many sizes are kept within bounds, and numbers that change do not each get their own."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import nn, optim
from gradbook.compiler import keeping
from gradbook.nn import functional as F
from gradbook.tensor import Tensor

WAIT = {"wait": True}
explain: Callable[[Any], Any] = gradbook.compile.explain  # type: ignore[attr-defined]


def test_lengths_that_vary_train_the_same() -> None:
    def training() -> tuple[Any, Any]:
        gradbook.manual_seed(0)
        embed, cell, head = nn.Embedding(11, 6), nn.GRU(6, 8, batch_first=True), nn.Linear(8, 11)
        net = nn.ModuleList([embed, cell, head])
        opt = optim.SGD(net.parameters(), lr=0.1)

        def step(x: Tensor) -> Tensor:
            opt.zero_grad()
            out = head(cell(embed(x[:, :-1]))[0])
            loss = F.cross_entropy(out.reshape(-1, 11), x[:, 1:].reshape(-1))
            loss.backward()
            opt.step()
            return loss

        return net, step

    (net, step), (other, again) = training(), training()
    run = gradbook.compile(again, options=WAIT)
    draw = random.Random(0)
    for _ in range(60):
        x = gradbook.randint(0, 11, (draw.choice([1, 3]), draw.randint(2, 5)))
        a, b = step(x), run(x)
        assert b.item() == pytest.approx(a.item(), rel=1e-4)
    for p, q in zip(net.parameters(), other.parameters(), strict=True):
        assert gradbook.allclose(p, q, rtol=1e-3, atol=1e-5)
    assert explain(run).plans == 8
    assert not explain(run)
    assert sum(run.calls.values()) == 16  # each kind was run and recorded; the others were run from plans


def test_plans_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PLANS", 4)
    run = gradbook.compile(lambda x: (x * 2).sum(), options=WAIT)

    def called(n: int, times: int) -> None:
        for _ in range(times):
            assert run(gradbook.ones(n)).item() == 2 * n

    for n in (1, 2, 3, 4):
        called(n, 3)
    called(5, keeping.RARE - 1)
    assert explain(run).plans == 4  # it comes too rarely to take the place of another
    for n in (1, 2, 4):
        called(n, 3)
    called(5, 3)
    assert sorted(explain(run).kinds) == ["float32[1]", "float32[2]", "float32[4]", "float32[5]"]
    for n in (1, 2, 3, 4, 5, 6) * 20:
        called(n, 1)
    assert explain(run).plans == 4


def test_the_plan_that_is_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PLANS", 3)
    monkeypatch.setattr(keeping, "RARE", 2)
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    for n in range(2, 20):
        for k in (1, n, n):
            run(gradbook.ones(k))
        run(gradbook.ones(1))
    assert explain(run).plans == 3
    assert "float32[1]" in explain(run).kinds
    assert run.calls[next(iter(run.variants))] == 2  # made once


def test_plans_make_room_for_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "BYTES", 1 << 20)
    run = gradbook.compile(lambda x: gradbook.linalg.svdvals((x * 2).reshape(2, -1)).sum() + x.exp().cumsum(0).sum())
    run.waits = True
    for n in (100_000, 100_002, 100_004, 100_006):
        for _ in range(3):
            run(gradbook.ones(n))
    pools = [variant.plan.pool.size for found in run.variants.values() for variant in found]
    assert max(pools) > 100_000
    assert sum(pools) <= max(1 << 20, max(pools))


def test_kinds_of_calls_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "KINDS", 10)
    run = gradbook.compile(lambda x, thing: x * 2, options=WAIT)

    class Thing:
        pass

    x, first = gradbook.ones(1), Thing()
    seen = weakref.ref(first)
    run(x, first)
    del first
    for _ in range(30):
        run(x, Thing())
    gc.collect()
    assert seen() is None
    assert len(run.calls) <= 11


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_a_step_that_counts(capsys: pytest.CaptureFixture[str]) -> None:
    def training() -> tuple[Any, list[Any]]:
        gradbook.manual_seed(1)
        net = nn.Linear(3, 2)
        opt = optim.SGD(net.parameters(), lr=0.1)
        seen: list[Any] = []

        def step(x: Tensor, i: int, *, part: float = 0.0) -> Any:
            opt.zero_grad()
            loss = net(x).square().mean()
            loss.backward()
            opt.step()
            if i % 3 == 0:
                seen.append((i, part, loss.item()))
            return loss, i

        return step, seen

    (step, seen), (again, also) = training(), training()
    run = gradbook.compile(again, options=WAIT)
    for i in range(30):
        x = gradbook.randn(4, 3)
        a, b = step(x, i, part=i / 2), run(x, i, part=i / 2)
        assert b[0].item() == pytest.approx(a[0].item(), rel=1e-5)
        assert type(b[1]) is int
        assert b[1] == i
    assert [each[:2] for each in also] == [each[:2] for each in seen]
    assert explain(run).plans == 1
    assert explain(run).kinds == ["float32[4, 3], any int, part=any float"]
    assert sum(run.calls.values()) < 12


@pytest.mark.parametrize("kind", [int, float])
def test_a_factor_that_gradients_flow_through(kind: type) -> None:
    weight = nn.Parameter(gradbook.ones(3))

    def step(x: Tensor, k: Any) -> Tensor:
        weight.grad = None
        loss = (weight * x).sum() * k
        loss.backward()
        return loss

    run = gradbook.compile(step, options=WAIT)
    for i in range(25):
        for _ in range(3):
            assert run(gradbook.ones(3), kind(i)).item() == 3 * i
            assert weight.grad is not None
            assert weight.grad.tolist() == [float(i)] * 3


def test_why_each_number_is_another_plan_is_told() -> None:
    weight = nn.Parameter(gradbook.ones(2))

    def step(k: float) -> Tensor:
        loss = (weight * k).sum()
        loss.backward()
        return loss.detach()

    run = gradbook.compile(step, options=WAIT)
    for i in range(20):
        assert run(float(i)).item() == 2 * i
    assert any("another number in each call is another plan" in reason for reason, _ in explain(run))
    assert "everything is compiled" not in str(explain(run))


def test_numbers_that_stay_get_plans_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WORTH", 5)
    run = gradbook.compile(lambda x, k: x * k, options=WAIT)
    for i in range(8):
        for _ in range(10):
            assert run(gradbook.ones(()), i).item() == i
    assert explain(run).plans == 8
    assert not explain(run)


def test_a_number_is_not_a_flag_and_not_another_type() -> None:
    def step(x: Tensor, k: Any) -> Any:
        return x * 2, type(k).__name__, k

    run = gradbook.compile(step, options=WAIT)
    for k in (0, 1, 2, 3, 4, 5, 1.0, True, False, 2.5, "a", None, 7, 1, True, 1.0, 0.0, -0.0) * 3:
        _, name, same = run(gradbook.ones(()), k)
        assert (name, str(same)) == (type(k).__name__, str(k))


class Counter:
    """A training that knows its step."""

    def __init__(self) -> None:
        self.count, self.scale = 0, 1.0

    def step(self, x: Tensor) -> Tensor:
        y = x.exp().sum()
        return y + self.count * 2.0 + len([self.scale])


def test_a_number_of_an_object_that_changes() -> None:
    counter = Counter()
    run = gradbook.compile(counter.step, options=WAIT)
    for i in range(40):
        counter.count = i
        assert run(gradbook.zeros(3)).item() == 4 + 2 * i
    assert explain(run).plans
    assert sum(run.calls.values()) < 30


def test_numbers_by_position_by_name_and_by_default() -> None:
    def step(x: Tensor, a: int, b: int = 5, *, c: int = 7) -> Tensor:
        return x + a * 100 + b * 10 + c

    run = gradbook.compile(step, options=WAIT)
    for i in range(12):
        assert run(gradbook.zeros(()), i).item() == i * 100 + 57
        assert run(gradbook.zeros(()), i, i).item() == i * 110 + 7
        assert run(gradbook.zeros(()), i, c=i).item() == i * 101 + 50
        assert run(gradbook.zeros(()), c=i, b=2 * i, a=3).item() == 300 + 21 * i
        assert run(gradbook.zeros(()), b=i, c=2 * i, a=3).item() == 300 + 12 * i


# -- conditions that mostly fail -------------------------------------------------------------------------------------


def test_a_plan_that_is_mostly_given_up_midway_is_given_up() -> None:
    def step(x: Tensor) -> Tensor:
        y = x.exp().sum()
        if y.item() > 3:
            y = y * 2
        else:
            y = y - 1
        return y.sin()

    run = gradbook.compile(step, options=WAIT)
    for i in range(120):
        x = gradbook.full((2,), float(i % 2))
        assert run(x).item() == pytest.approx(step(x).item(), rel=1e-5)
    for reason, place in explain(run).whole:
        assert reason.startswith("most calls")
        assert place
