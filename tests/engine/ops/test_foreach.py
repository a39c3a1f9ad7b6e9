"""torch._foreach_*: every name, by lists, numbers, lists of numbers and 0-d tensors; and in-place ops as functions.

PyTorch has no derivative for some of the forms (ours do): those are compared without.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.ops import foreach, inplace_functions
from tests.parity_tools import compare, draw, same_error, torch

A = [draw(2, 3, seed=1, low=0.2, high=0.9), draw(4, seed=2, low=0.2, high=0.9)]
B = [draw(2, 3, seed=3, low=0.2, high=0.9), draw(4, seed=4, low=0.2, high=0.9)]
C = [draw(2, 3, seed=5, low=0.2, high=0.9), draw(4, seed=6, low=0.2, high=0.9)]


def named(name: str, *rest: Any, **more: Any) -> Any:
    return lambda lib, *lists: getattr(lib, name)(*lists, *rest, **more)


def in_place(name: str, *rest: Any, **more: Any) -> Any:
    def run(lib: Any, first: list[Any], *lists: Any) -> Any:
        first = [x * 1 for x in first]  # no leaves
        given = getattr(lib, name)(first, *lists, *rest, **more)
        assert given is first or lib is torch
        return first

    return run


def test_every_name_is_there() -> None:
    theirs = {name for name in dir(torch) if name.startswith("_foreach_")}
    assert theirs == set(foreach.functions)
    assert all(getattr(gradbook, name) is foreach.functions[name] for name in theirs)
    with pytest.raises(AttributeError):
        gradbook._foreach_nothing  # noqa: B018


@pytest.mark.parametrize("name", foreach.UNARY)
def test_unary(name: str) -> None:
    compare(named("_foreach_" + name), A)
    compare(in_place(f"_foreach_{name}_"), A)


@pytest.mark.parametrize("name", [*foreach.BINARY, "maximum", "minimum"])
def test_binary(name: str) -> None:
    compare(named("_foreach_" + name), A, B)
    compare(in_place(f"_foreach_{name}_"), A, B, grad=name not in ("maximum", "minimum"))
    for other in (2, 0.5, [1, 2.5]):
        compare(named("_foreach_" + name, other), A)
        compare(in_place(f"_foreach_{name}_", other), A, grad=name not in ("maximum", "minimum"))
    same_error(named("_foreach_" + name, [1.0]), A)
    same_error(named("_foreach_" + name, "x"), A)
    same_error(named("_foreach_" + name), A, B[:1])
    same_error(named("_foreach_" + name, 1), [])
    same_error(named("_foreach_" + name, 1), A[0])


@pytest.mark.parametrize("name", ["add", "mul", "div"])
def test_a_tensor_for_all(name: str) -> None:
    compare(named("_foreach_" + name), A, np.array(2.0, "f4"), grad=False)
    same_error(named("_foreach_" + name), A, np.ones(2, "f4"))
    compare(named("_foreach_" + name, 1.5), [np.array([1, 2])])
    same_error(in_place(f"_foreach_{name}_", 1.5), [np.array([1, 2])])


def test_alpha() -> None:
    compare(named("_foreach_add", alpha=3), A, B)
    compare(in_place("_foreach_sub_", alpha=0.5), A, B)
    compare(named("_foreach_add", alpha=2), A, np.array(2.0, "f4"), grad=False)
    same_error(named("_foreach_add", 2, alpha=2), A)
    same_error(named("_foreach_mul", alpha=2), A, B)


@pytest.mark.parametrize("name", ["addcmul", "addcdiv"])
def test_three_lists(name: str) -> None:
    for case in ({}, {"value": 0.5}, {"scalars": [1.0, 2.0]}):
        compare(named("_foreach_" + name, **case), A, B, C, grad=False)
        compare(in_place(f"_foreach_{name}_", **case), A, B, C, grad=False)
    compare(named("_foreach_" + name, value=2.0), A, B, C)
    compare(lambda lib, a, b, c: getattr(lib, "_foreach_" + name)(a, b, c, lib.tensor([1.0, 2.0])), A, B, C, grad=False)
    same_error(named("_foreach_" + name, [1.0]), A, B, C)
    same_error(named("_foreach_" + name), A, B, C[:1])


def test_lerp() -> None:
    for weight in (0.3, [0.1, 0.9]):
        compare(named("_foreach_lerp", weight), A, B)
        compare(in_place("_foreach_lerp_", weight), A, B)
    compare(named("_foreach_lerp"), A, B, C)


def test_the_others() -> None:
    compare(lambda lib, a: lib._foreach_pow(2, a), A)
    compare(in_place("_foreach_zero_"), A, grad=False)
    compare(in_place("_foreach_copy_"), A, B, grad=False)
    compare(named("_foreach_clone"), A)
    compare(named("_foreach_max"), A)
    compare(named("_foreach_mm"), [np.eye(2, 3, dtype="f4")], [draw(3, 2)])
    for order in (1, 2, 3, float("inf")):
        compare(named("_foreach_norm", order), A)
    compare(named("_foreach_powsum", 3), A, grad=False)


def test_in_place_functions() -> None:
    assert set(inplace_functions.NAMES) <= {name for name in dir(torch) if name.endswith("_")}
    compare(lambda lib, x: lib.clamp_(x * 1, 0, 0.5), A[0])
    compare(lambda lib, x: lib.sqrt_(x * 1), A[0])
    x = gradbook.ones(2)
    assert gradbook.neg_(x) is x
    assert x.tolist() == [-1, -1]
    same_error(lambda lib: lib.exp_(2.0))
    with pytest.raises(AttributeError):
        gradbook.nothing_  # noqa: B018
