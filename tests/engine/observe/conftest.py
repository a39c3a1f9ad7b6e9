"""No test here leaves an observer, a run or a cell's name behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradbook import events
from gradbook.observe import recorder, source
from gradbook.observe.run import forget_runs


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    """Fail the test that leaves somebody listening."""
    before = events.observers
    yield
    left, events_left = events.observers, [kind for kind in events.KINDS if getattr(events, kind)]
    active = list(recorder.active)
    for observer in left:
        if not any(observer is known for known in before):
            events.detach(observer)
    recorder.active.clear()
    forget_runs()
    source.forget_cells()
    assert left == before, f"the test left {left} listening"
    assert before or not events_left
    assert not active, "the test left a recorder active"
