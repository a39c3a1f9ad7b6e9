"""ArrayOptimizer, whose rule for one parameter works on bare arrays in place, and what rules are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.optim.optimizer import Optimizer
from gradbook.tensor import Tensor

__all__ = ["ArrayOptimizer", "check", "check_betas", "check_lr", "count", "counter", "zeros_like"]


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
        native = backends.cpu.kernels.get("optimizer_step")
        for group in self.param_groups:
            if group.get("differentiable"):
                self._step_followed(group)
                continue
            options = self.options(group)
            if native is not None and native(self, options):
                continue
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

    def _step_followed(self, group: dict[str, Any]) -> None:
        """A group's step in Tensor operations, for differentiable=True."""
        with grad_mode.enable_grad():
            for param in group["params"]:
                if param._grad is not None:
                    self.follow(param, param._grad, self.state[param], group)

    def follow(self, param: Tensor, grad: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Change one parameter so that autograd can follow; to be written by the subclass that can."""
        raise NotImplementedError(
            f"{type(self).__name__}: autograd cannot follow this step; differentiable=True works for SGD, Adam, AdamW"
        )

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
    """Raise ValueError unless both betas lie in [0, 1), and both are numbers or both Tensors."""
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueError("betas must be either both floats or both Tensors")
    for i in (0, 1):
        check(0.0 <= float(betas[i]) < 1.0, f"beta parameter at index {i}", betas[i])
