"""NumPy's names for arguments: `x.sum(axis=0, keepdims=True)`, as PyTorch takes them beside dim and keepdim."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from gradbook.tensor import Tensor

__all__ = ["accept_numpy_names"]

NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}
AXES = ("dim", "keepdim")
MANY_FORMS = frozenset("max min std std_mean sum unflatten var var_mean".split())  # dim is one of *args


def takes_dim(fn: Callable[..., Any]) -> bool:
    """True for a function that reduces over, or works along, an axis it calls dim."""
    inner = inspect.unwrap(fn)
    code = inner.__code__
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return any(name in named for name in AXES) or inner.__name__ in MANY_FORMS


def with_numpy_names(fn: Callable[..., Any], module: str, qualname: str) -> Callable[..., Any]:
    """The function, which takes NumPy's names too, and is found by pickle as `module.qualname`."""

    @functools.wraps(fn)
    def call(*args: Any, **named: Any) -> Any:
        if named:
            if "out" in named and qualname != fn.__name__:  # so that np.sum(x) fails in PyTorch's words, too
                raise TypeError(f"{fn.__name__}() got an unexpected keyword argument 'out'")
            for theirs in NAMES.keys() & named.keys():
                if NAMES[theirs] not in named:
                    named[NAMES[theirs]] = named.pop(theirs)
        return fn(*args, **named)

    call.__module__, call.__qualname__ = module, qualname
    return call


def accept_numpy_names(public: dict[str, Any], names: list[str]) -> None:
    """Let the functions of a namespace, and Tensor's methods, that work along an axis take NumPy's names for it."""
    for name in names:
        found = public.get(name)  # a lazy submodule is not there yet
        if type(found) is FunctionType and takes_dim(found):
            public[name] = with_numpy_names(found, "gradbook", name)
    for name, found in list(vars(Tensor).items()):
        if type(found) is FunctionType and name[0] != "_" and takes_dim(found):
            setattr(Tensor, name, with_numpy_names(found, "gradbook", f"Tensor.{name}"))
