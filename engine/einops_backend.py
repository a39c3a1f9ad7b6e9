"""einops on our tensors: its backend for gradbook, made known to it when it is imported, not before."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from types import ModuleType
from typing import Any

import gradbook

__all__ = ["when_imported"]

BACKENDS = "einops._backends"


class Operations:
    """What einops asks of a framework, done by ours."""

    framework_name = "gradbook"

    def is_appropriate_type(self, tensor: Any) -> bool:
        return isinstance(tensor, gradbook.Tensor)

    def from_numpy(self, x: Any) -> Any:
        made = gradbook.from_numpy(x)
        return made.requires_grad_() if self.is_float_type(made) else made

    def to_numpy(self, x: Any) -> Any:
        return x.detach().cpu().numpy()

    def arange(self, start: int, stop: int) -> Any:
        return gradbook.arange(start, stop, dtype=gradbook.int64)

    def transpose(self, x: Any, axes: Any) -> Any:
        return x.permute(axes)

    def reduce(self, x: Any, operation: str, axes: Any) -> Any:
        if operation in ("any", "all", "prod"):  # one axis at a time
            for axis in sorted(axes, reverse=True):
                x = getattr(x, operation)(dim=axis)
            return x
        return getattr(x, {"min": "amin", "max": "amax"}.get(operation, operation))(dim=tuple(axes))

    def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
        return gradbook.stack(tensors)

    def add_axis(self, x: Any, new_position: int) -> Any:
        return x.unsqueeze(new_position)

    def add_axes(self, x: Any, n_axes: int, pos2len: dict[int, int]) -> Any:
        sizes = [-1] * n_axes
        for position, length in pos2len.items():
            x, sizes[position] = x.unsqueeze(position), length
        return x.expand(sizes)

    def tile(self, x: Any, repeats: Any) -> Any:
        return x.repeat(repeats)

    def concat(self, tensors: Any, axis: int) -> Any:
        return gradbook.cat(tensors, dim=axis)

    def is_float_type(self, x: Any) -> bool:
        return bool(x.dtype.is_floating_point)

    def einsum(self, pattern: str, *x: Any) -> Any:
        return gradbook.einsum(pattern, *x)


def _register(backends: Any) -> None:
    """Enter the backend, for Tensor and its subclasses."""
    kind = type("GradbookBackend", (Operations, backends.AbstractBackend), {})
    backends._loaded_backends["gradbook"] = kind()


class _Watch(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Waits for one module to be imported, tells us, and is gone."""

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        if name != BACKENDS:
            return None
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                _register(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # this one loader's
        return spec


def when_imported() -> None:
    """Enter our backend in einops now, or as soon as it is imported."""
    if BACKENDS in sys.modules:
        _register(sys.modules[BACKENDS])
    else:
        sys.meta_path.insert(0, _Watch())
