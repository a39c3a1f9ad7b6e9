"""Checkpointing, as torch.utils.checkpoint: what a part of a network keeps for backward is computed again instead."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradbook.autograd import casting, engine, grad_mode, layers, versions
from gradbook.autograd.function import Function
from gradbook.autograd.saving import SavingLayer, current_hooks
from gradbook.errors import InplaceError
from gradbook.random import default_generator
from gradbook.tensor import Tensor

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]

_ADVICE = (
    "gradbook.utils.checkpoint: the use_reentrant parameter should be passed explicitly; True is assumed. "
    "use_reentrant=False is recommended: it takes keyword arguments, nests, and works with autograd.grad."
)
_settings: dict[str, bool | None] = {"early_stop": None, "debug": None}


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed before."""


class _Enough(Exception):
    """Everything that backward needs has been computed again."""


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The GPUs of these arguments and the states of their generators, as PyTorch's function.

    Differs: two empty lists; one generator serves every device, and its state is that of get_rng_state().
    """
    return [], []


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Put back what get_device_states gave: nothing."""


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing: one for forward, one for the computation again."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which nothing is kept but the arguments: backward computes it again.

    preserve_rng_state=True (a keyword argument too): random numbers, as of dropout, come out the same. use_reentrant:
    False keeps the graph and is better; True keeps not even that, takes no keyword arguments, and works only with
    backward() to all leaves. context_fn gives two contexts, for forward and for the computation again. early_stop: stop
    as soon as everything needed is there. Raises CheckpointError where the second computation differs from the first
    (determinism_check="none" does not look), ValueError for arguments that do not go together.
    """
    if use_reentrant is None:
        warnings.warn(_ADVICE, UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _without_reentrance(function, args, kwargs, preserve, context_fn, determinism_check, early_stop)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug is not False:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The input through functions in so many segments, all but the last one checkpointed, as PyTorch's function.

    functions: a Sequential, or a sequence of callables. Raises ValueError for unknown keyword arguments.
    """
    if use_reentrant is None:
        warnings.warn(_ADVICE, UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(start: int, stop: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for step in steps[start:stop]:
                value = step(value)
            return value

        return run

    size, done = len(steps) // segments, 0
    for start in range(0, size * (segments - 1), size):
        done = start + size
        input = checkpoint(part(start, done), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(done, len(steps))(input)


# -- keeping the graph, not the values ---------------------------------------------------------------------------------


class Frame:
    """One checkpointed call: how to do it again, and what it is known to have kept."""

    def __init__(
        self, function: Any, args: Any, kwargs: Any, preserve: bool, again: Any, check: Any, stop: bool
    ) -> None:
        hooks = current_hooks()  # of a checkpoint around this one: the arguments are its to keep

        seq = next(versions.sequence)

        def again_from(value: Tensor) -> Tensor:
            if versions.changed_at(value._array) > seq:
                raise InplaceError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"an argument of checkpoint, of shape {tuple(value.shape)}, which backward would compute from "
                    "again. clone() it before it is changed"
                )
            return value.detach()

        def kept(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return lambda: value
            wants = value.requires_grad
            if hooks is None or value.is_leaf:
                return lambda: again_from(value).requires_grad_(wants)
            held = hooks.pack(value.detach())
            return lambda: hooks.unpack(held).detach().requires_grad_(wants)

        self.function, self.again, self.check, self.stop = function, again, check, stop
        self.args = [kept(a) for a in args]
        self.kwargs = {name: kept(value) for name, value in kwargs.items()}
        self.random = default_generator.get_state() if preserve else None
        self.autocast = casting.current()
        self.facts: list[Any] = []  # what was kept: shape and dtype of each, in order
        self.values: dict[int, Tensor] = {}

    def pack(self, tensor: Tensor) -> int:
        """Note what was to be kept, and keep its number."""
        self.facts.append(self.check(tensor))
        return len(self.facts) - 1

    def unpack(self, number: int) -> Tensor:
        """A value again. Raises CheckpointError if it is not like the one before."""
        if number not in self.values:
            self.compute()
        if number not in self.values:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.facts)}\nNumber of tensors saved "
                f"during recomputation: {len(self.values)}. The function must do the same each time it is called."
            )
        found = self.values.pop(number)
        if self.check(found) != self.facts[number]:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass: tensor at position {number}: saved {self.facts[number]}, recomputed "
                f"{self.check(found)}"
            )
        return found

    def compute(self) -> None:
        """Call the function again and keep what it keeps."""
        self.values.clear()
        seen = 0

        def keep(tensor: Tensor) -> int:
            nonlocal seen
            self.values[seen] = tensor
            seen += 1
            if self.stop and seen == len(self.facts):
                raise _Enough
            return seen - 1

        args = [value() for value in self.args]
        kwargs = {name: value() for name, value in self.kwargs.items()}
        with (
            _random_from(self.random),
            casting.resumed(self.autocast),
            grad_mode.enable_grad(),
            layers.pushed(SavingLayer(keep, lambda number: self.values[number])),
            self.again,
            contextlib.suppress(_Enough),
        ):
            self.function(*args, **kwargs)


