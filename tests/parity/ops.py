"""One sample of an op, through torch and through gradbook: result, gradients, second gradients, its other spellings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import gradbook
from tests.parity.agree import difference, meta_difference
from tests.parity.entries import DRAWN, MAY_DRAW, entry_id, quiet, samples_of, seed, wants_grad
from tests.parity.grads import grad_difference
from tests.parity.names import find, name_of, within
from tests.parity.replay import Recording, flat, record
from tests.parity.tally import Absent, OutOfScope, Tally
from tests.parity.ties import any_order, pointed
from tests.parity.twins import Twins

# (entry, dtype or "") -> how many times the tolerance, and why
LOOSE: dict[str, float] = {}
SPELLED = 3  # samples of each other spelling


def check_op(entry: Any, dtype: str, limit: int | None) -> Tally:
    """All samples of one entry and dtype, or `limit` of them."""
    tally = Tally(dtype, entry_id(entry), differentiable=bool(entry.supports_autograd))
    with quiet():
        for number, sample in samples_of(entry, dtype, limit):
            tally.note(f"sample {number}", lambda sample=sample: check_call(entry, entry.op, sample, dtype))
    return tally


def check_call(entry: Any, function: Callable[..., Any], sample: Any, dtype: str) -> str:
    """One sample as it is; and inside the database's wrapper, where gradients mean something only there.

    An eigenvalue of a symmetric matrix reads one half of it: its gradient is defined for what is made symmetric first.
    """
    wrapper = entry.gradcheck_wrapper
    if wrapper.__name__ == "<lambda>" or not wants_grad(entry, dtype):
        return check_sample(entry, function, sample, dtype)
    problem = ""
    if "masked" not in wrapper.__name__:  # what a mask leaves out may hold anything
        problem = check_sample(entry, function, sample, dtype, grad=False)
    return problem or check_sample(entry, functools.partial(wrapper, function), sample, dtype)


def check_sample(entry: Any, function: Callable[..., Any], sample: Any, dtype: str, grad: bool = True) -> str:
    """What is wrong with one sample, or an empty text."""
    given = (sample.input, tuple(sample.args), dict(sample.kwargs))
    theirs = Twins(torch)
    first, args, kwargs = theirs(given)
    mine = Twins()
    mine((first, args, kwargs))  # before torch can change them in place
    seed()
    recording = record(function, first, *args, process=sample.output_process_fn_grad, **kwargs)
    if recording.error is not None:
        return raises_too(recording, mine)
    result = recording.play(mine)
    if is_drawn(entry, given, function):
        return "; ".join(filter(None, map(kind_difference, flat(recording.result), flat(result))))
    loose = LOOSE.get(f"{entry_id(entry)} {dtype}", LOOSE.get(entry_id(entry), 1.0))
    if any_order(entry.name, given):
        return ties_difference(entry.name, given, recording.result, result)
    problem = difference(recording.result, result, wants_grad(entry, dtype), loose)
    leaves = tensors_in((first, args, kwargs))
    if not problem:
        problem = difference(leaves, mine(leaves), loose=loose)
        problem = problem and f"the arguments afterwards: {problem}"
    if problem or not (grad and wants_grad(entry, dtype)):
        return problem
    leaves = [tensor for tensor in leaves if tensor.requires_grad]
    second = dtype == "float64" and bool(entry.supports_gradgrad)
    return grad_difference(recording.result, result, leaves, mine, second, loose)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors that a value holds."""
    return [part for part in flat(value) if isinstance(part, torch.Tensor)]


def kind_difference(theirs: Any, mine: Any) -> str:
    """What differs beside the values."""
    return meta_difference(theirs, mine) if isinstance(theirs, torch.Tensor) else ""


def ties_difference(name: str, given: Any, theirs: Any, mine: Any) -> str:
    """What differs where equals may stand in any order."""
    problem = "; ".join(filter(None, map(kind_difference, flat(theirs), flat(mine))))
    if problem:
        return problem
    pairs = zip(pointed(name, given, theirs), pointed(name, given, mine), strict=True)
    return "" if all(np.array_equal(a, b, equal_nan=True) for a, b in pairs) else "not in order"


def is_drawn(entry: Any, given: Any, function: Callable[..., Any]) -> bool:
    """True if torch itself gives other values with another seed."""
    if entry.name in DRAWN:
        return True
    if not any(part in entry.name for part in MAY_DRAW):
        return False
    outputs = []
    reseed, torch.manual_seed = torch.manual_seed, lambda *_: None  # the databases reseed inside their wrappers
    try:
        for number in (1, 2):
            first, args, kwargs = Twins(torch)(given)
            reseed(number)
            outputs.append(flat(function(first, *args, **kwargs)))
    finally:
        torch.manual_seed = reseed
    return any(isinstance(a, torch.Tensor) and not torch.equal(a, b) for a, b in zip(*outputs, strict=True))


