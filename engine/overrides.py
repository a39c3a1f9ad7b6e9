"""`__torch_function__`: classes that take over functions and methods of tensors, as torch.overrides.

Nothing is paid while there is no such class. The first one (a subclass of Tensor, any class that defines
`__torch_function__`, or the first TorchFunctionMode) makes every public function and every method of Tensor ask its
arguments: each keeps its identity, because its code is exchanged in place, so names imported earlier ask too.
Differs: attributes that are no tensors (shape, dtype, grad_fn), and grad, do not ask; add and Tensor.add are one
function.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

from gradbook.tensor import Tensor

__all__ = [
    "TorchFunctionMode", "enable_reentrant_dispatch", "get_default_nowrap_functions", "get_ignored_functions",
    "get_overridable_functions", "get_testing_overrides", "handle_torch_function", "has_torch_function",
    "is_tensor_like", "is_tensor_method_or_property", "redispatch_function", "resolve_name", "wrap_torch_function",
]  # fmt: skip

MODULES = ("gradbook", "gradbook.nn.functional", "gradbook.linalg", "gradbook.fft", "gradbook.special")
IGNORED = frozenset(
    "as_torch can_cast compile enable_grad from_dlpack from_file from_numpy frombuffer get_default_device "
    "get_default_dtype get_num_threads get_rng_state get_printoptions has_torch_function initial_seed is_grad_enabled "
    "is_inference_mode_enabled is_storage is_tensor load load_ipython_extension log_point manual_seed promote_types "
    "save seed set_default_device set_default_dtype set_grad_enabled set_num_threads set_printoptions set_rng_state "
    "unload_ipython_extension use_deterministic_algorithms vmap".split()
)
OWN_METHODS = frozenset(  # what Python or the machinery itself asks of a tensor
    "__new__ __init__ __init_subclass__ __torch_function__ __getattribute__ __getattr__ __setattr__ __delattr__ "
    "__dir__ __hash__ __class_getitem__ __array__ __array_wrap__ __reduce_ex__ __deepcopy__ __del__ as_subclass _of "
    "_make_subclass _renew _number".split()
)
PROPERTIES = ("T", "mT", "H", "mH", "data", "real", "imag")
SPELLED = {  # the method that PyTorch names for an operator
    "__add__": "add", "__radd__": "add", "__iadd__": "add_", "__sub__": "sub", "__isub__": "sub_", "__mul__": "mul",
    "__rmul__": "mul", "__imul__": "mul_", "__truediv__": "div", "__itruediv__": "div_", "__matmul__": "matmul",
    "__neg__": "neg", "__abs__": "abs", "__pow__": "pow", "__lt__": "lt", "__le__": "le", "__gt__": "gt",
    "__ge__": "ge", "__mod__": "remainder", "__rtruediv__": "__rdiv__",
}  # fmt: skip


class _State(threading.local):
    subclasses = True
    modes_on = True

    def __init__(self) -> None:
        self.modes: list[TorchFunctionMode] = []


state = _State()
_lock = threading.Lock()
_installed = threading.Event()
_plain: set[type] = {Tensor, int, float, bool, str, type(None), complex}  # types known to take over nothing
_originals: dict[Any, Callable[..., Any]] = {}  # public function -> what it does where nobody takes over


# -- who takes over ------------------------------------------------------------------------------------------------


def disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """As a class's `__torch_function__`: the class takes over nothing (Parameter)."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def takes_over(kind: type) -> bool:
    """True for a type whose instances are asked before a function runs."""
    if kind in _plain:
        return False
    found = getattr(kind, "__torch_function__", None)
    ours = kind.__module__.partition(".")[0] in ("builtins", "numpy", "gradbook")
    if found is None or found is disabled_torch_function_impl or (ours and issubclass(kind, Tensor)):
        if ours and kind not in (tuple, list):  # of those, the parts are asked
            _plain.add(kind)
        return False
    return True


def _candidates(args: Sequence[Any]) -> Iterator[Any]:
    for value in args:
        kind = type(value)
        if kind is tuple or kind is list:
            yield from (part for part in value if takes_over(type(part)))
        elif takes_over(kind):
            yield value


def overloaded(args: Sequence[Any]) -> list[Any]:
    """Arguments to ask, one a type, a subclass before its base and otherwise from left to right."""
    found: list[Any] = []
    for value in _candidates(args):
        kind = type(value)
        if any(type(known) is kind for known in found):
            continue
        place = next((i for i, known in enumerate(found) if issubclass(kind, type(known))), len(found))
        found.insert(place, value)
    return found


