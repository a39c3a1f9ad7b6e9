"""Tensors in memory that several processes see."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.tensor import Tensor, method

__all__ = ["block_of", "is_shared", "share_memory_"]


@method("share_memory_")
def share_memory_(input: Tensor) -> Tensor:
    """Move a tensor to shared memory: what one process does to it in place, the others see. -> the tensor.

    As torch.Tensor.share_memory_; a CUDA or empty tensor stays. Differs: NumPy arrays and views of it that were taken
    before keep the old memory (of a view, the tensor that it views moves too), and Windows raises RuntimeError.
    """
    if input._array.size and isinstance(input._array, np.ndarray):
        block_of(input)
    return input


@method("is_shared")
def is_shared(input: Tensor) -> bool:
    """True if other processes may see this memory, as torch.Tensor.is_shared; always on CUDA."""
    if not isinstance(input._array, np.ndarray):
        return True
    from gradbook.backends import shared

    return shared.block_of(input._array) is not None


def block_of(input: Tensor, resend: bool = False) -> Any:
    """The shared block that a tensor lies in, moved there if it is not yet; with `resend` one that has a descriptor."""
    from gradbook.backends import shared

    if not shared.CAN_SHARE:
        raise RuntimeError("share_memory_: gradbook shares memory between processes on Linux and macOS only")
    block = shared.block_of(input._array)
    if block is None or (resend and block.fd is None):
        root = input if input._view is None else input._view[0]
        same_place = shared.shared_copy(root._array)
        if root is not input:
            input._array = same_place(input._array)
        old, root._array = root._array, same_place(root._array)
        versions.carry(old, root._array)
        block = shared.block_of(input._array)
    return block
