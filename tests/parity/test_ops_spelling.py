"""The other ways to call each op: method, operator, in place, `out=`, aliases; and what each op refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.entries import FLOATS, OTHERS, dtypes_of, entries, inside
from tests.parity.known import limit_for
from tests.parity.ops import SPELLED, check_errors, check_variants


@pytest.mark.parametrize("name", [name for name in inside() if dtypes_of(entries()[name], FLOATS + OTHERS)])
def test_other_spellings(name: str, whole: bool, settle: Any) -> None:
    entry = entries()[name]
    dtype = dtypes_of(entry, FLOATS + OTHERS)[0]
    settle(check_variants(entry, dtype, limit_for(name, "variants", SPELLED, whole)))


@pytest.mark.parametrize("name", [name for name in inside() if entries()[name].error_inputs_func])
def test_refuses_what_torch_refuses(name: str, settle: Any) -> None:
    settle(check_errors(entries()[name]))
