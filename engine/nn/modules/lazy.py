"""Modules that take their sizes from the first input."""

from __future__ import annotations

from typing import Any

from gradbook.nn.parameter import is_lazy


class LazyModuleMixin:
    """What lazy modules share: before the first call their parameters are made, then they become ordinary modules."""

    cls_to_become: Any = None
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy_handle = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        if self.has_uninitialized_params():
            self._forward_pre_hooks.clear()  # type: ignore[attr-defined]
            self._lazy_handle = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)  # type: ignore[attr-defined]

    def has_uninitialized_params(self) -> bool:
        """True until the first call or a load_state_dict."""
        return any(is_lazy(value) for value in (*self._parameters.values(), *self._buffers.values()))

    @staticmethod
    def _infer_parameters(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
        module._lazy_handle.remove()
        delattr(module, "_lazy_handle")
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
