"""Points whose values are still on their way from a device, with a device made of Python."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradbook.observe import deferred as module
from gradbook.observe.deferred import Deferred
from gradbook.observe.series import Series


class Event:
    made: list[Any] = []  # noqa: RUF012  (reset by the fixture)

    def __init__(self, **options: Any) -> None:
        self.done = False
        self.recorded = self.waited = 0
        Event.made.append(self)

    def record(self) -> None:
        self.recorded += 1

    def synchronize(self) -> None:
        self.waited += 1
        self.done = True


class Scalar:
    """A device scalar: reading it before its event is done would make the loop wait."""

    device = SimpleNamespace(id=0)

    def __init__(self, value: float) -> None:
        self.value = value

    def get(self, stream: Any) -> np.ndarray:
        assert stream == "a stream of its own"
        return np.array(self.value, np.float32)


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(Event=Event, Stream=lambda non_blocking: "a stream of its own")
    monkeypatch.setattr(module.backends, "xp_of", lambda *_: SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(Event, "made", [])


def test_values_are_read_once_they_are_there_and_in_order() -> None:
    deferred, series = Deferred(), Series("loss")
    for step in (1, 2, 3):
        deferred.add(series, step, Scalar(step / 2))
    deferred.collect()
    assert len(series) == 0
    assert all(event.recorded == 1 for event in Event.made)
    Event.made[0].done = Event.made[2].done = True
    deferred.collect()
    assert series.steps.tolist() == [1], "the third waits for the second"
    Event.made[1].done = True
    deferred.collect()
    assert series.values.tolist() == [0.5, 1.0, 1.5]
    assert len(deferred) == 0
    assert not any(event.waited for event in Event.made)


def test_at_the_end_everything_is_waited_for() -> None:
    deferred, series = Deferred(), Series("loss")
    deferred.add(series, 1, Scalar(1.0))
    deferred.collect(wait=True)
    assert series.values.tolist() == [1.0]
    assert Event.made[0].waited == 1


def test_a_loop_too_far_ahead_of_its_device_does_not_pile_up() -> None:
    deferred, series = Deferred(), Series("loss")
    for step in range(5000):
        deferred.add(series, step, Scalar(0.0))
    assert len(deferred) <= 4096
