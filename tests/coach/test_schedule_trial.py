"""What a schedule will make of a learning rate, and functions that are not run for it."""

import math

import pytest

import gradbook as torch
from gradbook.coach.schedule_trial import peak

steps_seen: list[int] = []


def noam(step: int) -> float:
    return 64**-0.5 * min((step + 1) ** -0.5, (step + 1) * 200**-1.5)


def remembered(step: int) -> float:
    steps_seen.append(step)
    return 1.0


def noisy(step: int) -> float:
    print(step)
    return 1.0


def short(step: int) -> float:
    return [0.1, 0.2, 0.3][step]


def scheduled(function):
    """A schedule by a function, on a rate of a hundredth."""
    optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.01)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, function)


def test_the_peak_of_a_warmup_is_found_before_it_is_reached() -> None:
    assert peak(scheduled(noam), 0.01) == pytest.approx(0.01 * 64**-0.5 * 200**-0.5, rel=0.15)
    assert peak(scheduled(lambda step: min(1.0, step / 5000)), 0.01) == pytest.approx(0.01)


@pytest.mark.parametrize("function", [remembered, noisy, short])
def test_a_function_that_does_more_than_reckon_is_not_run(function, capsys) -> None:
    schedule = scheduled(function)
    steps_seen.clear()
    capsys.readouterr()
    assert peak(schedule, 0.01) == math.inf
    assert not steps_seen
    assert not capsys.readouterr().out


def test_nothing_is_known_of_other_schedules() -> None:
    optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.01)
    assert peak(torch.optim.lr_scheduler.StepLR(optimizer, 3), 0.01) == math.inf
    assert peak(None, 0.01) == math.inf
