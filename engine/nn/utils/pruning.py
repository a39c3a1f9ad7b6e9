"""The rules of pruning: which entries of a tensor stay; nn.utils.prune is where they are used by name."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import gradbook
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
    "RandomStructured", "RandomUnstructured",
]  # fmt: skip


class BasePruningMethod(ABC):
    """A rule that says which entries stay: write compute_mask(t, default_mask) and set PRUNING_TYPE in a subclass.

    PRUNING_TYPE: unstructured, structured or global. An instance is the hook that computes the pruned tensor.
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask: 1 where an entry stays. t: how important each is; default_mask: what earlier pruning left."""

    def apply_mask(self, module: Module) -> Tensor:
        """The tensor times its mask."""
        mask = getattr(module, self._tensor_name + "_mask")
        original = getattr(module, self._tensor_name + "_orig")
        made: Tensor = mask.to(dtype=original.dtype) * original
        return made

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune a parameter, on top of earlier pruning if there is any. -> the hook

        Raises ValueError where importance_scores have another shape.
        """
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        method = _after_earlier(module, name, method)
        original = getattr(module, name)
        if importance_scores is None:
            scores = original
        else:
            if importance_scores.shape != original.shape:
                raise AssertionError(f"importance_scores should have the same shape as parameter {name} of {module}")
            scores = importance_scores
        fresh = not isinstance(method, PruningContainer)
        default = gradbook.ones_like(original) if fresh else getattr(module, name + "_mask").detach().clone()
        mask = method.compute_mask(scores.detach(), default_mask=default)
        if fresh:
            module.register_parameter(name + "_orig", module._parameters.pop(name))
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Any = None, importance_scores: Any = None) -> Tensor:
        """A pruned version of a tensor, without a module."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise AssertionError("importance_scores should have the same shape as tensor t")
        scores = t if importance_scores is None else importance_scores
        mask = default_mask if default_mask is not None else gradbook.ones_like(t)
        made: Tensor = t * self.compute_mask(scores, default_mask=mask)
        return made

    def remove(self, module: Module) -> None:
        """Make the pruning permanent: the tensor is a parameter again, its entries stay zero."""
        name = self._tensor_name
        weight = self.apply_mask(module)
        delattr(module, name)
        original = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


def _after_earlier(module: Module, name: str, method: Any) -> Any:
    """`method`, or a container of it and what already prunes the parameter, whose hook is taken off."""
    found = [
        (key, hook)
        for key, hook in module._forward_pre_hooks.items()
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
    ]
    if not found:
        return method
    (key, earlier) = found[0]
    del module._forward_pre_hooks[key]
    container = earlier if isinstance(earlier, PruningContainer) else PruningContainer(earlier)
    container.add_pruning_method(method)
    return container


class PruningContainer(BasePruningMethod):
    """Several pruning methods on one tensor, one after the other."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if not isinstance(args, Iterable) or (len(args) == 1 and isinstance(args[0], BasePruningMethod)):
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """One more. Raises TypeError for no pruning method, ValueError for one of another tensor."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The last method's mask among what the earlier ones left."""
        method = self._pruning_methods[-1]
        return compute_among(method, t, default_mask.to(dtype=t.dtype))


def compute_among(method: Any, t: Any, mask: Any) -> Any:
    """`mask` with what `method` prunes of what it still lets through."""
    if method.PRUNING_TYPE == "unstructured":
        where: Any = mask == 1
    elif method.PRUNING_TYPE == "structured":
        if not hasattr(method, "dim"):
            raise AttributeError(
                "Pruning methods of PRUNING_TYPE 'structured' need to have the attribute `dim` defined."
            )
        dim = method.dim % t.dim()
        keep = mask.sum(dim=[axis for axis in range(t.dim()) if axis != dim]) != 0
        where = [slice(None)] * t.dim()
        where[dim] = keep
        where = tuple(where)
    elif method.PRUNING_TYPE == "global":
        where = (slice(None),) * t.dim()
    else:
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    made = mask.clone()
    made[where] = method.compute_mask(t[where], default_mask=mask[where]).to(dtype=mask.dtype)
    return made


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the mask."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask there is."""
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> Any:  # type: ignore[override]
        """Give a parameter a mask of ones."""
        return super().apply(module, name)


