"""What of Python a repetition may leave out, and what not: which calls compute only, which have effects beside that."""

from __future__ import annotations

import builtins
import math
import operator
import types
from typing import Any

from gradbook import events
from gradbook.compiler.guards import items_of
from gradbook.nn import hooks
from gradbook.nn.module import Module
from gradbook.optim.optimizer import Optimizer
from gradbook.tensor import Tensor

__all__ = ["has_hooks", "is_library", "is_pure", "is_scope", "items_of", "may_iterate", "only_looks", "why_not"]

PURE = {
    getattr(builtins, name)
    for name in (
        "abs", "all", "any", "bool", "callable", "chr", "complex", "dict", "divmod", "enumerate", "float", "format",
        "frozenset", "getattr", "hasattr", "hash", "int", "isinstance", "issubclass", "iter", "len", "list", "map",
        "max", "min", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum",
        "super", "tuple", "type", "zip", "filter", "next",
    )
}  # fmt: skip
PURE |= {value for value in vars(math).values() if callable(value)}
PURE |= {
    value for name, value in vars(operator).items() if callable(value) and not name.startswith(("i", "set", "del"))
}
TAKES_FUNCTION = {map, filter, sorted, max, min}  # Python functions given to these would run unseen
READ_ONLY: dict[type, set[str]] = {
    list: {"index", "count", "copy"}, dict: {"get", "items", "keys", "values", "copy"}, set: {"copy", "union"},
}  # fmt: skip
IMMUTABLE = (str, bytes, tuple, int, float, complex, bool, frozenset, range, slice, type(None))
DATA_ATTRIBUTES = {"grad_fn", "_version", "data_ptr"}
DATA_METHODS = {"data_ptr", "register_hook", "retain_grad", "share_memory_", "storage", "untyped_storage", "set_",
                "requires_grad_", "register_post_accumulate_grad_hook", "resize_", "__setstate__", "equal",
                "allclose"}  # fmt: skip
MODULE_METHODS = {"parameters", "named_parameters", "children", "named_children", "modules", "named_modules",
                  "buffers", "named_buffers", "zero_grad", "get_parameter", "get_submodule", "keys", "values",
                  "items"}  # fmt: skip
ASKS = {"is_compiling", "is_dynamo_compiling", "is_exporting"}  # the same in every call
MADE_OF_DATA = {"tensor", "as_tensor", "asarray", "new_tensor", "scalar_tensor"}
OPTIMIZER_METHODS = {"step", "zero_grad"}
LIBRARY = ("ops/", "nn/functional", "nn/utils/clip_grad", "nn/modules/", "autograd/", "linalg/", "fft", "special",
           "tensor", "dtypes", "conversion", "overrides.py")  # fmt: skip
_root = __name__.partition(".")[0] + "."
SCOPES = (_root + "autograd.grad_mode", _root + "amp.")


def is_library(function: Any) -> bool:
    """True for a function that gradbook itself defines."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return bool(code.co_filename.startswith(events._PACKAGE))
    return (getattr(function, "__module__", None) or "").startswith(_root)


def has_hooks(module: Module) -> bool:
    """True if calling a module, or one below it, may run hooks."""
    return hooks.on_every_module() or any(hooks.on(part) for part in module.modules())


def is_scope(manager: Any) -> bool:
    """True for gradbook's own context managers of grad mode and autocast."""
    return type(manager).__module__.startswith(SCOPES)


def may_iterate(value: Any) -> bool:
    """True for what is no container, and gives the same values each time it is gone over."""
    kinds: tuple[type, ...] = (range, str, bytes, Tensor, type({}.keys()), type({}.values()), type({}.items()))
    return isinstance(value, kinds) or hasattr(type(value), "__next__")


def is_pure(function: Any) -> bool:
    """True for a function of Python's that only computes."""
    try:
        return function in PURE
    except TypeError:  # a callable that cannot be hashed
        return False


def only_looks(function: Any, owner: Any) -> bool:
    """True for a method whose result depends on what its container holds, and which leaves that as it is."""
    return type(owner) in READ_ONLY and getattr(function, "__name__", "") in READ_ONLY[type(owner)]


def why_not(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], fresh: dict[int, Any]) -> str:
    """Why a call of something that is not interpreted cannot be left out in a repetition; "" if it can."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", type(function).__name__)
    disabled: str = getattr(function, "__dict__", {}).get("_gradbook_disabled", "")
    if disabled:
        return disabled
    if name in MADE_OF_DATA and is_library(function) and any(map(holds_tensor, (*args, *kwargs.values()))):
        return f"{name}() of a tensor's values"
    if isinstance(owner, Tensor):
        return f"Tensor.{name}()" if name in DATA_METHODS else ""
    if args and isinstance(args[0], Tensor) and is_library(function):
        return f"Tensor.{name}()" if name in DATA_METHODS else _library(function, name)
    if args and isinstance(args[0], Module) and is_library(function):
        return "" if name in MODULE_METHODS or name == "forward" else f"Module.{name}() changes the module"
    if args and isinstance(args[0], Optimizer) and is_library(function):
        return "" if name in OPTIMIZER_METHODS else f"{type(args[0]).__name__}.{name}()"
    if isinstance(owner, types.ModuleType) or owner is None or isinstance(owner, type):
        return _plain(function, name, args, kwargs, fresh)
    if isinstance(owner, IMMUTABLE) or id(owner) in fresh:
        return ""
    if only_looks(function, owner):
        return ""
    return f"{type(owner).__name__}.{name}() may change an object from outside"


def holds_tensor(value: Any) -> bool:
    """True for a tensor, and for lists and tuples with one in them."""
    return isinstance(value, Tensor) or (isinstance(value, list | tuple) and any(map(holds_tensor, value)))


def reads_index(key: Any) -> bool:
    """True for an index of a tensor that takes the value of another as a number."""
    if isinstance(key, tuple | list):
        return any(map(reads_index, key))
    return isinstance(key, Tensor) and not key.shape


def _library(function: Any, name: str) -> str:
    """A function of gradbook's: those that compute on tensors are told of by events, others are not known."""
    code = getattr(function, "__code__", None)
    if code is not None:
        file = code.co_filename.replace("\\", "/")
        path = next((file[len(root) :] for root in events._PACKAGE if file.startswith(root)), file)
        return "" if path.startswith(LIBRARY) or (path.startswith("compiler/") and name in ASKS) else f"{name}()"
    if isinstance(function, type):
        scope = function.__module__.startswith(SCOPES)
        return "" if scope or function.__name__ in ("Size", "dtype", "device") else f"a {name} is made"
    return "" if type(function).__name__ in ("Op", "Elementwise", "MultiOp") else f"{name}()"


def _plain(function: Any, name: str, args: Any, kwargs: Any, fresh: dict[int, Any]) -> str:
    if is_library(function) or type(function).__module__.startswith(_root):
        return _library(function, name)
    if not is_pure(function):
        return f"{name}() is not known to compute only"
    if function in TAKES_FUNCTION and any(isinstance(x, types.FunctionType) for x in (*args, *kwargs.values())):
        return f"{name}() calls a Python function"
    return ""
