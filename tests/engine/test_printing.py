"""A tensor prints as torch prints it, to the character."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.printing import printoptions
from tests.parity_tools import tensors_in, torch

RNG = np.random.default_rng(0)
ARRAYS: dict[str, Any] = {
    "scalar": np.float32(1.5),
    "whole scalar": np.float32(3),
    "int scalar": np.int64(-7),
    "vector": RNG.standard_normal(5).astype("f4"),
    "negative vector": -np.arange(4, dtype="f4"),
    "whole numbers": np.arange(6, dtype="f4"),
    "ints": RNG.integers(-999, 999, (3, 4)),
    "bools": RNG.standard_normal((2, 3)) > 0,
    "double": RNG.standard_normal((2, 3)),
    "half": RNG.standard_normal((2, 3)).astype("f2"),
    "int32": np.arange(3, dtype="i4"),
    "uint8": np.arange(3, dtype="u1"),
    "wide range": np.array([1e-5, 1.0, 1e6], "f4"),
    "small": np.array([1e-6, 2e-6], "f4"),
    "large whole": np.array([1.0, 2e9], "f4"),
    "thousand to one": np.array([1.0, 1001.0], "f4"),
    "nan and inf": np.array([1.0, np.nan, np.inf, -np.inf], "f4"),
    "all nan": np.array([np.nan, np.nan], "f4"),
    "fraction and nan": np.array([0.5, np.nan, -np.inf], "f4"),
    "zeros": np.zeros((2, 2), "f4"),
    "minus zero": np.array([-0.0, 1.0], "f4"),
    "long line": RNG.standard_normal(30).astype("f4"),
    "long rows": RNG.standard_normal((2, 25)).astype("f4"),
    "three axes": RNG.standard_normal((2, 2, 3)).astype("f4"),
    "four axes": RNG.standard_normal((2, 2, 2, 2)).astype("f4"),
    "summarised vector": np.arange(2000, dtype="f4") / 7,
    "summarised matrix": RNG.standard_normal((50, 50)).astype("f4"),
    "summarised thin": RNG.standard_normal((600, 2)).astype("f4"),
    "summarised cube": RNG.standard_normal((20, 20, 20)).astype("f4"),
    "exactly 1000": np.arange(1000),
    "empty": np.zeros(0, "f4"),
    "empty matrix": np.zeros((0, 3), "f4"),
    "empty ints": np.zeros(0, "i8"),
    "complex": (RNG.standard_normal((2, 2)) + 1j * RNG.standard_normal((2, 2))).astype("c8"),
    "whole complex": np.array([1 + 2j, -3 - 4j], "c8"),
    "complex double": np.array([1.5 + 0j, -3 - 0.25j]),
    "summarised complex": (np.arange(1500) * (1 + 0.5j)).astype("c8"),
}  # fmt: skip


def both(array: Any, grad: bool = False) -> tuple[Any, Any]:
    value = np.asarray(array)
    return tensors_in(gradbook, value, grad, []), tensors_in(torch, value, grad, [])


def same(mine: Any, theirs: Any) -> None:
    assert repr(mine).replace("gradbook.", "torch.") == repr(theirs)


@pytest.mark.parametrize("name", ARRAYS)
def test_it_prints_as_torch_does(name: str) -> None:
    same(*both(ARRAYS[name]))


@pytest.mark.parametrize("name", ["scalar", "vector", "long line", "three axes", "summarised matrix"])
def test_what_autograd_knows_is_printed(name: str) -> None:
    mine, theirs = both(ARRAYS[name], grad=True)
    same(mine, theirs)
    same(mine * 2, theirs * 2)
    same((mine * 2).sum(), (theirs * 2).sum())


def test_bfloat16() -> None:
    mine, theirs = both(np.array([1.0, 2.5, 1e-3], "f4"))
    same(mine.bfloat16(), theirs.bfloat16())


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"sci_mode": True},
        {"sci_mode": False},
        {"linewidth": 40},
        {"threshold": 10, "edgeitems": 1},
        {"profile": "short"},
        {"profile": "full"},
        {"precision": 6, "sci_mode": True, "linewidth": 120},
    ],
)
@pytest.mark.parametrize("name", ["vector", "wide range", "long rows", "three axes", "complex", "whole numbers"])
def test_options(name: str, options: dict[str, Any]) -> None:
    mine, theirs = both(ARRAYS[name])
    before = repr(mine)
    with printoptions(**options), torch._tensor_str.printoptions(**options):
        same(mine, theirs)
    assert repr(mine) == before


def test_set_printoptions_lasts_until_set_again() -> None:
    mine = gradbook.tensor([1.23456])
    try:
        gradbook.set_printoptions(precision=1)
        assert repr(mine) == "tensor([1.2])"
    finally:
        gradbook.set_printoptions(profile="default")
    assert repr(mine) == "tensor([1.2346])"


def test_format_of_a_number() -> None:
    mine, theirs = both(np.float32(1.23456789))
    assert f"{mine:.2f} {mine}" == f"{theirs:.2f} {theirs}"
    assert f"{mine.requires_grad_():.3f}" == "1.235"


def test_named_results_print_their_fields() -> None:
    mine, theirs = both(np.array([[1.0, 3.0], [4.0, 2.0]], "f4"))
    same(mine.max(1), theirs.max(1))
    same(mine.sort(), theirs.sort())
