"""A state machine: views and changes in any order that Hypothesis finds, in step with PyTorch after each of them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.engine.autograd.inplace_programs import LINES, Program

three = st.tuples(*[st.integers(0, 9)] * 3)


def place(kind: str) -> st.SearchStrategy[int]:
    """Which line of a kind."""
    return st.integers(0, len(LINES[kind]) - 1)


class InPlaceMachine(RuleBasedStateMachine):
    """A program that grows by one line a step, and ends with backward or with an error that both raise."""

    @initialize(choices=st.lists(st.integers(0, 10**6), min_size=12, max_size=12))
    def start(self, choices):
        drawn = iter(choices)
        self.program = Program(lambda n: next(drawn) % n)
        self.ended = False
        for _ in range(3):
            self.program.leaf()

    def line(self, kind: str, which: int, names: list[int], quietly: bool) -> None:
        found = iter([("view", "value", "change").index(kind), which, *names, 0 if quietly else 1])
        self.program.choose = lambda n: next(found) % n
        self.ended = not self.program.step()

    @precondition(lambda self: not self.ended)
    @rule(
        which=st.integers(0, len(LINES["view"]) - 1), names=st.tuples(*[st.integers(0, 9)] * 3), quietly=st.booleans()
    )
    def look(self, which, names, quietly):
        self.line("view", which, list(names), quietly)

    @precondition(lambda self: not self.ended)
    @rule(which=place("value"), names=three)
    def compute(self, which, names):
        self.line("value", which, list(names), False)

    @precondition(lambda self: not self.ended)
    @rule(
        which=st.integers(0, len(LINES["change"]) - 1), names=st.tuples(*[st.integers(0, 9)] * 3), quietly=st.booleans()
    )
    def change(self, which, names, quietly):
        self.line("change", which, list(names), quietly)

    @precondition(lambda self: not self.ended)
    @rule()
    def differentiate(self):
        self.program.backward()
        self.ended = True

    @precondition(lambda self: self.ended)
    @rule(first=st.integers(0, 12))
    def begin_again(self, first):
        self.program = Program(lambda n: first % n)
        self.ended = False
        self.program.leaf()
        self.program.leaf()


TestInPlaceMachine = InPlaceMachine.TestCase
TestInPlaceMachine.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
