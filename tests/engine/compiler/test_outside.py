"""Whatever a call reads from outside, in whatever way, is seen when it changes."""

from __future__ import annotations

import collections
import dataclasses
import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import nn
from gradbook.tensor import Tensor

explain: Callable[[Any], Any] = gradbook.compile.explain  # type: ignore[attr-defined]


class Thing:
    """An object whose operations all depend on one number."""

    n = 1.0
    cls = 1.0

    def __len__(self) -> int:
        return int(self.n)

    def __iter__(self) -> Any:
        return iter([self.n, 2.0])

    def __bool__(self) -> bool:
        return self.n > 2

    def __eq__(self, other: object) -> bool:
        return self.n == other

    def __hash__(self) -> int:
        return 1

    def __getitem__(self, i: int) -> float:
        return self.n

    def __contains__(self, i: float) -> bool:
        return i == self.n

    def __call__(self, x: Any) -> Any:
        return x * self.n

    def __add__(self, other: float) -> float:
        return self.n + other

    def __float__(self) -> float:
        return float(self.n)

    def __str__(self) -> str:
        return str(self.n)


class Read:
    """A descriptor."""

    def __get__(self, owner: Any, kind: Any) -> float:
        return thing.n


class Dynamic:
    v = Read()

    def __getattr__(self, name: str) -> float:
        return thing.n


@dataclasses.dataclass
class Config:
    n: float = 1.0


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.n = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return x * self.n

    def other(self) -> float:
        return self.n


thing, dynamic, config, module = Thing(), Dynamic(), Config(), Scaled()
table, numbers = {"n": 1.0}, [1.0, 2.0]
queue, defaults = collections.deque([1.0]), collections.defaultdict(float)
glob = 1.0


def default(x: Any, k: list[float] = numbers) -> Any:
    return x * k[0]


def set_all(v: float) -> None:
    """Another number everywhere."""
    global glob
    thing.n = table["n"] = numbers[0] = queue[0] = defaults["a"] = config.n = module.n = glob = v
    Thing.cls = v


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "getattr": lambda x: x * thing.n,
    "getattr3": lambda x: x * getattr(thing, "n", 2.0),
    "hasattr": lambda x: x * (2 if hasattr(thing, "zz") else thing.n),
    "len": lambda x: x * len(thing),
    "iter": lambda x: x * next(iter(thing)),
    "list": lambda x: x * sorted(list(thing))[-1],
    "sum": lambda x: x * sum(thing),
    "forin": lambda x: sum([x * v for v in thing]),
    "bool": lambda x: x * 2 if thing else x,
    "ifnot": lambda x: x * 2 if not thing else x,
    "and": lambda x: x * 2 if thing and True else x,
    "eq": lambda x: x * 2 if thing == 5.0 else x,
    "item": lambda x: x * thing[0],
    "in": lambda x: x * 2 if 5.0 in thing else x,
    "call": lambda x: thing(x),
    "add": lambda x: x * (thing + 1),
    "float": lambda x: x * float(thing),
    "str": lambda x: x * float(str(thing)),
    "fstr": lambda x: x * float(f"{thing}"),
    "dget": lambda x: x * table.get("n"),
    "dvalues": lambda x: x * sum(table.values()),
    "ditems": lambda x: x * sum(v for k, v in table.items()),
    "star": lambda x: x * sum([*numbers]),
    "dstar": lambda x: x * dict(**table)["n"],
    "max": lambda x: x * max(numbers),
    "dq": lambda x: x * queue[0],
    "dqsum": lambda x: x * sum(queue),
    "dd": lambda x: x * defaults["a"],
    "cfg": lambda x: x * config.n,
    "asdict": lambda x: x * dataclasses.asdict(config)["n"],
    "vars": lambda x: x * vars(config)["n"],
    "dict__": lambda x: x * config.__dict__["n"],
    "cmp": lambda x: x * 2 if config == Config(5.0) else x,
    "m": lambda x: module(x),
    "mo": lambda x: x * module.other(),
    "mgetattr": lambda x: x * module.n,
    "desc": lambda x: x * dynamic.v,
    "hdga": lambda x: x * dynamic.foo,
    "glob": lambda x: x * glob,
    "globals": lambda x: x * globals()["glob"],
    "default": lambda x: default(x),
    "partial": lambda x: functools.partial(default, k=numbers)(x),
    "attrgetter": lambda x: x * operator.attrgetter("n")(thing),
    "itemgetter": lambda x: x * operator.itemgetter(0)(numbers),
    "getitem": lambda x: x * operator.getitem(numbers, 0),
    "sorted": lambda x: x * sorted(numbers)[-1],
    "slice": lambda x: x * numbers[:1][0],
    "zip": lambda x: x * sum(a for a, b in zip(numbers, numbers, strict=True)),
    "enumerate": lambda x: x * sum(b for a, b in enumerate(numbers)),
    "unpack": lambda x: (lambda a, b: x * a)(*numbers),
    "cmpl": lambda x: x * 2 if numbers == [5.0, 2.0] else x,
    "inl": lambda x: x * 2 if 5.0 in numbers else x,
    "tensorl": lambda x: x * gradbook.tensor(numbers)[0],
    "mapf": lambda x: x * sum(map(float, numbers)),
    "cls": lambda x: x * thing.cls,
    "count": lambda x: x * (1 + numbers.count(5.0)),
    "index": lambda x: x * (2 if numbers.index(2.0) == 1 and numbers[0] > 2 else 1),
    "copy": lambda x: x * numbers.copy()[0],
    "ladd": lambda x: x * (numbers + numbers)[2],
    "lmul": lambda x: x * (numbers * 2)[0],
    "any": lambda x: x * 2 if any(v > 3 for v in numbers) else x,
    "fmt": lambda x: x * float(str(numbers[0])),
    "fmt2": lambda x: x * float(f"{config.n:.1f}"),
    "join": lambda x: x * float("".join(map(str, [config.n]))),
    "reduce": lambda x: x * functools.reduce(operator.mul, numbers),
    "dor": lambda x: x * (table | {})["n"],
    "lst": lambda x: x * gradbook.stack([gradbook.tensor(v) for v in numbers]).sum(),
    "nt": lambda x: x * math.sqrt(config.n),
    "int": lambda x: x * int(config.n),
    "round": lambda x: x * round(thing.n),
    "tern": lambda x: x * (config.n if config.n > 2 else 7),
    "kw": lambda x: default(x, **{"k": numbers}),
    "walrus": lambda x: x * (q := config.n) * q,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_read_counts_each_time(name: str) -> None:
    function = FUNCTIONS[name]
    set_all(1.0)
    run = gradbook.compile(function)
    try:
        for v in (1.0, 1.0, 1.0, 1.0, 5.0, 3.0, 5.0, 1.0):
            set_all(v)
            for _ in range(3):
                assert run(gradbook.ones(())).item() == function(gradbook.ones(())).item(), explain(run)
    finally:
        set_all(1.0)


