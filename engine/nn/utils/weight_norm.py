"""A weight as length times direction, by a hook before each forward: the older of PyTorch's two weight norms."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from gradbook.nn.module import Module
from gradbook.nn.parameter import Parameter, is_lazy
from gradbook.tensor import Tensor

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Any:
    """The norm over all axes but `dim`, kept as axes of length 1; dim -1: over all axes -> ()."""
    if dim == -1:
        return v.norm(pow)
    return v.norm(pow, dim=[axis for axis in range(v.ndim) if axis != dim], keepdim=True)


def scaled(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """The direction of `v` with the length `g`."""
    made: Tensor = v * (g / norm_except_dim(v, 2, dim))
    return made


class WeightNorm:
    """The hook: before forward, module.<name> is computed from <name>_g (length) and <name>_v (direction)."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight as it stands."""
        return scaled(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace a parameter by its length and direction. Raises RuntimeError if it is so already."""
        if _hook_of(module, name) is not None:
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, hook.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        for part in ("_g", "_v"):
            del module._parameters[self.name + part]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a parameter into <name>_g (length) and <name>_v (direction), as torch.nn.utils.weight_norm. -> module

    dim: the axis that keeps a length of its own; None: one length for all. Deprecated in favour of
    parametrizations.weight_norm, and says so. Raises RuntimeError for the second time on one parameter.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo weight_norm. -> module. Raises ValueError if there is nothing to undo."""
    key = _hook_of(module, name)
    if key is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    module._forward_pre_hooks.pop(key).remove(module)
    return module


def _hook_of(module: Module, name: str) -> int | None:
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return key
    return None
