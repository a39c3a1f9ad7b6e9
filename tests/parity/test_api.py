"""The names that real programs use are there."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import gradbook
from tests.parity.api import FIRST, SYNTAX, lacking, names
from tests.parity.known import known

OTHERS_AT_LEAST = 0.95


def missing() -> dict[str, int]:
    """Names of which gradbook lacks a spelling that PyTorch has -> rank."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: rank for name, rank in names().items() if set(lacking(gradbook, name)) - set(lacking(torch, name))
        }


def test_names_are_present_or_known_with_a_reason() -> None:
    found, listed = missing(), known()["api"]
    assert sorted(found.keys() - listed.keys()) == [], "absent, and not in known.toml"
    assert sorted(listed.keys() - found.keys()) == [], "present, but known.toml lists it"


def test_all_of_the_first_and_nearly_all_others() -> None:
    found = missing()
    others = [name for name, rank in names().items() if rank > FIRST]
    assert [name for name, rank in found.items() if rank <= FIRST] == []
    assert sum(name not in found for name in others) >= OTHERS_AT_LEAST * len(others)


@pytest.mark.parametrize("form", list(SYNTAX))
def test_indexing_forms_give_what_torch_gives(form: str) -> None:
    mine: Any = SYNTAX[form](gradbook)
    np.testing.assert_array_equal(mine.numpy(), SYNTAX[form](torch).numpy())


def test_an_absent_name_is_found() -> None:
    assert lacking(gradbook, "torch.nn.NoSuchLayer") == ["torch.nn.NoSuchLayer"]
    assert lacking(gradbook, "Tensor|Module.parameters") == ["Tensor.parameters"]
