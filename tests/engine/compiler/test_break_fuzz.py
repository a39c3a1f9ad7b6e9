"""Random training steps full of what only Python can do give the same compiled as not, call after call.

Printing, logs, counters, conditions and loops on values, early returns, exceptions, random numbers, gradients that are
looked at and changed, modes and learning rates that change, batches of other sizes.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.tensor import Tensor
from tests.engine.compiler.broken_programs import broken_program
from tests.engine.compiler.test_compile import flat
from tests.engine.compiler.test_fuzz import differs, in_float64, made

SEEDS = range(60)
STEPS = 30
SIZES = [6, 6, 6, 6, 6, 6, 4, 4, 4, 6, 6, 4, 6, 5, 6, 6, 6, 4, 6, 4, *[6] * 10]


class Side:
    """A program, compiled or not."""

    def __init__(self, seed: int, compiled: bool) -> None:
        text, self.features, self.classes = broken_program(seed)
        gradbook.manual_seed(seed)
        self.model, self.opt, step = made(text, f"<broken program {seed}>")(gradbook)
        self.step = gradbook.compile(step) if compiled else step
        self.wide = gradbook.get_default_dtype() is gradbook.float64

    def tensors(self) -> list[Tensor]:
        """Parameters, buffers and the optimizer's state."""
        state = [v for s in self.opt.state.values() for v in s.values() if isinstance(v, Tensor)]
        return [*self.model.parameters(), *self.model.buffers(), *state]

    def take(self, other: Side) -> None:
        """The numbers of another side, in the memory of this one."""
        for mine, theirs in zip(self.tensors(), other.tensors(), strict=True):
            mine._array[...] = theirs._array

    def run(self, x: Tensor, y: Tensor, k: int, draws: Any) -> list[Any]:
        """One step. -> what it gave, what it left behind"""
        gradbook.set_rng_state(draws)
        random.seed(k)
        model = self.model
        try:
            result = self.step(x.double() if self.wide else x, y, k)
        except (ValueError, AssertionError, ZeroDivisionError, RuntimeError, TypeError, AttributeError) as error:
            result = (type(error).__name__, str(error).partition("\n")[0])
        own = [model.count, model.total, model.best, model.mode, model.training, model.seen, model.last]
        grads = [p.grad for p in model.parameters()]
        rates = [g["lr"] for g in self.opt.param_groups]
        left = [own, model.log, model.kept[-3:], len(model.kept), grads, rates]
        found = flat([result, left, self.tensors() if type(self.opt).__name__ == "SGD" else []])
        model.log.clear()
        return [*found, gradbook.get_rng_state().numpy().sum(), random.random()]


def wrong(a: list[Any], b: list[Any], exact: list[Any]) -> str:
    """What of b is not a; float64 decides where rounding may explain it."""
    found = differs(a, b, a)
    if found and len(exact) == len(a) and all(type(x) is type(z) for x, z in zip(a, exact, strict=True)):
        found = differs(a, b, exact)
    return found


def compared(seed: int) -> Side:
    """Run a program's steps both ways, and assert that they agree. -> the compiled side"""
    plain, fast = Side(seed, False), Side(seed, True)
    with in_float64():
        exact = Side(seed, False)
    for k in range(STEPS):
        x, y = gradbook.randn(SIZES[k], plain.features), gradbook.randint(0, plain.classes, (SIZES[k],))
        draws = gradbook.get_rng_state()
        for side in (fast, exact):
            side.take(plain)
        a, b = (side.run(x, y, k, draws) for side in (plain, fast))
        with in_float64():
            c = exact.run(x, y, k, draws)
        message = wrong(a, b, c)
        assert not message, f"step {k}: {message}\n{fast.step.report}\n{broken_program(seed)[0]}"
    return fast


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_step_with_breaks(seed: int) -> None:
    with np.errstate(all="ignore"):
        compared(seed)
