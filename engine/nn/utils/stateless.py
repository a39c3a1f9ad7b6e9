"""A module called with other tensors in place of its parameters and buffers, as torch.nn.utils.stateless."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["functional_call"]

_ABSENT: Any = object()


def functional_call(
    module: Module, parameters_and_buffers: Mapping[str, Tensor], args: Any = None, kwargs: Any = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """torch.func.functional_call under its old name, and says so."""
    warnings.warn(
        "This API is deprecated as of PyTorch 2.0 and will be removed in a future version of PyTorch. Please use "
        "torch.func.functional_call instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def _functional_call(
    module: Module, parameters_and_buffers: Mapping[str, Tensor], args: Any = None, kwargs: Any = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """module(*args, **kwargs) with tensors by dotted name in place of its own; afterwards it has its own again.

    tie_weights: one tensor under two names is replaced under both. strict: every name must be given, and known.
    Raises TypeError for kwargs that are no dict, RuntimeError for names (strict), ValueError for two values of a tie.
    """
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError(f"Expected kwargs to be a dict, but got {type(kwargs)}")
    with replaced(module, parameters_and_buffers, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _owned(module: Module) -> dict[str, Any]:
    """Every parameter and buffer by every name it has."""
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _tied(module: Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is given, also under the other names of the same tensor."""
    names: dict[int, list[str]] = {}
    owned = _owned(module)
    for name, tensor in owned.items():
        names.setdefault(id(tensor), []).append(name)
    found = dict(given)
    for group in names.values():
        values = [given[name] for name in group if name in given]
        if len({id(value) for value in values}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {[name for name in group if name in given]}, which are "
                "tied. Consider using tie_weights=False"
            )
        if values:
            found.update(dict.fromkeys(group, values[0]))
    return found


def _check_names(module: Module, given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    owned = _owned(module)
    unexpected = [name for name in given if name not in owned]
    missing = [name for name in owned if name not in wanted]
    texts = []
    if unexpected:
        texts.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
    if missing:
        texts.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
    if texts:
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(texts))


@contextmanager
def replaced(module: Module, given: Mapping[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Inside, the module has other tensors."""
    wanted = _tied(module, given) if tie_weights else dict(given)
    if strict:
        _check_names(module, given, wanted)
    kept: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for path, tensor in wanted.items():
            owner, _, name = path.rpartition(".")
            where = _place(module.get_submodule(owner), name)
            kept.append((where, name, where.get(name, _ABSENT)))
            where[name] = tensor
        yield
    finally:
        for where, name, tensor in reversed(kept):
            if tensor is _ABSENT:
                del where[name]
            else:
                where[name] = tensor


def _place(module: Module, name: str) -> dict[str, Any]:
    """The dict of a module that holds an attribute, or would."""
    for kind in ("_parameters", "_buffers"):
        if name in module.__dict__[kind]:
            found: dict[str, Any] = module.__dict__[kind]
            return found
    return module.__dict__
