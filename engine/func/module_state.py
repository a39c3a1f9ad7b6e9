"""Modules as functions of their parameters: functional_call, stack_module_state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from gradbook.nn.module import Module
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
    RuntimeError for names that do not fit under `strict`.
    """
    given = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    if tie_weights:
        given = _tied(places, given)
    _check_names(module, places, given, strict)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(places, given):
        return module(*arguments, **(kwargs or {}))


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


def _places(module: Module) -> dict[str, tuple[dict[str, Any], str]]:
    """Where each parameter and buffer is kept, by dotted name, shared ones under each of their names."""
    found = {}
    for path, part in module.named_modules(remove_duplicate=False):
        for table in (part._parameters, part._buffers):
            for name in table:
                found[f"{path}.{name}" if path else name] = (table, name)
    return found


def _tied(places: Any, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The replacements under all names of what they replace."""
    names: dict[int, list[str]] = {}
    for full, (table, name) in places.items():
        if table[name] is not None:
            names.setdefault(id(table[name]), []).append(full)
    result = dict(given)
    for group in names.values():
        values = [given[name] for name in group if name in given]
        if not values:
            continue
        if any(value is not values[0] for value in values):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(group)}, which are tied. Consider using "
                "tie_weights=False"
            )
        result.update(dict.fromkeys(group, values[0]))
    return result


def _check_names(module: Module, places: Any, given: dict[str, Any], strict: bool) -> None:
    unknown = [name for name in given if name not in places]
    missing = [name for name in places if name not in given and places[name][0][places[name][1]] is not None]
    if strict and (unknown or missing):
        raise RuntimeError(
            f"Error(s) in loading parameters and buffers of {type(module).__name__}: unexpected key(s): {unknown}, "
            f"missing key(s): {missing}"
        )
    if unknown:
        raise KeyError(f"functional_call: {type(module).__name__} has no parameter or buffer {unknown[0]!r}")


@contextlib.contextmanager
def _swapped(places: Any, given: dict[str, Any]) -> Iterator[None]:
    before = [(places[name][0], places[name][1], places[name][0][places[name][1]]) for name in given]
    try:
        for name, value in given.items():
            table, key = places[name]
            table[key] = value
        yield
    finally:
        for table, key, value in before:
            table[key] = value


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