def raises_too(recording: Recording, twins: Twins) -> str:
    """Where torch raises, gradbook must raise what `except <the type>` catches."""
    expected = type(recording.error)
    try:
        recording.play(twins)
    except (Absent, OutOfScope):
        raise
    except Exception as error:
        if isinstance(error, expected):
            return ""
        return (
            f"raises {type(error).__name__} ({str(error)[:80]}), not {expected.__name__} ({str(recording.error)[:80]})"
        )
    return f"accepted, but PyTorch raises {expected.__name__}: {recording.error}".split("\n")[0][:200]


# -- other spellings: method, operator, in place, out=, aliases --------------------------------------------------------


def check_variants(entry: Any, dtype: str, limit: int | None) -> Tally:
    """The method, the operator, the in-place forms, out= and the aliases of an entry, on a few samples each."""
    tally = Tally("variants", entry_id(entry), differentiable=bool(entry.supports_autograd))
    with quiet():
        samples = samples_of(entry, dtype, limit)
        for name, function in spellings(entry):
            for number, sample in samples:
                if isinstance(sample.input, torch.Tensor):
                    tally.note(f"{name}, sample {number}", lambda f=function, s=sample: check_call(entry, f, s, dtype))
        direct = name_of(entry.op)
        if entry.supports_out and direct is not None and entry.name not in DRAWN:
            for number, sample in samples:
                tally.note(f"out=, sample {number}", lambda s=sample: check_out(entry.op, s))
    return tally


def spellings(entry: Any) -> list[tuple[str, Callable[..., Any]]]:
    """Name and function of each other way to call an entry."""
    found: list[tuple[str, Callable[..., Any]]] = []
    for kind in ("method_variant", "operator_variant"):
        if getattr(entry, kind) is not None:
            found.append((kind.split("_")[0], getattr(entry, kind)))
    for kind in ("inplace_variant", "inplace_operator_variant"):
        if getattr(entry, kind) is not None:
            found.append((kind.split("_")[0] + " " + kind.split("_")[1], on_a_clone(getattr(entry, kind))))
    for alias in entry.aliases:
        if within(torch, alias.name) is not None:
            found.append((alias.name, within(torch, alias.name)))
    return found


def on_a_clone(function: Callable[..., Any]) -> Callable[..., Any]:
    """An in-place function on a copy, as a leaf that requires grad may not change."""

    def call(first: Any, *args: Any, **kwargs: Any) -> Any:
        copy = first.clone()
        result = function(copy, *args, **kwargs)
        return result, copy

    return call


def check_out(function: Callable[..., Any], sample: Any) -> str:
    """`out=`: what is given is filled, and is what comes back."""
    first, args, kwargs = Twins(torch)((sample.input, tuple(sample.args), dict(sample.kwargs)))
    with torch.no_grad():
        result = function(first, *args, **kwargs)
        if not all(isinstance(part, torch.Tensor) for part in flat(result)):
            return ""
        out = blanks(result)
        recording = record(function, first, *args, **kwargs, out=out)
    twins = Twins()
    twins((first, args, kwargs))
    given = twins(blanks(result))
    if recording.error is not None:
        return ""  # an op that does not take out= for this sample
    with gradbook.no_grad():
        mine = find(name_of(function))(*twins((first, *args)), **twins(kwargs), out=given)
    if [id(part) for part in flat(mine)] != [id(part) for part in flat(given)]:
        return "out= is not what comes back"
    return difference(out, given)


def blanks(result: Any) -> Any:
    """Zeros of the shapes and dtypes of a result."""
    if isinstance(result, torch.Tensor):
        return torch.zeros_like(result.resolve_conj().detach().contiguous())
    return tuple(blanks(part) for part in result)


# -- error inputs ------------------------------------------------------------------------------------------------------


def check_errors(entry: Any) -> Tally:
    """What PyTorch refuses, gradbook refuses with the same type of exception."""
    tally = Tally("errors", entry_id(entry), differentiable=bool(entry.supports_autograd))
    with quiet():
        seed()
        for number, case in enumerate(entry.error_inputs_func(entry, "cpu") if entry.error_inputs_func else ()):
            tally.note(f"error input {number}", lambda case=case: check_error(entry.op, case.sample_input))
    return tally


def check_error(function: Callable[..., Any], sample: Any) -> str:
    """One error input."""
    first, args, kwargs = Twins(torch)((sample.input, tuple(sample.args), dict(sample.kwargs)))
    twins = Twins()
    twins((first, args, kwargs))
    recording = record(function, first, *args, **kwargs)
    if recording.error is None:
        raise OutOfScope("error inputs that PyTorch accepts on a CPU")
    return raises_too(recording, twins)
