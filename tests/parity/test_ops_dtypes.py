"""Every op of PyTorch's database in the other dtypes that PyTorch supports for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.entries import OTHERS, SAMPLED, dtypes_of, entries, inside
from tests.parity.known import limit_for
from tests.parity.ops import check_op

CASES = [(name, dtype) for name in inside() for dtype in dtypes_of(entries()[name], OTHERS)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_agrees_with_torch(name: str, dtype: str, whole: bool, settle: Any) -> None:
    settle(check_op(entries()[name], dtype, limit_for(name, dtype, SAMPLED[dtype], whole)))
