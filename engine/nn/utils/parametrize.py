"""Parameters that are computed from others at each access, as torch.nn.utils.parametrize.

`register_parametrization(layer, "weight", f)` keeps the parameter as layer.parametrizations.weight.original and makes
layer.weight a property that returns f(original). A layer's class becomes a subclass of its own while it has one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradbook.autograd import grad_mode
from gradbook.nn.module import Module
from gradbook.nn.modules.container import ModuleDict, ModuleList
from gradbook.nn.parameter import Parameter
from gradbook.tensor import Tensor

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip

_cache_enabled = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Inside, a parametrized tensor is computed once and kept, as torch.nn.utils.parametrize.cached."""
    global _cache_enabled
    _cache_enabled += 1
    try:
        yield
    finally:
        _cache_enabled -= 1
        if not _cache_enabled:
            _cache.clear()


def _checked(value: Any, like: Any, what: str, shape: bool = True) -> Any:
    """A parametrization's answer. Raises ValueError unless it is a tensor of the dtype (and shape) of `like`."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{what} must return a tensor. Got {type(value).__name__}.")
    if value.dtype != like.dtype:
        raise ValueError(
            f"{what} may not change the dtype of the tensor, unless `unsafe` is enabled.\n"
            f"tensor: {like.dtype}, returned: {value.dtype}"
        )
    if shape and value.shape != like.shape:
        raise ValueError(
            f"{what} may not change the shape of the tensor, unless `unsafe` is enabled.\n"
            f"tensor: {tuple(like.shape)}, returned: {tuple(value.shape)}"
        )
    return value


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor and what they start from: original, or original0, original1, ...

    Called, it gives the tensor. Raises ValueError where one changes shape or dtype, unless unsafe.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        like = original.detach()
        with grad_mode.no_grad():
            new: Any = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        break  # so it said; the value as it is, then
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            value = _checked(new, like, "right_inverse", shape=False)
            _take(original, value)
            _register(self, "original", original)
        else:
            self._register_parts(original, new)
        if not unsafe:
            _checked(self(), like, "A parametrization", shape=True)

    def _register_parts(self, original: Any, parts: Any) -> None:
        for i, part in enumerate(parts):
            if not isinstance(part, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                    f"Got element {i} of the sequence with type {type(part).__name__}."
                )
            value = Parameter(part, original.requires_grad) if isinstance(original, Parameter) else part
            _register(self, f"original{i}", value.requires_grad_(original.requires_grad))

    def right_inverse(self, value: Tensor) -> None:
        """Set what the tensor starts from so that it becomes `value`, last parametrization first.

        Raises RuntimeError for a parametrization without right_inverse, ValueError where its answer does not fit.
        """
        with grad_mode.no_grad():
            new: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type_before_parametrizations(module).__name__} does not implement "
                        "right_inverse."
                    )
                new = module.right_inverse(new)
            if self.is_tensor:
                _take(self.original, _checked(new, value, "right_inverse", shape=False))
                return
            if not isinstance(new, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(new).__name__}.")
            if len(new) != self.ntensors:
                raise ValueError(f"'right_inverse' must return {self.ntensors} tensors. Got {len(new)}.")
            for i, part in enumerate(new):
                own = getattr(self, f"original{i}")
                _take(own, _checked(part, own, f"Tensor {i} of right_inverse", shape=False))

    def forward(self) -> Tensor:
        if self.is_tensor:
            x = self[0](self.original)
        else:
            x = self[0](*(getattr(self, f"original{i}") for i in range(self.ntensors)))
        for module in list(self)[1:]:
            x = module(x)
        made: Tensor = x
        return made


def _take(own: Tensor, value: Tensor) -> None:
    """`own` takes over the memory of `value`, and its shape."""
    if own is not value:
        own.data = value.detach()


def _register(module: Module, name: str, value: Any) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


# -- the class of a layer while it has parametrizations ---------------------------------------------------------------


def _no_pickle(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save that, and load it into a "
        "module that was parametrized in the same way"
    )


def _deepcopy(self: Any, memo: dict[int, Any]) -> Any:
    found = memo.get(id(self))
    if found is None:
        found = memo[id(self)] = self.__new__(type(self))
        found.__dict__ = copy.deepcopy(self.__dict__, memo)
    return found


def _give_class(module: Module) -> None:
    """A class of the module's own, on which properties can stand."""
    kind = type(module)
    names: dict[str, Any] = {"__getstate__": _no_pickle}
    if not hasattr(kind, "__deepcopy__"):
        names["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), names)


def _give_property(module: Module, name: str) -> None:
    def get(self: Any) -> Tensor:
        compute = self.parametrizations[name]
        if not _cache_enabled:
            made: Tensor = compute()
            return made
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = compute()
        return _cache[key]

    def set_(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set_))


# -- what a user calls ------------------------------------------------------------------------------------------------


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let module.<tensor_name> be parametrization(original), as torch.nn.utils.parametrize. -> module

    Another one on the same tensor takes what the last one gives. unsafe: shape and dtype may change, unchecked.
    Raises ValueError where there is no such parameter or buffer, or the parametrization's answer does not fit.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            before = getattr(module, tensor_name)
            after = _checked(parametrization(before), before, "A parametrization")
            if hasattr(parametrization, "right_inverse"):
                back: Any = parametrization.right_inverse(after)
                _checked(back, before, "parametrization.right_inverse")
        kept: Any = module.parametrizations[tensor_name]
        kept.append(parametrization)
        kept.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        kept = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_class(module)
            module.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        module.parametrizations[tensor_name] = kept
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if the module has a parametrization, on `tensor_name` if given."""
    found = module._modules.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a tensor an ordinary one again, as torch.nn.utils.parametrize.remove_parametrizations. -> module

    leave_parametrized: at its present value, else at the original one. Raises ValueError where there is none, or no
    one original to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    lists: Any = module.parametrizations
    kept = lists[tensor_name]
    if kept.is_tensor:
        original = kept.original
        if leave_parametrized:
            with grad_mode.no_grad():
                _take(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del lists[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class without the subclass that parametrizations gave it."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give `to_module` the parametrizations of `from_module` and what they start from. -> to_module

    Its tensors that already have one get them added, as in torch.
    """
    if not is_parametrized(from_module):
        return to_module
    lists: Any = from_module.parametrizations
    names = list(lists) if tensor_name is None else [tensor_name]
    for name in names:
        source = lists[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        made: Any = to_module.parametrizations[name]
        if made.is_tensor:
            made.original = source.original
        else:
            for i in range(made.ntensors):
                setattr(made, f"original{i}", getattr(source, f"original{i}"))
    return to_module
