"""DataParallel on one device."""

from __future__ import annotations

from typing import Any

from gradbook.nn.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """module(*inputs), its names under `module.`, as torch.nn.DataParallel does where there is no GPU.

    Differs: a batch is never split over several GPUs.
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = []
        self.output_device = output_device

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:  # fmt: skip
    """module(*inputs), as torch.nn.parallel.data_parallel with one device. Differs: a batch is never split."""
    if not isinstance(inputs, tuple):
        inputs = (inputs,) if inputs is not None else ()
    return module(*inputs, **(module_kwargs or {}))
