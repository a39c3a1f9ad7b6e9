"""What the coach attends to in a long training: the beginning, then a few steps now and then, and what is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import coach, nn
from gradbook.coach.attention import FIRST, MOST, OFTEN, REST, WINDOW, Attention
from gradbook.coach.coach import Coach
from gradbook.coach.record import Pass, Step
from gradbook.coach.rule import Rule

MANY = FIRST + 3 * (WINDOW + REST)


class Hearing(Rule):
    """Writes down the steps that it hears of."""

    id = "hearing"

    def begins(self) -> None:
        self.steps: list[int] = []
        self.counts: list[int] = []
        self.order = ""
        self.broken: list[float] = []
        self.half = 0

    def cleared(self, clear: Any, owner: Any) -> None:
        self.order += "Z"

    def passed(self, pass_: Pass) -> None:
        self.order += "B"
        self.half += not pass_.whole

    def broke(self, pass_: Pass) -> None:
        self.broken.append(pass_.value)

    def stepped(self, step: Step, optimizer: Any) -> None:
        self.order += "S"
        self.steps.append(step.number)
        self.counts.append(step.count)


def loop(steps: int, each: Callable[[int, Any], None] | None = None, optimizer: Any = None) -> Any:
    """A training of so many steps; `each` is called before each backward pass, with the loss. -> its optimizer."""
    w = gradbook.ones(4, requires_grad=True)
    optimizer = optimizer or gradbook.optim.SGD([w], lr=1e-4)
    w = optimizer.param_groups[0]["params"][0]
    for i in range(steps):
        loss = (w * w).sum()
        if each is not None:
            loss = each(i, loss) or loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return optimizer


def heard(program: Callable[[], object]) -> tuple[Hearing, Coach]:
    watch = Coach([Hearing]).start()
    watch.attention.affordable = lambda: False  # type: ignore[method-assign]  # no close looks but the first
    try:
        program()
    finally:
        watch.finish()
    rule = watch.rules[0]
    assert isinstance(rule, Hearing)
    return rule, watch


def test_later_steps_are_heard_a_few_in_a_row_and_all_are_counted() -> None:
    rule, watch = heard(lambda: loop(MANY))
    assert rule.steps[:FIRST] == list(range(1, FIRST + 1))
    assert len(rule.steps) < MANY / 2
    assert rule.counts == rule.steps
    assert rule.order == "ZBS" * len(rule.steps)  # each turn whole
    gaps = [(a, b) for a, b in zip(rule.steps, rule.steps[1:], strict=False) if b > a + 1]
    assert gaps
    assert all(rule.steps[rule.steps.index(b) : rule.steps.index(b) + WINDOW] == list(range(b, b + WINDOW))
               for _, b in gaps if b + WINDOW <= MANY)  # fmt: skip
    assert (watch.steps, watch.passes, watch.report.watched) == (MANY, MANY, 2 * MANY)
    assert next(iter(watch.optimizers.values())).count == MANY
    (curve,) = watch.curves.curves.values()
    assert curve.count == MANY


def test_a_loss_that_is_no_number_is_told_of_at_rest_too() -> None:
    def breaks(i: int, loss: Any) -> Any:
        return loss * float("nan") if i == FIRST + 20 else None

    rule, _ = heard(lambda: loop(FIRST + 21, breaks))
    assert rule.steps[-1] < FIRST + 20
    assert len(rule.broken) == 1


def test_a_new_optimizer_is_heard_from_its_first_step_on() -> None:
    def program() -> None:
        loop(FIRST + 20)
        loop(20)

    rule, _ = heard(program)
    assert rule.steps[-21] < FIRST + 20
    assert rule.steps[-20:] == list(range(FIRST + 21, FIRST + 41))
    assert rule.counts[-20:] == list(range(1, 21))


def test_an_evaluation_ends_a_rest_and_its_turn_is_known_not_to_be_whole() -> None:
    def evaluates(i: int, loss: Any) -> None:
        if i == FIRST + 20:
            with gradbook.no_grad():
                loss * 2

    rule, _ = heard(lambda: loop(FIRST + 40, evaluates))
    assert rule.half == 1
    assert FIRST + 20 not in rule.steps
    assert FIRST + 21 in rule.steps


def test_what_stands_in_each_step_is_no_evaluation_each_time() -> None:
    assert sum(map(Attention(0.0).evaluation, range(1000))) < 25
    assert all(map(Attention(0.0).evaluation, range(0, 5000, 100)))


def test_a_busy_machine_does_not_make_it_look_more_often() -> None:
    def looks(now: float = 0.0, busy: bool = False) -> int:
        attention, count = Attention(now), 0
        for step in range(5000):
            now += 0.1 if busy and step % 10 == 9 else 0.001
            attention.beat(now)
            if attention.due(step):
                attention.spent(0.001)
                attention.stays(step, False)
                count += 1
        return count

    assert looks() == pytest.approx(looks(busy=True), abs=4)
    assert looks() > 15


def test_a_look_has_an_end_and_does_not_begin_again_in_its_turn() -> None:
    looks: list[int] = []
    watch = Coach([]).start()
    try:
        x = gradbook.ones(2, requires_grad=True)
        for _ in range(MOST + 200):
            x = x + 1
            looks.append(watch.close)
    finally:
        watch.finish()
    assert looks.count(True) == MOST - 1
    assert len(watch.turn.ops) == MOST


def test_data_that_a_loop_makes_element_by_element_does_not_use_up_the_look() -> None:
    watch = Coach([]).start()
    try:
        x = gradbook.zeros(MOST + 1)
        for i in range(MOST + 1):
            x[i] = x[i - 1] + 1
        assert watch.close
        assert len(watch.turn.ops) <= 4 * OFTEN
        mean = x.mean()
        assert watch.turn.ops[-1].output.tensor is mean
    finally:
        watch.finish()


def test_it_does_not_count_such_a_loop_for_ever() -> None:
    watch = Coach([]).start()
    try:
        x = gradbook.ones(2)
        while watch.close:
            x = x * 1.0
        assert watch.attention.bored
        nn.Linear(2, 2)  # a model: from here on there is something to see
        assert watch.close
    finally:
        watch.finish()


def test_a_call_in_which_a_look_ends_is_no_part_of_later_ones() -> None:
    """The model's data took so many operations that the look ended in the middle of its first forward."""

    class Deep(nn.Module):
        def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
            for _ in range(MOST + 1):
                x = x + self.scale
            return x

        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(gradbook.ones(2))

    watch = Coach([]).start()
    try:
        deep, flat = Deep(), nn.Linear(2, 1)
        optimizer = gradbook.optim.SGD([*deep.parameters(), *flat.parameters()], lr=0.1)
        deep(gradbook.ones(2)).sum().backward()
        optimizer.step()
        flat(gradbook.ones(2))
        assert [call.parent for call in watch.turn.calls] == [None]
    finally:
        watch.finish()