class RandomUnstructured(BasePruningMethod):
    """Prunes entries at random; amount: a count, or a share in 0..1."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """1 where an entry stays."""
        count = _count_to_prune(self.amount, t.nelement())
        _check_count(count, t.nelement())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[gradbook.rand_like(t).view(-1).topk(count).indices] = 0
        return mask

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any) -> Any:  # type: ignore[override]
        """Prune a parameter."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(BasePruningMethod):
    """Prunes the entries of least magnitude; amount: a count, or a share in 0..1."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: Any) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """1 where an entry stays."""
        count = _count_to_prune(self.amount, t.nelement())
        _check_count(count, t.nelement())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[t.abs().reshape(-1).topk(count, largest=False).indices] = 0
        return mask

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any, importance_scores: Any = None) -> Any:  # type: ignore[override]
        """Prune a parameter."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomStructured(BasePruningMethod):
    """Prunes whole slices along `dim` at random; amount: a count of slices, or a share in 0..1."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount, self.dim = amount, dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """1 where an entry stays."""
        size, count = _slices_to_prune(t, self.dim, self.amount)
        if not count:
            return default_mask
        kept = gradbook.rand(size).topk(size - count).indices
        return _only_slices(t, kept, self.dim) * default_mask.to(dtype=t.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any, dim: int = -1) -> Any:  # type: ignore[override]
        """Prune a parameter."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """Prunes the slices along `dim` of least n-norm; amount: a count of slices, or a share in 0..1."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """1 where an entry stays."""
        size, count = _slices_to_prune(t, self.dim, self.amount)
        if not count:
            return default_mask
        others = [axis for axis in range(t.dim()) if axis != self.dim % t.dim()]
        kept = t.norm(p=self.n, dim=others).topk(size - count, largest=True).indices
        return _only_slices(t, kept, self.dim) * default_mask.to(dtype=t.dtype)

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        """Prune a parameter."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask of the user's."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """1 where both masks let an entry through."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"the mask has shape {tuple(self.mask.shape)}, the tensor {tuple(default_mask.shape)}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Any) -> Any:  # type: ignore[override]
        """Prune a parameter."""
        return super().apply(module, name, mask=mask)


# -- how much ---------------------------------------------------------------------------------------------------------


def _check_amount(amount: Any) -> None:
    """Raise TypeError for no number, ValueError for a share out of 0..1 or a negative count."""
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if (isinstance(amount, numbers.Integral) and amount < 0) or (
        not isinstance(amount, numbers.Integral) and not 0.0 <= float(amount) <= 1.0
    ):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count_to_prune(amount: Any, size: int) -> int:
    return int(amount) if isinstance(amount, numbers.Integral) else round(amount * size)


def _check_count(count: int, size: int) -> None:
    if count > size:
        raise ValueError(f"amount={count} should be smaller than the number of parameters to prune={size}")


def _slices_to_prune(t: Any, dim: int, amount: Any) -> tuple[int, int]:
    """(slices along dim, how many of them go). Raises ValueError for a vector, IndexError for no such axis."""
    if t.dim() <= 1:
        raise ValueError(
            f"Structured pruning can only be applied to multidimensional tensors. Found tensor of dims {t.dim()}"
        )
    if not -t.dim() <= dim < t.dim():
        raise IndexError(f"Invalid index {dim} for tensor of size {tuple(t.shape)}")
    size = t.shape[dim]
    count = _count_to_prune(amount, size)
    _check_count(count, size)
    return size, count


def _only_slices(t: Any, kept: Any, dim: int) -> Any:
    """1 in the slices along `dim` that are kept, else 0."""
    mask = gradbook.zeros_like(t)
    where: list[Any] = [slice(None)] * t.dim()
    where[dim] = kept
    mask[tuple(where)] = 1
    return mask
