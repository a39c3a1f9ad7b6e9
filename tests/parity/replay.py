"""Record which public functions a torch callable calls, and do the same in gradbook by their names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from tests.parity.names import find, name_of
from tests.parity.tally import OutOfScope
from tests.parity.twins import Twins


def flat(value: Any) -> list[Any]:
    """The parts of a value, with tuples, lists and dicts opened."""
    if isinstance(value, dict):
        return [part for key in value for part in flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [part for one in value for part in flat(one)]
    return [value]


@dataclass
class Call:
    """One call of a public function."""

    name: str | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any = None

    def has_tensors(self) -> bool:
        """False for sizes, dtypes and other constants of the recording."""
        return any(isinstance(part, torch.Tensor) for part in flat(self.out))


class Recorder(TorchFunctionMode):
    """Notes the outermost calls made while it is active."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.note(func, args, kwargs or {})

    def note(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call and remember it, even one that raises."""
        call = Call(name_of(function), args, kwargs)
        self.calls.append(call)
        call.out = function(*args, **kwargs)
        return call.out


@dataclass
class Recording:
    """What was called, what came of it, or what was raised by the last call."""

    calls: list[Call]
    result: Any = None
    error: Exception | None = None
    names: list[str] = field(default_factory=list)

    def play(self, twins: Twins) -> Any:
        """Do the same with the twins. -> the result. Raises Absent, OutOfScope, and whatever gradbook raises."""
        last = self.calls[-1] if self.calls else None
        mine: Any = None
        for call in self.calls:
            if call is last or call.has_tensors():
                function = find(call.name, twins.library)
                mine = function(*twins(call.args), **twins(call.kwargs))
                twins.bind(call.out, mine)
        if last is not None and self.result is last.out:
            return mine
        return traced(self.result, twins)


def traced(result: Any, twins: Twins) -> Any:
    """The twins of a result that is put together from those of several calls."""
    if isinstance(result, torch.Tensor):
        if id(result) not in twins.pairs:
            raise OutOfScope("a result that no public function gives")
        return twins.tensor(result)
    if isinstance(result, (list, tuple)):
        return tuple(traced(part, twins) for part in result)
    if isinstance(result, dict):
        return {key: traced(part, twins) for key, part in result.items()}
    return result


def record(
    function: Callable[..., Any], *args: Any, process: Callable[[Any], Any] | None = None, **kwargs: Any
) -> Recording:
    """Call a torch function, then `process` what it gives; note the public calls and what is raised."""
    recorder = Recorder()
    while isinstance(function, functools.partial):
        args, kwargs, function = (*function.args, *args), {**function.keywords, **kwargs}, function.func
    recording = Recording(recorder.calls)
    try:
        if name_of(function) is not None:
            result = recorder.note(function, args, kwargs)
        else:
            with recorder:
                result = function(*args, **kwargs)
        if process is not None:
            with recorder:
                result = process(result)
        recording.result = result
    except Exception as error:
        recording.error = error
    return recording
