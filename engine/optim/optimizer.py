"""Optimizer: parameter groups, state, hooks; and the names that optimizers written for PyTorch import from here."""

from __future__ import annotations

import functools
import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, TypeAlias

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import HookDict, RemovableHandle
from gradbook.ops.complex import view_as_real
from gradbook.tensor import Tensor

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

_HOOKS = (
    "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks", "_optimizer_load_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks",
)  # fmt: skip


everywhere_before, everywhere_after = HookDict(), HookDict()  # hooks on the steps of all optimizers

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class _RequiredParameter:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


class Optimizer:
    """Base of all optimizers, as torch.optim.Optimizer: write __init__ and step() in a subclass.

    params: tensors, (name, tensor) pairs, or dicts with "params" and options of their own. Raises TypeError for a
    single tensor, ValueError for none, for a non-leaf, or for a parameter in two groups.
    Differs: differentiable=True is for SGD, Adam and AdamW; the others raise NotImplementedError at the step.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}; write [{type(params).__name__.lower()}] or model.parameters()"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        if events.built:
            events.emit(events.built, self)

    def _make_hooks(self) -> None:
        for name in _HOOKS:
            setattr(self, name, HookDict())
        self._stepping = False
        self._opt_called = False

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """The step itself, for code that decorates it: hooks run around a subclass's step anyway."""
        return func

    def _accelerator_graph_capture_health_check(self) -> None:
        """Nothing is captured here; steps written for PyTorch call it."""

    _cuda_graph_capture_health_check = _accelerator_graph_capture_health_check

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "step" in cls.__dict__:
            cls.step = _announced(cls.__dict__["step"])  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_stepping" not in self.__dict__:
            self._make_hooks()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += ["", f"Parameter Group {i}"] if i else [f"Parameter Group {i}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])

    # -- groups ------------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, with options of their own. Raises as the constructor does."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, Tensor):
            given = [given]
        elif isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of "
                "tensors in sets will "
                "change between runs. Please use a list instead."
            )
        given = list(given)
        if given and isinstance(given[0], tuple):
            param_group["param_names"] = [name for name, _ in given]
            given = [tensor for _, tensor in given]
        param_group["params"] = given
        self._check_tensors(given)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len({id(x) for x in given}) != len(given):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        known = {id(x) for group in self.param_groups for x in group["params"]}
        if known & {id(x) for x in given}:
            raise ValueError("some parameters appear in more than one parameter group")
        if self.param_groups and ("param_names" in param_group) != ("param_names" in self.param_groups[0]):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group with "
                "names to the optimizer"
            )
        self.param_groups.append(param_group)

    def _check_tensors(self, given: list[Any]) -> None:
        for tensor in given:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(tensor).__name__}"
                )
            if not self.defaults.get("differentiable") and not (tensor.is_leaf or tensor.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters: to None, or to zeros in place."""
        for group in self.param_groups:
            for tensor in group["params"]:
                if tensor._grad is None:
                    continue
                if set_to_none:
                    tensor._grad = None
                else:
                    tensor._grad = tensor._grad.detach()
                    tensor._grad._array[...] = 0
                    versions.stamp(tensor._grad._array)
        if events.zero_grad:
            events.emit(events.zero_grad, self)
        if events.control:
            events.emit(events.control)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters after their gradients; to be written by the subclass.

        -> the closure's loss, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step()")

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": {index: {...}}, "param_groups": [{..., "params": [index, ...]}]}, laid out as PyTorch's."""
        for hook in self._optimizer_state_dict_pre_hooks.values():  # type: ignore[attr-defined]
            hook(self)
        index: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for tensor in group["params"]:
                index.setdefault(id(tensor), len(index))
            groups.append(
                {**{k: v for k, v in group.items() if k != "params"}, "params": [index[id(x)] for x in group["params"]]}
            )
        state = {index[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        found: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():  # type: ignore[attr-defined]
            replaced = hook(self, found)
            found = found if replaced is None else replaced
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict() gave, copied, in the parameters' dtype. Raises ValueError for other groups."""
        state_dict = dict(state_dict)
        for hook in self._optimizer_load_state_dict_pre_hooks.values():  # type: ignore[attr-defined]
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"{len(saved)} are saved, the optimizer has {len(self.param_groups)}"
            )
        for i, (new, own) in enumerate(zip(saved, self.param_groups, strict=True)):
            if len(new["params"]) != len(own["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                    "group: group "
                    f"{i} has {len(new['params'])} parameters saved, the optimizer {len(own['params'])}"
                )
        by_index = {
            i: tensor
            for new, own in zip(saved, self.param_groups, strict=True)
            for i, tensor in zip(new["params"], own["params"], strict=True)
        }
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in by_index:
                state[by_index[key]] = _taken_over(by_index[key], value)
            else:
                state[key] = value
        for new, own in zip(saved, self.param_groups, strict=True):
            new["params"] = own["params"]
            if "param_names" in own:
                new.setdefault("param_names", own["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():  # type: ignore[attr-defined]
            hook(self)

    # -- hooks -------------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(optimizer, args, kwargs)` before each step; may return new (args, kwargs)."""
        return self._optimizer_step_pre_hooks.add(hook)  # type: ignore[attr-defined, no-any-return]

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`hook(optimizer, args, kwargs)` after each step."""
        return self._optimizer_step_post_hooks.add(hook)  # type: ignore[attr-defined, no-any-return]

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer)` before state_dict()."""
        return self._optimizer_state_dict_pre_hooks.add(hook, first=prepend)  # type: ignore[attr-defined, no-any-return]

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer, state_dict)` after state_dict(); what it returns replaces the result."""
        return self._optimizer_state_dict_post_hooks.add(hook, first=prepend)  # type: ignore[attr-defined, no-any-return]

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer, state_dict)` before load_state_dict; what it returns is loaded instead."""
        return self._optimizer_load_state_dict_pre_hooks.add(hook, first=prepend)  # type: ignore[attr-defined, no-any-return]

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """`hook(optimizer)` after load_state_dict."""
        return self._optimizer_load_state_dict_post_hooks.add(hook, first=prepend)  # type: ignore[attr-defined, no-any-return]


def _taken_over(param: Tensor, value: Any, key: Any = None) -> Any:
    """A saved value as the state of `param`: copied; floating tensors in its dtype, on its device."""
    if isinstance(value, Tensor):
        if key == "step":
            return value.detach().clone()
        array = backends.like(value._array, param._array)
        keeps = param._array.dtype.kind not in "fV" or array.dtype.kind not in "fV"
        return Tensor._of(array.copy() if keeps else array.astype(param._array.dtype))
    if isinstance(value, dict):
        return {k: _taken_over(param, v, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_taken_over(param, v) for v in value)  # type: ignore[call-arg]
    return value


def _announced(step: Callable[..., Any]) -> Callable[..., Any]:
    """A subclass's step with hooks around it, listeners told, and a safe point at its end; nested calls only once."""

    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **named: Any) -> Any:
        if self._stepping:
            return step(self, *args, **named)
        self._stepping = True
        try:
            for hook in (*everywhere_before.values(), *self._optimizer_step_pre_hooks.values()):  # type: ignore[attr-defined]
                replaced = hook(self, args, named)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            f"{hook} must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                        )
                    args, named = replaced
            if events.step_start:
                events.emit(events.step_start, "start", self)
            result = step(self, *args, **named)
            self._opt_called = True
            for hook in (*self._optimizer_step_post_hooks.values(), *everywhere_after.values()):  # type: ignore[attr-defined]
                hook(self, args, named)
            if events.step:
                events.emit(events.step, "end", self)
        finally:
            self._stepping = False
        if events.control:
            events.emit(events.control)
        return result

    return run


# -- what optimizers written for PyTorch use beside the class ----------------------------------------------------------


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(optimizer, args, kwargs)` before the steps of all optimizers; may return new (args, kwargs)."""
    return everywhere_before.add(hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`hook(optimizer, args, kwargs)` after the steps of all optimizers."""
    return everywhere_after.add(hook)


def _use_grad_for_differentiable(func: Callable[..., Any]) -> Callable[..., Any]:
    """A step that autograd follows only if the optimizer was made with differentiable=True."""

    @functools.wraps(func)
    def run(self: Any, *args: Any, **named: Any) -> Any:
        with grad_mode.set_grad_enabled(bool(self.defaults.get("differentiable", False))):
            return func(self, *args, **named)

    return run


def _get_value(x: Any) -> Any:
    """The number in a tensor of one."""
    return x.item() if isinstance(x, Tensor) else x


def _stack_if_compiling(x: Any) -> Any:
    return x


def _disable_dynamo_if_unsupported(single_tensor_fn: Any = None) -> Callable[[Any], Any]:
    return lambda func: func


def _default_to_fused_or_foreach(
    params: list[Tensor], differentiable: bool, use_fused: bool = False
) -> tuple[bool, bool]:
    """(fused, foreach): what to choose if the user did not. On a CPU neither."""
    return False, False


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    return ["cuda"]


def _get_scalar_dtype(is_fused: bool | None = None) -> dtypes.dtype:
    """The dtype of a step counter."""
    wide = dtypes.get_default_dtype() is dtypes.float64 and not is_fused
    return dtypes.float64 if wide else dtypes.float32


def _view_as_real(params: list[Any], *state_and_grads: list[Any]) -> None:
    """Complex parameters, and what belongs to them, replaced by their views as pairs of numbers, in the lists."""
    for i, param in enumerate(params):
        if param.is_complex():
            params[i] = view_as_real(param)
            for values in state_and_grads:
                values[i] = view_as_real(values[i])


def _dispatch_sqrt(x: Any) -> Any:
    """The root of a number or a tensor."""
    return x.sqrt() if isinstance(x, Tensor) else math.sqrt(x)


_params_doc = "params: the parameters to optimize, (name, parameter) pairs, or dicts that are parameter groups"
_foreach_doc = "foreach (bool, optional): accepted; all parameters are treated alike"
_fused_doc = "fused (bool, optional): accepted; all parameters are treated alike"
_capturable_doc = "capturable (bool, optional): accepted; there is nothing to capture on a CPU"
_differentiable_doc = "differentiable (bool, optional): whether autograd follows the step"
_maximize_doc = "maximize (bool, optional): go up the objective instead of down (default: False)"
