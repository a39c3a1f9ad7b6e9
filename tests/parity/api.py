"""The names that real programs use (api.csv, most used first): looked up in a library, or tried if they are syntax."""

from __future__ import annotations

import csv
import functools
import importlib
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "api.csv"
FIRST = 500  # ranks of which every name must be there


@functools.cache
def names() -> dict[str, int]:
    """Name -> rank."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: int(row["rank"]) for row in csv.DictReader(file)}


def attribute(library: Any, path: str) -> Any:
    """What stands at a dotted path, with submodules imported on the way. Raises AttributeError."""
    found, walked = library, library.__name__
    for part in path.split("."):
        walked += f".{part}"
        try:
            found = getattr(found, part)
        except (AttributeError, ModuleNotFoundError):  # a lazy submodule may be absent too
            try:
                found = importlib.import_module(walked)
            except ModuleNotFoundError:
                raise AttributeError(walked) from None
    return found


def grid(library: Any) -> Any:
    """A small tensor to index."""
    return library.arange(12.0).reshape(3, 4)


def store(library: Any) -> Any:
    """x[:, k] = v."""
    tensor = grid(library)
    tensor[:, 1] = 5.0
    return tensor


SYNTAX: dict[str, Callable[[Any], Any]] = {
    "idx.[a,b] (name in tuple)": lambda lib: grid(lib)[lib.tensor([0, 2]), lib.tensor([1, 3])],
    "idx.[:,k]": lambda lib: grid(lib)[:, 1],
    "idx.[...]": lambda lib: grid(lib)[..., 0],
    "idx.[None]": lambda lib: grid(lib)[None],
    "idx.[:,k]=v": store,
    "idx.[::step]": lambda lib: grid(lib)[::2],
    "idx.[bool expr]": lambda lib: grid(lib)[grid(lib) > 4],
    "op.@": lambda lib: operator.matmul(grid(lib), grid(lib).T),
}


@functools.cache
def things(library: Any, kind: str) -> list[Any]:
    """Objects of one kind, on which a name may stand."""
    tensor = library.ones(2, 2, requires_grad=True)
    nn = library.nn
    optimizer = library.optim.SGD([library.ones(1, requires_grad=True)], lr=0.1)
    made: dict[str, list[Any]] = {
        "Tensor": [tensor, library.ones(2)],
        "Module": [nn.Linear(1, 1), nn.Conv2d(1, 1, 1), nn.BatchNorm1d(2), nn.Sequential(nn.ReLU()), nn.LSTM(1, 1)],
        "Optimizer": [optimizer],
        "Scheduler": [library.optim.lr_scheduler.StepLR(optimizer, 1)],
        "FunctionCtx": [context(library)],
    }
    return made[kind]


def context(library: Any) -> Any:
    """The ctx that a Function's methods get."""
    seen: list[Any] = []

    class Double(library.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            seen.append(ctx)
            return x * 2

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * 2

    Double.apply(library.ones(1, requires_grad=True))
    return seen[0]


def lacking(library: Any, name: str) -> list[str]:
    """Which spellings of a name a library lacks: `Tensor|Module.to` has two."""
    if name in SYNTAX:
        SYNTAX[name](library)  # raises where it cannot
        return []
    home, _, rest = name.partition(".")
    if home == "torch":
        try:
            attribute(library, rest)
        except AttributeError:
            return [name]
        return []
    return [
        f"{kind}.{rest}" for kind in home.split("|") if not any(hasattr(thing, rest) for thing in things(library, kind))
    ]
