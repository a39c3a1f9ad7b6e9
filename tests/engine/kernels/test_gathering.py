"""The function that looks through a group of parameters: it finds the gradients, and every change of anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook as gb
from gradbook.kernels import known
from gradbook.kernels.gathering import gatherer
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import address_of

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)
if not known.usable():
    pytest.skip("not this Python, or not this NumPy", allow_module_level=True)


def group() -> list[Any]:
    """Parameters, all but the second with gradients."""
    params = [gb.nn.Parameter(gb.ones(*shape)) for shape in ((2, 3), (4,), (), (1, 5))]
    for param in (params[0], *params[2:]):
        param.grad = gb.ones(*param.shape)
    return params


def asked(params: list[Any]) -> tuple[Any, Any, Any]:
    """The function, the words it fills, and what has to be kept."""
    words = np.zeros(6, np.int64)
    held = [(p, None if p.grad is None else p._array) for p in params]
    gather, kept = gatherer(held, [[(words, 0, 0), (words, 1, 8)], [(words, 2, 0)], [(words, 3, 4)]])
    return gather, words, kept


def test_addresses_of_new_gradients_are_put_in() -> None:
    params = group()
    gather, words, _kept = asked(params)
    for _ in range(3):
        for param in (params[0], *params[2:]):
            param.grad = gb.ones(*param.shape)
        assert gather(params) is True
        first, third, fourth = (address_of(p.grad._array) for p in (params[0], *params[2:]))
        assert words.tolist() == [first, first + 8, third, fourth + 4, 0, 0]


def spread(p: list[Any]) -> None:
    p[3].grad._array = np.ones((1, 10), np.float32)[:, ::2]


def fixed(p: list[Any]) -> None:
    p[3].grad._array.flags.writeable = False


CHANGES: dict[str, Callable[[list[Any]], Any]] = {
    "no gradient": lambda p: setattr(p[0], "grad", None),
    "a gradient more": lambda p: setattr(p[1], "grad", gb.ones(4)),
    "another array": lambda p: setattr(p[2], "data", gb.ones(())),
    "another parameter": lambda p: p.__setitem__(0, gb.nn.Parameter(gb.ones(2, 3))),
    "one parameter less": lambda p: p.pop(),
    "one parameter more": lambda p: p.append(gb.nn.Parameter(gb.ones(1))),
    "none at all": lambda p: p.clear(),
    "another dtype": lambda p: setattr(p[0]._grad, "_array", np.ones((2, 3))),
    "another shape": lambda p: setattr(p[0]._grad, "_array", np.ones((3, 2), np.float32)),
    "more axes": lambda p: setattr(p[2]._grad, "_array", np.ones((1,), np.float32)),
    "columns first": lambda p: setattr(p[0]._grad, "_array", np.ones((3, 2), np.float32).T),
    "a step between": spread,
    "read only": fixed,
    "no array": lambda p: setattr(p[0]._grad, "_array", "text"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_noticed(what: str) -> None:
    params = group()
    gather, _words, _kept = asked(params)
    assert gather(params) is True
    CHANGES[what](params)
    assert gather(params) is False


def test_a_step_after_each_change_is_the_optimizers_own() -> None:
    """Parameters that get and lose gradients, their memory and their group, against the plain rule."""
    params = [gb.nn.Parameter(gb.ones(3)), gb.nn.Parameter(gb.ones(2))]
    optimizer = gb.optim.SGD(params, lr=0.5)
    for step in range(4):
        params[0].grad = gb.full((3,), float(step))
        params[1].grad = None if step == 1 else gb.full((2,), 1.0)
        if step == 2:
            params[0].data = gb.zeros(3)
        if step == 3:
            optimizer.param_groups[0]["lr"] = 0.25
        versions = [p._version for p in params]
        optimizer.step()
        assert [p._version - v for p, v in zip(params, versions, strict=True)] == [1, 0 if step == 1 else 1]
    assert params[0].tolist() == [-1.0 - 0.75] * 3
    assert params[1].tolist() == [1 - 0.5 - 0.5 - 0.25] * 2