def _facts(tensor: Tensor) -> Any:
    return {"shape": tuple(tensor.shape), "dtype": tensor.dtype, "device": tensor.device}


def _without_reentrance(
    function: Any, args: Any, kwargs: Any, preserve: bool, context_fn: Any, check: str, stop: bool
) -> Any:
    checks: dict[str, Any] = {"default": _facts, "none": lambda tensor: None}
    if check not in checks:
        raise ValueError(f"determinism_check must be one of {list(checks)}, got {check}")
    forward, again = context_fn()
    if not grad_mode.is_grad_enabled():
        with forward:
            return function(*args, **kwargs)
    wanted = _settings["early_stop"]
    frame = Frame(function, args, kwargs, preserve, again, checks[check], stop if wanted is None else wanted)
    with layers.pushed(SavingLayer(frame.pack, frame.unpack)), forward:
        return function(*args, **kwargs)


@contextlib.contextmanager
def _random_from(state: Any) -> Iterator[None]:
    """Random numbers from a state on, and afterwards as if nothing had been drawn."""
    if state is None:
        yield
        return
    before = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(before)


# -- keeping nothing ---------------------------------------------------------------------------------------------------


class CheckpointFunction(Function):
    """The checkpoint that computes, records and walks anew inside of backward (use_reentrant=True)."""

    @staticmethod
    def forward(ctx: Any, run_function: Any, preserve_rng_state: bool, *args: Any) -> Any:
        """Call the function without recording."""
        check_backward_validity(args)
        ctx.run_function, ctx.state = run_function, default_generator.get_state() if preserve_rng_state else None
        ctx.autocast = casting.current()
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        with grad_mode.no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Call it again, recording, and walk that."""
        if layers.state.walk and layers.state.walk[1]:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.inputs)
        for place, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[place] = tensor
        again = detach_variable(tuple(inputs))
        with _random_from(ctx.state), casting.resumed(ctx.autocast), grad_mode.enable_grad():
            outputs = ctx.run_function(*again)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        live = [
            (out, g) for out, g in zip(outputs, grads, strict=True) if isinstance(out, Tensor) and out.requires_grad
        ]
        if not live:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        engine.backward([out for out, _ in live], [g for _, g in live])
        return (None, None, *[a.grad if isinstance(a, Tensor) else None for a in again])


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same tensors as leaves of their own. Raises RuntimeError for anything but a tuple."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs)


def check_backward_validity(inputs: Sequence[Any]) -> None:
    """Warn where no input requires grad, so that nothing inside could get a gradient."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=2)


@contextlib.contextmanager
def _setting(name: str, value: bool | None) -> Iterator[None]:
    before = _settings[name]
    _settings[name] = value
    try:
        yield
    finally:
        _settings[name] = before


def set_checkpoint_early_stop(enable: bool) -> Any:
    """A context in which checkpoints stop early, or do not, whatever their early_stop says."""
    return _setting("early_stop", enable)


def set_checkpoint_debug_enabled(enabled: bool | None) -> Any:
    """A context for PyTorch's debug traces. Differs: there are none; errors say which tensor differs, always."""
    return _setting("debug", enabled)
