"""The few names of torch._C that code written for PyTorch uses."""

from gradbook.overrides import DisableTorchFunction, DisableTorchFunctionSubclass, disabled_torch_function_impl
from gradbook.random import Generator
from gradbook.tensor import Size

_disabled_torch_function_impl = disabled_torch_function_impl

__all__ = ["DisableTorchFunction", "DisableTorchFunctionSubclass", "Generator", "Size"]