def test_an_attribute_that_is_not_there_may_come() -> None:
    config = Config()
    run = gradbook.compile(lambda x: x * getattr(config, "more", 2.0) + hasattr(config, "more"))
    for _ in range(3):
        assert run(gradbook.ones(())).item() == 2
    assert not explain(run)
    assert explain(run).plans == 1
    config.more = 5.0  # type: ignore[attr-defined]
    for _ in range(3):
        assert run(gradbook.ones(())).item() == 6
    del config.more  # type: ignore[attr-defined]
    assert run(gradbook.ones(())).item() == 2


@pytest.mark.parametrize("text", ["locals()['k']", "eval('k * 1')", "vars()['k']", "len(dir()) * 0 + k", "glob * 3"])
def test_functions_that_look_at_variables(text: str) -> None:
    space: dict[str, Any] = {}
    exec(f"glob = 1.0\ndef f(x, k):\n    y = x\n    return y * {text}", space)  # no source: run by Python
    run = gradbook.compile(space["f"])
    for k in (3, 3, 3, 4, 4, 4):
        assert run(gradbook.ones(()), k).item() == (3 if "glob" in text else k)


def test_all_variables_are_there() -> None:
    def step(x: Tensor, k: int) -> Any:
        y = x * 2
        return y * locals()["k"], sorted(vars()), eval("k + 1"), dir(), globals()["glob"]

    run = gradbook.compile(step)
    for k in (3, 3, 3, 4, 4, 4):
        assert run(gradbook.ones(()), k) == step(gradbook.ones(()), k)
    ((reason, _), *_) = explain(run).whole
    assert reason == "locals() looks at all variables"


def test_a_module_that_counts_is_compiled() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.steps, self.note = nn.Linear(2, 2), 0, None

        def forward(self, x: Tensor) -> Tensor:
            self.steps += 1
            return self.inner(x).relu()

    net = Counting()
    run = gradbook.compile(lambda x: net(x).sum())
    for i in range(20):
        net.note = object()
        x = gradbook.full((1, 2), float(i))
        with gradbook.no_grad():
            assert run(x).item() == pytest.approx(net.inner(x).relu().sum().item(), rel=1e-5)
        assert net.steps == i + 1
    assert explain(run).plans == 1
    assert sum(run.calls.values()) < 6


def test_attributes_of_library_classes_count() -> None:
    class Norm(nn.BatchNorm1d):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * 2

    for change in ({"eps": 1.0}, {"momentum": 0.5}, {"training": False}):
        net, other = Norm(3), Norm(3)
        run = gradbook.compile(net)
        for i in range(8):
            if i == 4:
                net.__dict__.update(change)
                other.__dict__.update(change)
                net.extra = other.extra = 1  # so that it is known to have been changed
            x = gradbook.randn(5, 3)
            assert gradbook.allclose(run(x), other(x), atol=1e-5)
            assert gradbook.allclose(net.running_var, other.running_var, atol=1e-6)
