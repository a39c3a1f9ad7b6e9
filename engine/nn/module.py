"""Module: a tree of parameters, buffers and submodules that can be called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gradbook import events
from gradbook.autograd.node import HookDict
from gradbook.nn import hooks
from gradbook.nn.conversion import Conversion
from gradbook.nn.hooks import Hooks
from gradbook.nn.parameter import Buffer, Parameter, is_lazy
from gradbook.nn.state import StateDict, _IncompatibleKeys
from gradbook.nn.tree import Tree
from gradbook.tensor import Tensor

__all__ = ["Module", "_IncompatibleKeys"]

M = TypeVar("M", bound="Module")
_NEW = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}
_HOOK_DICTS = (
    "_backward_pre_hooks", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_state_dict_hooks",
    "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


class Module(Conversion, Hooks, StateDict, Tree):
    """Base of all layers and models, as torch.nn.Module: subclasses write `forward`, instances are called.

    Parameters, Buffers and Modules assigned as attributes are found by parameters(), state_dict(), to() and the rest.
    Raises AttributeError if one is assigned before super().__init__().
    Differs: no warning that complex modules are new.
    """

    dump_patches = False
    call_super_init = False
    _compiled_call_impl: Any = None
    training: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            what = (
                f"unexpected keyword argument '{next(iter(kwargs))}'"
                if kwargs
                else f"positional arguments: {len(args)}"
            )
            raise TypeError(
                f"{type(self).__name__}.__init__() got an {what}" if kwargs
                else f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )  # fmt: skip
        own = self.__dict__
        own["training"] = True
        own["_parameters"], own["_buffers"], own["_non_persistent_buffers_set"] = {}, {}, set()
        for name in _HOOK_DICTS:
            own[name] = HookDict()
        own["_forward_hooks_with_kwargs"], own["_forward_pre_hooks_with_kwargs"] = {}, {}
        own["_forward_hooks_always_called"] = {}
        own["_modules"] = {}
        if events.built:
            events.emit(events.built, self)
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # -- call ------------------------------------------------------------------------------------------------------

    def forward(self, *input: Any) -> Any:
        """What a call computes; to be written by the subclass."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._has_hooks or events.op or events.module or hooks.anywhere:
                return hooks.call(self, args, kwargs)
            return self.forward(*args, **kwargs) if kwargs else self.forward(*args)
        except Exception as error:  # costs nothing until it happens
            if hasattr(error, "card"):
                _note_path(error, self)
            raise

    _wrapped_call_impl = __call__

    def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
        return hooks.call_attended(self, args, kwargs)

    # -- attributes ------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            found = own.get(kind)
            if found is not None and name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: C901 (one branch a kind of attribute)
        hooks.changes += 1
        own = self.__dict__
        parameters = own.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            _forget(self, name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' (gradbook.nn.Parameter or "
                    "None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in own:
                raise AttributeError("cannot assign module before Module.__init__() call")
            _forget(self, name, "_parameters", "_buffers")
            own["_modules"][name] = _announce("module", self, name, value)
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as child module '{name}' (gradbook.nn.Module or "
                    "None expected)"
                )
            own["_modules"][name] = _announce("module", self, name, value)
        elif _is_buffer(value):
            if "_buffers" not in own:
                raise AttributeError("cannot assign buffer before Module.__init__() call")
            _forget(self, name, "_parameters", "_modules")
            own["_buffers"][name] = _announce("buffer", self, name, value)
            getattr(self._non_persistent_buffers_set, "discard" if value.persistent else "add")(name)
        elif name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as buffer '{name}' (gradbook.nn.Buffer, "
                    "gradbook.Tensor or None expected)"
                )
            own["_buffers"][name] = _announce("buffer", self, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        hooks.changes += 1
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[0].isdigit())

    def __getstate__(self) -> Any:
        return {name: value for name, value in self.__dict__.items() if name != "_compiled_call_impl"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in _HOOK_DICTS:  # of a file they come as plain dicts
            self.__dict__[name] = HookDict(self.__dict__.get(name, ()))
        for name in ("_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called"):
            self.__dict__.setdefault(name, {})

    # -- registering -----------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Any) -> None:
        """Add a parameter, or None to reserve the name. Raises TypeError, KeyError or ValueError as torch does."""
        self._check_name("parameter", name)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                    "(gradbook.nn.Parameter or None required)"
                )
            if not is_lazy(param) and not param.is_leaf:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                    "created explicitly. To "
                    f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
                )
            param = _announce("parameter", self, name, param)
        self._parameters[name] = param
        hooks.changes += 1

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained; persistent: part of the state_dict."""
        self._check_name("buffer", name)
        hooks.changes += 1
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (gradbook Tensor or None required)"
            )
        self._buffers[name] = _announce("buffer", self, name, tensor) if tensor is not None else None
        getattr(self._non_persistent_buffers_set, "discard" if persistent else "add")(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name, or None to reserve it."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_type_name(module)} is not a Module subclass")
        self._check_name("module", name)
        hooks.changes += 1
        self._modules[name] = _announce("module", self, name, module) if module is not None else None

    def _check_name(self, kind: str, name: Any) -> None:
        if _NEW[kind] not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(
                f'{kind} name can\'t contain "."'
                if kind != "module"
                else f'module name can\'t contain ".", got: {name}'
            )
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[_NEW[kind]]:
            raise KeyError(f"attribute '{name}' already exists")

    # -- changing all of it ----------------------------------------------------------------------------------------

    def apply(self: M, fn: Callable[[Module], None]) -> M:
        """Call `fn` on every submodule, then on this one. -> self"""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile this module's calls: see gradbook.compile, which gets the arguments. Copies are not compiled."""
        from gradbook.compiler import compile

        self.__dict__["_compiled_call_impl"] = compile(self._call_impl, *args, **kwargs)
        self.__dict__["_has_hooks"] = True  # a call looks twice

    def train(self: M, mode: bool = True) -> M:
        """Training mode (dropout drops, batch norm learns) on or off, below too. -> self"""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        if events.mode:
            events.emit(events.mode, "train", self, mode)
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Training mode off. -> self"""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Let autograd follow the parameters, or freeze them. -> self"""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters: to None, or to zeros."""
        for parameter in self.parameters():
            if parameter._grad is None:
                continue
            if set_to_none:
                parameter._grad = None
            else:
                if parameter._grad._node is not None:
                    parameter._grad = parameter._grad.detach()
                parameter._grad._array[...] = 0
        if events.zero_grad:
            events.emit(events.zero_grad, self)
        events.safe_point()

    # -- text ------------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands in the parentheses of the repr; for subclasses."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if not children:
            if len(lines) <= 1:
                return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"


def indented(text: str, spaces: int = 2) -> str:
    """A repr of several lines as it stands inside another."""
    return text.replace("\n", "\n" + " " * spaces)


def _forget(module: Module, name: str, *kinds: str) -> None:
    """An attribute changes its kind."""
    own = module.__dict__
    own.pop(name, None)
    for kind in kinds:
        if name in own.get(kind, ()):
            del own[kind][name]
            module._non_persistent_buffers_set.discard(name)


def _is_buffer(value: Any) -> bool:
    return isinstance(value, Tensor) and (isinstance(value, Buffer) or bool(value.__dict__.get("_is_buffer")))


def _announce(kind: str, module: Module, name: str, value: Any) -> Any:
    for hook in hooks.registration[kind].values():
        found = hook(module, name, value)
        if found is not None:
            value = found
    return value


def _type_name(value: Any) -> str:
    if isinstance(value, Tensor):
        return str(value.type())
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _note_path(error: Any, module: Module) -> None:
    """Say in an error's text and card which module it came from, as its path under the outermost one called."""
    own = error.__dict__
    origin = own.setdefault("_module", module)
    text = own.setdefault("_text", str(error))
    path = ""
    if origin is not module:
        path = next((path for path, found in module.named_modules() if found is origin), "")
    if path or origin is module:
        error.card.module_path = path
        kind = type(origin).__name__
        error.args = (f"{text} [in {path} ({kind})]" if path else f"{text} [in {kind}]",)
