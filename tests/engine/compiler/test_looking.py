"""Objects that a compiled function looks at, changed between two calls: the next call sees what they are then."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import itertools
import linecache
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn
from gradbook.tensor import Tensor
from tests.engine.compiler.test_across import close

CALLS, CHANGED = 9, 5


class Mode(enum.Enum):
    FAST, EXACT = 1, 2


@dataclasses.dataclass
class Config:
    n: int = 2
    mode: Mode = Mode.FAST


class Listed(list[float]):
    """A list with a name of its own."""


class Custom:
    """Every special method answers with `n`."""

    def __init__(self) -> None:
        self.n = 3

    def __len__(self) -> int:
        return self.n

    def __bool__(self) -> bool:
        return self.n > 2

    def __eq__(self, other: object) -> bool:
        return self.n == other

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, other: object) -> bool:
        return self.n == other

    def __getitem__(self, key: Any) -> int:
        return self.n

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.n

    def __iter__(self) -> Any:
        return iter([self.n])

    def __radd__(self, other: Any) -> Any:
        return other * self.n

    def __str__(self) -> str:
        return str(self.n)

    def __float__(self) -> float:
        return float(self.n)

    def __index__(self) -> int:
        return self.n

    __int__ = __index__

    def __getattr__(self, name: str) -> int:
        if name == "magic":
            return self.n
        raise AttributeError(name)


def fewer(o: Any) -> None:
    o.n = 2


def longer(o: Any) -> None:
    o.append(7.0)


def other(o: Any) -> None:
    o["a"] = 5.0


def more(o: Any) -> None:
    o["b"] = 6.0


def first(o: Any) -> None:
    o[0] = 8.0


CUSTOM = [
    "x * len(o)", "x * (2 if o else 3)", "x * int(o)", "x * (1 if o == 3 else 5)", "x * (1 if 3 in o else 5)",
    "x * o[0]", "x * o[[0]]", "o(x)", "sum(x * i for i in o)", "x * (1 + o)", "x * int(str(o))", "x * o.magic",
    "x * float(o)", "x * (not o)", "x * ((o and 1) or 4)", "x * round(float(o))", "x * int(f'{o}')",
    "x * int(f'{o!s}')",
    "x * max([o.n, 1])", "x * (o.n if 1 < o.n > 2 else 9)", "x * getattr(o, 'n')", "x * o.__dict__['n']",
    "x * torch.tensor(o.n)", "x * next(iter(o))", "x * list(o)[0]", "x * sum(o)", "x * sorted(o)[0]", "x * bool(o)",
    "x * all([o])", "x * range(5)[o]", "x * dict(a=o.n)['a']", "x * max((o, o), key=len).n",
    "x * len(b'12345'[o:])",
]  # fmt: skip
CASES: list[tuple[str, Callable[[], Any], Callable[[Any], None]]] = [
    *((text, Custom, fewer) for text in CUSTOM),
    *(
        (text, make, longer)
        for text in ("x * len(o)", "x * sum(o)", "x * [v for v in o][-1]", "x * max(o) * min(o)", "x * len(str(o))")
        for make in (lambda: [2.0], lambda: collections.deque([2.0]), lambda: Listed([2.0]))
    ),
    *(
        (text, make, change)
        for text, change in (("x * o['a']", other), ("x * o.get('a', 1)", other), ("x * len(o)", more),
                             ("x * (2 if 'b' in o else 3)", more), ("x * sum(o.values())", other),
                             ("x * sum([v for k, v in o.items()])", more), ("x * dict(**o)['a']", other))
        for make in (lambda: {"a": 2.0}, lambda: collections.OrderedDict(a=2.0), lambda: collections.UserDict(a=2.0),
                     lambda: collections.Counter(a=2), lambda: collections.ChainMap({"a": 2.0}))
    ),
    ("scaled(x, **o)", lambda: {"a": 2.0}, more),
    ("scaled(x, *o)", lambda: [2.0], longer),
    ("x * (2 if o == Config() else 3)", Config, lambda o: setattr(o, "n", 7)),
    ("x * (2 if o.mode is Mode.FAST else 3) * o.mode.value", Config, lambda o: setattr(o, "mode", Mode.EXACT)),
    ("x * (2 if o.mode == Mode.FAST else 3)", Config, lambda o: setattr(o, "mode", Mode.EXACT)),
    ("x * o.n", lambda: argparse.Namespace(n=2.0), fewer),
    ("x * o.n + getattr(o, 'more', 0.0)", lambda: types.SimpleNamespace(n=1.0), lambda o: setattr(o, "more", 2)),
    ("x * (2 if hasattr(o, 'more') else 1)", lambda: types.SimpleNamespace(n=1.0), lambda o: setattr(o, "more", 2)),
    ("x * len(str(o))", lambda: types.SimpleNamespace(n=1.0), lambda o: setattr(o, "n", 1.125)),
    ("x * (2 if o == {'k': [1.0]} else 3)", lambda: {"k": [1.0]}, lambda o: o["k"].append(2.0)),
    ("x * sum(o + [1.0])", lambda: [2.0], longer),
    ("x * len('-'.join(o))", lambda: ["a"], lambda o: o.append("b")),
    ("x * torch.tensor(o)[0]", lambda: [1.0, 2.0], first),
    ("torch.ones(o) + x", lambda: [3], lambda o: o.insert(0, 2)),
    ("x * sum(o[1:])", lambda: [1.0, 2.0], longer),
    ("x * float(o)", lambda: np.array(2.0), lambda o: o.fill(3.0)),
    ("x * float(o[1:][0])", lambda: np.array([2.0, 3.0]), lambda o: o.fill(4.0)),
    ("x * next(o)", lambda: itertools.count(1), lambda o: None),
    ("x * [a for a in zip(o, [1])][0][0]", lambda: itertools.count(1), lambda o: None),
]  # fmt: skip


def scaled(x: Tensor, a: float = 1.0, b: float = 1.0) -> Tensor:
    return x * a * b


def outcomes(text: str, make: Callable[[], Any], change: Callable[[Any], None], wrap: Callable[[Any], Any]) -> Any:
    """What each of some calls gives. -> (those, the function)"""
    name = f"<looking: {text}>"
    source = f"def build(o):\n    def f(x):\n        return {text}\n    return f\n"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space: dict[str, Any] = {"torch": gradbook, "scaled": scaled, "Config": Config, "Mode": Mode}
    exec(compile(source, name, "exec"), space)
    o = make()
    f, x, trace = wrap(space["build"](o)), gradbook.arange(3.0), []
    for i in range(CALLS):
        if i == CHANGED:
            change(o)
        trace.append(f(x))
    return trace, f


@pytest.mark.parametrize(("text", "make", "change"), CASES, ids=[f"{i}: {case[0]}" for i, case in enumerate(CASES)])
def test_a_change_is_seen(text: str, make: Callable[[], Any], change: Callable[[Any], None]) -> None:
    close(outcomes(text, make, change, lambda f: f)[0], outcomes(text, make, change, gradbook.compile)[0])


@pytest.mark.parametrize("text", ["x * len(o)", "x * int(o)", "x * (1 if o == 3 else 5)", "x * float(f'{o}')"])
def test_what_is_asked_again_before_each_call_is_compiled(text: str) -> None:
    _, f = outcomes(text, Custom, fewer, gradbook.compile)
    assert not f.report
    assert len(f.variants) == 1
    assert sum(f.calls.values()) == 3  # the first, and one recorded for each answer


class Options(nn.Module):
    """A module whose forward asks for attributes by name."""

    def forward(self, x: Tensor) -> Tensor:
        return x * getattr(self, "scale", 1.0) + (10 if hasattr(self, "ten") else 0)


def test_attributes_of_modules_that_may_not_be_there() -> None:
    model, x = Options(), gradbook.ones(2)
    call, found = gradbook.compile(model), []
    for i in range(12):
        if i == 4:
            model.scale = 3.0
        if i == 8:
            call.ten = True
        found.append(call(x).tolist()[0])
    assert found == [1.0] * 4 + [3.0] * 4 + [13.0] * 4
    assert not call.forward.report
