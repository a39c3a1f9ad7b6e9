"""Every test starts from the same seeds."""

from __future__ import annotations

import random

import numpy as np
import pytest

SEED = 0
pytest_plugins = ["tests.parity.report"]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers in every test, in every order."""
    import gradbook

    random.seed(SEED)
    np.random.seed(SEED)  # what a test or a library draws without a generator of its own
    gradbook.manual_seed(SEED)
