"""Pruning: parameters with some of their entries held at zero by a mask, as torch.nn.utils.prune.

A pruned `weight` is kept as the parameter `weight_orig` and the buffer `weight_mask`; before each forward `weight` is
their product. What is pruned again is pruned among what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import gradbook
from gradbook.nn.module import Module
from gradbook.nn.utils.pruning import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
    compute_among,
)

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
    "RandomStructured", "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned",
    "l1_unstructured", "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip

M = TypeVar("M", bound=Module)


def identity(module: M, name: str) -> M:
    """Give a parameter a mask of ones, as torch.nn.utils.prune.identity. -> module"""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: Any) -> M:
    """Prune entries at random, as torch.nn.utils.prune.random_unstructured; amount: count or share. -> module"""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: Any, importance_scores: Any = None) -> M:
    """Prune the entries of least magnitude, as torch.nn.utils.prune.l1_unstructured. -> module

    amount: a count, or a share in 0..1; importance_scores: look at these in place of the entries.
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: Any, dim: int) -> M:
    """Prune slices along an axis at random, as torch.nn.utils.prune.random_structured. -> module"""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: M, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> M:
    """Prune the slices along an axis of least n-norm, as torch.nn.utils.prune.ln_structured. -> module"""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: Any, importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune the least important entries of all (module, name) together, as torch.nn.utils.prune.global_unstructured.

    Raises TypeError for parameters that are no list or tuple, or a method that is not unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs = list(parameters)
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    flat = gradbook.cat([scores.get((m, name), getattr(m, name)).detach().reshape(-1) for m, name in pairs])
    masks = gradbook.cat(
        [getattr(m, name + "_mask", gradbook.ones_like(getattr(m, name))).reshape(-1) for m, name in pairs]
    )
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
            f"Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    final = compute_among(method, flat, masks.to(dtype=flat.dtype))
    start = 0
    for m, name in pairs:
        parameter = getattr(m, name)
        custom_from_mask(m, name, mask=final[start : start + parameter.numel()].view_as(parameter))
        start += parameter.numel()


def custom_from_mask(module: M, name: str, mask: Any) -> M:
    """Prune a parameter by a mask, as torch.nn.utils.prune.custom_from_mask. -> module"""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make the pruning of a parameter permanent, as torch.nn.utils.prune.remove. -> module. Raises ValueError."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """True if a parameter of the module, or of one below it, is pruned."""
    return any(isinstance(h, BasePruningMethod) for m in module.modules() for h in m._forward_pre_hooks.values())