def test_a_loop_by_hand_rests_too() -> None:
    def program() -> None:
        w = gradbook.ones(3, requires_grad=True)
        for _ in range(MANY):
            (w * w).sum().backward()
            w.grad = None

    rule, watch = heard(program)
    assert FIRST <= rule.order.count("B") < MANY / 2
    assert watch.passes == MANY


def test_a_fault_that_begins_late_is_found() -> None:
    def program() -> None:
        model = nn.Linear(3, 1)
        optimizer = gradbook.optim.SGD(model.parameters(), lr=1e-5)
        x, y = gradbook.randn(8, 3), gradbook.randn(8, 1)
        for i in range(FIRST + 20 * (WINDOW + REST)):
            loss = nn.functional.mse_loss(model(x), y)
            if i < 2 * FIRST:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    with coach.watch() as report:
        program()
    assert [finding.rule for finding in report if finding.severity == "error"] == ["missing-zero-grad"]


def test_a_schedule_that_steps_with_its_optimizer_is_in_order_however_long() -> None:
    def program() -> None:
        model = nn.Linear(3, 1)
        optimizer = gradbook.optim.SGD(model.parameters(), lr=1e-3)
        schedule = gradbook.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=MANY)
        x, y = gradbook.randn(8, 3), gradbook.randn(8, 1)
        for _ in range(MANY):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
            schedule.step()

    with coach.watch() as report:
        program()
    assert [finding for finding in report if finding.severity != "hint"] == []
