"""Hooks of modules: who wants to see a call's inputs, outputs and gradients; the call when somebody does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from gradbook import events
from gradbook.autograd.function import Function
from gradbook.autograd.node import HookDict, RemovableHandle
from gradbook.tensor import Tensor

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

forward_pre = HookDict()  # hooks on every module
forward_post = HookDict()
backward_pre = HookDict()
backward_post = HookDict()
registration = {"parameter": HookDict(), "buffer": HookDict(), "module": HookDict()}
always_called: set[int] = set()  # ids of hooks on every module that run even when forward raised
with_kwargs: set[int] = set()
changes = 0  # how often an attribute of any module was set: what was learnt of modules before may be old
anywhere = False  # True once a hook on every module was registered: only then does a call look for them


class Hooks:
    """The part of Module that registers hooks; each method returns a handle with remove()."""

    _has_hooks = False  # True once a hook was registered: only then does a call look for hooks
    _forward_hooks: HookDict
    _forward_pre_hooks: HookDict
    _backward_hooks: HookDict
    _backward_pre_hooks: HookDict
    _forward_hooks_with_kwargs: dict[int, bool]
    _forward_pre_hooks_with_kwargs: dict[int, bool]
    _forward_hooks_always_called: dict[int, bool]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """`hook(module, args)` before forward; what it returns (not None) replaces the arguments.

        with_kwargs: `hook(module, args, kwargs)`, which may return (args, kwargs).
        """
        handle = self._forward_pre_hooks.add(hook, first=prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        _hooked(self)
        return handle

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """`hook(module, args, output)` after forward; what it returns (not None) replaces the output.

        with_kwargs: `hook(module, args, kwargs, output)`. always_call: also when forward raised.
        """
        handle = self._forward_hooks.add(hook, first=prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        _hooked(self)
        return handle

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(module, grad_output)` when the gradients of the outputs are known; may return others."""
        _hooked(self)
        return self._backward_pre_hooks.add(hook, first=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(module, grad_input, grad_output)` when the gradients of the inputs are known; may return others."""
        self._check_kind(True)
        _hooked(self)
        return self._backward_hooks.add(hook, first=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As register_full_backward_hook. Differs: torch's deprecated hook sees the gradients of the last op only."""
        self._check_kind(False)
        _hooked(self)
        return self._backward_hooks.add(hook)

    def _check_kind(self, full: bool) -> None:
        if self.__dict__.setdefault("_is_full_backward_hook", full) is not full and self._backward_hooks:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self.__dict__["_is_full_backward_hook"] = full


def _hooked(module: Any) -> None:
    global changes
    module.__dict__["_has_hooks"] = True
    changes += 1


def on_every_module() -> bool:
    """True while there are hooks on every module's calls."""
    return anywhere and bool(forward_pre or forward_post or backward_pre or backward_post)


def on(module: Any) -> bool:
    """True while `module` has hooks of its own on its calls."""
    m = module
    return m._has_hooks and any((m._forward_pre_hooks, m._forward_hooks, m._backward_pre_hooks, m._backward_hooks))


# -- the call when somebody listens ---------------------------------------------------------------------------------


def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call that is more than forward: compiled, with hooks, or watched."""
    compiled = module.__dict__.get("_compiled_call_impl")
    return call_attended(module, args, kwargs) if compiled is None else compiled(*args, **kwargs)


def call_attended(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Forward with hooks and events: pre-hooks, forward, hooks; the module path is known while it runs."""
    if not (events.op or events.module):
        return call_hooked(module, args, kwargs)
    stack = events.module_stack()
    stack.append((path_of(module, stack), module))
    depth = len(stack)
    try:
        if events.module:
            events.emit(events.module, "enter", module, args)
        output = call_hooked(module, args, kwargs)
        if events.module:
            events.emit(events.module, "exit", module, output)
        return output
    except BaseException as error:
        if events.module:
            events.emit(events.module, "error", module, error)
        raise
    finally:
        del stack[depth - 1 :]
        if depth == 1:
            events._thread.names = None  # they hold the model


class _Names:
    """Paths of the modules under the outermost module being called on a thread."""

    __slots__ = ("paths", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.paths = {id(module): name for name, module in root.named_modules()}


def path_of(module: Any, stack: list[tuple[str, Any]]) -> str:
    """Dotted path of a module under the outermost one of `stack`; one that it does not own goes by its class."""
    thread = events._thread
    if not stack:
        thread.names = None
        return ""
    names: _Names | None = getattr(thread, "names", None)
    root = stack[0][1]
    if names is None or names.root is not root:
        names = thread.names = _Names(root)
    found: str | None = names.paths.get(id(module))
    if found is None:
        above = stack[-1][0]
        return f"{above}.{type(module).__name__}" if above else type(module).__name__
    return found


def call_hooked(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Forward between its hooks."""
    if not module._has_hooks and not anywhere:
        return module.forward(*args, **kwargs)
    called: set[int] = set()
    try:
        args, kwargs = run_pre_hooks(module, args, kwargs)
        taps = None
        if backward_pre or backward_post or module._backward_hooks or module._backward_pre_hooks:
            taps = Taps(module)
            args = taps.inputs(args)
        output = module.forward(*args, **kwargs)
        output = run_hooks(module, args, kwargs, output, called)
        return output if taps is None else taps.outputs(output)
    except Exception:
        run_always(module, args, kwargs, called)
        raise


def run_pre_hooks(module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Call what wants to see the arguments. -> the arguments, maybe replaced."""
    own = module._forward_pre_hooks
    for id_, hook in (*forward_pre.items(), *own.items()):
        if id_ in module._forward_pre_hooks_with_kwargs:
            found = hook(module, args, kwargs)
            if found is not None:
                if not (isinstance(found, tuple) and len(found) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {found}."
                    )
                args, kwargs = found
        else:
            found = hook(module, args)
            if found is not None:
                args = found if isinstance(found, tuple) else (found,)
    return args, kwargs


def run_hooks(module: Any, args: Any, kwargs: Any, output: Any, called: set[int]) -> Any:
    """Call what wants to see the output. -> the output, maybe replaced."""
    for id_, hook in (*forward_post.items(), *module._forward_hooks.items()):
        called.add(id_)
        wants = id_ in with_kwargs or id_ in module._forward_hooks_with_kwargs
        found = hook(module, args, kwargs, output) if wants else hook(module, args, output)
        if found is not None:
            output = found
    return output


def run_always(module: Any, args: Any, kwargs: Any, called: set[int]) -> None:
    """After an exception: the hooks that asked to be called anyway, with no output."""
    for id_, hook in (*forward_post.items(), *module._forward_hooks.items()):
        if id_ in called or not (id_ in always_called or id_ in module._forward_hooks_always_called):
            continue
        wants = id_ in with_kwargs or id_ in module._forward_hooks_with_kwargs
        _ = hook(module, args, kwargs, None) if wants else hook(module, args, None)


# -- gradients of a module's inputs and outputs ----------------------------------------------------------------------


class Tap(Function):
    """The identity, whose backward lets a callback see and replace all gradients at once."""

    @staticmethod
    def forward(ctx: Any, see: Any, *tensors: Any) -> Any:
        ctx.see = see
        ctx.set_materialize_grads(False)
        return tuple(tensor.detach() for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.see(grads))


class Taps:
    """Backward hooks of one call: one tap on the inputs, one on the outputs."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.grad_outputs: Any = None
        self.tapped = False  # inputs have a tap: the hooks run there
        self.places: tuple[int, ...] = ()
        self.count = 0

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, tapped."""
        self.count = len(args)
        self.places = tuple(i for i, a in enumerate(args) if isinstance(a, Tensor))
        if not any(args[i].requires_grad for i in self.places):
            return args
        self.tapped = True
        tapped = Tap.apply(self.see_inputs, *[args[i] for i in self.places])
        changed = list(args)
        for i, tensor in zip(self.places, tapped, strict=True):
            changed[i] = tensor
        return tuple(changed)

    def outputs(self, output: Any) -> Any:
        """The outputs, tapped."""
        many = isinstance(output, tuple)
        outputs = output if many else (output,)
        self.out_places = tuple(i for i, o in enumerate(outputs) if isinstance(o, Tensor))
        self.out_count = len(outputs)
        if not any(outputs[i].requires_grad for i in self.out_places):
            return output
        tapped = Tap.apply(self.see_outputs, *[outputs[i] for i in self.out_places])
        changed = list(outputs)
        for i, tensor in zip(self.out_places, tapped, strict=True):
            changed[i] = tensor
        return (type(output)(*changed) if hasattr(output, "_fields") else tuple(changed)) if many else changed[0]

    def see_outputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Backward reached the outputs."""
        full = spread(grads, self.out_places, self.out_count)
        for hook in (*backward_pre.values(), *self.module._backward_pre_hooks.values()):
            found = hook(self.module, full)
            if found is not None:
                full = checked(found, full, "pre hook")
        self.grad_outputs = full
        if not self.tapped:
            if self._hooks():
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                    "inputs require gradients.",
                    stacklevel=2,
                )
            for hook in self._hooks():
                found = hook(self.module, (None,) * self.count, full)
                if found is not None and any(g is not None for g in as_tuple(found)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return "
                        "None or None for all gradients."
                    )
        return tuple(full[i] for i in self.out_places)

    def see_inputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Backward reached the inputs."""
        full = spread(grads, self.places, self.count)
        for hook in self._hooks():
            found = hook(self.module, full, self.grad_outputs)
            if found is not None:
                full = checked(found, full, "hook")
        return tuple(full[i] for i in self.places)

    def _hooks(self) -> tuple[Any, ...]:
        return (*backward_post.values(), *self.module._backward_hooks.values())


def spread(values: tuple[Any, ...], places: tuple[int, ...], count: int) -> tuple[Any, ...]:
    """Gradients at their places among arguments that are not all tensors."""
    full: list[Any] = [None] * count
    for i, value in zip(places, values, strict=True):
        full[i] = value
    return tuple(full)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A hook's answer as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def checked(found: Any, full: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """What a backward hook returned. Raises RuntimeError if it is of another length."""
    answer = as_tuple(found)
    if len(answer) != len(full):
        raise RuntimeError(
            f"Backward {what} returned an invalid number of grad_output, got {len(answer)}, but expected {len(full)}"
        )
    return answer


# -- hooks on every module -------------------------------------------------------------------------------------------


def everywhere(found: HookDict, hook: Callable[..., Any]) -> RemovableHandle:
    """Register a hook on every module's calls."""
    global anywhere
    anywhere = True
    return found.add(hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, args)` before forward of every module."""
    return everywhere(forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """`hook(module, args, output)` after forward of every module."""
    handle = everywhere(forward_post, hook)
    if with_kwargs:
        globals()["with_kwargs"].add(handle.id)
    if always_call:
        always_called.add(handle.id)
    return handle


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, grad_output)` in backward of every module."""
    return everywhere(backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, grad_input, grad_output)` in backward of every module."""
    return everywhere(backward_post, hook)


register_module_backward_hook = register_module_full_backward_hook


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, name, parameter)` when a parameter is registered anywhere; may return another."""
    return registration["parameter"].add(hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, name, buffer)` when a buffer is registered anywhere; may return another."""
    return registration["buffer"].add(hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(module, name, submodule)` when a submodule is registered anywhere; may return another."""
    return registration["module"].add(hook)
