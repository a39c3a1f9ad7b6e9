"""Every op of PyTorch's database through gradbook.compile: what it gives, changes and leaves behind, as without it."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.compiled import check_compiled
from tests.parity.entries import FLOATS, OTHERS, dtypes_of, entries, inside

DTYPES = (*FLOATS, *OTHERS)
CASES = [(name, dtype) for name in inside() for dtype in dtypes_of(entries()[name], ("float32",))]
MORE = [(name, dtype) for name in inside() for dtype in dtypes_of(entries()[name], DTYPES)]
DRAWN = random.Random(5).sample(MORE, 80)
SAMPLES, SPELLED = 2, 1  # of an entry
SLOW = {"nn.functional.ctc_loss"}  # thousands of ops: one sample


@pytest.fixture(scope="module", autouse=True)
def thaw() -> Iterator[None]:
    """What `few_objects` sets aside comes back at last."""
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def few_objects(thaw: None) -> None:
    """What was there before is not looked through at each recording: PyTorch is a million objects."""
    gc.collect()
    gc.freeze()


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_compiled_as_without(name: str, dtype: str, whole: bool, settle: Any) -> None:
    settle(check_compiled(entries()[name], dtype, None if whole else 1 if name in SLOW else SAMPLES))


@pytest.mark.parametrize(("name", "dtype"), DRAWN)
def test_other_dtypes_and_spellings(name: str, dtype: str, whole: bool, settle: Any) -> None:
    settle(check_compiled(entries()[name], dtype, None if whole else SPELLED, others=True))