def has_torch_function(args: Sequence[Any]) -> bool:
    """True if one of the arguments, or a mode, takes over the functions it is given to."""
    install()
    return (state.subclasses and any(True for _ in _candidates(args))) or bool(state.modes and state.modes_on)


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Sequence[Any], *args: Any, **kwargs: Any
) -> Any:
    """What the first of the relevant arguments (or the mode in force) that knows how makes of a call.

    Raises TypeError if none does.
    """
    found = overloaded(relevant_args) if state.subclasses else []
    types = tuple(map(type, found))
    if state.modes and state.modes_on:
        mode = state.modes.pop()
        try:
            result = mode.__torch_function__(public_api, types, args, kwargs)
        finally:
            state.modes.append(mode)
        if result is not NotImplemented:
            return result
    for value in found:
        result = value.__torch_function__(public_api, types, args, kwargs)
        if result is not NotImplemented:
            return result
    name = resolve_name(public_api) or repr(public_api)
    asked = [kind.__name__ for kind in types] or [type(mode).__name__ for mode in state.modes]
    raise TypeError(
        f"no implementation found for '{name}' on types that implement __torch_function__: {asked} all returned "
        "NotImplemented"
    )


def converted(value: Any, cls: type[Tensor]) -> Any:
    """The tensors of a result as tensors of a subclass."""
    if cls is Tensor:
        return value
    if isinstance(value, Tensor):
        return value if isinstance(value, cls) else value.as_subclass(cls)
    if isinstance(value, (tuple, list)) and type(value).__name__ != "Size":
        parts = [converted(part, cls) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def default_torch_function(cls: type[Tensor], func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Tensor.__torch_function__: run the function on what the tensors hold; the results are of the subclass."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        return converted(func(*args, **(kwargs or {})), cls)


class _Off:
    """A context in which some of those who take over are not asked."""

    subclasses, modes_on = False, True

    def __enter__(self) -> None:
        self._before = state.subclasses, state.modes_on
        state.subclasses, state.modes_on = state.subclasses and self.subclasses, state.modes_on and self.modes_on

    def __exit__(self, *exc: object) -> None:
        state.subclasses, state.modes_on = self._before


class DisableTorchFunctionSubclass(_Off):
    """Inside, no subclass's `__torch_function__` is asked, as torch._C.DisableTorchFunctionSubclass; modes are."""


class DisableTorchFunction(_Off):
    """Inside, nobody's `__torch_function__` is asked, as torch._C.DisableTorchFunction."""

    modes_on = False


class TorchFunctionMode:
    """A context in which every function is given to `__torch_function__` of the mode, as torch.overrides'.

    The mode itself is not asked for what its own `__torch_function__` calls.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must say what it does: define __torch_function__")

    def __enter__(self) -> TorchFunctionMode:
        install()
        state.modes.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        state.modes.pop()


@contextlib.contextmanager
def enable_reentrant_dispatch() -> Iterator[None]:
    """Inside, subclasses are asked again, even in the default `__torch_function__`."""
    before, state.subclasses = state.subclasses, True
    try:
        yield
    finally:
        state.subclasses = before


# -- making functions ask --------------------------------------------------------------------------------------------


def asking(public: Any, original: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """What a function does once there are classes that take over: ask, or run as ever."""

    def ask(args: Any, kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()) if kwargs else args:
            kind = type(value)
            if kind not in _plain and (kind is tuple or kind is list or takes_over(kind)):
                break
        else:
            if not state.modes:
                return original(*args, **kwargs)
        values = (*args, *kwargs.values())
        if (state.modes and state.modes_on) or (state.subclasses and any(True for _ in _candidates(values))):
            return handle_torch_function(public, values, *args, **kwargs)
        return original(*args, **kwargs)

    return ask


@functools.cache
def _template(free: int) -> CodeType:
    """Code that asks, for a function with so many variables of a closure: no names of any module are needed.

    They are variables of the code's closure too, or CPython 3.11 would die when a debugger reads a frame's locals.
    """
    names = ", ".join(f"_{i}" for i in range(free))
    lines = [
        f"def around({names}):",
        "    def asks(*args, **kwargs):",
        "        ask = 'ask'",  # the constant that exchange() puts another one in place of
        "        return ask(args, kwargs)",
        f"        ({names})",
        "    return asks",
    ]
    around = compile("\n".join(lines), __file__, "exec").co_consts[0]
    return next(const for const in around.co_consts if isinstance(const, CodeType))


def exchange(public: FunctionType) -> None:
    """Let a function ask its arguments first, keeping its identity, name and signature."""
    if public in _originals:
        return
    original = FunctionType(
        public.__code__, public.__globals__, public.__name__, public.__defaults__, public.__closure__
    )
    original.__kwdefaults__, original.__doc__ = public.__kwdefaults__, public.__doc__
    original.__dict__.update(public.__dict__)  # what it wraps itself
    original.__annotations__ = public.__annotations__
    original.__qualname__, original.__module__ = public.__qualname__, public.__module__
    template = _template(len(public.__closure__ or ()))
    consts = tuple(asking(public, original) if value == "ask" else value for value in template.co_consts)
    _originals[public] = original
    public.__wrapped__ = original  # type: ignore[attr-defined] # where inspect.signature looks
    public.__code__ = template.replace(co_consts=consts, co_name=public.__name__, co_qualname=public.__qualname__)


def replacement(name: str, original: Any, public: Any = None) -> Any:
    """A method that asks, in the place of one that other names or ops share."""

    def method(*args: Any, **kwargs: Any) -> Any:
        return ask(args, kwargs)

    functools.update_wrapper(method, original)
    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    ask = asking(method if public is None else public, original)
    _originals[method] = original
    return method


def install() -> None:
    """Make every public function and every method of Tensor ask its arguments from now on."""
    if _installed.is_set():
        return
    with _lock:
        if _installed.is_set():
            return
        _installed.set()
        _stop_watching()
        methods = {name: value for name, value in vars(Tensor).items() if isinstance(value, FunctionType)}
        shared = {id(value) for name, value in methods.items() if value.__name__ != name}
        for module_name in MODULES:
            module = importlib.import_module(module_name)
            for name in module.__all__:
                value = getattr(module, name, None)
                if isinstance(value, FunctionType) and name not in IGNORED and id(value) not in shared:
                    exchange(value)
        _install_methods(methods)


def _install_methods(methods: dict[str, FunctionType]) -> None:
    for name, value in methods.items():
        if name in OWN_METHODS or name in SPELLED or value in _originals:
            continue
        if value.__name__ == name and not name.startswith("__"):
            exchange(value)
        else:
            setattr(Tensor, name, replacement(name, value))
    for name, spelled in SPELLED.items():
        if name in methods:
            setattr(Tensor, name, replacement(name, methods[name], getattr(Tensor, spelled, None)))
    for name in PROPERTIES:
        found: Any = vars(Tensor).get(name)
        if isinstance(found, property) and found.fget is not None:
            _install_property(name, found)


def _install_property(name: str, found: property) -> None:
    original: Any = found.fget

    def get(self: Tensor) -> Any:
        return ask((self,), {})

    made = property(get, found.fset, found.fdel, found.__doc__)
    ask = asking(made.__get__, original)
    setattr(Tensor, name, made)


# -- noticing the first class ----------------------------------------------------------------------------------------

_build_class: Any = builtins.__build_class__
PYTORCH = ("torch", "torchvision", "torchaudio")  # the real PyTorch beside us: its classes take no tensors of ours


def _watched_build_class(func: Any, name: str, /, *bases: Any, **kwargs: Any) -> Any:
    __tracebackhide__ = True  # an error in a class body is the user's alone: IPython and pytest leave us out
    made = _build_class(func, name, *bases, **kwargs)
    if "__torch_function__" in getattr(made, "__dict__", ()) and made.__module__.partition(".")[0] not in PYTORCH:
        install()
    return made


def watch() -> None:
    """Notice the first class that defines `__torch_function__`, whether it is a Tensor or not."""
    if not _installed.is_set():
        builtins.__build_class__ = _watched_build_class


def _stop_watching() -> None:
    if builtins.__build_class__ is _watched_build_class:
        builtins.__build_class__ = _build_class


# -- questions -------------------------------------------------------------------------------------------------------


def is_tensor_like(inp: Any) -> bool:
    """True for a Tensor, or an object of a class that has `__torch_function__`."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def wrap_torch_function(dispatcher: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: let a function of your own be taken over; `dispatcher(*args)` says which arguments to ask."""

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def asks(*args: Any, **kwargs: Any) -> Any:
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(asks, relevant, *args, **kwargs)
            return func(*args, **kwargs)

        return asks

    return decorate


def redispatch_function(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run what a function does where nobody takes over."""
    return _originals.get(func, func)(*args, **kwargs)


@functools.cache
def _spaces() -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        values = [getattr(module, name) for name in module.__all__ if name not in IGNORED]
        found[module] = [value for value in values if isinstance(value, FunctionType)]
    found[Tensor] = [
        value for name, value in vars(Tensor).items() if isinstance(value, FunctionType) and name not in OWN_METHODS
    ]
    return found


def get_overridable_functions() -> dict[Any, list[Any]]:
    """The functions that can be taken over, by the module or class they are in."""
    install()
    return _spaces()


def get_ignored_functions() -> set[Any]:
    """Public functions that never ask their arguments."""
    import gradbook

    return {getattr(gradbook, name) for name in IGNORED if hasattr(gradbook, name)}


def get_testing_overrides() -> dict[Any, Callable[..., Any]]:
    """For each function that can be taken over, one that takes the same arguments and returns -1."""
    import inspect

    made: dict[Any, Callable[..., Any]] = {}
    for functions in get_overridable_functions().values():
        for function in functions:

            def answer(*args: Any, **kwargs: Any) -> int:
                return -1

            answer.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
            made[function] = answer
    return made


def get_default_nowrap_functions() -> set[Any]:
    """Functions whose results the default `__torch_function__` leaves as they are: none ask in the first place."""
    return set()


def is_tensor_method_or_property(func: Any) -> bool:
    """True for a method of Tensor, or the `__get__` of one of its properties."""
    return func in _spaces()[Tensor] or getattr(func, "__name__", "") == "__get__"


def resolve_name(f: Any) -> str | None:
    """The name under which a function is public, such as "gradbook.add"; None if it is not."""
    for space, functions in _spaces().items():
        if f in functions:
            prefix = "gradbook.Tensor" if space is Tensor else space.__name__
            return f"{prefix}.{f.__name__}"
    return None
