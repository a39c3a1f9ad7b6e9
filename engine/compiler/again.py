"""A call that is run once more by Python, with other tensors in the places of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gradbook.tensor import Tensor

__all__ = ["Again", "Call"]


class Again:
    """Calls a function as it was called: `again(inputs)` gives some of its results, by their numbers."""

    def __init__(self, call: Call, inputs: list[Tensor], shape: Any, numbers: list[int]) -> None:
        """shape: of the result, see `shape_of_result`. numbers: the results that are asked for."""
        places = {id(tensor): Place(i) for i, tensor in enumerate(inputs)}
        self.function, self.shape, self.numbers = call.function, shape, numbers
        self.args, self.kwargs = without_tensors(call.args, places), without_tensors(call.kwargs, places)

    def __call__(self, inputs: list[Tensor]) -> dict[int, Tensor]:
        found: dict[int, Tensor] = {}
        pick(self.shape, self.function(*filled(self.args, inputs), **filled(self.kwargs, inputs)), found)
        return {i: found[i] for i in self.numbers}


class Call(NamedTuple):
    """A function and what it is called with."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Place(int):
    """The number of an input, in the place of a tensor."""


def without_tensors(value: Any, places: dict[int, Place]) -> Any:
    """Arguments with numbers for tensors."""
    kind = type(value)
    if isinstance(value, Tensor):
        return places[id(value)]
    if kind in (tuple, list):
        return kind(without_tensors(part, places) for part in value)
    return {key: without_tensors(part, places) for key, part in value.items()} if kind is dict else value


def filled(value: Any, inputs: list[Tensor]) -> Any:
    """Arguments with tensors for numbers."""
    kind = type(value)
    if kind is Place:
        return inputs[value]
    if kind in (tuple, list):
        return kind(filled(part, inputs) for part in value)
    return {key: filled(part, inputs) for key, part in value.items()} if kind is dict else value


def pick(shape: Any, value: Any, found: dict[int, Tensor]) -> None:
    """Note the tensors of a result under their numbers."""
    if shape[0] == "out":
        found[shape[1]] = value
    elif shape[0] is dict:
        for part, inner in zip(shape[2], value.values(), strict=True):
            pick(part, inner, found)
    elif not isinstance(shape[0], str):
        for part, inner in zip(shape[1], value, strict=True):
            pick(part, inner, found)
