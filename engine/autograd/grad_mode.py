"""Whether operations are recorded for backward: per thread, changed only in scopes."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

from gradbook import events

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    enabled = True
    inference = False


state = _State()
# an entry for each scope now open, on any thread, that may have switched recording off: empty, nobody need be asked
scopes: list[None] = []  # whose append and pop no other thread interrupts
inference_count = [0]  # inference scopes open, on any thread, and tensors alive that were made in one


def tell() -> None:
    """Who listens hears whether operations are recorded from now on."""
    if events.mode:
        events.emit(events.mode, "grad", None, state.enabled)


class _Scope:
    """A context manager that is also a decorator, for functions and generators, as PyTorch's grad modes are."""

    def __call__(self, func: F) -> F:
        if inspect.isclass(func):
            warnings.warn(
                f"Decorating classes is deprecated: `{type(self).__name__}` then holds for __init__ only. Decorate the "
                "methods you mean.",
                FutureWarning,
                stacklevel=2,
            )
            func.__init__ = self(func.__init__)  # type: ignore[method-assign]
            return func
        if inspect.isgeneratorfunction(func):
            return cast(F, self._wrap_generator(func))

        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self._clone():
                return func(*args, **kwargs)

        return inside  # type: ignore[return-value]

    def _wrap_generator(self, func: Any) -> Any:
        """The mode holds while the generator runs, not while its user does; what is sent or thrown in gets there."""

        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            generator = func(*args, **kwargs)
            step, value = generator.send, None
            while True:
                try:
                    with self._clone():
                        item = step(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    step, value = generator.send, (yield item)
                except GeneratorExit:
                    with self._clone():
                        generator.close()
                    raise
                except BaseException as error:
                    step, value = generator.throw, error

        return inside

    def _clone(self) -> Any:
        return type(self)()

    def __enter__(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must say what it changes on entry")

    def __exit__(self, *exc: object) -> None:
        state.enabled = self._before  # type: ignore[attr-defined]
        scopes.pop()
        tell()


class no_grad(_Scope):
    """Nothing inside is recorded, as torch.no_grad: results do not require grad. Context manager and decorator."""

    def __new__(cls, orig_func: Any = None) -> Any:
        made = super().__new__(cls)
        return made if orig_func is None else made(orig_func)

    def __enter__(self) -> None:
        scopes.append(None)
        self._before = state.enabled
        state.enabled = False
        tell()


class enable_grad(_Scope):
    """Operations inside are recorded again, as torch.enable_grad. Context manager and decorator."""

    def __new__(cls, orig_func: Any = None) -> Any:
        made = super().__new__(cls)
        return made if orig_func is None else made(orig_func)

    def __enter__(self) -> None:
        scopes.append(None)
        self._before = state.enabled
        state.enabled = True
        tell()


class set_grad_enabled(_Scope):
    """Recording on or off, as torch.set_grad_enabled: takes effect at once; as a context manager it restores."""

    def __init__(self, mode: bool) -> None:
        self._before = state.enabled
        self.mode = bool(mode)
        scopes.append(None)  # called as a function it lasts: the thread is asked from now on
        state.enabled = self.mode
        tell()

    def __call__(self, func: F) -> F:
        state.enabled = self._before
        scopes.pop()
        tell()
        return super().__call__(func)

    def _clone(self) -> Any:
        return set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        state.enabled = self.mode
        tell()


class inference_mode(_Scope):
    """As no_grad, and tensors made inside can never take part in a graph, as torch.inference_mode."""

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        made.mode = True
        return made(mode) if callable(mode) else made

    def __init__(self, mode: bool = True) -> None:
        self.mode = bool(mode)

    def _clone(self) -> Any:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        from gradbook.autograd import inference

        scopes.append(None)
        inference.hold(1)
        self._before, self._inference = state.enabled, state.inference
        state.enabled, state.inference = not self.mode, self.mode
        tell()

    def __exit__(self, *exc: object) -> None:
        from gradbook.autograd import inference

        state.enabled, state.inference = self._before, self._inference
        inference.hold(-1)
        scopes.pop()
        tell()


class set_multithreading_enabled(_Scope):
    """Accepted, as torch.autograd.set_multithreading_enabled. Differs: backward runs on the thread that calls it."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)

    def _clone(self) -> Any:
        return set_multithreading_enabled(self.mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


def is_grad_enabled() -> bool:
    """True while operations on this thread are recorded."""
    return state.enabled


def is_inference_mode_enabled() -> bool:
    """True inside inference_mode."""
    return state.inference
