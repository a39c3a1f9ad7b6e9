"""One module of PyTorch's database: built with the same arguments, given the same parameters, run in both libraries."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

from tests.parity.agree import difference
from tests.parity.entries import quiet, seed, spread
from tests.parity.grads import grad_difference
from tests.parity.replay import flat
from tests.parity.tally import Absent, OutOfScope, Tally
from tests.parity.twins import Twins, found_in

DTYPES = ("float32", "float64")
SAMPLED = 12  # samples of a module for each dtype and mode


@functools.cache
def modules() -> dict[str, Any]:
    """Every module, by its name."""
    return {str(entry.name): entry for entry in module_db}


@contextmanager
def noted() -> Iterator[None]:
    """Modules that the database builds itself remember the arguments they were made with."""
    changed = (torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer, torch.nn.PairwiseDistance)
    originals = [made.__init__ for made in changed]

    def noting(original: Any) -> Any:
        @functools.wraps(original)
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            self.made_with = (args, kwargs)

        return init

    try:
        for made, original in zip(changed, originals, strict=True):
            made.__init__ = noting(original)  # type: ignore[method-assign]
        yield
    finally:
        for made, original in zip(changed, originals, strict=True):
            made.__init__ = original  # type: ignore[method-assign]


def check_module(entry: Any, limit: int | None) -> Tally:
    """All samples of one module, in float32 and float64, in training and in evaluation."""
    tally = Tally("modules", str(entry.name), differentiable=True)
    with quiet(), noted():
        for dtype in DTYPES:
            if getattr(torch, dtype) not in entry.supported_dtypes("cpu"):
                continue
            for training in (True, False) if entry.train_and_eval_differ else (True,):
                seed()
                samples = inputs(entry, entry.module_inputs_func, dtype, training)
                for number, sample in spread(samples, limit):
                    if sample.forward_input is not None:
                        label = f"{dtype} {'training' if training else 'evaluation'} {number} {sample.desc}"
                        tally.note(label, lambda s=sample, d=dtype, t=training: check_sample(entry, s, d, t))
    return tally


def inputs(entry: Any, function: Any, dtype: str, training: bool) -> list[Any]:
    """What the database gives for one dtype and mode."""
    return list(function(entry, device="cpu", dtype=getattr(torch, dtype), requires_grad=True, training=training))


def check_sample(entry: Any, sample: Any, dtype: str, training: bool) -> str:
    """What is wrong with one sample, or an empty text."""
    twins = Twins()
    first = Twins(torch)
    args, kwargs = first((tuple(sample.forward_input.args), dict(sample.forward_input.kwargs)))
    theirs, mine = built(entry, sample.constructor_input, dtype, twins)
    for module in (theirs, mine):
        module.train(training)
        without_chance(module)
    if entry.is_lazy:
        with torch.no_grad():
            theirs(*args, **kwargs)
        mine(*twins(args), **twins(kwargs))
    state = theirs.state_dict()
    if list(state) != list(mine.state_dict()):
        return f"state_dict has {list(mine.state_dict())[:6]}, not {list(state)[:6]}"
    mine.load_state_dict(Twins()(dict(state)))
    twins((args, kwargs))
    seed()
    result = theirs(*args, **kwargs)
    found = mine(*twins(args), **twins(kwargs))
    problem = difference(result, found, grad=True)
    if problem:
        return problem
    leaves = [part for part in flat((args, kwargs)) if isinstance(part, torch.Tensor) and part.requires_grad]
    for (name, parameter), (other, own) in zip(theirs.named_parameters(), mine.named_parameters(), strict=True):
        if name != other:
            return f"parameter {other}, not {name}"
        twins.bind(parameter, own)
        leaves.append(parameter)
    problem = grad_difference(result, found, leaves, twins, second=dtype == "float64" and entry.supports_gradgrad)
    return problem or difference(dict(theirs.state_dict()), dict(mine.state_dict()))


def built(entry: Any, given: Any, dtype: str, twins: Twins) -> tuple[Any, Any]:
    """The module in both libraries."""
    args, kwargs = given.args, given.kwargs
    made = found_in(twins.library, str(entry.name))
    theirs = entry.module_cls(*args, **kwargs).to(getattr(torch, dtype))
    mine = made(*twins(tuple(args)), **twins(dict(kwargs))).to(getattr(twins.library, dtype))
    return theirs, mine


def without_chance(module: Any) -> None:
    """Dropout of nothing: the two libraries draw other numbers."""
    for part in module.modules():
        if "Dropout" in type(part).__name__:
            part.p = 0.0
        if isinstance(getattr(part, "dropout", None), float):
            part.dropout = 0.0


def check_module_errors(entry: Any) -> Tally:
    """What PyTorch's module refuses, gradbook's refuses with the same type of exception."""
    tally = Tally("module errors", str(entry.name), differentiable=True)
    if entry.module_error_inputs_func is None:
        return tally
    with quiet():
        seed()
        for number, case in enumerate(inputs(entry, entry.module_error_inputs_func, "float32", True)):
            tally.note(f"error input {number}", lambda case=case: check_error(entry, case))
    return tally


def check_error(entry: Any, case: Any) -> str:
    """One error input: raised when the module is built, or when it is called."""
    twins = Twins()
    given = case.module_error_input
    made = found_in(twins.library, str(entry.name))
    expected = error_of(entry.module_cls, given, case.error_on, Twins(torch))
    if expected is None:
        raise OutOfScope("error inputs that PyTorch accepts on a CPU")
    found = error_of(made, given, case.error_on, twins)
    if isinstance(found, type(expected)):
        return ""
    return f"{found!r}, not {expected!r}".replace("\n", " ")[:200]


def error_of(made: Any, given: Any, where: Any, twins: Twins) -> Exception | None:
    """What building or calling a module raises."""
    args, kwargs = twins(tuple(given.constructor_input.args)), twins(dict(given.constructor_input.kwargs))
    try:
        module = made(*args, **kwargs)
        if where == ModuleErrorEnum.FORWARD_ERROR:
            module(*twins(tuple(given.forward_input.args)), **twins(dict(given.forward_input.kwargs)))
    except (Absent, OutOfScope):
        raise
    except Exception as error:
        return error
    return None
