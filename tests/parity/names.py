"""Which public name a torch callable has, and what gradbook has under that name."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import resolve_name

import gradbook
from tests.parity.tally import Absent, OutOfScope

NAMESPACES = ("", "nn.init", "sparse", "masked", "signal.windows", "special", "fft", "linalg", "nn.functional")


def within(library: Any, path: str) -> Any:
    """What stands at a dotted path, or None."""
    for part in path.split("."):
        library = getattr(library, part, None)
    return library


@functools.cache
def public_names() -> dict[int, str]:
    """The name of every public function and Tensor method of torch, by identity; the later namespace wins."""
    names: dict[int, str] = {}
    for attribute in dir(torch.Tensor):
        found = getattr(torch.Tensor, attribute, None)
        if callable(found):
            names[id(found)] = f"Tensor.{attribute}"
    for namespace in NAMESPACES:
        home = within(torch, namespace) if namespace else torch
        for attribute in dir(home):
            found = getattr(home, attribute, None)
            if callable(found) and not isinstance(found, type) and not attribute.startswith("_"):
                names[id(found)] = f"{namespace}.{attribute}".lstrip(".")
    return names


def name_of(function: Callable[..., Any]) -> str | None:
    """`nn.functional.relu`, `Tensor.view`, `Tensor.T.__get__`, `operator.add`; None for what is not public."""
    known = public_names().get(id(function))
    if known is not None:
        return known
    if getattr(function, "__module__", None) == "_operator":
        return f"operator.{function.__name__}"
    try:
        path = resolve_name(function) or ""
    except RuntimeError:
        path = ""
    path = path.removeprefix("torch.").replace("_C.TensorBase.", "Tensor.")
    return path if path and within(torch, path.removesuffix(".__get__")) is not None else None


def find(name: str | None, library: Any = gradbook) -> Callable[..., Any]:
    """The callable of `library` under a name that name_of gave. Raises Absent."""
    if name is None:
        raise OutOfScope("internals that PyTorch does not document")
    if name.startswith("operator."):
        return getattr(operator, name.removeprefix("operator."))  # type: ignore[no-any-return]
    if name.endswith(".__get__"):
        attribute = name.split(".")[1]
        if not hasattr(library.Tensor, attribute):
            raise Absent(f"Tensor.{attribute}")
        return operator.attrgetter(attribute)
    found = within(library, name)
    if found is None:
        raise Absent(name)
    return found  # type: ignore[no-any-return]
