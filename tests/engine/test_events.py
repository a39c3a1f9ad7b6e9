"""Who listens: attach, detach, failing observers, and what an op says when it is watched."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook import events


def run_and_fail():
    gradbook.ones(2) + 1
    raise ValueError("mine")


class Ops:
    def __init__(self):
        self.seen = []

    def on_op(self, op, operands, params, output, node, where):
        self.seen.append((op.name, where))


def test_nobody_listens_by_default():
    assert not any(getattr(events, kind) for kind in events.KINDS)


def test_observing_ends_with_its_block():
    ops = Ops()
    with pytest.raises(ValueError, match="mine"), events.observing(ops):
        run_and_fail()
    gradbook.ones(2) * 2
    assert [name for name, _ in ops.seen] == ["add"]
    assert not events.op


def test_an_op_names_the_users_line():
    ops = Ops()
    with events.observing(ops):
        gradbook.ones(2) + 1
    assert ops.seen[0][1][0].co_filename == __file__
    x = gradbook.ones(2, requires_grad=True)
    with events.observing(ops):
        y = x * 2
    assert y.grad_fn.where[0].co_filename == __file__
    assert (x * 2).grad_fn.where is None


def test_a_failing_observer_is_detached_with_one_warning():
    class Broken:
        def on_op(self, *args):
            raise ZeroDivisionError("mine")

    with events.observing(Broken()), pytest.warns(RuntimeWarning, match=r"Broken.*detached") as caught:
        x = gradbook.ones(2) + 1 + 1
    assert x.tolist() == [3.0, 3.0]
    assert len(caught) == 1
    assert not events.observers


def test_control_may_stop_the_loop():
    class Stop:
        def on_control(self):
            raise KeyboardInterrupt

    with events.observing(Stop()), pytest.raises(KeyboardInterrupt):
        events.safe_point()
    events.safe_point()


def test_attaching_twice_is_once():
    ops = Ops()
    events.attach(ops)
    events.attach(ops)
    try:
        gradbook.ones(2) + 1
    finally:
        events.detach(ops)
    events.detach(ops)
    assert len(ops.seen) == 1


def test_in_silence_nobody_listens_and_afterwards_they_do_again():
    before, during = Ops(), Ops()
    with events.observing(before):
        with pytest.raises(ValueError, match="mine"), events.silenced(), events.observing(during):
            run_and_fail()
        gradbook.ones(2) * 2
    assert [[name for name, _ in ops.seen] for ops in (before, during)] == [["mul"], ["add"]]
    assert not events.observers


def test_who_is_brief_hears_of_each_step_once():
    class Heard(list):
        brief = False

        def on_backward(self, phase, root, inputs):
            self.append(f"backward {phase}")

        def on_step(self, phase, optimizer):
            self.append(f"step {phase}")

    w = gradbook.ones(2, requires_grad=True)
    optimizer = gradbook.optim.SGD([w], lr=0.1)
    with events.observing(Heard()) as heard:
        for heard.brief in (False, True, False):
            events.refresh()
            (w * w).sum().backward()
            optimizer.step()
            heard.append("")
    whole = "backward start, backward end, step start, step end"
    assert ", ".join(heard).split(", , ") == [whole, "backward start, step end", f"{whole}, "]


def test_numbers_that_leave_their_graph_are_told_of():
    class Cuts(list):
        def on_cut(self, how, source, tensor):
            self.append((how, source, tensor))

    w = gradbook.ones(1, requires_grad=True)
    y = w * 2
    with events.observing(Cuts()) as heard:
        made = [y.detach(), y.data, gradbook.tensor([y]), gradbook.tensor([y[0], 1.0]), gradbook.from_numpy(np.ones(2))]
        y.detach_()
    assert [how for how, _, _ in heard] == ["detach", "data", "tensor", "tensor", "numpy", "detach"]
    assert [tensor for _, _, tensor in heard[:5]] == made
    assert all(heard[i][1] is y for i in (0, 1, 2, 5))
    assert heard[4][1] is None
    assert heard[5][2] is y


def test_what_is_constructed_is_told_of():
    class Made(list):
        def on_built(self, owner):
            self.append(type(owner).__name__)

    with events.observing(Made()) as heard:
        model = gradbook.nn.Sequential(gradbook.nn.Linear(2, 1))
        gradbook.optim.SGD(model.parameters(), lr=0.1)
    assert heard == ["Linear", "Sequential", "SGD"]
