"""gradbook.compile.explain tells what of a call is left to Python, on which line of the source, and what is not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import nn, optim
from gradbook.nn import functional as F
from gradbook.tensor import Tensor

WAIT = {"wait": True}
explain: Callable[[Any], Any] = gradbook.compile.explain  # type: ignore[attr-defined]


def line_of(function: Any, text: str) -> str:
    """ "file:line" of the one line of a function that has a text in it."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [i for i, line in enumerate(lines) if text in line]
    return f"{__file__}:{first + found}"


def test_each_break_is_told_with_its_line_and_nothing_else() -> None:
    net = nn.Linear(4, 3)
    opt = optim.SGD(net.parameters(), lr=0.1)
    losses: list[float] = []

    def step(x: Tensor, y: Tensor) -> Tensor:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        if loss.item() > 1e9:
            raise ValueError("too large")
        losses.append(1.0)
        opt.step()
        return loss

    run = gradbook.compile(step, options=WAIT)
    x, y = gradbook.randn(5, 4), gradbook.randint(0, 3, (5,))
    assert str(explain(run)) == "no plan yet: the second call with arguments of one kind is recorded"
    for _ in range(10):
        run(x, y)
    told = explain(run)
    assert {place for _, place in told.breaks} == {line_of(step, "loss.item()"), line_of(step, "losses.append")}
    assert (told.plans, told.kinds, told.whole, told.pending) == (1, ["float32[5, 4], int64[5]"], [], 0)
    assert list(told) == told.breaks
    assert "everything is compiled" not in str(told)
    for reason, place in told:
        assert f"{place}: {reason}" in str(told)
    assert len(losses) == 10


def test_what_is_compiled_whole_is_told_to_be() -> None:
    run = gradbook.compile(lambda x, scale=1.0: x * scale + 1, options=WAIT)
    for _ in range(3):
        run(gradbook.ones(3), scale=2.0)
    told = explain(run)
    assert not told
    assert str(told) == "1 plan\n    for float32[3], scale=2.0\neverything is compiled"


def test_what_the_engine_computes_between_kernels_is_told() -> None:
    def spectrum(x: Tensor) -> Tensor:
        y = x * 2 + 1
        return gradbook.linalg.svdvals(y)

    run = gradbook.compile(spectrum, options=WAIT)
    for _ in range(3):
        run(gradbook.randn(3, 3))
    assert [place for _, place in explain(run).left] == [line_of(spectrum, "svdvals")]
    assert not explain(run)


def test_gradients_are_told_by_the_line_of_their_forward() -> None:
    head = nn.Linear(3, 2)

    def step(x: Tensor) -> Tensor:
        h = head(x).logsumexp(0)
        loss = h.sum()
        loss.backward()
        return loss

    run = gradbook.compile(step, options=WAIT)
    for _ in range(3):
        run(gradbook.randn(4, 3))
    place = line_of(step, "logsumexp")
    assert explain(run).left == [("logsumexp", place), ("gradient of logsumexp", place)]


def test_a_break_that_another_way_made_needless_is_not_told() -> None:
    def once(x: Tensor, n: int) -> Tensor:
        for _ in range(n):
            x = x * 1.5
        return x

    run = gradbook.compile(once, options=WAIT)
    for n in (1, 2):
        for _ in range(3):
            run(gradbook.ones(2), n)
    assert not explain(run)
    for n in (3, 4, 5, 6):
        for _ in range(3):
            assert float(run(gradbook.ones(2), n)[0]) == 1.5**n
    ((reason, place),) = explain(run)
    assert (reason, place) == ("it depends on an argument that changes from call to call", line_of(once, "for _ in"))


def test_calls_that_are_left_whole_and_calls_that_are_not_looked_at() -> None:
    net = nn.Linear(2, 2)
    net.register_forward_hook(lambda *args: None)
    run = gradbook.compile(lambda x: net(x).sum(), options=WAIT)
    for _ in range(3):
        run(gradbook.ones(1, 2))
    told = explain(run)
    assert [reason for reason, _ in told.whole] == ["Linear has hooks, which run Python"]
    assert "calls left to Python whole:" in str(told)
    with gradbook.autocast("cpu"):
        run(gradbook.ones(1, 2))
    assert explain(run).aside == {"autocast is on": 1}
    assert "1 call run by Python: autocast is on" in str(explain(run))


def test_arguments_are_told_in_words() -> None:
    def f(*args: Any, **named: Any) -> None:
        return None

    for args, named, words in [
        ((), {}, "no arguments"),
        ((gradbook.ones(2), (gradbook.ones(2), 1)), {}, "float32[2], (float32[2], 1)"),
        (((1,), {"a": 2}), {}, "(1), a=2"),
        ((), {"a": "text"}, "a='text'"),
        ((1,), {"a": None}, "1, a=None"),
        ((net := nn.Linear(1, 1),), {}, "Linear"),
    ]:
        run = gradbook.compile(f, options=WAIT)
        for _ in range(2):
            run(*args, **named)
        assert explain(run).kinds == [words], net
    x = gradbook.ones(2)
    run = gradbook.compile(f, options=WAIT)
    for _ in range(2):
        run(x, x)
    assert explain(run).kinds == ["float32[2], the same tensor again"]


def test_many_kinds_are_counted() -> None:
    run = gradbook.compile(lambda x: x * 2, options=WAIT)
    for n in range(1, 12):
        for _ in range(2):
            run(gradbook.ones(n))
    told = explain(run)
    assert told.plans == len(told.kinds) == 11
    assert "and 3 more" in str(told)


def test_a_plan_in_the_making_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradbook.compiler.background.Background.do", lambda self, what: None)
    run = gradbook.compile(lambda x: x * 2, options={"wait": False})
    for _ in range(3):
        run(gradbook.ones(2))
    assert str(explain(run)) == "no plan yet, a plan is being made in the background"
