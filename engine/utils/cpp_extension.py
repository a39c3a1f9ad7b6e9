"""torch.utils.cpp_extension: the names import; building says that it cannot be.

C++ written for PyTorch's tensors needs PyTorch's headers and library.
"""

from __future__ import annotations

from typing import Any, NoReturn

from gradbook.errors import NotProvidedError

__all__ = ["CUDA_HOME", "BuildExtension", "CUDAExtension", "CppExtension", "load", "load_inline"]

CUDA_HOME: str | None = None


def load(name: str, *args: Any, **options: Any) -> NoReturn:
    """Differs: raises NotProvidedError, which says what to do."""
    raise NotProvidedError(
        f"torch.utils.cpp_extension: {name!r} is C++ for PyTorch's tensors, which gradbook cannot build. Write the "
        "operation as an autograd.Function over NumPy arrays, or run this with PyTorch itself"
    )


load_inline = CppExtension = CUDAExtension = load


class BuildExtension:
    """setup.py's command; making one raises NotProvidedError."""

    def __init__(self, *args: Any, **options: Any) -> None:
        load("this extension")
