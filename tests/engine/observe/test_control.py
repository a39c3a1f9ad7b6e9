from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gradbook.observe import Control, StopTraining


class Optimizer:
    def __init__(self, *rates: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"lr": rate} for rate in rates]


def eventually(claim: Any) -> None:
    until = time.monotonic() + 5
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.001)


def loop(control: Control, optimizer: Optimizer, made: list[int], ended: list[BaseException]) -> None:
    try:
        for step in range(1, 1_000_000):
            made.append(step)
            control.stepped(optimizer, step)
            control.poll()
    except BaseException as error:
        ended.append(error)


@pytest.fixture
def running() -> Any:
    control, optimizer, made, ended = Control(), Optimizer(0.1), [], []
    thread = threading.Thread(target=loop, args=(control, optimizer, made, ended))
    thread.start()
    yield control, optimizer, made, ended
    control.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_pause_holds_the_loop_and_resume_lets_it_on(running: Any) -> None:
    control, _, made, _ = running
    control.pause()
    eventually(lambda: control.state == "paused")
    at = len(made)
    time.sleep(0.1)
    assert len(made) == at
    assert control.paused_time() >= 0.1
    control.resume()
    eventually(lambda: len(made) > at + 10)
    assert control.state == "running"


def test_step_makes_exactly_one(running: Any) -> None:
    control, _, made, _ = running
    control.pause()
    eventually(lambda: control.state == "paused")
    for _ in range(3):
        at = len(made)
        control.step()
        eventually(lambda at=at: len(made) == at + 1 and control.state == "paused")
        time.sleep(0.02)
        assert len(made) == at + 1


def test_stop_raises_an_interrupt_also_while_paused(running: Any) -> None:
    control, _, _, ended = running
    control.pause()
    eventually(lambda: control.state == "paused")
    control.stop()
    eventually(lambda: ended)
    assert isinstance(ended[0], StopTraining)
    assert isinstance(ended[0], KeyboardInterrupt)
    assert control.state == "stopped"


def test_a_click_is_seen_within_a_tenth_of_a_second(running: Any) -> None:
    control, _, _, _ = running
    took = []
    for _ in range(10):
        began = time.monotonic()
        control.pause()
        eventually(lambda: control.state == "paused")
        took.append(time.monotonic() - began)
        control.resume()
    assert min(took) < 0.1, "the quickest of ten: the machine may be busy with something else"


def test_the_learning_rate_changes_at_the_next_safe_point_also_while_paused() -> None:
    control, optimizer = Control(), Optimizer(0.1, 0.01)
    control.stepped(optimizer, 1)
    assert control.learning_rate == 0.1
    control.set_learning_rate(0.2)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert control.learning_rate == 0.2
    control.poll()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.2, 0.02])


def test_a_learning_rate_asked_for_before_the_first_step_waits_for_it() -> None:
    control, optimizer = Control(), Optimizer(0.1)
    control.set_learning_rate(0.5)
    control.poll()
    control.stepped(optimizer, 1)
    control.set_learning_rate(0.4)
    control.poll()
    assert optimizer.param_groups[0]["lr"] == 0.4


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_what_is_no_learning_rate_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a learning rate"):
        Control().set_learning_rate(value)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT means KeyboardInterrupt, whatever the shell that started us thinks of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_a_pause() -> None:
    import _thread

    control = Control()
    control.pause()
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        control.poll()
    timer.join()
    assert control.paused_time() > 0


def test_a_snapshot_is_taken_at_a_safe_point() -> None:
    control, taken = Control(), []
    control.on_snapshot = lambda: taken.append(1)
    control.snapshot()
    assert not taken
    control.poll()
    control.poll()
    assert taken == [1]


# -- halted at an operation --------------------------------------------------------------------------------------------


def halted(control: Control, give_up: Any = lambda: False) -> tuple[threading.Thread, list[Any]]:
    """A thread that is halted, and where what became of it will stand."""
    told: list[Any] = []

    def hold() -> None:
        try:
            told.append(control.halt(give_up))
        except StopTraining as error:
            told.append(error)

    thread = threading.Thread(target=hold)
    thread.start()
    eventually(lambda: control.state == "halted" or told)
    return thread, told


@pytest.mark.parametrize(("wish", "verdict"), [("resume", "continue"), ("step_op", "step_op"), ("step", "continue")])
def test_a_halted_thread_goes_on_as_it_is_told(wish: str, verdict: str) -> None:
    control = Control()
    thread, told = halted(control)
    getattr(control, wish)()
    thread.join(5)
    assert told == [verdict]
    assert control.state == "running"
    assert control.paused_time() > 0


def test_stop_ends_a_halted_thread_and_one_that_comes_later() -> None:
    control = Control()
    thread, told = halted(control)
    control.stop()
    thread.join(5)
    assert isinstance(told[0], StopTraining)
    with pytest.raises(StopTraining):
        control.halt(lambda: False)


def test_nobody_to_ask_gives_up() -> None:
    control = Control()
    thread, told = halted(control, lambda: True)
    thread.join(5)
    assert told == ["given up"]
    assert control.state == "running"


def test_step_op_means_nothing_to_a_loop_that_runs_and_a_pause_asked_before_comes_after() -> None:
    control = Control()
    control.step_op()
    assert control.state == "running"
    control.pause()
    thread, told = halted(control)
    control.resume()
    thread.join(5)
    assert told == ["continue"]
    assert control.state == "pausing"
