"""What keeps an object alive, as a notebook's variables have it."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from gradbook import nn
from gradbook.coach.bindings import Bindings, holders
from gradbook.coach.session import Session


def keeping(how: str, thing: Any) -> Any:
    def default(net: Any = thing) -> Any:
        return net

    def named(*, net: Any = thing) -> Any:
        return net

    def closed() -> Any:
        return thing

    ways = {
        "list": [thing], "dict": {"net": thing}, "model": nn.Sequential(nn.ReLU(), thing), "default": default,
        "named default": named, "closure": closed, "partial": functools.partial(print, thing), "method": thing.forward,
        "itself": thing,
    }  # fmt: skip
    return ways[how]


@pytest.mark.parametrize(
    "how", ["list", "dict", "model", "default", "named default", "closure", "partial", "method", "itself"]
)
def test_who_keeps_a_model_is_known(how: str) -> None:
    model = nn.Linear(2, 2)
    space = {"kept": keeping(how, model), "other": nn.Linear(2, 2), "Class": nn.Linear, "number": 3, "nothing": None}
    assert [name for name, _ in holders(model, space)] == ["kept"]


def test_a_variable_that_was_given_another_model_is_known_by_the_one_that_it_left() -> None:
    space: dict[str, Any] = {}
    session = Session()
    first, second = nn.Linear(2, 2), nn.Linear(2, 3)

    def run(number: int, name: str, value: Any) -> None:
        session.begin_cell(f"[{number}]", f"cell {number}", f"{name} = ...", space)
        space[name] = value
        session.end_cell()

    run(1, "model", first)
    run(2, "step", 3)
    bindings = session.coach.shared(Bindings)
    assert [bindings.left(each) for each in (first, second)] == ["", ""]
    run(3, "model", second)
    assert [bindings.left(each) for each in (first, second)] == ["model", ""]  # before the next cell looks, too
    run(4, "step", 4)
    assert [bindings.left(each) for each in (first, second)] == ["model", ""]
    run(5, "model", "a name")
    assert bindings.left(first) == ""  # it is no model's variable any longer
    session.close()
