"""torch.jit, as far as running a program goes: what is scripted or traced is the Python function or module itself.

Differs: nothing is compiled and nothing is saved as TorchScript. `script` and `trace` give back what they were given,
so a program that wraps its model computes the same; `save` and `load` raise, and say what to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from gradbook.errors import NotProvidedError
from gradbook.nn.module import Module as ScriptModule

__all__ = [
    "Attribute", "Final", "ScriptFunction", "ScriptModule", "annotate", "enable_onednn_fusion", "export", "fork",
    "freeze", "fuser", "ignore", "interface", "is_scripting", "is_tracing", "isinstance", "load",
    "onednn_fusion_enabled", "optimize_for_inference", "optimized_execution", "save", "script",
    "script_if_tracing", "script_method", "set_fusion_strategy", "strict_fusion", "trace", "trace_module",
    "unused", "wait",
]  # fmt: skip

T = TypeVar("T")
builtin_isinstance = isinstance
RecursiveScriptModule = TopLevelTracedModule = ScriptModule


class ScriptFunction:
    """The type PyTorch gives to a compiled function; nothing here is of it."""


class Error(RuntimeError):
    """torch.jit.Error."""


def script(obj: T, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> T:
    """Differs: `obj` itself, not compiled. As torch.jit.script, also as a decorator."""
    return obj


def trace(func: T, example_inputs: Any = None, *args: Any, **kwargs: Any) -> T:
    """Differs: `func` itself, after one call on the example: branches are taken anew in each call, not frozen.

    Raises whatever that call raises.
    """
    named = kwargs.get("example_kwarg_inputs")
    if example_inputs is not None and callable(func):
        func(*(example_inputs if builtin_isinstance(example_inputs, tuple | list) else (example_inputs,)))
    elif named is not None and callable(func):
        func(**named)
    return func


def trace_module(mod: T, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> T:
    """Differs: `mod` itself, after one call of each method named."""
    for name, example in inputs.items():
        getattr(mod, name)(*(example if builtin_isinstance(example, tuple | list) else (example,)))
    return mod


def freeze(mod: T, preserved_attrs: Any = None, optimize_numerics: bool = True) -> T:
    """Differs: `mod` itself. Raises RuntimeError in training mode, as torch.jit.freeze."""
    if getattr(mod, "training", False):
        raise RuntimeError("Freezing is currently only implemented for modules in eval mode: call .eval() first")
    return mod


def optimize_for_inference(mod: T, other_methods: Any = None) -> T:
    """Differs: `mod` itself."""
    return mod


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A decorator that leaves a function as it is: there is no compiler to keep away from it."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: T) -> T:
    """`fn` itself."""
    return fn


export = script_method = script_if_tracing = _script_if_tracing = interface = _overload = _overload_method = unused


def is_scripting() -> bool:
    """False: Python runs."""
    return False


def is_tracing() -> bool:
    """False: Python runs."""
    return False


def annotate(the_type: Any, the_value: T) -> T:
    """`the_value` itself."""
    return the_value


def Attribute(value: T, type: Any = None) -> T:
    """`value` itself."""
    return value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's isinstance; of a generic such as list[int], whether it is a list."""
    kinds = target_type if builtin_isinstance(target_type, tuple) else (target_type,)
    return builtin_isinstance(obj, tuple(getattr(kind, "__origin__", None) or kind for kind in kinds))


def fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> Any:
    """Differs: called at once; `wait` gives the result."""
    from gradbook.jit.future import Future

    return Future(func(*args, **kwargs))


_fork = fork


def wait(future: Any) -> Any:
    """The result of `fork`."""
    return future.wait()


_wait = wait


@contextlib.contextmanager
def optimized_execution(should_optimize: bool = True) -> Iterator[None]:
    """A block that runs as it is."""
    yield


@contextlib.contextmanager
def fuser(name: str) -> Iterator[None]:
    """A block that runs as it is."""
    yield


strict_fusion = optimized_execution


def set_fusion_strategy(strategy: Any) -> list[Any]:
    """Nothing is fused. -> []."""
    return []


def enable_onednn_fusion(enabled: bool) -> None:
    """Nothing is fused."""


def onednn_fusion_enabled() -> bool:
    """False: nothing is fused."""
    return False


INSTEAD = (
    "TorchScript files are not written or read here. Save the state_dict (torch.save, or safetensors), build the "
    "module from its Python class, and load the state_dict into it"
)


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Differs: raises NotProvidedError, which says what to do."""
    raise NotProvidedError(f"torch.jit.save: {INSTEAD}")


def load(f: Any, map_location: Any = None, _extra_files: Any = None, _restore_shapes: bool = False) -> Any:
    """Differs: raises NotProvidedError, which says what to do."""
    raise NotProvidedError(f"torch.jit.load: {INSTEAD}")
