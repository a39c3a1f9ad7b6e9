"""Every test starts from the same seeds."""

from __future__ import annotations

import os
import random
import signal

import numpy as np
import pytest

SEED = 0
os.environ.setdefault("GRADBOOK_COMPILE", "wait")  # plans are there when the call that is recorded returns
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's background jobs have it, and their children
    signal.signal(signal.SIGINT, signal.default_int_handler)
pytest_plugins = ["tests.parity.report"]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers in every test, in every order."""
    import gradbook

    random.seed(SEED)
    np.random.seed(SEED)  # what a test or a library draws without a generator of its own
    gradbook.manual_seed(SEED)
