"""torch.cuda.FloatTensor and its kin: names that old programs ask for and pass to Tensor.type()."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook.backends import cuda as backend

__all__ = ["tensor_type"]


def tensor_type(name: str) -> Any:
    """The maker of tensors on the GPU of that name. Raises AttributeError if torch.cuda has none of that name."""
    known = getattr(gradbook, name, None)
    if known is None or name == "Tensor":
        raise AttributeError(f"module 'gradbook.cuda' has no attribute {name!r}")

    def make(*args: Any, **kwargs: Any) -> Any:
        try:
            backend.require()
        except AssertionError as error:
            raise TypeError(f"type torch.cuda.{name} not available: {error}") from error
        return known(*args, **kwargs).cuda()

    make.__name__ = make.__qualname__ = name
    return make
