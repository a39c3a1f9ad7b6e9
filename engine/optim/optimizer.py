"""Optimizer: parameter groups, state, hooks; and ArrayOptimizer, whose rule works on bare arrays in place."""

from __future__ import annotations

import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import HookDict, RemovableHandle
from gradbook.tensor import Tensor

__all__ = ["ArrayOptimizer", "Optimizer"]

_HOOKS = (
    "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks", "_optimizer_load_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks",
)  # fmt: skip


class Optimizer:
    """Base of all optimizers, as torch.optim.Optimizer: write __init__ and step() in a subclass.

    params: tensors, (name, tensor) pairs, or dicts with "params" and options of their own. Raises TypeError for a
    single tensor, ValueError for none, for a non-leaf, or for a parameter in two groups.
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

    def _make_hooks(self) -> None:
        for name in _HOOKS:
            setattr(self, name, HookDict())
        self._stepping = False
        self._opt_called = False

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
        for tensor in given:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(tensor).__name__}"
                )
            if not self.defaults.get("differentiable") and not (tensor.is_leaf or tensor.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
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
            events.safe_point()

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
            for hook in tuple(self._optimizer_step_pre_hooks.values()):  # type: ignore[attr-defined]
                replaced = hook(self, args, named)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            f"{hook} must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                        )
                    args, named = replaced
            if events.step:
                events.emit(events.step, "start", self)
            result = step(self, *args, **named)
            self._opt_called = True
            for hook in tuple(self._optimizer_step_post_hooks.values()):  # type: ignore[attr-defined]
                hook(self, args, named)
            if events.step:
                events.emit(events.step, "end", self)
        finally:
            self._stepping = False
        if events.control:
            events.safe_point()
        return result

    return run


class ArrayOptimizer(Optimizer):
    """An optimizer whose rule for one parameter is `update(array, grad, state, group)`, all in place."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._scratch: dict[Any, list[Any]] = {}
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._scratch = {}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters after their gradients. -> the loss that `closure` computed, or None."""
        loss = None
        if closure is not None:
            with grad_mode.enable_grad():
                loss = closure()
        state, update, stamp = self.state, self.update, versions.stamp
        for group in self.param_groups:
            options = self.options(group)
            for param in group["params"]:
                grad = param._grad
                if grad is None:
                    continue
                array, g = param._array, grad._array
                own = state.get(param)
                if own is None:
                    own = {}
                if array.dtype.itemsize == 2 or array.dtype.kind == "c":
                    self._update_as_float(array, g, own, options)
                else:
                    update(array, g, own, options)
                if own and param not in state:
                    state[param] = own
                stamp(array)
        return loss

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """A group's options as numbers: a learning rate may be a tensor."""
        lr = group["lr"]
        return {**group, "lr": float(lr)} if isinstance(lr, Tensor) else group

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Change one parameter in place; to be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no rule for one parameter")

    def _update_as_float(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """16-bit parameters computed in 32 bits, complex ones as pairs of numbers; state in the parameter's dtype."""
        real = array.dtype.kind == "c"
        to: Callable[[Any], Any] = (lambda a: a.view(a.real.dtype)) if real else (lambda a: a.astype(np.float32))
        same = {k for k, v in state.items() if isinstance(v, Tensor) and v._array.dtype == array.dtype}
        wide = {k: Tensor._of(to(v._array)) if k in same else v for k, v in state.items()}
        own = np.ascontiguousarray(array).reshape(array.shape or (1,)) if real else array
        value = to(own)
        self.update(value, to(np.ascontiguousarray(grad).reshape(array.shape or (1,)) if real else grad), wide, options)
        array[...] = (value.view(array.dtype) if real else value).reshape(array.shape)
        for key, v in wide.items():
            keep = isinstance(v, Tensor) and v._array.shape == value.shape and key != "step"
            state[key] = Tensor._of(v._array.view(array.dtype) if real else v._array.astype(array.dtype)) if keep else v

    def scratch(self, array: Any, count: int) -> list[Any]:
        """Work arrays like `array`, shared by all parameters of that shape."""
        key = (array.shape, array.dtype)
        found = self._scratch.get(key)
        if found is None or len(found) < count:
            xp = backends.xp_of(array)
            found = self._scratch[key] = [xp.empty(array.shape, array.dtype) for _ in range(count)]
        return found

    def directed(self, array: Any, grad: Any, options: dict[str, Any], out: Any, decay: bool = True) -> Any:
        """The gradient to go down: turned round if maximize, with weight decay added. In `out`, if it is another."""
        xp = backends.xp_of(array)
        if options["maximize"]:
            grad = xp.negative(grad, out=out)
        weight_decay = options["weight_decay"] if decay else 0
        if weight_decay != 0:
            if grad is out:
                grad += array * weight_decay
            else:
                xp.multiply(array, float(weight_decay), out=out)
                out += grad
                grad = out
        return grad


def zeros_like(array: Any) -> Tensor:
    """State that starts at zero, in the parameter's shape and dtype."""
    made: Tensor = Tensor._of(backends.xp_of(array).zeros(array.shape, array.dtype))
    return made


def counter(start: float = 0.0) -> Tensor:
    """A number as PyTorch keeps it in the state: a 0-d float32 tensor (float64 if that is the default)."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    made: Tensor = Tensor._of(np.asarray(start, np.float64 if wide else np.float32))
    return made


def count(state: dict[str, Any]) -> float:
    """One step more. -> the number of steps."""
    step = state["step"]
    if not isinstance(step, Tensor):
        step = state["step"] = counter(float(step))
    step._array += 1
    return float(step._array)


def check(claim: bool, what: str, value: Any) -> None:
    """Raise ValueError as PyTorch does for an option out of range."""
    if not claim:
        raise ValueError(f"Invalid {what}: {value}")


def check_lr(lr: Any) -> None:
    """Raise ValueError unless the learning rate is a number ≥ 0 or a tensor of one."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check(float(lr) >= 0.0, "learning rate", lr)


def check_betas(betas: Any) -> None:
    """Raise ValueError unless both betas lie in [0, 1)."""
    for i in (0, 1):
        check(0.0 <= float(betas[i]) < 1.0, f"beta parameter at index {i}", betas[i])
