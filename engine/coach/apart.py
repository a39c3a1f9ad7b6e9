"""Run something beside the training that leaves no trace: nobody hears of it, and random numbers go on as before."""

from __future__ import annotations

import contextlib
import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook import dtypes, events
from gradbook.autograd import grad_mode
from gradbook.observe.failure.trial import Quiet
from gradbook.random import default_generator, fork_rng

__all__ = ["Draws", "apart"]


class Draws:
    """Where the streams of random numbers stood: the engine's, NumPy's and Python's."""

    def __init__(self) -> None:
        self._engine, self._numpy, self._python = _states()

    @property
    def moved(self) -> bool:
        """Whether anybody has drawn since."""
        engine, numpy, python = _states()
        same = repr(numpy) == repr(self._numpy) and numpy[1].tobytes() == self._numpy[1].tobytes()
        return engine != self._engine or not same or python != self._python

    def rewind(self) -> None:
        """Let all streams begin there again."""
        default_generator.rng().bit_generator.state = self._engine
        np.random.set_state(self._numpy)
        random.setstate(self._python)


def _states() -> tuple[Any, Any, Any]:
    return default_generator.rng().bit_generator.state, np.random.get_state(), random.getstate()


@contextlib.contextmanager
def apart(grad: bool = False) -> Iterator[Draws]:
    """Inside, nobody listens, nothing is printed or warned of; afterwards all random streams stand where they stood.

    grad: whether operations are recorded inside.
    """
    draws, dtype = Draws(), dtypes.get_default_dtype()
    with contextlib.ExitStack() as stack:
        stack.enter_context(fork_rng())
        stack.callback(draws.rewind)
        stack.callback(dtypes.set_default_dtype, dtype)
        stack.enter_context(contextlib.redirect_stdout(Quiet(sys.stdout)))
        stack.enter_context(contextlib.redirect_stderr(Quiet(sys.stderr)))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(events.silenced())
        stack.enter_context(grad_mode.set_grad_enabled(grad))
        yield draws
