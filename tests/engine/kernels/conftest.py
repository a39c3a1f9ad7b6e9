"""Kernels under test are there at once: nothing is left to NumPy until shapes come again."""

from __future__ import annotations

import importlib.util

import pytest


@pytest.fixture(autouse=True)
def plans_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are made when shapes come for the first time, and compiled there and then."""
    if importlib.util.find_spec("llvmlite") is not None:
        from gradbook.kernels import now

        monkeypatch.setattr(now, "at_once", [True])
