"""Modules as functions of their parameters: functional_call, stack_module_state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradbook.nn.module import Module
from gradbook.nn.utils.stateless import _functional_call
from gradbook.tensor import Tensor

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """module(*args, **kwargs) with other parameters and buffers, by name, as torch.func.functional_call.

    tie_weights: a parameter known by several names is replaced under all of them. strict: names must be the module's,
    all of them. The module is as before afterwards. Raises ValueError where two dicts, or tied names, disagree;
    RuntimeError for names that do not fit under `strict`; TypeError for kwargs that are no dict.
    """
    given = _merged(parameter_and_buffer_dicts)
    return _functional_call(module, given, args, kwargs, tie_weights=tie_weights, strict=strict)


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, dict):
        return dict(dicts)
    if not isinstance(dicts, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    merged: dict[str, Tensor] = {}
    for part in dicts:
        if not isinstance(part, dict):
            raise ValueError(
                f"Expected all elements of parameter_and_buffer_dicts to be dictionaries, got {type(part)}"
            )
        for name, value in part.items():
            if name in merged:
                raise ValueError(f"{name} appears in multiple dictionaries; behavior of functional call is ambiguous")
            merged[name] = value
    return merged


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of models of one class, stacked along a new axis 0 for vmap, as torch.func's function.

    Raises RuntimeError where there are no models, or they differ in class or mode.
    """
    found = list(models)
    if not found:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in found}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in found}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    params = {
        name: _stacked([dict(m.named_parameters())[name] for m in found]) for name, _ in found[0].named_parameters()
    }
    buffers = {name: _stacked([dict(m.named_buffers())[name] for m in found]) for name, _ in found[0].named_buffers()}
    return params, buffers


def _stacked(tensors: list[Tensor]) -> Tensor:
    """Tensors along a new axis; new leaves if those were leaves. Raises RuntimeError if only some want gradients."""
    import gradbook

    wanted = {t.requires_grad for t in tensors}
    if len(wanted) > 1:
        raise RuntimeError("Expected parameters from each model to have the same .requires_grad")
    if wanted == {True} and all(t.is_leaf for t in tensors):
        made: Tensor = gradbook.stack([t.detach() for t in tensors]).requires_grad_()
        return made
    whole: Tensor = gradbook.stack(tensors)
    return whole


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let all batch norms in a module use the batch's own statistics, in place (torch.func's function of that name)."""
    from gradbook.nn.modules.batchnorm import _BatchNorm

    for part in root.modules():
        if isinstance(part, _BatchNorm):
            part.running_mean = part.running_var = part.num_batches_tracked = None
            part.track_running_stats = False
    return root
