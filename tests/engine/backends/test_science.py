"""SciPy is an extra: loaded where it is needed, and its absence said in a sentence."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gradbook.backends.science import science
from gradbook.errors import MissingExtraError


def test_the_module_is_scipys() -> None:
    assert science(np, "special", "special.zeta").zeta(2.0) == pytest.approx(np.pi**2 / 6)


def test_its_absence_names_the_function_and_the_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)  # as Python marks a module that cannot be imported
    with pytest.raises(MissingExtraError, match=r"special\.zeta needs SciPy: pip install 'gradbook\[science\]'"):
        science(np, "special", "special.zeta")
