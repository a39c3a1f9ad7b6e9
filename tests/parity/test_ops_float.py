"""Every op of PyTorch's database in float32 and float64: values, dtypes, shapes, gradients, second gradients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.entries import FLOATS, SAMPLED, dtypes_of, entries, inside
from tests.parity.known import limit_for
from tests.parity.ops import check_op

CASES = [(name, dtype) for name in inside() for dtype in dtypes_of(entries()[name], FLOATS)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_agrees_with_torch(name: str, dtype: str, whole: bool, settle: Any) -> None:
    settle(check_op(entries()[name], dtype, limit_for(name, dtype, SAMPLED[dtype], whole)))
